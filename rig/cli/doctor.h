// SPDX-License-Identifier: GPL-2.0-or-later
// `rig doctor`: what this host has, what it lacks, and the command that mends each lack. gather()
// only collects facts; examine() judges them and is pure.
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
        Warn,    // rig works, with a restriction that `found` names
        Missing, // something rig cannot do without
    };
    std::string name; // "qemu-system-x86_64"
    State state = State::Ok;
    std::string found; // what is there, or what is not
    std::string mend;  // a command or a sentence; empty if there is nothing to do
};

struct ProgramFact {
    std::string version; // first line of what `--version` prints
    std::string trouble; // it is there but did not run: "killed by signal 4 (Illegal instruction)"
};

struct FolderFact {
    std::filesystem::path path;
    std::uint64_t free_bytes =
        0;                 // for this user, on the file system of the nearest parent that exists
    bool writable = false; // the folder, or that parent
};

struct DoctorInputs {
    std::map<std::string, ProgramFact> programs; // by name; absent: not in PATH
    std::string accelerators;                    // what `qemu-system-x86_64 -accel help` prints
    std::string
        sandbox_trouble; // why QEMU does not start with the sandbox rig asks for; empty: it does
    bool kvm_exists = false;
    std::string kvm_trouble; // why /dev/kvm cannot be opened; empty: it can
    // The remembered probe boot (kvm_probe.h), if there is one since the host booted; `why` and
    // `seconds` go with it.
    std::optional<bool> kvm_works;
    std::string kvm_why;
    double kvm_seconds = 0;
    std::vector<std::string>
        libraries; // of libelf, openssl, libtraceevent: those with headers here
    bool busybox_static = false;
    bool libtraceevent_archive = false; // libtraceevent.a, where the compiler looks
    unsigned cpus = 0;                  // this process may use
    std::uint64_t memory_total = 0, memory_available = 0; // bytes
    FolderFact cache, temporary;
    std::string apt_candidate; // of linux-source-6.12; empty: the lists know none
    bool root = false;         // runs as root: commands need no sudo
};

// Of an architecture beside the host's: compilers and emulator.
std::vector<std::string> programs_of(const Arch& arch);

// Never fails: what cannot be found out counts as not there. Runs about 25 programs, each at most
// ten seconds.
DoctorInputs gather(CommandRunner& runner, const std::filesystem::path& cache_dir);

std::vector<Finding> examine(const DoctorInputs& inputs);

bool anything_missing(const std::vector<Finding>& findings);

// One line per finding, its mend below it, and a closing line with the counts.
std::string render_doctor(const std::vector<Finding>& findings, bool colours);
// [{"name", "state": "ok" | "warn" | "missing", "found", "fix"}]
nlohmann::json to_json(const std::vector<Finding>& findings);

const char* name(Finding::State state);

} // namespace rig
