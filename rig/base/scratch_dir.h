// SPDX-License-Identifier: GPL-2.0-or-later
// A private temporary folder for the files that one boot needs and nobody keeps.
#pragma once

#include "rig/base/error.h"

#include <filesystem>

namespace rig {

// Creates the folder rig-scratch-XXXXXX in TMPDIR (default: /tmp) and removes it at the end of its
// scope. While in use it holds a flock(2) on its file `lock`. The kernel releases that lock when
// the owner dies, whatever PID namespace the owner lived in.
class Scratch {
 public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    // FaultDomain::Host, with the folder and the reason, if the folder could not be created.
    Status made() const;
    const std::filesystem::path& dir() const { return dir_; } // empty if made() fails

 private:
    int error_ = 0;
    std::filesystem::path dir_;
    int lock_ = -1;
};

// Removes the folders that killed rig processes of this user left behind.
void remove_abandoned_scratch();

} // namespace rig
