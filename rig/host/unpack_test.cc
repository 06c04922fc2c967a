// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/unpack.h"

#include "rig/host/boost_command_runner.h"
#include "rig/testing/fake_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::exits;

class Unpack : public ::testing::Test {
 protected:
    Unpack() : cache(dir / "cache"), fake(&real) {}
    Status unpack(const fs::path& archive, FaultDomain fault_domain = FaultDomain::Spec) {
        fs::create_directories(dir / "out");
        return run_unpacker(
            {cache, fake, Progress::silent(), 1},
            {"tar", "-x", "-v", "-f", archive.string(), "-C", (dir / "out").string()}, archive,
            dir / "out", fault_domain);
    }
    void sh(const std::string& script) {
        Command command;
        command.argv = {"sh", "-ec", script};
        command.cwd = dir.path();
        const auto result = real.run(command);
        ASSERT_TRUE(result && result->ok()) << result->out;
    }
    // The message must be one line that contains the archive's name.
    void expect(const Status& status, FaultDomain fault_domain, const std::string& words) {
        ASSERT_FALSE(status);
        const auto& message = status.error().message;
        EXPECT_EQ(status.error().fault_domain, fault_domain) << message;
        EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 0) << message;
        EXPECT_NE(message.find("unpacking " + dir.path().string()), std::string::npos) << message;
        EXPECT_NE(message.find(words), std::string::npos) << message;
    }
    testing::TempTree dir;
    ArtifactCache cache;
    BoostCommandRunner real;
    testing::FakeCommandRunner fake;
};

TEST_F(Unpack, ACutArchiveEndsEarly) {
    std::string text;
    for (unsigned i = 0; i < 40000; ++i)
        text += std::to_string(i * 2654435761u) + "\n";
    dir.put("pack/a.c", text);
    dir.put("pack/b.c", text);
    sh("tar -cf a.tar pack; xz -k a.tar; gzip -k a.tar");
    for (const char* name : {"a.tar", "a.tar.xz", "a.tar.gz"}) {
        ASSERT_TRUE(unpack(dir / name)) << name;
        const auto size = fs::file_size(dir / name);
        for (const auto left : {size / 2, size * 9 / 10}) {
            const auto cut = dir / (std::string("cut-") + name);
            fs::copy_file(dir / name, cut, fs::copy_options::overwrite_existing);
            fs::resize_file(cut, left);
            expect(unpack(cut), FaultDomain::Spec, "the archive ends early");
            expect(unpack(cut, FaultDomain::Host), FaultDomain::Host, "the archive ends early");
        }
    }
}

TEST_F(Unpack, AFullDiskIsTheHosts) {
    fake.on({"tar"}, exits(2, "linux/a.c\ntar: linux/a.c: Cannot write: No space left on device\n"
                              "linux/b.c\ntar: Exiting with failure status due to previous "
                              "errors\n"));
    expect(unpack(dir / "x.tar"), FaultDomain::Host, "the disk is full: " + (dir / "out").string());
    fake.on({"tar"}, exits(2, "tar: linux/a.c: Cannot write: Disk quota exceeded\n"));
    expect(unpack(dir / "x.tar"), FaultDomain::Host, "the disk is full");
    fake.on({"tar"}, exits(2, "/usr/bin/tar: linux/a.c: Wrote only 8192 of 10240 bytes\n"));
    expect(unpack(dir / "x.tar"), FaultDomain::Host, "the disk is full");
}

TEST_F(Unpack, ACancelIsNeitherTheArchivesNorTheUsers) {
    fake.on({"tar"}, CommandResult{Cancelled{}, "linux/a.c\nlinux/b.c\n", 0});
    expect(unpack(dir / "x.tar"), FaultDomain::Host,
           "tar was cancelled, and nothing of it is kept");
    fake.on({"tar"}, CommandResult{Signalled{9}, "linux/a.c\n", 0});
    expect(unpack(dir / "x.tar"), FaultDomain::Host, "tar was killed by signal 9");
}

TEST_F(Unpack, AnythingElseIsQuotedInOneLine) {
    dir.put("text.tar", "no archive\n");
    expect(unpack(dir / "text.tar"), FaultDomain::Spec, "tar: This does not look like");
    expect(unpack(dir / "none.tar"), FaultDomain::Spec, "none.tar: Cannot open: No such file");
    fake.on({"tar"}, exits(1, "odd\x1b[1m\n"));
    expect(unpack(dir / "x.tar"), FaultDomain::Spec, "exit code 1: odd?[1m");
}

} // namespace
} // namespace rig
