// SPDX-License-Identifier: GPL-2.0-or-later
// A made-up history of a real kernel: patches that change nothing of what is measured, one that
// does, and some that break otherwise.
//
// Each filler appends a function to the end of some small file, or only a comment; so does a
// breaker, and its mender takes it away again. What is planted comes from kernel-patches/, and
// touches another file.
#pragma once

#include "rig/base/files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace rig::testing {

namespace fs = std::filesystem;

class GeneratedHistory {
 public:
    struct Commit {
        std::string subject, patch; // a unified diff, -p1
    };

    explicit GeneratedHistory(fs::path tree) : tree_(std::move(tree)) {}

    void filler() {
        ++fillers_;
        if (fillers_ % 5 == 0)
            return append(
                "comment",
                fmt::format("\n/* Number {}: the image is the same without it. */\n", fillers_));
        append("function", fmt::format("\nint rig_filler_{0}(int x);\nint rig_filler_{0}(int "
                                       "x)\n{{\n\treturn x + {0};\n}}\n",
                                       fillers_));
    }
    // Breaks the kernel until mend().
    void break_build() { breaker("does not build", "\n#error \"broken on purpose\"\n"); }
    void break_boot() {
        breaker("panics", "\n#include <linux/init.h>\n#include <linux/panic.h>\nstatic int __init "
                          "rig_breaker(void)\n{\n\tpanic(\"broken on "
                          "purpose\");\n}\nlate_initcall(rig_breaker);\n");
    }
    void mend() {
        const auto broken = files_.at(kBreaker);
        add("mend", hunk(kBreaker, broken.substr(0, broken.size() - broken_.size()), broken_, '-'));
        files_[kBreaker] = broken.substr(0, broken.size() - broken_.size());
    }
    // Lines behind the one that reads `anchor` in a file that nothing else here touches, and
    // without them again.
    void insert(const std::string& subject, const std::string& file, const std::string& anchor,
                const std::string& addition) {
        add(subject, within(file, anchor, addition, '+'));
    }
    void take_out(const std::string& subject, const std::string& file, const std::string& anchor,
                  const std::string& addition) {
        add(subject, within(file, anchor, addition, '-'));
    }
    void plant(const fs::path& patch) { add("planted", slurp(patch)); }

    const std::vector<Commit>& commits() const { return commits_; }

    // A quilt series of them.
    void write_series(const fs::path& folder) const {
        fs::create_directories(folder);
        std::ofstream series(folder / "series");
        for (std::size_t i = 0; i < commits_.size(); ++i) {
            std::ofstream(folder / name(i)) << commits_[i].patch;
            series << name(i) << "\n";
        }
    }
    // Number i, from 0, as a file of that series.
    std::string name(std::size_t i) const {
        auto words = commits_[i].subject;
        std::replace(words.begin(), words.end(), ' ', '-');
        return fmt::format("{:04}-{}.patch", i + 1, words);
    }

 private:
    static constexpr std::array kFiles{"mm/mincore.c",    "mm/msync.c",  "mm/dmapool.c",
                                       "lib/bsearch.c",   "lib/ctype.c", "lib/sort.c",
                                       "kernel/groups.c", "fs/stack.c"};
    static constexpr const char* kBreaker = "fs/bad_inode.c";

    std::string& text_of(const std::string& file) {
        auto [at, added] = files_.try_emplace(file);
        if (added) at->second = slurp(tree_ / file);
        return at->second;
    }
    static std::vector<std::string> lines(const std::string& text) {
        std::vector<std::string> out;
        std::istringstream in(text);
        for (std::string line; std::getline(in, line);)
            out.push_back(line);
        return out;
    }
    // `more` behind line number `at` (from 1), added ('+') or taken away ('-'), with up to three
    // lines of context on either side.
    static std::string hunk_at(const std::string& file, const std::vector<std::string>& all,
                               std::size_t at, const std::vector<std::string>& more, char sign) {
        const auto from = at > 3 ? at - 3 : 0, to = std::min(at + 3, all.size());
        std::string body;
        for (auto i = from; i < at; ++i)
            body += " " + all[i] + "\n";
        for (const auto& line : more)
            body += sign + line + "\n";
        for (auto i = at; i < to; ++i)
            body += " " + all[i] + "\n";
        const auto without = to - from, with = without + more.size();
        return fmt::format("--- a/{0}\n+++ b/{0}\n@@ -{1},{2} +{1},{3} @@\n{4}", file, from + 1,
                           sign == '+' ? without : with, sign == '+' ? with : without, body);
    }
    std::string within(const std::string& file, const std::string& anchor,
                       const std::string& addition, char sign) const {
        const auto all = lines(slurp(tree_ / file));
        const auto found = std::find(all.begin(), all.end(), anchor);
        if (found == all.end()) throw std::runtime_error(file + ": no line '" + anchor + "'");
        return hunk_at(file, all, static_cast<std::size_t>(found - all.begin()) + 1,
                       lines(addition), sign);
    }
    static std::string hunk(const std::string& file, const std::string& before,
                            const std::string& addition, char sign) {
        const auto all = lines(before);
        return hunk_at(file, all, all.size(), lines(addition), sign);
    }
    void add(const std::string& subject, const std::string& patch) {
        commits_.push_back({subject, patch});
    }
    void append(const std::string& what, const std::string& addition) {
        const std::string file = kFiles[fillers_ % kFiles.size()];
        auto& text = text_of(file);
        add(fmt::format("filler {} {}", fillers_, what), hunk(file, text, addition, '+'));
        text += addition;
    }
    void breaker(const std::string& what, const std::string& addition) {
        auto& text = text_of(kBreaker);
        add(what, hunk(kBreaker, text, addition, '+'));
        text += addition;
        broken_ = addition;
    }

    fs::path tree_;
    std::map<std::string, std::string> files_;
    std::string broken_;
    unsigned fillers_ = 0;
    std::vector<Commit> commits_;
};

// The unpacked source of 6.12 in the cache; empty if there is none.
inline fs::path cached_tree(const fs::path& cache, const std::string& patchlevel) {
    std::error_code error;
    for (fs::directory_iterator entry(cache / "sources", error), end; !error && entry != end;
         entry.increment(error)) {
        const auto makefile = slurp(entry->path() / "tree/Makefile");
        if (slurp(entry->path() / "label").starts_with("linux-source-") &&
            makefile.find("\nPATCHLEVEL = " + patchlevel + "\n") != std::string::npos)
            return entry->path() / "tree";
    }
    return {};
}

} // namespace rig::testing
