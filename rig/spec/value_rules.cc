// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/value_rules.h"

#include "rig/base/shipped_files.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sstream>

namespace rig::rules {
namespace {

namespace fs = std::filesystem;

// Not <cctype>: what counts as a letter must not depend on the locale.
bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool alnum(char c) {
    return digit(c) || lower(c) || upper(c);
}
bool hex(char c) {
    return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

template<class Test> bool all(std::string_view text, Test test) {
    return !text.empty() && std::all_of(text.begin(), text.end(), test);
}

std::optional<std::string> unless(bool accepted, std::string_view want) {
    if (accepted) return std::nullopt;
    return std::string(want);
}

// A quote inside would end the text early, and the rest would become another line of .config.
bool quoted_text(std::string_view value) {
    if (value.size() < 2 || value.front() != '"' || value.back() != '"') return false;
    auto inner = value.substr(1, value.size() - 2);
    for (std::size_t i = 0; i < inner.size(); ++i) {
        if (inner[i] == '"') return false;
        if (inner[i] == '\\' && ++i == inner.size()) return false;
    }
    return true;
}

// The message distinguishes a missing path from one of another type.
std::string what_is(const fs::path& path) {
    std::error_code error;
    auto type = fs::status(path, error).type();
    if (type == fs::file_type::not_found) return fmt::format("{} does not exist", path.string());
    if (type == fs::file_type::none || type == fs::file_type::unknown)
        return fmt::format("{} cannot be examined: {}", path.string(), error.message());
    return fmt::format("{} is {}", path.string(),
                       type == fs::file_type::directory ? "a folder"
                       : type == fs::file_type::regular ? "a file"
                                                        : "something else");
}

fs::path under(const fs::path& top, const std::string& value) {
    return (top / or_shipped(top, value)).lexically_normal();
}

} // namespace

Rule at_most(std::size_t max) {
    return [max](const std::string& value) {
        return unless(value.size() <= max, fmt::format("at most {} bytes", max));
    };
}

Rule kernel_words(std::size_t max) {
    return [max](const std::string& value) -> std::optional<std::string> {
        if (auto want = at_most(max)(value)) return want;
        std::istringstream words(value);
        for (std::string word; words >> word;)
            for (const char* silencer :
                 {"quiet", "loglevel=", "console=", "printk.", "ignore_loglevel", "earlyprintk"})
                if (word.starts_with(silencer))
                    return fmt::format(
                        "no {}: a kernel that does not reach the console cannot complain there",
                        word);
        return std::nullopt;
    };
}

std::optional<std::string> experiment_name(const std::string& value) {
    bool good = all(value, [](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; });
    return unless(good && alnum(value[0]) && value.size() <= 64,
                  "1..64 letters, digits, '-', '_' or '.', the first a letter or digit");
}

std::optional<std::string> arm_name(const std::string& value) {
    // The name becomes part of file names and of libvirt domain names; a leading '-' would look
    // like an option.
    bool good = all(value, [](char c) { return lower(c) || digit(c) || c == '-'; });
    return unless(good && value[0] != '-' && value.size() <= 32,
                  "1..32 characters a-z, 0-9 or '-', the first not '-'");
}

std::optional<std::string> kernel_function(const std::string& value) {
    bool good = all(value, [](char c) { return alnum(c) || c == '_' || c == '.'; });
    return unless(good && !digit(value[0]) && value[0] != '.' && value.size() <= 128,
                  "the name of a kernel function: 1..128 letters, digits, '_' or '.', the first a "
                  "letter or '_'");
}

std::optional<std::string> splat_text(const std::string& value) {
    // A few letters would match any splat, so that the control could not fail.
    return unless(value.size() >= 4 && value.size() <= 128 && value.front() != ' ' &&
                      value.back() != ' ',
                  "a function or part of a splat's title that this arm must show: 4..128 "
                  "characters, without blanks around them");
}

std::optional<std::string> option_name(const std::string& value) {
    if (value.starts_with("CONFIG_"))
        return fmt::format("the name without CONFIG_: {}", value.substr(7));
    bool good = all(value, [](char c) { return upper(c) || digit(c) || c == '_'; });
    return unless(good && value.size() <= 128,
                  "the name of a kernel option without CONFIG_: A-Z, 0-9 or '_'");
}

std::optional<std::string> option_name_or_any(const std::string& value) {
    if (value == "*") return std::nullopt;
    const auto want = option_name(value);
    return want ? std::optional(*want + ", or \"*\" for any") : std::nullopt;
}

std::optional<std::string> option_value(const std::string& value) {
    if (value == "m") return "y or n: rig builds no modules, so that m would test nothing";
    std::string_view number = value;
    if (number.starts_with('-')) number.remove_prefix(1);
    // Kconfig refuses 017, or reads it as hexadecimal.
    bool good =
        value == "y" || value == "n" ||
        (all(number, digit) && number.size() <= 20 && (number[0] != '0' || number.size() == 1)) ||
        (value.starts_with("0x") && value.size() <= 18 && all(number.substr(2), hex)) ||
        quoted_text(value);
    return unless(good, "y, n, a number without zeros in front, 0x with hex digits, or text with "
                        "quotes of its own: '\"text\"'");
}

std::optional<std::string> package(const std::string& value) {
    bool good =
        all(value, [](char c) { return lower(c) || digit(c) || c == '+' || c == '-' || c == '.'; });
    return unless(good && value.size() >= 2 && (lower(value[0]) || digit(value[0])) &&
                      value.size() <= 128,
                  "the name of a Debian package such as linux-source-6.12");
}

std::optional<std::string> suite(const std::string& value) {
    bool good = all(value, [](char c) { return lower(c) || digit(c) || c == '-'; });
    return unless(good && lower(value[0]) && value.size() <= 64,
                  "the name of a Debian suite such as trixie-backports");
}

std::optional<std::string> sha256(const std::string& value) {
    bool good = all(value, [](char c) { return hex(c) && !upper(c); });
    return unless(good && value.size() == 64, "64 lower-case hex digits, as sha256sum prints them");
}

std::optional<std::string> revision(const std::string& value) {
    constexpr std::string_view marks = "._/-~^@{}+";
    bool good = all(value, [&](char c) { return alnum(c) || marks.find(c) != marks.npos; });
    return unless(
        good && value[0] != '-' && value.size() <= 200,
        "a git revision: 1..200 letters, digits or any of . _ / - ~ ^ @ { } +, the first not '-'");
}

std::optional<std::string> metric_name(const std::string& value) {
    bool good = all(value, [](char c) { return lower(c) || digit(c) || c == '_'; });
    return unless(good && lower(value[0]) && value.size() <= 32,
                  "1..32 characters a-z, 0-9 or '_', the first a letter");
}

std::optional<std::string> event_name(const std::string& value) {
    bool good = all(value, [](char c) { return alnum(c) || c == '_' || c == '-' || c == ':'; });
    auto colon = value.find(':');
    return unless(good && value.size() <= 128 && colon != 0 && colon + 1 < value.size() &&
                      value.find(':', colon + 1) == value.npos && colon != value.npos,
                  "a tracepoint: subsystem:event");
}

std::optional<std::string> cpu_flag(const std::string& value) {
    bool good = all(value, [](char c) { return lower(c) || digit(c) || c == '_'; });
    return unless(good && value.size() <= 64,
                  "a flag as /proc/cpuinfo spells it, such as \"invlpgb\": a-z, 0-9 or '_'");
}

std::optional<std::string> cache_name(const std::string& value) {
    bool good = all(value, [](char c) { return alnum(c) || c == '_' || c == '-' || c == ':'; });
    return unless(good && value.size() <= 64,
                  "a slab cache: a folder of /sys/kernel/slab, such as \"vm_area_struct\"");
}

std::optional<std::string> guest_file(const std::string& value) {
    return unless(value.size() >= 2 && value.size() <= 255 && value.starts_with('/'),
                  "the absolute path of a file in the guest, of at most 255 bytes");
}

const std::vector<const char*>& guest_mounts() {
    static const std::vector<const char*> mounts{"/dev", "/proc", "/sys", "/tmp"};
    return mounts;
}

const char* hidden_in_guest(const fs::path& path) {
    const auto clean = path.lexically_normal().string();
    for (const char* mount : guest_mounts())
        if (clean == mount || clean.starts_with(std::string(mount) + "/")) return mount;
    return nullptr;
}

std::optional<std::string> host_file(const std::string& value) {
    if (const char* mount = hidden_in_guest(value); mount && value.starts_with('/'))
        return fmt::format("a program elsewhere: the guest gets it at the same path, where its "
                           "mount of {} hides it; no program may be below {}",
                           mount, fmt::join(guest_mounts(), ", "));
    std::error_code error;
    return unless(value.starts_with('/') && fs::is_regular_file(value, error),
                  "the absolute path of a program of this machine; " + what_is(value));
}

Rule existing_file(const fs::path& top) {
    return [top](const std::string& value) {
        std::error_code error;
        auto path = under(top, value);
        return unless(!value.empty() && fs::is_regular_file(path, error),
                      "a file, given relative to the project's top; " + what_is(path));
    };
}

Rule existing_folder(const fs::path& top) {
    return [top](const std::string& value) {
        std::error_code error;
        auto path = under(top, value);
        return unless(!value.empty() && fs::is_directory(path, error),
                      "a folder, given relative to the project's top; " + what_is(path));
    };
}

Rule series_folder(const fs::path& top) {
    return [top](const std::string& value) -> std::optional<std::string> {
        if (auto want = existing_folder(top)(value)) return want;
        std::error_code error;
        auto series = under(top, value) / "series";
        return unless(fs::is_regular_file(series, error),
                      "a folder with a quilt `series` file; " + what_is(series));
    };
}

namespace {

std::optional<std::string> as_it_was(const std::string& value) {
    return unless(!value.empty(), "a path");
}

} // namespace

fs::path PathRules::placed(const std::string& text) const {
    const auto path = fs::path(text).lexically_normal();
    return top ? or_shipped(*top, path) : path;
}

Rule PathRules::file() const {
    return top ? existing_file(*top) : as_it_was;
}

Rule PathRules::folder() const {
    return top ? existing_folder(*top) : as_it_was;
}

Rule PathRules::series() const {
    return top ? series_folder(*top) : as_it_was;
}

Rule PathRules::program() const {
    return top ? host_file : as_it_was;
}

} // namespace rig::rules
