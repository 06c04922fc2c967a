// SPDX-License-Identifier: GPL-2.0-or-later
// The experiment file that `rig init` writes. Pure.
#pragma once

#include <string>

namespace rig {

// A complete experiment with two arms, which rig accepts as it is, and a comment on every key that
// it has. The other keys of [guest], [workload] and [fault] follow as comments with their defaults
// and ranges, from experiment_keys(). `name` must be accepted as the experiment's name.
std::string sample_experiment(const std::string& name);

} // namespace rig
