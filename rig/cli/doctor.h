// SPDX-License-Identifier: GPL-2.0-or-later
// `rig doctor`: what this host has, what it lacks, and the command that fixes each problem.
// gather() only collects facts; examine() judges them and is pure.
#pragma once

#include "rig/arch/arch.h"
#include "rig/host/command_runner.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace rig {

struct Finding {
    enum class State {
        Ok,
        Warn,    // rig works, with the restriction in `found`
        Missing, // rig cannot work without it
    };
    std::string name; // "qemu-system-x86_64"
    State state = State::Ok;
    std::string found; // what was found, or what is missing
    std::string mend;  // fix: a command or a sentence; empty if none is needed
};

struct ProgramFact {
    std::string version; // first line of the output of `--version`
    std::string trouble; // found but did not run: "killed by signal 4 (Illegal instruction)"
};

struct FolderFact {
    std::filesystem::path path;
    // For this user, on the file system of the nearest parent that exists.
    std::uint64_t free_bytes = 0;
    bool writable = false; // the folder, or that parent, is writable
};

struct DoctorInputs {
    std::map<std::string, ProgramFact> programs; // by name; not listed: not in PATH
    std::string accelerators;                    // output of `qemu-system-x86_64 -accel help`
    // Why QEMU does not start with the sandbox that rig uses. Empty: it does.
    std::string sandbox_trouble;
    // Why instructions cannot be counted (count_plugin.h) in this QEMU; empty: they can.
    std::string plugin_trouble;
    // Where rig's own files are (shipped_files.h), and why they or the agent are not found; empty:
    // they are.
    std::string own_files, own_trouble;
    bool kvm_exists = false;
    std::string kvm_trouble; // why /dev/kvm cannot be opened; empty: it can
    // The stored result of the probe boot (kvm_probe.h), if there was one since the host booted.
    // `kvm_why` and `kvm_seconds` belong to it.
    std::optional<bool> kvm_works;
    std::string kvm_why;
    double kvm_seconds = 0;
    // Those of libelf, openssl and libtraceevent whose headers are installed.
    std::vector<std::string> libraries;
    bool kconfiglib = false; // a module of python3, or Debian's python3-kconfiglib
    bool busybox_static = false;
    bool libtraceevent_archive = false;                   // the compiler finds libtraceevent.a
    unsigned cpus = 0;                                    // CPUs that this process may use
    std::uint64_t memory_total = 0, memory_available = 0; // bytes
    FolderFact cache, temporary;
    std::string apt_candidate; // version of linux-source-6.12; empty: not in the package lists
    bool root = false;         // rig runs as root: commands need no sudo
};

// Compilers and emulator for an architecture other than that of the host.
std::vector<std::string> programs_of(const Arch& arch);

// Collects the facts. Never fails: what cannot be determined counts as missing. Runs about 25
// programs, each for at most ten seconds.
DoctorInputs gather(CommandRunner& runner, const std::filesystem::path& cache_dir);

std::vector<Finding> examine(const DoctorInputs& inputs);

bool anything_missing(const std::vector<Finding>& findings);

// One line per finding with its fix below, and a closing line with the counts.
std::string render_doctor(const std::vector<Finding>& findings, bool colours);
// [{"name", "state": "ok" | "warn" | "missing", "found", "fix"}]
nlohmann::json to_json(const std::vector<Finding>& findings);

const char* name(Finding::State state);

} // namespace rig
