// SPDX-License-Identifier: GPL-2.0-or-later
// The part of `rig doctor` that accesses the host.
#include "rig/base/shipped_files.h"
#include "rig/boot/kvm_probe.h"
#include "rig/cli/doctor.h"
#include "rig/host/capacity.h"
#include "rig/hypervisor/count_plugin.h"
#include "rig/hypervisor/qemu_hypervisor.h"
#include "rig/kernel/initramfs.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sstream>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

// On a healthy host every command here answers at once.
constexpr std::chrono::seconds patience{10};

// The output of a program and how it ended; nullopt if it does not exist.
std::optional<CommandResult> ask(CommandRunner& runner, std::vector<std::string> argv) {
    Command command;
    command.argv = std::move(argv);
    command.env = {{"LC_ALL", "C"}}; // the searched words are English
    command.timeout = patience;
    auto result = runner.run(command);
    if (!result) return std::nullopt;
    return std::move(*result);
}

// The whole output of a program if it succeeded, else empty.
std::string answer(CommandRunner& runner, std::vector<std::string> argv) {
    auto result = ask(runner, std::move(argv));
    return result && result->ok() ? result->out : "";
}

// The first line that is not empty: the output of perl starts with an empty one.
std::string first_line(const std::string& text) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        if (line.find_first_not_of(" \t\r") != line.npos) return line;
    return "";
}

// The content of a small file. Files in /proc report no size.
std::string content(const fs::path& file) {
    constexpr std::size_t limit = 64 * 1024;
    std::ifstream in(file);
    std::string text(limit, '\0');
    in.read(text.data(), static_cast<std::streamsize>(limit));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

std::string field(const std::string& text, const std::string& key) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        auto at = line.find(key);
        if (at == line.npos || line.find_first_not_of(" \t") != at) continue;
        auto value = line.find_first_not_of(" \t", at + key.size());
        return value == line.npos ? "" : line.substr(value);
    }
    return "";
}

// /proc/meminfo has values in kB, which means 1024 bytes.
std::uint64_t memory(const std::string& meminfo, const std::string& key) {
    return std::strtoull(field(meminfo, key).c_str(), nullptr, 10) * 1024;
}

FolderFact examine_folder(const fs::path& folder) {
    FolderFact fact;
    std::error_code error;
    fact.path = folder;
    auto there = fs::absolute(folder, error);
    while (!fs::exists(there, error) && there.has_relative_path())
        there = there.parent_path();
    auto space = fs::space(there, error);
    if (!error) fact.free_bytes = space.available;
    fact.writable = fs::is_directory(there, error) && ::access(there.c_str(), W_OK | X_OK) == 0;
    return fact;
}

// QEMU checks the sandbox option before it prints the list of machines.
std::string sandbox_trouble(CommandRunner& runner) {
    Command command;
    command.argv = {"qemu-system-x86_64", "-sandbox", kSandbox, "-machine", "help"};
    command.env["LC_ALL"] = "C";
    command.timeout = std::chrono::seconds(10);
    const auto result = runner.run(command);
    if (!result) return result.error().message;
    return result->ok() ? "" : result->out.substr(0, result->out.find('\n'));
}

void gather_kvm(DoctorInputs& inputs, const fs::path& cache_dir) {
    inputs.kvm_exists = ::access("/dev/kvm", F_OK) == 0;
    if (int fd = ::open("/dev/kvm", O_RDWR | O_CLOEXEC); fd >= 0)
        ::close(fd);
    else
        inputs.kvm_trouble = std::strerror(errno);
    if (auto probe = remembered_probe(cache_dir, host_boot_id(), "qemu")) {
        inputs.kvm_works = probe->works;
        inputs.kvm_why = probe->why;
        inputs.kvm_seconds = probe->seconds;
    }
}

} // namespace

DoctorInputs gather(CommandRunner& runner, const fs::path& cache_dir) {
    DoctorInputs inputs;
    std::vector<std::string> names = {"qemu-system-x86_64",
                                      "gcc",
                                      "g++",
                                      "make",
                                      "bc",
                                      "bison",
                                      "flex",
                                      "perl",
                                      "git",
                                      "xz",
                                      "tar",
                                      "pkg-config",
                                      "dpkg-deb",
                                      "apt-get",
                                      "ccache",
                                      "gdb",
                                      "cyclictest"};
    for (const auto* arch : all_archs())
        if (!arch->cross.empty()) std::ranges::copy(programs_of(*arch), std::back_inserter(names));
    for (const auto& name : names) {
        // cyclictest has no --version. Its help begins with the version.
        auto result = ask(runner, {name, name == "cyclictest" ? "--help" : "--version"});
        if (!result) continue;
        if (result->ok())
            inputs.programs[name].version = first_line(result->out);
        else
            inputs.programs[name].trouble = describe(*result);
    }
    const auto shipped = shipped_files();
    const auto agent = find_agent(arch_named(kDefaultArch));
    if (shipped) inputs.own_files = shipped->data.string();
    inputs.own_trouble = !shipped ? shipped.error().message : !agent ? agent.error().message : "";
    inputs.sandbox_trouble = sandbox_trouble(runner);
    inputs.accelerators = answer(runner, {"qemu-system-x86_64", "-accel", "help"});
    gather_kvm(inputs, cache_dir);
    if (const auto qemu = inputs.programs.find("qemu-system-x86_64"); qemu != inputs.programs.end())
        inputs.plugin_trouble =
            choose_plugin(Accelerator::Tcg, qemu->second.version, plugin_folder()).why_not;

    for (auto module : {"libelf", "openssl", "libtraceevent"})
        if (auto result = ask(runner, {"pkg-config", "--exists", module}); result && result->ok())
            inputs.libraries.push_back(module);
    // As rig/derive/kconfig_search.py looks for it.
    auto kconfiglib = ask(runner, {"python3", "-c",
                                   "import sys; sys.path.append('/usr/lib/python3/dist-packages'); "
                                   "import kconfiglib"});
    inputs.kconfiglib = kconfiglib && kconfiglib->ok();
    // The compiler prints the bare name if it does not find the file.
    auto archive = first_line(answer(runner, {"gcc", "-print-file-name=libtraceevent.a"}));
    inputs.libtraceevent_archive = archive.find('/') != archive.npos;
    // ldd fails on a static program. Its message distinguishes this from other failures.
    if (auto ldd = ask(runner, {"ldd", "/bin/busybox"}))
        inputs.busybox_static = ldd->out.find("not a dynamic executable") != std::string::npos ||
                                ldd->out.find("statically linked") != std::string::npos;

    inputs.cpus = static_cast<unsigned>(allowed_cpus().size());
    auto meminfo = content("/proc/meminfo");
    inputs.memory_total = memory(meminfo, "MemTotal:");
    inputs.memory_available = memory(meminfo, "MemAvailable:");
    inputs.cache = examine_folder(cache_dir);
    std::error_code error;
    auto temporary = fs::temp_directory_path(error);
    if (error) { // TMPDIR is not a folder
        const char* named = std::getenv("TMPDIR");
        inputs.temporary.path = named ? named : "/tmp";
    } else {
        inputs.temporary = examine_folder(temporary);
    }

    auto candidate =
        field(answer(runner, {"apt-cache", "policy", "linux-source-6.12"}), "Candidate:");
    if (candidate != "(none)") inputs.apt_candidate = candidate;
    inputs.root = ::geteuid() == 0;
    return inputs;
}

} // namespace rig
