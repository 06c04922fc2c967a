// SPDX-License-Identifier: GPL-2.0-or-later
// A suite file (configs/review.toml): claims about a patch, and for each the checks that decide it.
// A check runs an experiment, or a series of variants of one, compiles one object, or reads a
// patch; and it says how that has to come out. A negative control is a check that has to fail, and
// says with which words.
//
//   [[point]]
//   id = "slower-but-kinder"
//   claim = "likely slower, but less disruptive to other CPUs"   # the review's words
//   answer = "..."                                               # what the evidence means, one
//   line
//   [[point.run]]
//   experiment = "configs/batch-alloc-fail.toml"
//   set = { "guest.boots" = 6 }                                  # as --set
//   sweep = { key = "guest.vcpus", values = [2, 4, 8] }          # the experiment once for every
//   value expect = "pass"                                              # or "fail",
//   "inconclusive": a negative control says = "PT_RECLAIM" # must stand in what is reported;
//   required for a control show = ["sync_ipis", "target_latency"]                       # the
//   metrics printed as evidence plot = ["target_latency"]                                    #
//   drawn over the values of the sweep
//   [[point.build]]
//   experiment = "configs/no-stub.toml"
//   arm = "reviewed"
//   object = "mm/vmstat.o"
//   expect = "fails"                                             # or "builds"
//   says = "undeclared"                                          # in the compiler's first error;
//   required for "fails"
//   [[point.patch]]
//   series = "kernel-patches/6.12/reviewed"
//   has = ["might_sleep()"]                                      # in the lines that the series
//   adds, white space folded lacks = ["Context:"]
#pragma once

#include "rig/base/error.h"
#include "rig/spec/spec.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rig {

struct Sweep {
    std::string key;
    std::vector<std::string> values; // TOML
};

struct RunCheck {
    std::filesystem::path experiment; // relative to the project's top, as all paths here
    std::vector<SpecOverride> set;
    std::optional<Sweep> sweep;
    Exit expect = Exit::Pass;
    std::string says;
    std::vector<std::string> show, plot; // names of metrics
};
struct BuildCheck {
    std::filesystem::path experiment;
    std::string arm, object;
    bool builds = true;
    std::string says;
};
struct PatchCheck {
    std::filesystem::path series;
    std::vector<std::string> has, lacks;
};
using SuiteCheck = std::variant<RunCheck, BuildCheck, PatchCheck>;

struct Point {
    std::string id, claim, answer;
    std::vector<SuiteCheck> checks; // at least one: runs, then builds, then patches
};

struct Suite {
    std::filesystem::path file, top;
    std::string name, description;
    std::string deprecation; // one line if the file uses older names, else empty
    std::vector<Point> points;
};

// Has the text the key `point` at its top? Then it is a suite and no experiment.
bool is_suite(std::string_view text);

// FaultDomain::Spec, "file:line:column: what was found; what is accepted"; experiments and series
// named in it must be there.
Result<Suite> parse_suite(std::string_view text, const std::filesystem::path& file);
Result<Suite> load_suite(const std::filesystem::path& file);

// Leaves the points of these ids, in the suite's order; none named leaves all. FaultDomain::Spec
// for an id that is not there.
Status keep_points(Suite& suite, const std::vector<std::string>& ids);

} // namespace rig
