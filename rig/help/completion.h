// SPDX-License-Identifier: GPL-2.0-or-later
// Completion for bash, zsh and fish. The scripts ask `rig __complete WORD...` for candidates, so
// that commands and options are always those of the program that is installed.
#pragma once

#include "rig/help/program_help.h"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct Candidate {
    std::string word;
    std::string text; // one line about it; may be empty
};

// What is not in the program itself. Empty if it cannot be read: completion prints no errors.
struct CompletionSources {
    std::function<std::vector<std::string>()> experiments; // "configs/faults.toml"
    // IDs of the runs in this folder, newest first.
    std::function<std::vector<std::string>(const std::filesystem::path& results)> runs;
    std::function<std::vector<std::string>(const std::filesystem::path& experiment)> arms;
    // Metrics that this experiment or run defines itself, after the built-in ones.
    std::function<std::vector<std::string>(const std::filesystem::path& experiment)> metrics;
    std::function<std::filesystem::path(const std::filesystem::path& results,
                                        const std::string& run)>
        experiment_of_run;
};

struct Completion {
    std::vector<Candidate> candidates; // those that begin with the last word
    // Names of files or folders fit too; the shell completes them.
    enum class Files { None, Files, Folders } files = Files::None;
};

// `words` follow the name of the program; the last one is being completed and may be empty. A "="
// of its own is one between an option and its value, as bash splits them.
Completion complete(const ProgramHelp& program, const std::vector<std::string>& words,
                    const CompletionSources& sources);
// Lines "WORD<tab>TEXT", then ":files" or ":folders" if those fit too.
std::string completion_lines(const Completion& completion);

// The scripts, by shell: "bash", "zsh", "fish".
std::map<std::string, std::string> completion_scripts(const ProgramHelp& program);

} // namespace rig
