#include "rig/console.h"

#include <algorithm>
#include <array>

namespace rig {
namespace {

constexpr int kExcerptLines = 20;
constexpr std::size_t kMaxLine = 400;

// Texts that only a kernel in trouble prints, as in lib/bug.c, kernel/panic.c, kernel/rcu/tree_stall.h, mm/kasan/.
constexpr std::array kSigns{"BUG: ", "WARNING: ", "Oops: ", "Oops[", "general protection fault", "rcu: INFO: rcu_", "INFO: rcu_", "INFO: task ",
                            "watchdog: BUG", "possible recursive locking", "inconsistent lock state", "double fault", "stack-protector",
                            "Unable to mount root", "Attempted to kill init", "UBSAN: ", "KASAN: "};
constexpr std::string_view kPanic = "Kernel panic";

// Drops escape sequences, unprintable bytes and a leading "[   12.345678][  T1] ".
std::string cleaned(std::string_view line) {
    std::string text;
    for (std::size_t i = 0; i < line.size() && text.size() < kMaxLine; ++i) {
        const auto c = static_cast<unsigned char>(line[i]);
        if (c == 0x1b) {
            while (i + 1 < line.size() && !((line[i + 1] >= 'a' && line[i + 1] <= 'z') || (line[i + 1] >= 'A' && line[i + 1] <= 'Z'))) ++i;
            ++i;
        } else if (c >= 0x20 && c < 0x7f) {
            text += line[i];
        }
    }
    while (!text.empty() && text.front() == '[') {
        const auto close = text.find(']');
        if (close == std::string::npos || close > 20) break;
        text.erase(0, close + 1);
        text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
    }
    return text;
}

} // namespace

std::optional<Splat> find_splat(std::string_view console) {
    std::optional<Splat> splat;
    int room = 0;
    while (!console.empty()) {
        const auto line = console.substr(0, console.find('\n'));
        console.remove_prefix(std::min(console.size(), line.size() + 1));
        const std::string text = cleaned(line);
        const bool panic = text.find(kPanic) != std::string::npos;
        const bool sign = panic || std::any_of(kSigns.begin(), kSigns.end(), [&](const char* s) { return text.find(s) != std::string::npos; });
        if ((sign && !splat) || (panic && !splat->fatal)) {
            const std::string before = splat ? splat->excerpt : std::string();
            splat = Splat{text, before, panic};
            room = kExcerptLines;
        }
        if (splat && room > 0) {
            splat->excerpt += text + "\n";
            --room;
        }
    }
    return splat;
}

} // namespace rig
