// SPDX-License-Identifier: GPL-2.0-or-later
// For benchmarks that run rig and QEMU as programs.
#pragma once

#include "bench/must.h"
#include "rig/base/scratch_dir.h"
#include "rig/host/boost_command_runner.h"
#include "rig/kernel/initramfs.h"
#include "rig/stats/estimate.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <vector>

struct Ran {
    std::string out;
    double seconds = 0;
    double cpu_seconds = 0; // of it and of all it waited for
    int code = 0;           // with which it exited
};

inline double children_cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Runs a program to its end. What is killed, and an exit code that is not in `codes`, ends the
// benchmark with what was printed.
inline Ran must_run(const rig::Command& command, const std::vector<int>& codes = {0}) {
    static rig::BoostCommandRunner runner;
    const double before = children_cpu_seconds();
    const auto result = must(runner.run(command));
    const auto* exited = std::get_if<rig::Exited>(&result.outcome);
    if (!exited || std::find(codes.begin(), codes.end(), exited->code) == codes.end()) {
        fmt::print(stderr, "{}\n{}: {}\n", result.out, command.argv[0], describe(result));
        std::exit(3);
    }
    return {result.out, result.seconds, children_cpu_seconds() - before, exited->code};
}
// The same in the project's folder.
inline Ran must_run(std::vector<std::string> argv, const std::vector<int>& codes = {0},
                    std::function<void(std::string_view)> on_line = {}) {
    rig::Command command;
    command.argv = std::move(argv);
    command.cwd = RIG_TOP;
    command.on_line = std::move(on_line);
    return must_run(command, codes);
}

// What a rig with --json printed, behind its progress.
inline nlohmann::json json_of(const Ran& ran) {
    return nlohmann::json::parse(ran.out.substr(ran.out.find("{\n")));
}

// A folder in TMPDIR that goes with its holder; that of a benchmark which failed, with the next
// rig.
inline std::filesystem::path folder_of(const rig::Scratch& scratch) {
    if (!scratch.dir().empty()) return scratch.dir();
    fmt::print(stderr, "{}: no folder can be made in it\n",
               std::filesystem::temp_directory_path().string());
    std::exit(3);
}

inline double median_of(std::vector<double> values) {
    return must(rig::median(std::move(values)));
}

// The QEMU command line of `rig boot` with these arguments, to be run without rig; its files are in
// `dir`.
inline std::vector<std::string> bare_argv(const std::filesystem::path& dir,
                                          std::vector<std::string> boot) {
    std::vector<std::string> argv{RIG_EXE, "--quiet", "--json", "boot"};
    argv.insert(argv.end(), boot.begin(), boot.end());
    argv.push_back("--print");
    const auto printed = json_of(must_run(argv));
    argv = printed.at("qemu");
    static unsigned number = 0;
    const auto tag = std::to_string(number++);
    for (std::size_t i = 0; i < argv.size(); ++i) {
        if (i > 0 && argv[i - 1] == "-initrd") {
            const auto initrd = dir / ("initrd-" + tag);
            must(rig::initramfs_with_plan(argv[i], printed.at("plan").dump(), initrd));
            argv[i] = initrd.string();
        }
        for (const char* file : {"channel", "console"})
            if (argv[i].starts_with(std::string("file,id=") + file))
                argv[i] = std::string("file,id=") + file + ",path=" + (dir / (file + tag)).string();
    }
    return argv;
}
