// SPDX-License-Identifier: GPL-2.0-or-later
// A private folder for what one boot needs and nobody keeps.
#pragma once

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
    // Empty if it could not be made.
    const std::filesystem::path& dir() const { return dir_; }

 private:
    std::filesystem::path dir_;
    int lock_ = -1;
};

// Removes what a killed rig of this user left behind.
void remove_abandoned_scratch();

} // namespace rig
