// SPDX-License-Identifier: GPL-2.0-or-later
// Every message of the kernel's detectors is either in the pattern table or excluded on purpose, as
// rig/testdata/detector_messages.txt lists. If the cache has a kernel tree, the test extracts the
// tree's messages, and each must be in that list.
#include "rig/base/files.h"
#include "rig/guest_output/splat.h"
#include "rig/host/artifact_cache.h"

#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace rig {
namespace {

namespace fs = std::filesystem;

struct Listed {
    bool matched = false;
    std::string why; // the kernel that prints it, or why it is excluded
};

std::map<std::string, Listed> listed_messages() {
    std::ifstream in(fs::path(RIG_TESTDATA) / "detector_messages.txt");
    std::map<std::string, Listed> out;
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line[0] == '#') continue;
        const auto first = line.find('\t'), second = line.find('\t', first + 1);
        const auto verdict = line.substr(0, first);
        EXPECT_TRUE(verdict == "matched" || verdict == "left-out") << line;
        EXPECT_NE(second, line.npos) << line;
        out[line.substr(second + 1)] = {verdict == "matched",
                                        line.substr(first + 1, second - first - 1)};
    }
    return out;
}

// A message as printk would print this format.
std::string printed(std::string text) {
    const std::pair<const char*, const char*> values[] = {{"%p[sS]b?", "foo+0x12/0x34"},
                                                          {"%p[xdV]?", "00000000deadbeef"},
                                                          {"%0?[0-9]*l*z?[xX]", "10"},
                                                          {"%0?[0-9]*l*z?[diu]", "1"},
                                                          {"%s", "rcu_preempt"}};
    for (const auto& [format, value] : values)
        text = std::regex_replace(text, std::regex(format), value);
    return text;
}

TEST(DetectorMessages, AreMatchedOrLeftOutAsListed) {
    const auto messages = listed_messages();
    EXPECT_GT(messages.size(), 90u);
    for (const auto& [message, listed] : messages) {
        const auto line = printed(message);
        EXPECT_EQ(line.find('%'), line.npos) << line;
        EXPECT_EQ(read_headline(line).has_value(), listed.matched)
            << message << " (" << listed.why << ")";
        EXPECT_FALSE(listed.why.empty()) << message;
    }
}

// Source folders whose string literals are searched for detector messages.
constexpr const char* kPlaces[] = {"kernel/locking",
                                   "kernel/rcu",
                                   "kernel/kcsan",
                                   "mm/kasan",
                                   "mm/kfence",
                                   "mm/kmsan",
                                   "kernel/hung_task.c",
                                   "kernel/watchdog.c",
                                   "kernel/watchdog_perf.c",
                                   "kernel/workqueue.c",
                                   "kernel/smp.c",
                                   "kernel/sched/core.c",
                                   "kernel/fork.c",
                                   "kernel/panic.c",
                                   "kernel/softirq.c",
                                   "mm/kmemleak.c",
                                   "mm/memory.c",
                                   "mm/page_alloc.c",
                                   "mm/slub.c",
                                   "mm/debug.c",
                                   "mm/filemap.c",
                                   "lib/ubsan.c",
                                   "lib/smp_processor_id.c",
                                   "lib/list_debug.c",
                                   "arch/x86/mm/fault.c",
                                   "arch/x86/kernel/traps.c",
                                   "arch/x86/kernel/dumpstack.c",
                                   "arch/arm64/mm/fault.c",
                                   "arch/arm64/kernel/traps.c",
                                   "arch/riscv/mm/fault.c",
                                   "arch/riscv/kernel/traps.c",
                                   "fs/super.c",
                                   "fs/dcache.c"};

std::set<std::string> messages_in(std::istream& source) {
    static const std::regex literal(R"re("((?:[^"\\]|\\.)*)")re");
    static const std::regex begins(
        R"(^(\[ )?((BUG|INFO|WARNING|UBSAN)[ :]|Watchdog detected|CPU%u: Watchdog|)"
        R"(%l?[du] new suspected|unreferenced object|Kernel panic|csd: |)"
        R"(Unable to handle kernel|PANIC: |list_(add|del) corruption|VFS: Busy inodes))");
    std::set<std::string> out;
    for (std::string line; std::getline(source, line);) {
        if (line.starts_with('#') || line.find('"') == line.npos) continue;
        for (std::sregex_iterator at(line.begin(), line.end(), literal), end; at != end; ++at) {
            std::string text = (*at)[1];
            while (text.ends_with("\\n"))
                text.resize(text.size() - 2);
            // A prefix alone, which another literal continues.
            if (std::regex_search(text, begins) && !text.ends_with(": ") && text != "WARNING: %s")
                out.insert(text);
        }
    }
    return out;
}

std::vector<fs::path> sources_in(const fs::path& tree) {
    std::vector<fs::path> out;
    for (const auto* place : kPlaces) {
        const auto path = tree / place;
        std::error_code missing;
        if (fs::is_regular_file(path, missing)) out.push_back(path);
        if (!fs::is_directory(path, missing)) continue;
        for (const auto& entry : fs::directory_iterator(path))
            if ((entry.path().extension() == ".c" || entry.path().extension() == ".h") &&
                entry.path().filename().string().find("test") == std::string::npos)
                out.push_back(entry.path());
    }
    return out;
}

TEST(DetectorMessages, TheExtractionFindsWhatItIsFor) {
    std::istringstream source("#define X \"BUG: of a macro\"\n"
                              "\tpr_err(\"BUG: a %s\\n\", x); pr_err(\"fine\"); \"WARNING: \"\n"
                              "\tpr_warn(\"[ BUG: Invalid wait context ]\\n\");\n");
    EXPECT_EQ(messages_in(source),
              (std::set<std::string>{"BUG: a %s", "[ BUG: Invalid wait context ]"}));
}

TEST(DetectorMessages, OfCachedTreesAreAllListed) {
    const auto messages = listed_messages();
    unsigned trees = 0;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(default_cache_dir() / "sources", missing)) {
        if (!fs::is_regular_file(entry.path() / "tree/kernel/hung_task.c", missing)) continue;
        ++trees;
        for (const auto& path : sources_in(entry.path() / "tree")) {
            std::ifstream source(path);
            for (const auto& message : messages_in(source))
                EXPECT_TRUE(messages.contains(message))
                    << path << ": " << message
                    << "\n  is not in rig/testdata/detector_messages.txt; a headline is "
                    << (read_headline(printed(message)) ? "read" : "not read");
        }
    }
    if (trees == 0) GTEST_SKIP() << "no kernel tree in " << default_cache_dir() / "sources";
}

} // namespace
} // namespace rig
