// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/perf_subset.h"

#include "rig/base/files.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <regex>
#include <sstream>

namespace rig {
namespace fs = std::filesystem;
namespace {

// The subcommands that the agent runs, those that `perf` itself calls, and those that perf's
// library refers to (kvm in trees whose kvm-stat.c does, trace in those whose trace/beauty does).
constexpr std::array kKept{"record", "stat",   "script", "version", "check",
                           "help",   "config", "kvm",    "trace"};

// perf.c and evsel.c up to 6.12 refer to these functions, which the tests define.
constexpr const char* kNoTests = R"(void test_attr__init(void);
void test_attr__open(void);
__attribute__((weak)) void test_attr__init(void)
{
}
__attribute__((weak)) void test_attr__open(void)
{
}
)";
constexpr const char* kNoBench = "extern int rig_no_bench;\nint rig_no_bench;\n";

bool is_left_out(const std::string& line) {
    static const std::regex builtin(R"(\s*perf-\S+\s*\+=\s*builtin-([a-z0-9-]+)\.o\s*)"),
        other(R"(\s*perf-(bench|test)-\S+\s*\+=.*)");
    std::smatch found;
    if (std::regex_match(line, found, builtin))
        return std::find(kKept.begin(), kKept.end(), found[1].str()) == kKept.end();
    return std::regex_match(line, other);
}

// The subset of a Build file below arch/, whose tests are removed as well.
std::string without_left_out(std::string_view build) {
    std::istringstream lines{std::string(build)};
    std::string out;
    for (std::string line; std::getline(lines, line);)
        if (!is_left_out(line)) out += line + "\n";
    return out;
}

} // namespace

std::string perf_build_subset(std::string_view build) {
    return without_left_out(build) +
           "perf-y += rig-commands.o\nperf-bench-y += rig-bench.o\nperf-test-y += rig-tests.o\n";
}

Result<std::string> perf_command_stubs(std::string_view builtin_h) {
    static const std::regex declaration(R"(int (cmd_\w+)\(int argc, const char \*\*argv\);)");
    std::string out = "#include \"builtin.h\"\n#include <stdio.h>\n";
    std::istringstream lines{std::string(builtin_h)};
    std::size_t needed = 0;
    for (std::string line; std::getline(lines, line);) {
        std::smatch found;
        if (!std::regex_match(line, found, declaration)) continue;
        const auto name = found[1].str();
        needed += name == "cmd_record" || name == "cmd_stat" || name == "cmd_script";
        out += fmt::format("__attribute__((weak)) int {}(int argc, const char **argv)\n{{\n"
                           "\t(void)argc;\n\tfprintf(stderr, \"perf %s: not in this perf, want "
                           "image.full_perf = true\\n\", argv[0]);\n\treturn 129;\n}}\n",
                           name);
    }
    if (needed != 3)
        return fail(FaultDomain::Host,
                    "tools/perf/builtin.h of this tree does not declare cmd_record, "
                    "cmd_stat and cmd_script: its perf is built otherwise than rig "
                    "knows; set image.full_perf = true");
    return out;
}

Status keep_perf_subset(const fs::path& tools_perf) {
    RIG_TRY(stubs, perf_command_stubs(slurp(tools_perf / "builtin.h")));
    RIG_CHECK(write_atomically(tools_perf / "rig-commands.c", stubs));
    RIG_CHECK(write_atomically(tools_perf / "rig-bench.c", kNoBench));
    RIG_CHECK(write_atomically(tools_perf / "rig-tests.c", kNoTests));
    RIG_CHECK(
        write_atomically(tools_perf / "Build", perf_build_subset(slurp(tools_perf / "Build"))));
    std::error_code error;
    for (const auto& arch : fs::directory_iterator(tools_perf / "arch", error))
        if (const auto build = arch.path() / "Build"; fs::is_regular_file(build, error))
            RIG_CHECK(write_atomically(build, without_left_out(slurp(build))));
    return {};
}

} // namespace rig
