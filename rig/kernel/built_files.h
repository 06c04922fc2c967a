// SPDX-License-Identifier: GPL-2.0-or-later
// Which files of a kernel's object tree were made from a source: for sources that no object of
// vmlinux compiles, as those of the vDSO.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rig {

// Kbuild leaves a file .NAME.cmd beside each target NAME, with the command that made it and the
// names of the files that were read. Targets are named relative to the object tree.
class BuiltFiles {
 public:
    // `roots` are the targets that are wanted. What nothing of them is made from was left by an
    // earlier build, of other options, and does not count. Programs of the build (scripts/, tools/)
    // and what only constants are taken from (kernel/bounds.s) count always.
    BuiltFiles(const std::filesystem::path& obj, const std::filesystem::path& tree,
               const std::set<std::string>& roots);

    // The objects (.o, .s) that compile or include `file`, which is relative to `tree`; ascending.
    std::vector<std::string> compiled_from(const std::string& file) const;

 private:
    std::filesystem::path obj_, tree_;
    std::map<std::string, std::string> commands_; // of all targets: the text of their .cmd
    std::set<std::string> wanted_;                // targets
};

} // namespace rig
