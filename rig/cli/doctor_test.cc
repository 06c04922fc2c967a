// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/doctor.h"

#include "rig/hypervisor/qemu_hypervisor.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

DoctorInputs healthy() {
    DoctorInputs in;
    for (auto name :
         {"qemu-system-x86_64", "gcc", "g++", "make", "bc", "bison", "flex", "perl", "git", "xz",
          "tar", "pkg-config", "dpkg-deb", "apt-get", "ccache", "gdb", "cyclictest"})
        in.programs[name] = {std::string(name) + " 1.0", ""};
    for (const auto* arch : all_archs())
        for (const auto& name : programs_of(*arch))
            in.programs[name] = {name + " 1.0", ""};
    in.accelerators = "Accelerators supported in QEMU binary:\ntcg\nkvm\n";
    in.kvm_exists = true;
    in.kvm_works = true;
    in.kvm_seconds = 1.25;
    in.libraries = {"libelf", "openssl", "libtraceevent"};
    in.kconfiglib = true;
    in.busybox_static = true;
    in.libtraceevent_archive = true;
    in.cpus = 8;
    in.memory_total = 16 * gib;
    in.memory_available = 10 * gib;
    in.cache = {"/somewhere/rig", 50 * gib, true};
    in.temporary = {"/scratch", 5 * gib, true};
    in.apt_candidate = "6.12.73-1";
    in.own_files = "/usr/share/rig";
    in.root = true;
    return in;
}

Finding find(const std::vector<Finding>& findings, const std::string& name) {
    auto found = std::find_if(findings.begin(), findings.end(),
                              [&](const Finding& f) { return f.name == name; });
    EXPECT_NE(found, findings.end()) << name;
    return found == findings.end() ? Finding{} : *found;
}

TEST(Doctor, WithoutItsOwnFilesRigIsNotWhole) {
    EXPECT_EQ(find(examine(healthy()), "rig's own files").found,
              "/usr/share/rig, and the guest's agent");
    auto in = healthy();
    in.own_trouble = "no guest agent at /usr/lib/rig/rig-agent";
    const auto finding = find(examine(in), "rig's own files");
    EXPECT_EQ(finding.state, Finding::State::Missing);
    EXPECT_EQ(finding.found, in.own_trouble);
    EXPECT_NE(finding.mend, "");
    EXPECT_TRUE(anything_missing(examine(in)));
}

TEST(Doctor, HealthyHostHasNothingToMend) {
    auto findings = examine(healthy());
    for (const auto& finding : findings) {
        EXPECT_EQ(finding.state, Finding::State::Ok) << finding.name << ": " << finding.found;
        EXPECT_NE(finding.found, "") << finding.name;
        EXPECT_EQ(finding.mend, "") << finding.name;
    }
    EXPECT_FALSE(anything_missing(findings));
    EXPECT_EQ(find(findings, "gcc").found, "gcc 1.0");
    EXPECT_EQ(find(findings, "accelerator kvm").found, "a probe boot worked (1.2 s)");
    EXPECT_EQ(find(findings, "memory").found, "10.0 GiB available of 16.0 GiB");
    EXPECT_EQ(find(findings, "cache folder").found, "50.0 GiB free in /somewhere/rig");
    EXPECT_EQ(find(findings, "apt lists").found, "linux-source-6.12 6.12.73-1");
    EXPECT_EQ(find(findings, "architecture arm64").found,
              "aarch64-linux-gnu-gcc 1.0; aarch64-linux-gnu-g++ 1.0; qemu-system-aarch64 1.0");
}

TEST(Doctor, AnEmulatorThatRigFetchesIsNoLack) {
    const auto finding_with = [](std::optional<std::string> version) {
        auto inputs = healthy();
        inputs.programs.erase("qemu-system-riscv64");
        if (version) inputs.programs["qemu-system-riscv64"] = {*version, ""};
        return find(examine(inputs), "architecture riscv64");
    };
    auto broken = healthy();
    broken.programs["qemu-system-riscv64"] = {"", "killed by signal 4 (Illegal instruction)"};
    EXPECT_EQ(find(examine(broken), "architecture riscv64").state, Finding::State::Warn);
    broken.programs["qemu-system-riscv64"] = {"", "exit code 127"};
    EXPECT_EQ(find(examine(broken), "architecture riscv64").state, Finding::State::Ok);
    const std::string compilers = "riscv64-linux-gnu-gcc 1.0; riscv64-linux-gnu-g++ 1.0; ";
    const auto fetched = compilers + "qemu-system-riscv64 of bookworm-backports, fetched through "
                                     "apt and kept in the cache when it is first wanted";
    EXPECT_EQ(finding_with("QEMU emulator version 7.2.22").found, fetched);
    EXPECT_EQ(finding_with(std::nullopt).found, fetched);
    EXPECT_EQ(finding_with("QEMU emulator version 10.0.2").found,
              compilers + "QEMU emulator version 10.0.2");
    for (const auto& finding :
         {finding_with("QEMU emulator version 7.2.22"), finding_with(std::nullopt),
          finding_with("QEMU emulator version 10.0.2")})
        EXPECT_EQ(finding.state, Finding::State::Ok);
}

// One problem at a time: exactly one finding changes, to this state, with these words and this
// command.
TEST(Doctor, EveryLackHasItsMend) {
    struct Case {
        std::function<void(DoctorInputs&)> lack;
        std::string name;
        Finding::State state;
        std::string found, mend;
    };
    constexpr auto missing = Finding::State::Missing, warn = Finding::State::Warn;
    auto without = [](std::string name) {
        return [name](DoctorInputs& in) { in.programs.erase(name); };
    };
    auto library = [](std::string name) {
        return [name](DoctorInputs& in) { std::erase(in.libraries, name); };
    };
    const std::vector<Case> table = {
        {without("gcc"), "gcc", missing, "not found", "apt-get install gcc"},
        {without("g++"), "g++", missing, "not found", "apt-get install g++"},
        {without("make"), "make", missing, "not found", "apt-get install make"},
        {without("bc"), "bc", missing, "not found", "apt-get install bc"},
        {without("bison"), "bison", missing, "not found", "apt-get install bison"},
        {without("flex"), "flex", missing, "not found", "apt-get install flex"},
        {without("perl"), "perl", missing, "not found", "apt-get install perl"},
        {without("git"), "git", missing, "not found", "apt-get install git"},
        {without("xz"), "xz", missing, "not found", "apt-get install xz-utils"},
        {without("tar"), "tar", missing, "not found", "apt-get install tar"},
        {without("dpkg-deb"), "dpkg-deb", warn, "Debian packages", "{ tarball = ... }"},
        {without("apt-get"), "apt-get", warn, "Debian packages", "{ git = ... }"},
        {without("ccache"), "ccache", warn, "optional", "apt-get install ccache"},
        {without("gdb"), "gdb", warn, "optional", "apt-get install gdb"},
        {without("aarch64-linux-gnu-g++"), "architecture arm64", warn,
         "aarch64-linux-gnu-g++ not found (optional:",
         "apt-get install gcc-aarch64-linux-gnu g++-aarch64-linux-gnu qemu-system-arm"},
        {without("qemu-system-aarch64"), "architecture arm64", warn,
         "qemu-system-aarch64 not found (optional:", "qemu-system-arm"},
        {[](auto& in) {
             in.programs["aarch64-linux-gnu-gcc"] = {"", "signal 4"};
         },
         "architecture arm64", warn,
         "aarch64-linux-gnu-gcc does not run: signal 4 (optional:", "gcc-aarch64-linux-gnu"},
        {[](auto& in) {
             in.programs["riscv64-linux-gnu-gcc"] = {"", "signal 4"};
         },
         "architecture riscv64", warn,
         "riscv64-linux-gnu-gcc does not run: signal 4 (optional:", "gcc-riscv64-linux-gnu"},
        {without("cyclictest"), "cyclictest", warn, "rt-bystander", "apt-get install rt-tests"},
        {[](auto& in) {
             in.programs["bc"] = {"", "exit code 127"};
         },
         "bc", missing, "does not run: exit code 127", "apt-get install --reinstall bc"},
        {[](auto& in) { in.sandbox_trouble = "-sandbox support is not enabled"; },
         "guest confinement", missing, "QEMU refuses its sandbox (-sandbox support is not enabled)",
         "apt-get install"},
        {[](auto& in) { in.accelerators = "kvm\n"; }, "accelerator tcg", missing,
         "no virtual clock", "apt-get install qemu-system-x86"},
        {[](auto& in) { in.plugin_trouble = "there is no libcount_ranges-api1.so"; },
         "counting plugin", warn, "there is no libcount_ranges-api1.so", "ninja -C build"},
        {[](auto& in) { in.kvm_exists = false; }, "accelerator kvm", warn, "no /dev/kvm",
         "modprobe kvm_intel"},
        {[](auto& in) { in.kvm_trouble = "Permission denied"; }, "accelerator kvm", warn,
         "cannot be opened (Permission denied)", ""},
        {[](auto& in) { in.kvm_works.reset(); }, "accelerator kvm", warn, "not probed yet",
         "the first `rig compare` with clock = auto or wall does it, at most a few seconds"},
        {[](auto& in) {
             in.kvm_works = false;
             in.kvm_why = "no sign of the agent within 6 s";
         },
         "accelerator kvm", warn, "a probe boot failed (no sign of the agent within 6 s)", ""},
        {library("libelf"), "libelf headers", missing, "not known to pkg-config",
         "apt-get install libelf-dev"},
        {library("openssl"), "openssl headers", missing, "not known to pkg-config",
         "apt-get install libssl-dev"},
        {library("libtraceevent"), "libtraceevent headers", missing, "not known to pkg-config",
         "apt-get install libtraceevent-dev"},
        {[](auto& in) { in.libtraceevent_archive = false; }, "libtraceevent.a", missing,
         "no tracepoints", "apt-get install libtraceevent-dev"},
        {[](auto& in) { in.kconfiglib = false; }, "kconfiglib", warn, "no options are derived",
         "apt-get install python3-kconfiglib"},
        {[](auto& in) { in.busybox_static = false; }, "busybox", missing, "no static",
         "apt-get install busybox-static"},
        {[](auto& in) { in.cpus = 1; }, "CPUs", warn, "1, want 2 or more", "clock = virtual"},
        {[](auto& in) { in.memory_available = gib; }, "memory", warn,
         "1.0 GiB available of 16.0 GiB, want 2.0 GiB", "end other programs"},
        {[](auto& in) { in.memory_total = in.memory_available = gib; }, "memory", warn,
         "of 1.0 GiB", "lower guest.memory_mib"},
        {[](auto& in) { in.cache.free_bytes = 11 * gib; }, "cache folder", warn,
         "11.0 GiB free in /somewhere/rig, want 12.0 GiB", "export RIG_CACHE_DIR="},
        {[](auto& in) { in.cache.writable = false; }, "cache folder", missing,
         "/somewhere/rig cannot be written to", "export RIG_CACHE_DIR="},
        {[](auto& in) { in.temporary.free_bytes = 0; }, "temporary folder", warn,
         "0.0 GiB free in /scratch", "export TMPDIR="},
        {[](auto& in) { in.temporary.writable = false; }, "temporary folder", missing,
         "/scratch cannot be written to", "export TMPDIR="},
        {[](auto& in) { in.apt_candidate.clear(); }, "apt lists", warn,
         "no candidate for linux-source-6.12", "apt-get update"},
    };
    for (const auto& each : table) {
        SCOPED_TRACE(each.name + ": " + each.found);
        auto inputs = healthy();
        each.lack(inputs);
        auto findings = examine(inputs);
        auto finding = find(findings, each.name);
        EXPECT_EQ(finding.state, each.state);
        EXPECT_NE(finding.found.find(each.found), std::string::npos) << finding.found;
        EXPECT_NE(finding.mend.find(each.mend), std::string::npos) << finding.mend;
        EXPECT_EQ(finding.mend.empty(), each.mend.empty()) << finding.mend;
        EXPECT_EQ(finding.mend.find("sudo"), std::string::npos) << finding.mend;
        EXPECT_EQ(std::count_if(findings.begin(), findings.end(),
                                [](const Finding& f) { return f.state != Finding::State::Ok; }),
                  1);
        EXPECT_EQ(anything_missing(findings), each.state == missing);
    }
}

TEST(Doctor, LacksThatTakeOthersAlong) {
    auto inputs = healthy();
    inputs.programs.erase("qemu-system-x86_64");
    inputs.accelerators.clear();
    auto findings = examine(inputs);
    EXPECT_EQ(find(findings, "qemu-system-x86_64").mend, "apt-get install qemu-system-x86");
    EXPECT_TRUE(std::none_of(findings.begin(), findings.end(),
                             [](const Finding& f) { return f.name == "accelerator tcg"; }));

    inputs = healthy();
    inputs.programs.erase("pkg-config");
    inputs.libraries.clear();
    findings = examine(inputs);
    EXPECT_EQ(find(findings, "libelf headers").found, "cannot be looked up without pkg-config");
    EXPECT_EQ(find(findings, "libelf headers").mend, "apt-get install pkg-config libelf-dev");
}

TEST(Doctor, UsersAreToldToUseSudo) {
    auto inputs = healthy();
    inputs.root = false;
    inputs.programs.erase("bc");
    inputs.kvm_trouble = "Permission denied";
    inputs.apt_candidate.clear();
    auto findings = examine(inputs);
    EXPECT_EQ(find(findings, "bc").mend, "sudo apt-get install bc");
    EXPECT_EQ(find(findings, "apt lists").mend, "sudo apt-get update");
    EXPECT_EQ(find(findings, "accelerator kvm").mend,
              "sudo usermod -aG kvm \"$USER\", then log in again");
}

TEST(Doctor, EmptyFactsAreAllLacks) {
    auto findings = examine({});
    EXPECT_TRUE(std::all_of(findings.begin(), findings.end(),
                            [](const Finding& f) { return f.state != Finding::State::Ok; }));
}

const std::vector<Finding> three = {
    {"bc", Finding::State::Missing, "not found", "apt-get install bc"},
    {"a longer name", Finding::State::Ok, "1.0\x1b[2J\n", ""},
    {"CPUs", Finding::State::Warn, "1", "use clock = virtual"}};

TEST(Doctor, Text) {
    EXPECT_EQ(render_doctor(three, false), "missing  bc             not found\n"
                                           "                        -> apt-get install bc\n"
                                           "ok       a longer name  1.0?[2J?\n"
                                           "warn     CPUs           1\n"
                                           "                        -> use clock = virtual\n"
                                           "1 ok, 1 warn, 1 missing\n");
    auto coloured = render_doctor(three, true);
    EXPECT_NE(coloured.find("\x1b[31mmissing\x1b[0m  bc"), std::string::npos) << coloured;
    EXPECT_NE(coloured.find("\x1b[32mok     \x1b[0m  a longer"), std::string::npos) << coloured;
    EXPECT_NE(coloured.find("\x1b[33mwarn   \x1b[0m  CPUs"), std::string::npos) << coloured;
}

TEST(Doctor, Json) {
    auto json = to_json(three);
    ASSERT_EQ(json.size(), 3U);
    EXPECT_EQ(json[0], (nlohmann::json{{"name", "bc"},
                                       {"state", "missing"},
                                       {"found", "not found"},
                                       {"fix", "apt-get install bc"}}));
    EXPECT_EQ(json[1]["state"], "ok");
    EXPECT_EQ(json[2]["state"], "warn");
    EXPECT_TRUE(to_json(std::vector<Finding>{}).is_array());
}

// Answers from a table of "argv joined by blanks". Programs that are not in the table do not exist.
class FewPrograms : public CommandRunner {
 public:
    std::map<std::string, CommandResult> answers;
    Result<CommandResult> run(const Command& command) override {
        std::string line;
        for (const auto& word : command.argv)
            line += (line.empty() ? "" : " ") + word;
        EXPECT_LE(command.timeout, std::chrono::seconds(10)) << line;
        EXPECT_EQ(command.env.at("LC_ALL"), "C") << line;
        auto found = answers.find(line);
        if (found == answers.end()) return fail(FaultDomain::Host, line + ": no such program");
        return found->second;
    }
};

CommandResult ended(std::variant<Exited, Signalled, TimedOut, Cancelled> outcome, std::string out) {
    return {outcome, std::move(out), 0.1};
}

class Gather : public ::testing::Test {
 protected:
    void SetUp() override {
        auto pattern = (fs::temp_directory_path() / "rig-doctor-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        dir_ = pattern;
    }
    void TearDown() override { fs::remove_all(dir_); }
    fs::path dir_;
};

TEST_F(Gather, ReadsWhatProgramsPrint) {
    FewPrograms runner;
    runner.answers = {
        {"qemu-system-x86_64 --version",
         ended(Exited{0}, "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright (c)\n")},
        {"qemu-system-x86_64 -accel help",
         ended(Exited{0}, "Accelerators supported in QEMU binary:\ntcg\nkvm\n")},
        {std::string("qemu-system-x86_64 -sandbox ") + kSandbox + " -machine help",
         ended(Exited{1}, "qemu-system-x86_64: -sandbox: not enabled\n")},
        {"qemu-system-aarch64 --version", ended(Exited{0}, "QEMU emulator version 7.2.22\n")},
        {"qemu-system-riscv64 --version", ended(Exited{0}, "QEMU emulator version 7.2.22\n")},
        {"perl --version", ended(Exited{0}, "\nThis is perl 5, version 36\n")},
        {"make --version", ended(Signalled{4}, "")},
        {"pkg-config --exists libelf", ended(Exited{0}, "")},
        {"pkg-config --exists openssl", ended(Exited{1}, "")},
        {"python3 -c import sys; sys.path.append('/usr/lib/python3/dist-packages'); "
         "import kconfiglib",
         ended(Exited{0}, "")},
        {"gcc -print-file-name=libtraceevent.a",
         ended(Exited{0},
               "/usr/lib/gcc/x86_64-linux-gnu/12/../../../x86_64-linux-gnu/libtraceevent.a\n")},
        {"ldd /bin/busybox", ended(Exited{1}, "\tnot a dynamic executable\n")},
        {"apt-cache policy linux-source-6.12",
         ended(Exited{0}, "linux-source-6.12:\n  Installed: (none)\n  Candidate: "
                          "6.12.73-1~deb12u1\n  Version table:\n")},
    };
    auto facts = gather(runner, dir_ / "not" / "yet");
    EXPECT_EQ(facts.programs.size(), 5U);
    EXPECT_EQ(facts.programs["qemu-system-riscv64"].version, "QEMU emulator version 7.2.22");
    EXPECT_EQ(facts.programs["qemu-system-x86_64"].version,
              "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)");
    EXPECT_EQ(facts.programs["perl"].version, "This is perl 5, version 36");
    EXPECT_NE(facts.programs["make"].trouble.find("signal 4"), std::string::npos)
        << facts.programs["make"].trouble;
    EXPECT_EQ(facts.sandbox_trouble, "qemu-system-x86_64: -sandbox: not enabled");
    EXPECT_NE(facts.accelerators.find("tcg"), std::string::npos);
    EXPECT_EQ(facts.libraries, std::vector<std::string>{"libelf"});
    EXPECT_TRUE(facts.libtraceevent_archive);
    EXPECT_TRUE(facts.kconfiglib);
    EXPECT_TRUE(facts.busybox_static);
    EXPECT_EQ(facts.apt_candidate, "6.12.73-1~deb12u1");

    EXPECT_GE(facts.cpus, 1U);
    EXPECT_GT(facts.memory_total, facts.memory_available);
    EXPECT_GT(facts.memory_available, 0U);
    EXPECT_EQ(facts.cache.path, dir_ / "not" / "yet");
    EXPECT_GT(facts.cache.free_bytes, 0U) << "of the nearest folder that exists";
    EXPECT_TRUE(facts.cache.writable);
    EXPECT_TRUE(facts.temporary.writable);
    EXPECT_FALSE(facts.kvm_works);
}

TEST_F(Gather, ABareHost) {
    FewPrograms runner;
    runner.answers = {
        {"gcc -print-file-name=libtraceevent.a", ended(Exited{0}, "libtraceevent.a\n")},
        {"ldd /bin/busybox", ended(Exited{0}, "\tlinux-vdso.so.1\n\tlibc.so.6 => ...\n")},
        {"apt-cache policy linux-source-6.12",
         ended(Exited{0}, "linux-source-6.12:\n  Installed: (none)\n  Candidate: (none)\n")},
    };
    std::ofstream(dir_ / "file") << "x";
    auto facts = gather(runner, dir_ / "file");
    EXPECT_TRUE(facts.programs.empty());
    EXPECT_TRUE(facts.libraries.empty());
    EXPECT_FALSE(facts.libtraceevent_archive);
    EXPECT_FALSE(facts.busybox_static);
    EXPECT_EQ(facts.apt_candidate, "");
    EXPECT_FALSE(facts.cache.writable) << "a file is no folder";
}

} // namespace
} // namespace rig
