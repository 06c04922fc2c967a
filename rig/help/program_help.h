// SPDX-License-Identifier: GPL-2.0-or-later
// The commands and options of the program as plain data, from which man pages and completion are
// made. cli/describe_program.cc takes it from CLI11.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct OptionHelp {
    std::vector<std::string> names;   // "--json", "-q"; an argument has one name without a dash
    std::string value;                // "FILE", "UINT"; "": a flag
    std::vector<std::string> choices; // the accepted values, if they are these only
    std::string text;                 // may have several lines
    std::string standard;             // the default; "": none that is worth showing
    bool required = false, many = false;

    bool is(std::string_view name) const;
};

struct CommandHelp {
    std::string name, group, text;
    std::string details; // examples, explanations, exit codes: the footer of --help
    std::vector<OptionHelp> arguments, options;
};

struct ProgramHelp {
    std::string name, version, text, details;
    std::vector<OptionHelp> options;   // of all commands
    std::vector<CommandHelp> commands; // without hidden ones

    const CommandHelp* find(std::string_view command) const; // nullptr: none of this name
};

// What rig --help prints: the commands by group, at most 24 lines of 80 columns as long as the
// commands of a group fit on two lines. Ends in a line break.
std::string one_screen(const ProgramHelp& program);

} // namespace rig
