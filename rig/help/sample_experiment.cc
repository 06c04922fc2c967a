// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/help/sample_experiment.h"

#include "rig/base/text.h"
#include "rig/fault_points/fault_point.h"
#include "rig/help/roff.h"
#include "rig/spec/experiment_keys.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {
namespace {

// {0}: the experiment's name. {1}, {2}, {3}: keys of [guest], [workload] and [fault].
constexpr const char* kSample =
    R"(# An experiment of rig: does a patch of the kernel do what it claims, and what does it cost?
# man rig.toml (docs/reference/experiment-file.md) lists every key. Check this file with
#   rig boot {0}.toml --arm patched --print
# and run it with
#   rig compare {0}.toml

name = "{0}"
description = "what the patch changes when the batch allocation fails"

# Paths are relative to the nearest parent folder that has kernel-patches/, else to the folder of
# this file. Those below come with rig.
[kernel]
source = {{ distro = "linux-source-6.12" }} # or {{ git = "/path/to/linux", revision = "v6.12" }}
# Patches that every arm gets first, here to make the changed code reachable on x86. Yours may need
# none.
prerequisites = ["kernel-patches/6.12/enable"]
# Merged in this order on top of allnoconfig. rig's guest needs base.config.
fragments = ["configs/kernel/base.config", "configs/kernel/fault-injection.config"]

# The first arm is the baseline; the others are compared with it.
[[arm]]
name = "base"
# A function that only this arm's version of the changed line calls. It is the evidence that the
# line ran.
marker = "smp_call_function"

[[arm]]
name = "patched"
# A folder with your patches and a quilt file `series` that lists them in order.
series = ["kernel-patches/6.12/reviewed"]
marker = "synchronize_rcu"

[guest]
boots = 8 # of each arm. A confidence interval needs 6 (virtual clock) or 5 (wall clock)
{1}
# What the guest does while it is measured.
[workload]
name = "munmap"
{2}
# Page allocations that are made to fail. For a patch that needs none: enabled = false
[fault]
function = "tlb_remove_table"
{3}
# The code under test: the function with the changed line, and the one that its IPIs run.
[target]
function = "tlb_remove_table_one"
sync_function = "tlb_remove_table_smp_sync"

# What you expect. A metric without a table is measured and shown, and decides nothing.
[metrics.sync_ipis]
expect = "exactly"
values = {{ base = "predicted", patched = 0 }}

# Lower is better for all metrics: "at-most", "not-worse", "unchanged", "falls", or "report".
[metrics.total_ipis]
expect = "falls"
)";

// Keys of [fault] that mean nothing beside the function that the file names: other points with
// their attributes, and ranges of functions.
bool needs_another_fault(const FileKey& key) {
    if (key.section != "fault") return false;
    const auto has = [&](const std::vector<FaultAttribute>& attributes) {
        return std::any_of(attributes.begin(), attributes.end(),
                           [&](const FaultAttribute& one) { return one.key == key.name; });
    };
    const auto& points = all_fault_points();
    const bool of_some_point = std::any_of(
        points.begin(), points.end(), [&](const FaultPoint* one) { return has(one->attributes); });
    return key.name == "point" || key.name.starts_with("require-") || key.name.ends_with("-end") ||
           (of_some_point && !has(standard_fault_point().attributes));
}

// "# vcpus = 8    # default: 4; 2 to 16", one line for each key that is not in the file already.
std::string other_keys(std::string_view section, std::string_view there) {
    std::string out;
    for (const auto* key : keys_of(section)) {
        if (key->name == there || needs_another_fault(*key)) continue;
        const auto line = fmt::format("# {}", key->example);
        const auto about = fmt::format("# default: {}; {}", roff::plain(key->standard),
                                       roff::plain(range_words(*key)));
        out += fmt::format("{} {}\n", padded(line, 40), about);
    }
    return out;
}

} // namespace

std::string sample_experiment(const std::string& name) {
    return fmt::format(kSample, name, other_keys("guest", "boots"), other_keys("workload", "name"),
                       other_keys("fault", "function"));
}

} // namespace rig
