// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/pack/emulator_identity.h"

#include "rig/base/files.h"
#include "rig/base/scratch_dir.h"
#include "rig/base/sha256.h"
#include "rig/base/text.h"
#include "rig/hypervisor/qemu_hypervisor.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <regex>
#include <sstream>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

Result<fs::path> in_path(const std::string& program) {
    if (program.find('/') != program.npos) return fs::path(program);
    const char* path = std::getenv("PATH");
    std::istringstream folders(path ? path : "/usr/bin:/bin");
    for (std::string folder; std::getline(folders, folder, ':');)
        if (const auto file = fs::path(folder) / program; ::access(file.c_str(), X_OK) == 0)
            return file;
    return fail(FaultDomain::Host, fmt::format("{}: {}", program, kNoSuchProgram));
}

Result<std::string> output_of(std::vector<std::string> argv, const fs::path& input,
                              CommandRunner& runner) {
    Command command;
    command.argv = std::move(argv);
    command.input = input;
    command.timeout = std::chrono::seconds(60);
    RIG_TRY(result, runner.run(command));
    if (!result.ok())
        return fail(FaultDomain::Host,
                    fmt::format("{} {}: {}: {}", command.argv[0],
                                command.argv.size() > 2 ? "-S" : command.argv.back(),
                                describe(result), printable(stripped(result.out, " \n"))));
    return std::move(result.out);
}

} // namespace

std::vector<fs::path> firmware_files(std::string_view info_roms, std::string_view folders) {
    static const std::regex named("name=\"([A-Za-z0-9_][A-Za-z0-9._-]*)\"");
    std::vector<fs::path> files;
    using Matches = std::regex_iterator<std::string_view::const_iterator>;
    for (Matches match(info_roms.begin(), info_roms.end(), named), end; match != end; ++match) {
        std::istringstream lines{std::string(folders)};
        for (std::string folder; std::getline(lines, folder);) {
            const auto file = fs::path(folder) / (*match)[1].str();
            std::error_code error;
            if (!fs::is_regular_file(file, error)) continue;
            files.push_back(file);
            break;
        }
    }
    std::sort(files.begin(), files.end(),
              [](const fs::path& a, const fs::path& b) { return a.filename() < b.filename(); });
    files.erase(std::unique(files.begin(), files.end()), files.end());
    return files;
}

Result<PackedFile> packed_file(const fs::path& file) {
    RIG_TRY(hash, sha256_file(file));
    std::error_code error;
    const auto bytes = fs::file_size(file, error);
    if (error) return cannot("read", file, error.value());
    return PackedFile{file.filename().string(), bytes, hash};
}

Result<EmulatorIdentity> identify_emulator(const BootRequest& boot,
                                           const Environment& environment) {
    const auto& arch = arch_named(boot.arch);
    EmulatorIdentity identity;
    RIG_TRY(version, environment.hypervisor.version(arch));
    identity.version = version;
    RIG_TRY(emulator, environment.hypervisor.emulator(arch));
    RIG_TRY(program, in_path(emulator));
    RIG_TRY(qemu, packed_file(program));
    identity.qemu = qemu;
    RIG_TRY(accelerators, output_of({emulator, "-accel", "help"}, {}, environment.runner));
    if (accelerators.find("tcg") == accelerators.npos)
        return fail(FaultDomain::Host,
                    fmt::format("{} cannot emulate here: it has no TCG", program.string()));
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    auto request = boot;
    request.channel = scratch.dir() / "channel";
    request.console_log = scratch.dir() / "console.log";
    request.monitor.clear();
    request.plugin.reset();
    request.profiler.reset();
    auto argv = qemu_argv(request, emulator);
    argv.insert(argv.end(), {"-S", "-monitor", "stdio"});
    RIG_CHECK(write_atomically(scratch.dir() / "commands", "info roms\nquit\n"));
    RIG_TRY(roms, output_of(argv, scratch.dir() / "commands", environment.runner));
    RIG_TRY(folders, output_of({emulator, "-L", "help"}, {}, environment.runner));
    for (const auto& file : firmware_files(roms, folders)) {
        RIG_TRY(one, packed_file(file));
        identity.firmware.push_back(one);
    }
    return identity;
}

} // namespace rig
