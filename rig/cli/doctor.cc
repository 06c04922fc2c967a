// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/doctor.h"

#include "rig/hypervisor/hypervisor.h"
#include "rig/hypervisor/qemu_choice.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <string_view>

namespace rig {
namespace {

constexpr std::uint64_t gib = std::uint64_t{1} << 30;
// For a guest with 512 MiB, QEMU itself, and a compiler or linker at the same time.
constexpr std::uint64_t wanted_memory = 2 * gib;
// For two unpacked kernel trees with their objects and source archives. An estimate with a margin.
constexpr std::uint64_t wanted_cache = 12 * gib;
// For consoles and perf output of one boot, several times over.
constexpr std::uint64_t wanted_temporary = 1 * gib;
constexpr unsigned wanted_cpus = 2; // one for the guest, one for everything else

struct Program {
    const char* name;
    const char* package; // Debian package
    const char* without; // what does not work without it; nullptr: rig itself
};
constexpr const char* other_sources = "no kernels from Debian packages";
constexpr Program programs[] = {
    {"gcc", "gcc", nullptr},
    {"g++", "g++", nullptr},
    {"make", "make", nullptr},
    {"bc", "bc", nullptr},
    {"bison", "bison", nullptr},
    {"flex", "flex", nullptr},
    {"perl", "perl", nullptr},
    {"git", "git", nullptr},
    {"xz", "xz-utils", nullptr},
    {"tar", "tar", nullptr},
    {"pkg-config", "pkg-config", nullptr},
    {"dpkg-deb", nullptr, other_sources},
    {"apt-get", nullptr, other_sources},
    {"ccache", "ccache", "optional: no compiler cache"},
    {"gdb", "gdb", "optional: no debugger to attach to a guest"},
    {"cyclictest", "rt-tests", "optional: configs/rt-bystander.toml needs it"},
};

struct Library {
    const char* module; // name in pkg-config
    const char* package;
};
constexpr Library libraries[] = {
    {"libelf", "libelf-dev"},
    {"openssl", "libssl-dev"},
    {"libtraceevent", "libtraceevent-dev"},
};

std::string size(std::uint64_t bytes) {
    return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / static_cast<double>(gib));
}

// Applies the rules to the facts. There is one member function per group; the report has the order
// of the calls.
class Examination {
 public:
    explicit Examination(const DoctorInputs& inputs) : in_(inputs) {}

    std::vector<Finding> run() {
        program({"qemu-system-x86_64", "qemu-system-x86", nullptr});
        tcg();
        confinement();
        counting();
        own_files();
        kvm();
        for (const auto& each : programs)
            program(each);
        for (const auto& each : libraries)
            library(each);
        archive();
        kconfiglib();
        busybox();
        host();
        folder("cache folder", in_.cache, wanted_cache, "export RIG_CACHE_DIR=FOLDER");
        folder("temporary folder", in_.temporary, wanted_temporary, "export TMPDIR=FOLDER");
        packages();
        for (const auto* arch : all_archs())
            if (!arch->cross.empty()) architecture(*arch);
        return std::move(findings_);
    }

 private:
    void add(std::string name, Finding::State state, std::string found, std::string mend = "") {
        findings_.push_back({std::move(name), state, std::move(found), std::move(mend)});
    }

    std::string as_root(std::string_view command) const {
        return (in_.root ? "" : "sudo ") + std::string(command);
    }
    std::string install(std::string_view package) const {
        return as_root(fmt::format("apt-get install {}", package));
    }

    void program(const Program& wanted) {
        auto state = wanted.without ? Finding::State::Warn : Finding::State::Missing;
        auto loss = wanted.without ? fmt::format(" ({})", wanted.without) : "";
        auto mend = wanted.package ? install(wanted.package)
                                   : "give kernel.source as { tarball = ... } or { git = ... }";
        auto found = in_.programs.find(wanted.name);
        if (found == in_.programs.end()) return add(wanted.name, state, "not found" + loss, mend);
        const auto& [version, trouble] = found->second;
        if (!trouble.empty())
            return add(wanted.name, state,
                       fmt::format("found, but does not run: {}{}", trouble, loss),
                       wanted.package
                           ? as_root(fmt::format("apt-get install --reinstall {}", wanted.package))
                           : mend);
        add(wanted.name, Finding::State::Ok, version);
    }

    void tcg() {
        if (!in_.programs.contains("qemu-system-x86_64")) return; // reported already
        bool there = in_.accelerators.find("tcg") != std::string::npos;
        add("accelerator tcg", there ? Finding::State::Ok : Finding::State::Missing,
            there ? "built into QEMU" : "not in this QEMU: no virtual clock",
            there ? "" : install("qemu-system-x86"));
    }

    // Checks the sandbox, which confines a guest that has taken over QEMU.
    void confinement() {
        if (!in_.programs.contains("qemu-system-x86_64")) return;
        const auto rest = fmt::format(
            "no new privileges, {}, no network, no folder of the host, files of at most {} MiB",
            in_.root ? "of root's capabilities those to its files" : "this user's rights",
            kMaxFile >> 20);
        const bool there = in_.sandbox_trouble.empty();
        add("guest confinement", there ? Finding::State::Ok : Finding::State::Missing,
            there
                ? "seccomp sandbox, " + rest
                : fmt::format("QEMU refuses its sandbox ({}); else {}", in_.sandbox_trouble, rest),
            there ? "" : install("qemu-system-x86"));
    }

    void own_files() {
        const bool there = !in_.own_files.empty() && in_.own_trouble.empty();
        add("rig's own files", there ? Finding::State::Ok : Finding::State::Missing,
            there                     ? in_.own_files + ", and the guest's agent"
            : in_.own_trouble.empty() ? "not found"
                                      : in_.own_trouble,
            there ? "" : "install rig again, or run ninja in the build folder");
    }

    // Without the plugin nothing is lost but `rig boot --count`.
    void counting() {
        if (!in_.programs.contains("qemu-system-x86_64")) return;
        const bool there = in_.plugin_trouble.empty();
        add("counting plugin", there ? Finding::State::Ok : Finding::State::Warn,
            there ? "counts kernel instructions in emulated guests of this host"
                  : "rig boot --count does not work: " + in_.plugin_trouble,
            there ? "" : "ninja -C build");
    }

    // Without KVM everything works with emulated guests, so the state is never Missing.
    void kvm() {
        constexpr const char* title = "accelerator kvm";
        constexpr auto warn = Finding::State::Warn;
        if (!in_.kvm_exists)
            return add(title, warn, "no /dev/kvm: guests are emulated",
                       "to have it, switch on (nested) virtualisation, then " +
                           as_root("modprobe kvm_intel") + " or kvm_amd");
        if (!in_.kvm_trouble.empty())
            return add(
                title, warn,
                fmt::format("/dev/kvm cannot be opened ({}): guests are emulated", in_.kvm_trouble),
                in_.root ? "" : "sudo usermod -aG kvm \"$USER\", then log in again");
        if (!in_.kvm_works)
            return add(
                title, warn, "/dev/kvm opens; not probed yet",
                "the first `rig compare` with clock = auto or wall does it, at most a few seconds");
        if (!*in_.kvm_works)
            return add(
                title, warn,
                fmt::format("/dev/kvm opens, but a probe boot failed ({}): guests are emulated",
                            in_.kvm_why.empty() ? "no reason given" : in_.kvm_why));
        add(title, Finding::State::Ok,
            fmt::format("a probe boot worked ({:.1f} s)", in_.kvm_seconds));
    }

    void library(const Library& wanted) {
        bool there = std::find(in_.libraries.begin(), in_.libraries.end(), wanted.module) !=
                     in_.libraries.end();
        bool asked = in_.programs.contains("pkg-config");
        add(fmt::format("{} headers", wanted.module),
            there ? Finding::State::Ok : Finding::State::Missing,
            there   ? "known to pkg-config"
            : asked ? "not known to pkg-config"
                    : "cannot be looked up without pkg-config",
            there ? ""
                  : install(asked ? wanted.package : fmt::format("pkg-config {}", wanted.package)));
    }

    void kconfiglib() {
        add("kconfiglib", in_.kconfiglib ? Finding::State::Ok : Finding::State::Warn,
            in_.kconfiglib ? "python3 has it"
                           : "not found (optional: no options are derived from a patch)",
            in_.kconfiglib ? "" : install("python3-kconfiglib"));
    }

    void archive() {
        bool there = in_.libtraceevent_archive;
        add("libtraceevent.a", there ? Finding::State::Ok : Finding::State::Missing,
            there ? "where the compiler looks"
                  : "not found: a static perf would have no tracepoints",
            there ? "" : install("libtraceevent-dev"));
    }

    void busybox() {
        bool there = in_.busybox_static;
        add("busybox", there ? Finding::State::Ok : Finding::State::Missing,
            there ? "static" : "no static /bin/busybox", there ? "" : install("busybox-static"));
    }

    void host() {
        bool enough = in_.cpus >= wanted_cpus;
        add("CPUs", enough ? Finding::State::Ok : Finding::State::Warn,
            enough ? fmt::format("{}", in_.cpus)
                   : fmt::format("{}, want {} or more: wall-clock latencies will be noisy",
                                 in_.cpus, wanted_cpus),
            enough ? "" : "use clock = virtual");
        // Too little available memory is as bad as too little in total. But only the first can be
        // fixed by closing programs.
        auto figures =
            fmt::format("{} available of {}", size(in_.memory_available), size(in_.memory_total));
        if (in_.memory_available >= wanted_memory)
            return add("memory", Finding::State::Ok, figures);
        add("memory", Finding::State::Warn,
            fmt::format("{}, want {} or more", figures, size(wanted_memory)),
            in_.memory_total >= wanted_memory ? "end other programs, or lower guest.memory_mib"
                                              : "lower guest.memory_mib");
    }

    void folder(const char* title, const FolderFact& fact, std::uint64_t wanted, const char* mend) {
        auto figures = fmt::format("{} free in {}", size(fact.free_bytes), fact.path.string());
        if (!fact.writable)
            return add(title, Finding::State::Missing,
                       fmt::format("{} cannot be written to", fact.path.string()), mend);
        if (fact.free_bytes < wanted)
            return add(title, Finding::State::Warn,
                       fmt::format("{}, want {} or more", figures, size(wanted)),
                       std::string(mend) + " (on a larger disk)");
        add(title, Finding::State::Ok, figures);
    }

    void packages() {
        if (!in_.apt_candidate.empty())
            return add("apt lists", Finding::State::Ok, "linux-source-6.12 " + in_.apt_candidate);
        add("apt lists", Finding::State::Warn,
            fmt::format("no candidate for linux-source-6.12 ({})", other_sources),
            as_root("apt-get update"));
    }

    // One finding for each architecture that experiments may name, since one command installs all
    // of its programs. Without them, experiments for the host's architecture still work.
    void architecture(const Arch& arch) {
        std::vector<std::string> lacks, versions;
        for (const auto& name : programs_of(arch)) {
            const auto found = in_.programs.find(name);
            // An exit code means "too old", as in qemu_choice.cc.
            if (name == arch.qemu &&
                (found == in_.programs.end() || found->second.trouble.empty() ||
                 found->second.trouble.starts_with("exit code")) &&
                needs_fetched_qemu(arch,
                                   found == in_.programs.end() ? "" : found->second.version)) {
                versions.push_back(fmt::format(
                    "{} of {}, fetched through apt and kept in the cache when it is first wanted",
                    name, arch.qemu_suite));
                continue;
            }
            if (found == in_.programs.end())
                lacks.push_back(name + " not found");
            else if (!found->second.trouble.empty())
                lacks.push_back(fmt::format("{} does not run: {}", name, found->second.trouble));
            else
                versions.push_back(found->second.version);
        }
        const auto title = "architecture " + arch.name;
        if (lacks.empty())
            return add(title, Finding::State::Ok, fmt::format("{}", fmt::join(versions, "; ")));
        add(title, Finding::State::Warn,
            fmt::format("{} (optional: no experiments with kernel.arch = \"{}\")",
                        fmt::join(lacks, ", "), arch.name),
            install(arch.packages));
    }

    const DoctorInputs& in_;
    std::vector<Finding> findings_;
};

// Removes line breaks and escapes: versions and reasons come from other programs.
std::string harmless(std::string text) {
    for (auto& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return text;
}

} // namespace

std::vector<std::string> programs_of(const Arch& arch) {
    return {arch.cross + "gcc", arch.cross + "g++", arch.qemu};
}

std::vector<Finding> examine(const DoctorInputs& inputs) {
    return Examination(inputs).run();
}

bool anything_missing(const std::vector<Finding>& findings) {
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& f) { return f.state == Finding::State::Missing; });
}

const char* name(Finding::State state) {
    switch (state) {
    case Finding::State::Ok:
        return "ok";
    case Finding::State::Warn:
        return "warn";
    case Finding::State::Missing:
        return "missing";
    }
    return "missing";
}

std::string render_doctor(const std::vector<Finding>& findings, bool colours) {
    std::size_t widest = 0;
    for (const auto& finding : findings)
        widest = std::max(widest, finding.name.size());
    std::string out;
    for (const auto& finding : findings) {
        auto state = fmt::format("{:7}", name(finding.state));
        if (colours) {
            auto code = finding.state == Finding::State::Ok     ? 32
                        : finding.state == Finding::State::Warn ? 33
                                                                : 31;
            state = fmt::format("\x1b[{}m{}\x1b[0m", code, state);
        }
        out += fmt::format("{}  {:{}}  {}\n", state, finding.name, widest, harmless(finding.found));
        if (!finding.mend.empty())
            out += fmt::format("{:{}}-> {}\n", "", 7 + 2 + widest + 2, harmless(finding.mend));
    }
    auto count = [&](Finding::State state) {
        return std::count_if(findings.begin(), findings.end(),
                             [&](const Finding& f) { return f.state == state; });
    };
    return out + fmt::format("{} ok, {} warn, {} missing\n", count(Finding::State::Ok),
                             count(Finding::State::Warn), count(Finding::State::Missing));
}

nlohmann::json to_json(const std::vector<Finding>& findings) {
    auto out = nlohmann::json::array();
    for (const auto& finding : findings)
        out.push_back({{"name", finding.name},
                       {"state", name(finding.state)},
                       {"found", finding.found},
                       {"fix", finding.mend}});
    return out;
}

} // namespace rig
