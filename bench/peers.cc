// SPDX-License-Identifier: GPL-2.0-or-later
// rig beside what others boot kernels with, in one run and interleaved: rcutorture's kvm.sh out of
// the kernel's own tree, and virtme-ng if it is given.
//
//   1. from the start of the command to the kernel's "Run ... as init process", and to its end, for
//   the least that each can be asked for
//   2. the same of the QEMU command line that each made, run bare: what the tool itself costs is
//   the ratio
//
// All under TCG with 4 vCPUs and 512 MiB, wall clock. They are made for other things (kvm.sh for
// hours of torture, virtme-ng for a shell in a new kernel) and prove other things; what is compared
// is what one boot costs somebody who needs hundreds of them. kvm.sh waits ten seconds before it
// first looks whether a guest is through, and spins until all of a batch are: so "to the end" and
// its CPU are for one batch, not for one boot, and hold a second that the smallest torture waits.
// Nothing here passes or fails.
#include "bench/programs.h"
#include "rig/base/files.h"

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <thread>

namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;
using Words = std::vector<std::string>;

constexpr const char* kSpec = "configs/batch-alloc-fail.toml";
constexpr const char* kInit = " as init process"; // init/main.c: run_init_process()
// The smallest torture there is: one experiment of one loop, a second after it is loaded (at once
// it ends before init), then off.
constexpr const char* kSuite = "refscale";
constexpr const char* kScenario = "NOPREEMPT";
constexpr const char* kBootargs =
    "refscale.nruns=1 refscale.loops=1 refscale.holdoff=1 refscale.shutdown=1";
// What virtme-ng needs of a kernel beyond rig's configuration: the host's files as the guest's
// root.
const Words kVngOptions{"NET",          "INET",          "UNIX",   "NETWORK_FILESYSTEMS",
                        "NET_9P",       "NET_9P_VIRTIO", "9P_FS",  "OVERLAY_FS",
                        "NETDEVICES",   "VIRTIO_MMIO",   "VT",     "UNIX98_PTYS",
                        "INOTIFY_USER", "BLOCK",         "CGROUPS"};

struct Boot {
    double to_init = 0; // seconds
    Ran ran;
};

// Runs a program, and looks for the line in what it prints, and fifty times a second in a file (a
// console of QEMU's).
Boot must_boot(const Words& argv, const std::function<fs::path()>& console) {
    const auto began = Steady::now();
    std::atomic<double> seen = 0;
    const auto look = [&](std::string_view text) {
        if (seen == 0 && text.find(kInit) != std::string_view::npos)
            seen = std::chrono::duration<double>(Steady::now() - began).count();
    };
    Boot boot;
    {
        const std::jthread watch([&](const std::stop_token& stop) {
            for (; !stop.stop_requested() && seen == 0;
                 std::this_thread::sleep_for(std::chrono::milliseconds(20)))
                if (const auto file = console(); fs::exists(file)) look(rig::slurp(file));
        });
        boot.ran = must_run(argv, {0}, look);
    }
    if (seen == 0) {
        fmt::print(stderr, "{}: no line with '{}' on its console\n{}", argv[0], kInit,
                   boot.ran.out);
        std::exit(3);
    }
    boot.to_init = seen;
    return boot;
}

// The console of a bare_argv().
fs::path console_of(const Words& argv) {
    for (const auto& word : argv)
        if (word.starts_with("file,id=console,path=")) return word.substr(word.find("path=") + 5);
    return {};
}

// The newest file of that name anywhere below a folder.
fs::path newest(const fs::path& below, std::string_view name) {
    fs::path found;
    std::error_code gone; // the tool moves its files about meanwhile
    for (fs::recursive_directory_iterator i(below, gone), end; !gone && i != end; i.increment(gone))
        if (i->path().filename() == name && (found.empty() || fs::last_write_time(i->path(), gone) >
                                                                  fs::last_write_time(found, gone)))
            found = i->path();
    return found;
}

struct Tool {
    std::string name;
    std::function<Boot()> whole, bare;
    std::vector<double> to_init{}, seconds{}, cpu{}, ratio{}, cpu_ratio{};

    void pair(bool whole_first) {
        Boot w, b;
        if (whole_first)
            w = whole(), b = bare();
        else
            b = bare(), w = whole();
        to_init.push_back(w.to_init);
        seconds.push_back(w.ran.seconds);
        cpu.push_back(w.ran.cpu_seconds);
        ratio.push_back(w.ran.seconds / b.ran.seconds);
        cpu_ratio.push_back(w.ran.cpu_seconds / b.ran.cpu_seconds);
        fmt::print("{:<10} to init {:6.2f} s, to the end {:6.2f} s, {:6.2f} s of CPU; its QEMU "
                   "bare {:6.2f} s, {:6.2f} s of CPU\n",
                   name, w.to_init, w.ran.seconds, w.ran.cpu_seconds, b.ran.seconds,
                   b.ran.cpu_seconds);
    }
    void summary() const {
        fmt::print("{:<10} median of {}: to init {:.2f} s, to the end {:.2f} s, {:.2f} s of CPU; "
                   "of its bare QEMU: wall {:.3f}, CPU {:.3f}\n",
                   name, seconds.size(), median_of(to_init), median_of(seconds), median_of(cpu),
                   median_of(ratio), median_of(cpu_ratio));
    }
};

Tool rig_tool(const fs::path& dir, const std::string& what, const Words& more) {
    Words boot{kSpec, "--arm", "ipi", "--clock", "wall"};
    boot.insert(boot.end(), more.begin(), more.end());
    const auto bare = bare_argv(dir, boot);
    const auto results = dir / ("results-" + what);
    Words whole{RIG_EXE, "--quiet", "--json", "--results", results.string(), "boot"};
    whole.insert(whole.end(), boot.begin(), boot.end());
    return {"rig " + what,
            [whole, results] {
                fs::remove_all(results);
                return must_boot(whole, [&] { return newest(results, "console.log"); });
            },
            [bare] {
                fs::remove(console_of(bare));
                return must_boot(bare, [&] { return console_of(bare); });
            }};
}

// kvm.sh asks QEMU for KVM whatever the host can do, so its QEMU is a script that asks for TCG.
constexpr const char* kQemu = "qemu-system-x86_64";
fs::path qemu_without_kvm(const fs::path& dir) {
    const auto real = must_run({"sh", "-c", fmt::format("command -v {}", kQemu)}).out;
    fs::create_directories(dir / "bin");
    std::ofstream(dir / "bin" / kQemu)
        << "#!/bin/sh\nfor word; do shift; case $word in -enable-kvm) ;; *accel=kvm) set -- \"$@\" "
           "\"${word%kvm}tcg\" ;; "
        << "*) set -- \"$@\" \"$word\" ;; esac; done\nexec " << real.substr(0, real.find('\n'))
        << " \"$@\"\n";
    fs::permissions(dir / "bin" / kQemu, fs::perms::owner_all);
    return dir / "bin";
}

// kvm.sh builds its kernel in the tree (a copy), with rig's configuration as a defconfig;
// kvm-again.sh boots it again.
Tool kvm_sh_tool(const fs::path& tree, const fs::path& dir) {
    const auto path =
        fmt::format("PATH={}:{}", qemu_without_kvm(dir).string(), std::getenv("PATH"));
    const auto in_tree = [tree, path](const std::string& script, const Words& words) {
        Words argv{"env", "-C", tree.string(), path,
                   "tools/testing/selftests/rcutorture/bin/" + script};
        argv.insert(argv.end(), words.begin(), words.end());
        return argv;
    };
    const auto runs = dir / "torture";
    if (!fs::exists(runs / "built" / kScenario / "bzImage")) {
        const auto built = must_run(
            in_tree("kvm.sh", {"--torture",   kSuite,          "--configs",  kScenario,
                               "--defconfig", "rig_defconfig", "--kconfig",  "CONFIG_NR_CPUS=4",
                               "--qemu-args", "-smp 4",        "--memory",   "512M",
                               "--bootargs",  kBootargs,       "--results",  runs.string(),
                               "--datestamp", "built",         "--duration", "1s",
                               "--buildonly"}));
        fmt::print("kvm.sh     builds its kernel in {:.1f} s\n", built.seconds);
    }
    const auto again = in_tree("kvm-again.sh", {(runs / "built").string(), "--duration", "1s",
                                                "--rundir", (runs / "again").string()});
    return {"kvm.sh",
            [=] {
                fs::remove_all(runs / "again");
                return must_boot(again, [&] { return newest(runs / "again", "console.log"); });
            },
            [=] {
                // What the run before left: its QEMU line, which names its console, then comments.
                const auto dir = newest(runs, "qemu-cmd").parent_path();
                const auto console = dir / "console.log";
                const auto boot = must_boot({"env", path, "sh", "-c", rig::slurp(dir / "qemu-cmd")},
                                            [&] { return console; });
                fs::remove(console); // kvm-again.sh copies what it finds
                return boot;
            }};
}

// virtme-ng boots that kernel with what it needs beside, and runs `true` in it. Its files come by
// 9p: virtiofsd is another package, and it waits for one that is not there.
Tool vng_tool(const std::string& vng, const fs::path& tree, const fs::path& config,
              const fs::path& image) {
    if (!fs::exists(image)) {
        fs::copy_file(config, tree / ".config", fs::copy_options::overwrite_existing);
        Words options{"scripts/config", "--file", ".config"};
        for (const auto& option : kVngOptions)
            options.insert(options.end(), {"-e", option});
        const auto in_tree = [&](Words words) {
            Words argv{"env", "-C", tree.string()};
            argv.insert(argv.end(), words.begin(), words.end());
            return must_run(argv).seconds;
        };
        in_tree(options);
        in_tree({"make", "olddefconfig"});
        fmt::print(
            "virtme-ng  its kernel is built in {:.1f} s, by make\n",
            in_tree({"make", fmt::format("-j{}", std::thread::hardware_concurrency()), "bzImage"}));
        fs::copy_file(tree / "arch/x86/boot/bzImage", image);
    }
    const Words whole{vng, "--run",    image.string(), "--disable-kvm", "--force-9p", "--cpus",
                      "4", "--memory", "512M",         "--verbose",     "--exec",     "true"};
    auto dry = whole;
    dry.push_back("--dry-run");
    const auto said = must_run(dry).out;
    const auto line = said.substr(said.find("qemu-system-") == std::string::npos
                                      ? 0
                                      : said.rfind('\n', said.find("qemu-system-")) + 1);
    return {"virtme-ng", [whole] { return must_boot(whole, [] { return fs::path(); }); },
            [line] {
                return must_boot({"sh", "-c", line}, [] { return fs::path(); });
            }};
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"rig beside kvm.sh and virtme-ng"};
    unsigned pairs = 5;
    std::string source, vng, work;
    app.add_option("--pairs", pairs, "pairs of boots of each")->capture_default_str();
    app.add_option("--tree", source,
                   "a kernel source of the experiment's version, to be copied for kvm.sh (rig "
                   "keeps its own in its cache: sources/*/tree)")
        ->required()
        ->check(CLI::ExistingDirectory);
    app.add_option("--vng", vng, "virtme-ng's program (default: it is left out)");
    app.add_option("--work", work,
                   "where tree and kernels stay, and are taken from the next time (default: they "
                   "are removed)");
    CLI11_PARSE(app, argc, argv);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    source = fs::absolute(source);
    const rig::Scratch scratch;
    const auto dir = folder_of(scratch);
    const auto kept = work.empty() ? dir : fs::absolute(work);
    const fs::path config =
        json_of(must_run({RIG_EXE, "--quiet", "--json", "build", kSpec, "--arm", "ipi"}))
            .at("kernels")
            .at(0)
            .at("config")
            .get<std::string>();
    const auto tree = kept / "tree";
    if (!fs::exists(tree)) {
        fs::create_directories(kept);
        must_run({"cp", "-a", source, tree.string()});
        fs::copy_file(config, tree / "arch/x86/configs/rig_defconfig");
    }

    std::vector<Tool> tools;
    tools.push_back(kvm_sh_tool(tree, kept));
    if (!vng.empty()) tools.push_back(vng_tool(vng, tree, config, kept / "vng-bzImage"));
    tools.push_back(rig_tool(dir, "whole", {}));
    // The least that rig can be asked for: one call, nobody beside it. It is still proven, so
    // faults are injected and perf counts.
    tools.push_back(rig_tool(
        dir, "least", {"--set", "workload.iterations=1", "--set", "workload.bystanders=false"}));
    for (unsigned i = 0; i < pairs; ++i)
        for (auto& tool : tools)
            tool.pair(i % 2);
    for (const auto& tool : tools)
        tool.summary();
}
