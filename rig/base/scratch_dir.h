// SPDX-License-Identifier: GPL-2.0-or-later
// A private folder for what one boot needs and nobody keeps.
#pragma once

#include "rig/base/error.h"

#include <filesystem>

namespace rig {

// Made in TMPDIR (else /tmp) as rig-scratch-XXXXXX, removed at the end of its scope. In use it
// holds a flock(2) on its file `lock`, which the kernel releases at its owner's death, whatever
// namespace that lived in.
class Scratch {
 public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    // FaultDomain::Host, with the folder and the reason, if it could not be made.
    Status made() const;
    const std::filesystem::path& dir() const { return dir_; } // empty then

 private:
    int error_ = 0;
    std::filesystem::path dir_;
    int lock_ = -1;
};

// Removes what a killed rig of this user left behind.
void remove_abandoned_scratch();

} // namespace rig
