// SPDX-License-Identifier: GPL-2.0-or-later
// Rules for single texts of an experiment file: which names, values and paths are accepted, and the
// messages for all others.
#pragma once

#include "rig/spec/toml_reader.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig::rules {

// 0..max bytes of anything (control characters were refused earlier).
Rule at_most(std::size_t max);
// Words for the kernel's command line; refuses those that keep warnings off the console.
Rule kernel_words(std::size_t max);
std::optional<std::string>
experiment_name(const std::string& value); // letters, digits, . _ -; 1..64
std::optional<std::string>
arm_name(const std::string& value); // [a-z0-9-]+, starts with a letter or digit; 1..32
std::optional<std::string> kernel_function(const std::string& value); // as in kallsyms; 1..128
std::optional<std::string>
splat_text(const std::string& value); // part of a splat's title or functions; 4..128
std::optional<std::string>
option_name(const std::string& value); // [A-Z0-9_]+ without the prefix CONFIG_
std::optional<std::string> option_name_or_any(const std::string& value); // the same, or "*"
std::optional<std::string>
option_value(const std::string& value); // y, n, 42, 0x2a, "text" with its quotes
std::optional<std::string> package(const std::string& value); // Debian package name
std::optional<std::string> suite(const std::string& value);   // Debian suite name
std::optional<std::string> sha256(const std::string& value);  // 64 lower-case hex digits
std::optional<std::string>
revision(const std::string& value); // git revision that cannot be taken for an option
std::optional<std::string> metric_name(const std::string& value); // [a-z][a-z0-9_]*; 1..32
std::optional<std::string> event_name(const std::string& value);  // subsystem:event
std::optional<std::string> cpu_flag(const std::string& value);    // [a-z0-9_]+; 1..64
std::optional<std::string> cache_name(const std::string& value);  // a folder's name; 1..64
std::optional<std::string> guest_file(const std::string& value);  // an absolute path; 2..255
// The absolute path of an existing file that is not hidden by the guest's mounts.
std::optional<std::string> host_file(const std::string& value);

// guest_mounts(): the folders over which the guest mounts its own file systems. hidden_in_guest():
// the one that contains `path`; nullptr if none does.
const std::vector<const char*>& guest_mounts();
const char* hidden_in_guest(const std::filesystem::path& path);

// For the next three, paths are relative to `top`, or those of files that come with rig.
Rule existing_file(const std::filesystem::path& top);
Rule existing_folder(const std::filesystem::path& top);
Rule series_folder(const std::filesystem::path& top); // a folder with a `series` file

// The rules for an experiment's paths. `top` is nullopt for the experiment of a stored run: its
// paths were checked when it ran, and what they name may be gone.
struct PathRules {
    std::optional<std::filesystem::path> top;
    Rule file() const, folder() const, series() const, program() const;
    // An accepted path, normalised: relative to `top`, or the absolute path of a shipped file that
    // is not below it.
    std::filesystem::path placed(const std::string& text) const;
};

} // namespace rig::rules
