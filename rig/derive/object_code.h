// SPDX-License-Identifier: GPL-2.0-or-later
// The functions of an object file in a form that can be compared: instructions as objdump prints
// them, with names in the place of whatever moves when other code changes.
#pragma once

#include "rig/arch/arch.h"
#include "rig/base/error.h"
#include "rig/host/command_runner.h"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace rig {

// One function of the source with all that the compiler made of it (foo.cold, foo.isra.0).
//
// A relocation is its type and what it points to: the function or variable and the offset from its
// beginning; a string by its text; other constants, such as a jump table, by their content. A
// branch is to the n-th instruction of a function. Numbers that the compiler appends to names,
// addresses and the lengths of branches are left out, and instructions that do nothing: they align
// loops. So is the content of tables that describe code: of BUG() and WARN() with their line
// numbers, of exceptions, static keys, alternatives, unwinding.
struct FunctionCode {
    std::vector<std::string> instructions;
    bool init = false; // all of it is freed after boot
    bool operator==(const FunctionCode& other) const { return instructions == other.instructions; }
};

struct ObjectCode {
    std::map<std::string, FunctionCode> functions; // by their names in the source
    // Contents of loaded sections without code, but for the tables above; relocations by name.
    // Constants of functions are in them, too.
    std::map<std::string, std::string> data;
};

// FaultDomain::Host if it is no relocatable ELF file, or objdump fails.
Result<ObjectCode> read_object(const std::filesystem::path& object, const Arch& arch,
                               CommandRunner& runner);

struct FunctionChange {
    enum class Kind { Changed, Added, Removed } kind = Kind::Changed;
    std::string function; // of the source
    std::string object;   // relative to the tree: "mm/vmstat.o"
    bool init = false;    // freed after boot
    // Changed, and all that differs are numbers in instructions: the line that might_sleep() and
    // the like pass on where lines moved, or a constant. The patch's lines tell which.
    bool only_numbers = false;
    bool operator==(const FunctionChange&) const = default;
};
const char* words_of(FunctionChange::Kind kind); // "changed", "added", "removed"

// By name. Pure.
std::vector<FunctionChange> changes_of(const ObjectCode& before, const ObjectCode& after,
                                       const std::string& object);

} // namespace rig
