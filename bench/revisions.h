// SPDX-License-Identifier: GPL-2.0-or-later
// For benchmarks of revisions: what both have in common, and the table they print.
#pragma once

#include "bench/side.h"
#include "rig/base/scratch_dir.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

struct RevisionOptions {
    std::string against, work, project = RIG_TOP;
    bool json = false, no_web = false;

    void declare(CLI::App& app, const char* work_help);
};

// A figure of each side.
struct Row {
    std::string name;
    std::vector<Measured> sides;
};

class Revisions {
 public:
    // Clones HEAD of the project, and the other revision, and finds the kernel's source: in the
    // user's cache, or it downloads it.
    explicit Revisions(const RevisionOptions& options);

    std::vector<Side>& sides() { return sides_; }
    std::size_t arms() const { return arms_.size(); }
    const std::string& first_arm() const { return arms_.at(0); }
    const std::string& second_arm() const { return arms_.at(1); }

    // An artefact cache of each side's with nothing but the kernel's source in it; on disk when it
    // returns, so that no side is measured while this is written. With `keep` only where there is
    // none.
    void make_caches(const std::string& name = "cache", bool keep = false) const;
    // Kernels, perf and images of the user's cache into the side's.
    static void link_built(const Side& side);
    // Whole entries of one cache into another, by hard links where the file system lets us.
    static void link_kind(const std::filesystem::path& from, const std::string& kind,
                          const std::filesystem::path& to);

    std::vector<Measured> each(const std::function<Measured(Side&)>& measure);

    // Prints it at once: wall and CPU seconds and objects of each side, and the ratios of this
    // revision to the other.
    void row(const std::string& name, const std::vector<Measured>& sides);
    // Rows "of it build", "boots" and "rest" of runs of each side.
    void parts(const std::vector<RigRan>& runs);
    // The whole as JSON on stdout, if it was asked for.
    void finish(const char* benchmark) const;

 private:
    void header() const;
    void find_source();

    RevisionOptions options_;
    std::optional<rig::Scratch> scratch_;
    std::filesystem::path dir_, source_; // source_: its entry of a cache
    std::string source_id_, source_how_;
    double source_seconds_ = 0;
    std::size_t uncommitted_ = 0;
    std::vector<std::string> arms_;
    std::vector<Side> sides_;
    std::vector<Row> rows_;
    std::FILE* table_ = stdout; // stderr beside JSON
};
