// SPDX-License-Identifier: GPL-2.0-or-later
// A suite file (configs/review.toml): claims about a patch, each with the checks that decide it. A
// check runs an experiment or a series of its variants, compiles one object, or reads a patch, and
// declares the expected outcome. A negative control is a check that must fail, with a given text in
// the reported reason.
//
//   [[point]]
//   id = "slower-but-kinder"
//   claim = "likely slower, but less disruptive to other CPUs"  # the review's words
//   answer = "..."                                      # one line: what the evidence means
//   [[point.run]]
//   experiment = "configs/batch-alloc-fail.toml"
//   set = { "guest.boots" = 6 }                         # as --set
//   sweep = { key = "guest.vcpus", values = [2, 4, 8] } # run the experiment once for every value
//   expect = "pass"                                     # a control: "fail" or "inconclusive"
//   says = "PT_RECLAIM"                                 # required for a control: reported text
//   show = ["sync_ipis", "target_latency"]              # metrics printed as evidence
//   plot = ["target_latency"]                           # drawn over the values of the sweep
//   [[point.build]]
//   experiment = "configs/no-stub.toml"
//   arm = "reviewed"
//   object = "mm/vmstat.o"
//   expect = "fails"                                    # or "builds"
//   says = "undeclared"                                 # required for "fails": part of the
//                                                       # compiler's first error
//   [[point.patch]]
//   series = "kernel-patches/6.12/reviewed"
//   has = ["might_sleep()"]                             # in the lines that the series adds, with
//                                                       # white space folded
//   lacks = ["Context:"]
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

// Whether the text has the top-level key `point`: then it is a suite, not an experiment.
bool is_suite(std::string_view text);

// Errors: FaultDomain::Spec, "file:line:column: what was found; what is accepted". Experiments and
// series that the suite names must exist.
Result<Suite> parse_suite(std::string_view text, const std::filesystem::path& file);
Result<Suite> load_suite(const std::filesystem::path& file);

// Keeps only the points with these ids, in the suite's order; without ids keeps all.
// FaultDomain::Spec for an unknown id.
Status keep_points(Suite& suite, const std::vector<std::string>& ids);

} // namespace rig
