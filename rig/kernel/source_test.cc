// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/sha256.h"
#include "rig/host/build_context.h"
#include "rig/hypervisor/qemu_choice.h"
#include "rig/kernel/source.h"

#include "rig/host/boost_command_runner.h"
#include "rig/testing/fake_command_runner.h"
#include "rig/testing/temp_tree.h"

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::exits;
using testing::FakeCommandRunner;
using testing::read_text;
using testing::TempTree;

TEST(Source, ReadsTheVersionFromAMakefile) {
    EXPECT_EQ(
        kernel_version_of("# SPDX\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\nEXTRAVERSION =\n"),
        "6.12.117");
    EXPECT_EQ(kernel_version_of("all:\n\techo VERSION = 6\n"), "");
    EXPECT_EQ(kernel_version_of(""), "");
    EXPECT_EQ(kernel_version_of("VERSION = 6\nPATCHLEVEL = 12\n"), "");
    EXPECT_EQ(kernel_version_of("VERSION = 6" + std::string(400000, '1') +
                                "\nPATCHLEVEL = 12\nSUBLEVEL = 117\n"),
              "")
        << "no number, and as long as it likes";
}

TEST(Source, TakesTheArchiveItselfNotItsSecurityOrUpdatesSuites) {
    // In the format of apt-get indextargets, with an invented mirror.
    EXPECT_EQ(archive_uri("Packages|http://mirror.example/debian-security/|bookworm-security\n"
                          "Translations|http://mirror.example/other/debian/|bookworm\n"
                          "Packages|http://mirror.example/debian/|bookworm-updates\n"
                          "Packages|http://mirror.example/debian/|bookworm\n"),
              "http://mirror.example/debian/");
    EXPECT_EQ(archive_uri("Packages|http://mirror.example/debian-security/|bookworm-security\n"),
              "");
    EXPECT_EQ(archive_uri(""), "");
    EXPECT_EQ(archive_of("Packages|http://mirror.example/debian/|bookworm-updates\nPackages|http://"
                         "mirror.example/debian/|bookworm\n")
                  .release,
              "bookworm");
}

TEST(Source, ReadsAptsCandidate) {
    EXPECT_EQ(candidate_version("linux-source-6.12:\n  Installed: (none)\n  Candidate: "
                                "6.12.117-1~deb12u1\n  Version table:\n"),
              "6.12.117-1~deb12u1");
    EXPECT_EQ(candidate_version("linux-source-6.12:\n  Installed: (none)\n  Candidate: (none)\n"),
              "");
    EXPECT_EQ(candidate_version(""), ""); // an unknown package prints nothing
}

class SourceTest : public ::testing::Test {
 protected:
    SourceTest()
        : cache(dir / "cache"), runner(&real), context{cache, runner, Progress::silent(), 1} {
        dir.put("pack/linux-source-6.12/Makefile",
                "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 117\n");
        dir.put("pack/linux-source-6.12/mm/a.c", "int a;\n");
        sh("tar -cJf linux.tar.xz -C pack linux-source-6.12");
        spec.top = dir.path();
    }
    void sh(const std::string& script) {
        Command command;
        command.argv = {"sh", "-ec", script};
        command.cwd = dir.path();
        const auto result = real.run(command);
        ASSERT_TRUE(result && result->ok()) << result->out;
    }
    Result<SourceTree> fetch(Source source) {
        spec.kernel.source = std::move(source);
        return fetch_source(spec, context);
    }
    std::size_t artefacts() const {
        std::error_code error;
        return static_cast<std::size_t>(std::distance(
            fs::directory_iterator(dir / "cache/sources", error), fs::directory_iterator()));
    }
    TempTree dir;
    ArtifactCache cache;
    BoostCommandRunner real;
    FakeCommandRunner runner;
    BuildContext context;
    Spec spec;
};

TEST_F(SourceTest, UnpacksATarballOnce) {
    const auto sha = *sha256_file(dir / "linux.tar.xz");
    const auto source = fetch(TarballSource{"linux.tar.xz", sha});
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(source->version, "6.12.117");
    EXPECT_EQ(source->id, "tarball:" + sha);
    EXPECT_EQ(read_text(source->tree / "mm/a.c"), "int a;\n");
    const auto before = runner.ran.size();
    EXPECT_EQ(fetch(TarballSource{"linux.tar.xz", sha})->tree, source->tree);
    EXPECT_EQ(runner.ran.size(), before);
}

TEST_F(SourceTest, ATarballHasOneFolderAtItsTopOrIsTheTree) {
    const auto packed = [&](const std::string& what) {
        sh("tar -cf linux.tar " + what);
        return fetch(TarballSource{"linux.tar", *sha256_file(dir / "linux.tar")});
    };
    const auto flat = packed("-C pack/linux-source-6.12 .");
    ASSERT_TRUE(flat) << flat.error().message;
    EXPECT_EQ(read_text(flat->tree / "mm/a.c"), "int a;\n");
    sh("cp -r pack two && cp -r two/linux-source-6.12 two/other");
    const auto merged = packed("-C two linux-source-6.12 other");
    ASSERT_FALSE(merged) << "one folder's files would be the other's";
    EXPECT_EQ(merged.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(merged.error().message.find("found 2 entries at its top and no Makefile"),
              std::string::npos)
        << merged.error().message;
    EXPECT_FALSE(packed("-T /dev/null")) << "nothing in it";
}

TEST_F(SourceTest, AWrongChecksumNamesBothAndUnpacksNothing) {
    const std::string wanted(64, 'a');
    const auto source = fetch(TarballSource{"linux.tar.xz", wanted});
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(source.error().message.find(wanted), std::string::npos);
    EXPECT_NE(source.error().message.find(*sha256_file(dir / "linux.tar.xz")), std::string::npos);
    EXPECT_EQ(artefacts(), 0u);
}

TEST_F(SourceTest, ExportsAGitRevisionByItsCommit) {
    sh("cd pack/linux-source-6.12 && git init -q && git add -A && git -c user.name=t -c "
       "user.email=t@t.example commit -qm one && git tag v1");
    const auto source = fetch(GitSource{"pack/linux-source-6.12", "v1"});
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(source->id.size(), std::string("git:").size() + 40);
    EXPECT_EQ(read_text(source->tree / "mm/a.c"), "int a;\n");
    EXPECT_EQ(fetch(GitSource{"pack/linux-source-6.12", "HEAD"})->tree, source->tree);
    for (const char* bad : {"no-such-tag", "--help"}) {
        const auto none = fetch(GitSource{"pack/linux-source-6.12", bad});
        ASSERT_FALSE(none) << bad;
        EXPECT_EQ(none.error().fault_domain, FaultDomain::Spec);
        EXPECT_NE(none.error().message.find(bad), std::string::npos);
    }
}

// As in a hook of another repository. The commit is built, and uncommitted edits cause a warning.
TEST_F(SourceTest, TheRepositoryThatWasNamedIsTheOneThatIsBuilt) {
    const std::string commit =
        "git init -q && git add -A && git -c user.name=t -c user.email=t@t.example commit -qm x";
    dir.put("other/Makefile", "VERSION = 1\nPATCHLEVEL = 1\nSUBLEVEL = 1\n");
    sh("(cd other && " + commit + ") && cd pack/linux-source-6.12 && " + commit +
       " && git tag v1 && git -c user.name=t -c user.email=t@t.example commit -q --allow-empty "
       "-m y");
    ::setenv("GIT_DIR", (dir / "other/.git").c_str(), 1);
    const auto source = fetch(GitSource{"pack/linux-source-6.12", "v1"});
    ::unsetenv("GIT_DIR");
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(source->version, "6.12.117");

    std::string said;
    Progress progress([&](const std::string& text) { said += text; }, false);
    BuildContext told{cache, runner, progress, 1};
    dir.put("pack/linux-source-6.12/mm/a.c", "int edited;\n");
    dir.put("pack/linux-source-6.12/mm/new.c", "int added;\n");
    spec.kernel.source = GitSource{"pack/linux-source-6.12", "HEAD"};
    const auto edited = fetch_source(spec, told);
    ASSERT_TRUE(edited) << edited.error().message;
    EXPECT_EQ(edited->warning, "pack/linux-source-6.12: 2 files are changed but not committed: "
                               "'HEAD' is built without them");
    EXPECT_EQ(said, "warning: " + edited->warning + "\n");
    said.clear();
    spec.kernel.source = GitSource{"pack/linux-source-6.12", "v1"};
    const auto older = fetch_source(spec, told);
    ASSERT_TRUE(older) << older.error().message;
    EXPECT_EQ(older->warning, "");
    EXPECT_EQ(said.find("not committed"), std::string::npos) << said;
}

// A revision with a base is a patch on the base's tree: all revisions of one base share it.
TEST_F(SourceTest, ARevisionOnABaseIsThatTreeAndAPatch) {
    const std::string git = "git -c user.name=t -c user.email=t@t.example";
    sh("cd pack/linux-source-6.12 && git init -q && printf '#!/bin/sh\\n' > mm/run.sh && touch "
       "mm/gone.c && git add -A && " +
       git +
       " commit -qm one && git tag v1 && sed -i s/117/118/ Makefile && git rm -q mm/gone.c && "
       "chmod +x mm/run.sh && mkdir scripts && touch scripts/empty && printf '#!/bin/sh\\n' > "
       "scripts/run && chmod +x scripts/run && git add -A && " +
       git + " commit -qm two && git tag v2");
    const auto base = fetch(GitSource{"pack/linux-source-6.12", "v1"});
    const auto source = fetch(GitSource{"pack/linux-source-6.12", "v2", "v1"});
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(source->tree, base->tree);
    EXPECT_EQ(source->id, base->id);
    EXPECT_EQ(source->version, "6.12.118");
    ASSERT_TRUE(source->delta);
    EXPECT_EQ(source->delta->files,
              (Overlay{{"Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 118\n"},
                       {"mm/gone.c", std::nullopt},
                       {"mm/run.sh", TreeFile("#!/bin/sh\n", TreeFile::Kind::Program)},
                       {"scripts/run", TreeFile("#!/bin/sh\n", TreeFile::Kind::Program)},
                       {"scripts/empty", ""}}));
    EXPECT_FALSE(fetch(GitSource{"pack/linux-source-6.12", "v1", "v1"})->delta);
    // An arm's own revision replaces the source's.
    spec.kernel.source = GitSource{"pack/linux-source-6.12", "v1", "v1"};
    const auto own = fetch_source(spec, context, "v2");
    ASSERT_TRUE(own);
    EXPECT_EQ(own->delta->files, source->delta->files);
    EXPECT_EQ(fetch(GitSource{"pack/linux-source-6.12", "v2", "nowhere"}).error().fault_domain,
              FaultDomain::Spec);
}

TEST_F(SourceTest, BinaryFilesComeAlongAndLinksAreRefused) {
    const std::string commit =
        "git add -A && git -c user.name=t -c user.email=t@t.example commit -qm x";
    sh("cd pack/linux-source-6.12 && git init -q && mkdir -p Documentation && printf '\\000\\001' "
       "> Documentation/p.png && " +
       commit +
       " && git tag v1 && printf '\\000\\002' > Documentation/p.png && printf '\\000\\003' > "
       "mm/blob && " +
       commit + " && git tag binary");
    const auto binary = fetch(GitSource{"pack/linux-source-6.12", "binary", "v1"});
    ASSERT_TRUE(binary) << binary.error().message;
    EXPECT_EQ(binary->delta->files, (Overlay{{"Documentation/p.png", std::string("\0\2", 2)},
                                             {"mm/blob", std::string("\0\3", 2)}}));
    sh("cd pack/linux-source-6.12 && ln -s p.png Documentation/link && " + commit +
       " && git tag documented");
    EXPECT_TRUE(fetch(GitSource{"pack/linux-source-6.12", "documented", "v1"}));
    sh("cd pack/linux-source-6.12 && ln -s a.c mm/link && " + commit + " && git tag link");
    const auto link = fetch(GitSource{"pack/linux-source-6.12", "link", "v1"});
    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(link.error().message.find("mm/link is or was a symbolic link"), std::string::npos)
        << link.error().message;
}

TEST_F(SourceTest, AnInterruptedUnpackingIsTheHostsFaultAndLeavesNothing) {
    runner.on({"tar", "-x"}, CommandResult{Cancelled{}, "", 0});
    const auto source = fetch(TarballSource{"linux.tar.xz", *sha256_file(dir / "linux.tar.xz")});
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().fault_domain, FaultDomain::Host);
    EXPECT_EQ(source.error().message, "unpacking " + (dir / "linux.tar.xz").string() +
                                          ": tar was cancelled, and nothing of it is kept");
    EXPECT_EQ(artefacts(), 0u);
}

TEST_F(SourceTest, ACutTarballIsTheUsersAndLeavesNothing) {
    fs::resize_file(dir / "linux.tar.xz", fs::file_size(dir / "linux.tar.xz") - 20);
    const auto source = fetch(TarballSource{"linux.tar.xz", *sha256_file(dir / "linux.tar.xz")});
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(source.error().message.find("linux.tar.xz: the archive ends early"),
              std::string::npos)
        << source.error().message;
    EXPECT_EQ(artefacts(), 0u);
}

TEST_F(SourceTest, ACacheWhosePathMakeDoesNotTakeUnpacksNothing) {
    for (const char* name : {"a b", "a:b", "a\tb"}) {
        ArtifactCache other(dir / name);
        const BuildContext there{other, runner, Progress::silent(), 1};
        spec.kernel.source = TarballSource{"linux.tar.xz", *sha256_file(dir / "linux.tar.xz")};
        const auto source = fetch_source(spec, there);
        ASSERT_FALSE(source) << name;
        EXPECT_EQ(source.error().fault_domain, FaultDomain::Host);
        EXPECT_NE(source.error().message.find("neither blanks nor colons"), std::string::npos)
            << source.error().message;
        EXPECT_FALSE(fs::exists(dir / name));
    }
    EXPECT_TRUE(runner.ran.empty());
}

// apt and dpkg-deb are fakes; the archive has one version at a time.
class DistroTest : public SourceTest {
 protected:
    DistroTest() {
        runner.on({"apt-get", "indextargets"},
                  exits(0, "Packages|http://mirror.example/debian/|bookworm\n"));
        runner.on({"apt-get", "update"}, [this](const Command&) {
            return exits(online ? 0 : 100, online ? "" : "E: Failed to fetch\n");
        });
        runner.on({"apt-cache", "policy"}, [this](const Command&) {
            return exits(0, "p:\n  Candidate: " + version + "\n");
        });
        runner.on({"apt-get", "download"}, [this](const Command& c) {
            if (!online) return exits(100, "E: Could not connect\n");
            std::ofstream(c.cwd / "p.deb") << "deb";
            return exits(0);
        });
        runner.on({"dpkg-deb", "-x"}, [this](const Command& c) {
            fs::create_directories(fs::path(c.argv[3]) / "usr/src");
            fs::copy_file(dir / "linux.tar.xz",
                          fs::path(c.argv[3]) / "usr/src/linux-source-6.12.tar.xz",
                          fs::copy_options::overwrite_existing);
            return exits(0);
        });
    }
    bool online = true;
    std::string version = "6.12.1-1";
};

TEST_F(DistroTest, FetchesThroughAPrivateConfigurationAndKeepsOnlyTheTree) {
    const DistroSource wanted{"linux-source-6.12", "trixie-backports"};
    const auto source = fetch(wanted);
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(source->id, "linux-source-6.12=6.12.1-1");
    EXPECT_EQ(read_text(source->tree / "mm/a.c"), "int a;\n");
    EXPECT_FALSE(fs::exists(source->tree.parent_path() / "p.deb"));
    EXPECT_EQ(read_text(dir / "cache/apt/trixie-backports/sources.list"),
              "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
              "http://mirror.example/debian/ trixie-backports main\n");
    for (const auto& command : runner.ran) {
        if (FakeCommandRunner::has(command, "download") ||
            FakeCommandRunner::has(command, "update")) {
            const std::string lists =
                "Dir::State::lists=" + (dir / "cache/apt/trixie-backports/lists").string();
            EXPECT_TRUE(FakeCommandRunner::has(command, lists))
                << "the host's own lists would be touched";
        }
        // By default apt has exit code 0 even if nothing could be fetched.
        if (FakeCommandRunner::has(command, "update")) {
            EXPECT_TRUE(FakeCommandRunner::has(command, "--error-on=any"));
        }
    }
    const auto before = runner.ran.size();
    ASSERT_TRUE(fetch(wanted));
    EXPECT_EQ(runner.ran.size(), before) << "a warm start asks apt nothing";
}

// Static libraries and programs of another architecture are fetched without changing the host's
// dpkg.
TEST_F(DistroTest, APackageOfAnotherArchitectureIsFetchedOnceAndUnpackedInTheCache) {
    const auto root = foreign_package(context, arm64(), "busybox-static");
    ASSERT_TRUE(root) << root.error().message;
    // The fake dpkg-deb unpacks this.
    EXPECT_TRUE(fs::exists(*root / "usr/src/linux-source-6.12.tar.xz"));
    EXPECT_FALSE(fs::exists(*root / "p.deb"));
    EXPECT_EQ(read_text(dir / "cache/apt/arm64/sources.list"),
              "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
              "http://mirror.example/debian/ bookworm main\n");
    for (const auto& command : runner.ran)
        if (FakeCommandRunner::has(command, "download") ||
            FakeCommandRunner::has(command, "update")) {
            EXPECT_TRUE(FakeCommandRunner::has(command, "APT::Architecture=arm64"));
            EXPECT_TRUE(FakeCommandRunner::has(
                command, "Dir::State::lists=" + (dir / "cache/apt/arm64/lists").string()))
                << "the host's own lists would be touched";
        }
    EXPECT_EQ(context.cache.list().at(0).label, "busybox-static:arm64")
        << "listed, and so pruned, as everything that is kept";
    const auto before = runner.ran.size();
    EXPECT_EQ(foreign_package(context, arm64(), "busybox-static").value_or(""), *root);
    EXPECT_EQ(runner.ran.size(), before);
    online = false;
    EXPECT_FALSE(foreign_package(context, riscv64(), "busybox-static"))
        << "another architecture's is another package";
}

TEST_F(DistroTest, AnArchitectureThatTheHostsReleaseLacksComesFromTheOneThatHasIt) {
    const auto root = foreign_package(context, riscv64(), "busybox-static");
    ASSERT_TRUE(root) << root.error().message;
    EXPECT_EQ(read_text(dir / "cache/apt/trixie-riscv64/sources.list"),
              "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
              "http://mirror.example/debian/ trixie main\n");
    EXPECT_EQ(context.cache.list().at(0).label, "busybox-static:riscv64 of trixie");
}

TEST_F(DistroTest, AnEmulatorIsFetchedWhereTheHostsIsTooOldOrMissing) {
    CommandResult host =
        exits(0, "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)\nCopyright\n");
    runner.on({"qemu-system-riscv64", "--version"}, [&](const Command&) { return host; });
    runner.on({"apt-get", "download"}, [this](const Command& c) {
        if (!online) return exits(100, "E: Could not connect\n");
        std::ofstream(c.cwd / (c.argv.back() + "_1%3a" + version + "_amd64.deb")) << "deb";
        return exits(0);
    });
    for (const auto& other :
         {host, exits(0, "QEMU emulator version 9.2.0\n"), exits(0, "no QEMU\n"), exits(127)}) {
        host = other;
        const auto found = Emulators(context).of(riscv64());
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_TRUE(found->program.starts_with((dir / "cache/packages/").string()) &&
                    found->program.ends_with("/usr/bin/qemu-system-riscv64"))
            << found->program;
        EXPECT_EQ(found->packages, "qemu-system-riscv 1:6.12.1-1, opensbi 1:6.12.1-1");
    }
    Arch none = riscv64();
    none.qemu = "no-such-qemu-system-riscv64"; // for the answer of the real runner
    EXPECT_TRUE(Emulators(context).of(none));
    EXPECT_EQ(runner.count("download"), 2) << "program and firmware, once";
    EXPECT_EQ(context.cache.list().at(0).label, "qemu-system-riscv opensbi of bookworm-backports");
    EXPECT_EQ(read_text(dir / "cache/apt/bookworm-backports/sources.list"),
              "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
              "http://mirror.example/debian/ bookworm-backports main\n");

    host = exits(0, "QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)\n");
    Emulators emulators(context);
    EXPECT_EQ(emulators.of(riscv64())->program, "qemu-system-riscv64");
    host = exits(0, "QEMU emulator version 7.2.22\n");
    EXPECT_EQ(emulators.of(riscv64())->program, "qemu-system-riscv64")
        << "the host's is asked once";
    const auto asked = runner.ran.size();
    EXPECT_EQ(emulators.of(arm64())->program, "qemu-system-aarch64");
    EXPECT_EQ(runner.ran.size(), asked) << "any will do there";
}

TEST_F(DistroTest, OneProcessNeverBootsUnderTwoEmulators) {
    CommandResult host{TimedOut{}, "", 0};
    runner.on({"qemu-system-riscv64", "--version"}, [&](const Command&) { return host; });
    runner.on({"apt-get", "download"}, [this](const Command& c) {
        if (online) std::ofstream(c.cwd / (c.argv.back() + "_" + version + "_all.deb")) << "deb";
        return exits(online ? 0 : 100);
    });
    Emulators emulators(context);
    auto found = emulators.of(riscv64());
    ASSERT_FALSE(found) << "a busy host is no reason to take another QEMU";
    EXPECT_EQ(found.error().fault_domain, FaultDomain::Host);
    host = exits(0, "QEMU emulator version 7.2.22\n");
    ASSERT_TRUE(emulators.of(riscv64()));
    host = exits(0, "QEMU emulator version 10.0.2\n");
    EXPECT_NE(emulators.of(riscv64())->program, "qemu-system-riscv64") << "as it began";
    // The cache was pruned in between: before the next boot the same version is fetched again, or
    // none.
    fs::remove_all(dir / "cache/packages");
    EXPECT_TRUE(emulators.of(riscv64()));
    EXPECT_EQ(runner.count("download"), 4);
    fs::remove_all(dir / "cache/packages");
    version = "6.12.2-1";
    found = emulators.of(riscv64());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(found.error().message.find("opensbi 6.12.2-1 now, not qemu-system-riscv 6.12.1-1"),
              std::string::npos)
        << found.error().message;
    fs::remove_all(dir / "cache/packages");
    online = false;
    found = emulators.of(riscv64());
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().fault_domain, FaultDomain::Host);
    EXPECT_EQ(context.cache.list().size(), 0u) << "nothing half-made stays";
}

TEST_F(DistroTest, AnUpdateIsANewArtefact) {
    const DistroSource wanted{"linux-source-6.12", "trixie-backports"};
    const auto first = fetch(wanted);
    version = "6.12.2-1";
    dir.put("cache/apt/trixie-backports/lists/new",
            ""); // the lists' folder changes when apt updates
    fs::last_write_time(dir / "cache/apt/trixie-backports/lists",
                        fs::file_time_type::clock::now() + std::chrono::seconds(2));
    const auto second = fetch(wanted);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(second->id, "linux-source-6.12=6.12.2-1");
    EXPECT_NE(second->tree, first->tree);
}

TEST_F(DistroTest, OfflineTheCachedVersionServesAndIsNamed) {
    const DistroSource wanted{"linux-source-6.12", "trixie-backports"};
    ASSERT_TRUE(fetch(wanted));
    online = false;
    version = "6.12.2-1";
    fs::remove_all(dir / "cache/apt");
    const auto source = fetch(wanted);
    ASSERT_TRUE(source) << source.error().message;
    EXPECT_EQ(source->id, "linux-source-6.12=6.12.1-1");
    const auto other = fetch(DistroSource{"linux-source-7.3", "trixie-backports"});
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(other.error().message.find("Failed to fetch"), std::string::npos)
        << other.error().message;
}

} // namespace
} // namespace rig
