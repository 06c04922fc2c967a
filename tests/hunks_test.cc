// SPDX-License-Identifier: GPL-2.0-or-later
// The lines that the patches of lines/6.12 change, and where each is in the kernel. The table was
// checked by hand against `objdump -dl` of the kernel with debug information: gcc 12.2.0 of
// Debian 12, x86-64. Needs the 6.12 kernel of the shipped configuration in the cache, else builds
// it. Boots nothing.
#include "rig_program.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

struct Range {
    const char* function;
    unsigned offset, bytes; // 0 bytes: a bound, whose instruction is another line's
};

struct Hunk {
    const char *what, *file, *text; // the changed line, without the blanks around it
    const char *reason, *detail;
    std::vector<Range> addresses;
};

const std::vector<Hunk>& hunks() {
    static const std::vector<Hunk> all{
#include "lines/expected.inc"
    };
    return all;
}

class Hunks : public testing::RigProgram {
 protected:
    // The changed lines of the arm: what `rig lines` prints.
    json mapped() {
        const auto result = rig({"lines", (testing::kTop / "tests/lines/hunks.toml").string(),
                                 "--arm", "hunks", "--json", "--quiet"},
                                testing::kBuildLimit);
        EXPECT_EQ(exit_code(result), 0) << result.out;
        return json::parse(result.out, nullptr, false);
    }
    static std::string stripped(std::string text) {
        const auto first = text.find_first_not_of(" \t");
        return first == std::string::npos ? std::string() : text.substr(first);
    }
    static std::vector<std::string> ranges(const json& line) {
        std::vector<std::string> all;
        for (const auto& at : line.at("addresses")) {
            const auto start = std::stoull(at.at("start").get<std::string>(), nullptr, 16);
            const auto end = std::stoull(at.at("end").get<std::string>(), nullptr, 16);
            all.push_back(fmt::format("{}+{:#x}, {} bytes", at.value("function", "?"),
                                      at.value("offset", 0u), end - start));
        }
        return all;
    }
};

TEST_F(Hunks, EachIsWhereItWasFoundByHand) {
    const auto map = mapped();
    ASSERT_TRUE(map.is_object());
    EXPECT_FALSE(map.contains("not_mapped")) << map.value("not_mapped", "");
    for (const auto& hunk : hunks()) {
        SCOPED_TRACE(fmt::format("{}: {}: {}", hunk.what, hunk.file, hunk.text));
        std::size_t found = 0;
        for (const auto& line : map.at("lines")) {
            if (line.at("file") != hunk.file || line.at("border") == true ||
                stripped(line.at("text")) != hunk.text)
                continue;
            ++found;
            EXPECT_EQ(line.at("reason"), hunk.reason);
            EXPECT_EQ(line.value("detail", ""), hunk.detail);
            std::vector<std::string> expected;
            for (const auto& range : hunk.addresses)
                expected.push_back(
                    fmt::format("{}+{:#x}, {} bytes", range.function, range.offset, range.bytes));
            EXPECT_EQ(ranges(line), expected);
        }
        EXPECT_GE(found, 1u);
    }
    fmt::print("{} lines, {} objects, {:.1f} s\n", map.at("lines").size(), map.at("objects").size(),
               map.at("seconds").get<double>());
}

} // namespace
} // namespace rig
