// SPDX-License-Identifier: GPL-2.0-or-later
// Collects what line_reason.h needs to know of a line, from a LineBuild.
#pragma once

#include "rig/base/error.h"
#include "rig/kernel/built_files.h"
#include "rig/kernel/line_build.h"
#include "rig/kernel/line_reason.h"
#include "rig/kernel/line_table.h"
#include "rig/kernel/source_lines.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// What it needs it computes once. All arguments must outlive it.
class LineReasons {
 public:
    // `texts`: the files, by their names relative to the tree. `affected` are the objects of
    // vmlinux that compile or include them; `table` has the units of those that are linked.
    LineReasons(const LineTable& table, const std::vector<AffectedObject>& affected,
                LineBuild& build, const std::map<std::string, std::string>& texts);
    // Of a line of one of the texts, from 1. Error: if it is interrupted.
    Result<LineVerdict> of(const std::string& path, unsigned number);

 private:
    struct Examined {
        std::set<unsigned> kept;
        std::vector<SourcePlace> places;
    };
    struct File {
        std::string text;
        std::vector<SourceLine> lines;
        std::vector<std::string> objects; // of vmlinux, and linked
        std::string unlinked;             // an object that nothing of vmlinux needs
        std::vector<Examined> examined;   // of the first objects
        bool complete = true;             // all of these could be preprocessed
        bool looked_elsewhere = false;
        std::string assembly, elsewhere, why_no_object; // see LineFacts
    };
    Result<const Examined*> find_object(const std::string& path, File& file, unsigned number);
    void look_elsewhere(const std::string& path, File& file);

    const LineTable& table_;
    LineBuild& build_;
    std::map<std::string, File> files_;
    std::optional<BuiltFiles> built_;
};

// The numbers of the lines of a file that the compiler sees, from what `gcc -E -fdirectives-only`
// printed. Names in it are relative to `obj`, `path` is to `tree`. Pure.
std::vector<unsigned> kept_lines(std::string_view preprocessed, const std::filesystem::path& obj,
                                 const std::filesystem::path& tree, const std::string& path);

} // namespace rig
