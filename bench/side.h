// SPDX-License-Identifier: GPL-2.0-or-later
// For benchmarks that measure revisions of the project against each other: each is cloned into a
// folder of its own, with its own build, artefact cache and compiler cache. Of a revision only what
// all of them have is used: Meson's targets, the command line of its rig, and the cache's folders
// (rig/host/artifact_cache.h).
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

inline constexpr const char* kSpec = "configs/batch-alloc-fail.toml";

struct Measured {
    std::optional<double> wall{}, cpu{}; // seconds
    std::optional<unsigned> objects{};   // that the compiler made of C or C++ sources
};

// A line "WHAT: done in 12.3 s" of rig's progress. It tells none of what took less than 2 s.
struct Step {
    std::string what;
    double seconds = 0;
};
// Nothing if the line is no such line; one that begins like it and goes on otherwise ends the
// benchmark.
std::optional<Step> step_of(std::string_view line);

struct RigRan {
    Measured measured;
    nlohmann::json answer; // what it printed on stdout, with --json
    std::vector<Step> steps;
    int code = 0;
};

class Side {
 public:
    // `commit` of the project's repository `project`, in `dir`. Clones it there, or finds the clone
    // of an earlier call; another commit's ends the benchmark.
    Side(std::string label, std::string commit, const std::filesystem::path& project,
         std::filesystem::path dir);

    const std::string& label() const { return label_; }
    const std::string& commit() const { return commit_; }
    std::filesystem::path clone() const { return dir_ / "clone"; }
    std::filesystem::path cache(const std::string& name = "cache") const { return dir_ / name; }
    std::filesystem::path compiler_cache(const std::string& name) const {
        return dir_ / ("ccache-" + name);
    }
    bool built() const { return std::filesystem::exists(rig()); }

    // Meson's setup, in a new build folder, and ninja of rig and agent, without the compiler's
    // cache. npm's packages, which the build downloads, come between the two and are apart.
    struct Compiled {
        Measured rig, packages;
    };
    Compiled compile(bool web) const;
    // The one source of that name under rig/ is newer now; ninja of rig.
    Measured touch_and_compile(const std::string& name) const;

    // Runs its rig to an exit code of `codes`. Its artefact cache is cache(name), the compiler's
    // beside it. A kernel's source that it downloads or unpacks itself ends the benchmark: that is
    // no part of what is measured.
    RigRan run(std::vector<std::string> words, const std::string& cache_name = "cache",
               const std::vector<int>& codes = {0}) const;

 private:
    std::filesystem::path rig() const { return clone() / "build/rig/rig"; }
    Measured ninja(const std::vector<std::string>& targets) const;

    std::string label_, commit_;
    std::filesystem::path dir_;
};

// Seconds of the steps, by "build", "boots", and the names of all others.
std::map<std::string, double> by_part(const std::vector<Step>& steps);

// Ends the benchmark: something is not as it has to be for figures that mean what they say.
[[noreturn]] void refuse(const std::string& why);

// A line on stderr, with the time since the benchmark's start.
void say(const std::string& text);
