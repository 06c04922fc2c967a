// SPDX-License-Identifier: GPL-2.0-or-later
// Packs and replays runs of fake guests: tests/pack_test.cc does it with real ones.
#include "rig/pack/replay_pack.h"

#include "rig/pack/pack_run.h"
#include "rig/testing/experiment_fixture.h"
#include "rig/testing/fake_command_runner.h"
#include "rig/testing/pack_fixture.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::testing;
namespace fs = std::filesystem;
using nlohmann::json;

PackChange with_run(const std::function<void(json&)>& change) {
    return with_member("run/run.json", [change](const std::string& text) {
        auto run = json::parse(text);
        change(run);
        return run.dump();
    });
}

// QEMU is a file of the test.
class Emulator : public FakeHypervisor {
 public:
    Emulator(std::vector<FakeBoot> boots, fs::path program)
        : FakeHypervisor(std::move(boots)), program_(std::move(program)) {}
    Result<std::string> emulator(const Arch&) override { return program_.string(); }
    Result<std::string> version(const Arch&) override { return said; }
    std::string said = "QEMU emulator version 0.0 (fake)";

 private:
    fs::path program_;
};

class PackedRun : public ExperimentLoop {
 protected:
    void SetUp() override {
        ExperimentLoop::SetUp();
        put("qemu-system-x86_64", "the emulator");
        fs::permissions(dir_ / "qemu-system-x86_64", fs::perms::owner_all);
        fs::create_directory(dir_ / "firmware");
        put("firmware/bios.bin", "the firmware");
        runner_.on({"-accel", "help"}, [this](const Command&) { return exits(0, accelerators_); });
        runner_.on({"-S"}, exits(0, "name=\"bios.bin\"\n"));
        runner_.on({"-L", "help"}, exits(0, (dir_ / "firmware").string() + "\n"));
        Emulator emulator({captured_boot_of("6.12-ipi")}, program());
        const auto ran = run(emulator, 1);
        ASSERT_TRUE(ran) << ran.error().message;
    }
    fs::path program() const { return dir_ / "qemu-system-x86_64"; }
    fs::path file() const { return dir_ / "x.rigpack"; }

    Result<Packed> pack(bool with_kernels = true) {
        Emulator emulator({}, program());
        emulator.said = version_;
        ArtifactCache cache(dir_ / "cache");
        auto loaded = load_run(only_run());
        if (!loaded) return tl::unexpected(loaded.error());
        return pack_run(*loaded, {file(), with_kernels, dir_},
                        {cache, runner_, emulator, Progress::silent()});
    }
    // With a cache that has nothing.
    Result<PackReplay> replay(FakeBoot boot = captured_boot_of("6.12-ipi"),
                              std::optional<unsigned> boots = {}) {
        Emulator emulator({std::move(boot)}, program());
        emulator.said = version_;
        ArtifactCache cache(dir_ / "empty");
        auto result =
            replay_pack(file(), {boots, 2}, {cache, runner_, emulator, Progress::silent()}, {});
        booted_ = emulator.requests.size();
        requests_ = emulator.requests;
        return result;
    }
    // The error, of a replay that boots nothing.
    std::string refused(FaultDomain domain = FaultDomain::Host) {
        const auto result = replay();
        EXPECT_EQ(booted_, 0u);
        if (result) return "it was replayed";
        EXPECT_EQ(result.error().fault_domain, domain) << result.error().message;
        return result.error().message;
    }
    // Packs again what the pack has, changed.
    void repack(const PackChange& change) { put("x.rigpack", repacked(slurp(file()), change)); }

    FakeCommandRunner runner_;
    std::string accelerators_ = "Accelerators supported in QEMU binary:\ntcg\nkvm\n";
    std::string version_ = "QEMU emulator version 0.0 (fake)";
    std::size_t booted_ = 0;
    std::vector<BootRequest> requests_;
};

TEST_F(PackedRun, GivesTheSameBytesOnAMachineThatHasNothingOfIt) {
    const auto packed = pack();
    ASSERT_TRUE(packed) << packed.error().message;
    EXPECT_EQ(packed->bytes, fs::file_size(file()));
    EXPECT_EQ(packed->manifest.boots.size(), 8u);
    EXPECT_EQ(packed->manifest.qemu.name, "qemu-system-x86_64");
    ASSERT_EQ(packed->manifest.firmware.size(), 1u);
    for (const char* gone : {"bzImage-a", "bzImage-b", "System.map", "System.map-b", "x.toml",
                             "config", "agent", "results", "cache"})
        fs::remove_all(dir_ / gone);
    const auto replayed = replay();
    ASSERT_TRUE(replayed) << replayed.error().message;
    EXPECT_TRUE(replayed->same());
    EXPECT_EQ(replayed->boots.size(), 8u);
    EXPECT_EQ(booted_, 8u);
    for (const auto& boot : replayed->boots) {
        EXPECT_EQ(boot.sha256, boot.recorded_sha256);
        EXPECT_GT(boot.bytes, 1000u);
    }
    // Everything is in a private folder, which is gone.
    for (const auto& request : requests_) {
        EXPECT_FALSE(fs::exists(request.kernel));
        EXPECT_NE(request.kernel.string().find("rig-scratch-"), std::string::npos);
        EXPECT_NE(request.console_log.string().find("rig-scratch-"), std::string::npos);
    }
    EXPECT_FALSE(fs::exists(dir_ / "results"));
}

TEST_F(PackedRun, SomeOfTheBootsCanBeAskedFor) {
    ASSERT_TRUE(pack());
    const auto replayed = replay(captured_boot_of("6.12-ipi"), 3);
    ASSERT_TRUE(replayed) << replayed.error().message;
    EXPECT_EQ(replayed->boots.size(), 3u);
    EXPECT_EQ(booted_, 3u);
    EXPECT_TRUE(replayed->same());
}

TEST_F(PackedRun, AnotherFigureIsADifference) {
    ASSERT_TRUE(pack());
    auto other = captured_boot_of("6.12-ipi");
    // Same protocol, another kernel: one byte of the sample.
    const std::string said = "6.12.117";
    other.sends.replace(other.sends.find(said), said.size(), "6.12.118");
    const auto replayed = replay(other);
    ASSERT_TRUE(replayed) << replayed.error().message;
    EXPECT_FALSE(replayed->same());
    for (const auto& boot : replayed->boots) {
        EXPECT_EQ(boot.difference, "/kernel_release");
        EXPECT_NE(boot.sha256, boot.recorded_sha256);
    }
}

TEST_F(PackedRun, ABootThatFailsIsAFaultOfItsDomain) {
    ASSERT_TRUE(pack());
    const auto panicked =
        replay({encode(FrameType::Hello, R"({"protocol":1,"release":"6","version":"v","cpus":4})"),
                "[ 1.0] Kernel panic - not syncing: x\n", Exited{0}, ""});
    ASSERT_FALSE(panicked);
    EXPECT_EQ(panicked.error().fault_domain, FaultDomain::Kernel);
    EXPECT_TRUE(panicked.error().message.starts_with("boot 0 of ")) << panicked.error().message;
}

TEST_F(PackedRun, AnotherEmulatorIsRefusedBeforeTheFirstBoot) {
    ASSERT_TRUE(pack());
    put("qemu-system-x86_64", "another build");
    EXPECT_NE(refused().find("another QEMU of the same version"), std::string::npos);
    put("qemu-system-x86_64", "the emulator");
    put("firmware/bios.bin", "other firmware");
    EXPECT_NE(refused().find("other firmware: bios.bin "), std::string::npos);
    put("firmware/bios.bin", "the firmware");
    version_ = "QEMU emulator version 9.0";
    EXPECT_NE(refused().find("another QEMU: 'QEMU emulator version 9.0' here"), std::string::npos);
    version_ = "QEMU emulator version 0.0 (fake)";
    accelerators_ = "Accelerators supported in QEMU binary:\nkvm\n";
    EXPECT_NE(refused().find("no TCG"), std::string::npos);
    accelerators_ = "tcg\n";
    EXPECT_TRUE(replay()) << "the control";
}

TEST_F(PackedRun, TheCommandLineIsComposedHereAndCompared) {
    ASSERT_TRUE(pack());
    repack([](PackManifest& manifest, auto&) { manifest.boots[3].qemu.push_back("-s"); });
    EXPECT_NE(refused().find("has nothing where the recorded one has '-s'"), std::string::npos);
    ASSERT_TRUE(pack());
    repack([](PackManifest& manifest, auto&) {
        manifest.boots[0].plan_sha256 = std::string(64, '0');
    });
    EXPECT_NE(refused().find("boot 0 of a: this rig gives the guest another plan"),
              std::string::npos);
    // An experiment that was changed after the run: the recorded command line gives it away.
    ASSERT_TRUE(pack());
    repack(with_run([](json& run) { run["vcpus"] = 8; }));
    EXPECT_NE(refused().find("has '8' where the recorded one has '4'"), std::string::npos);
}

TEST_F(PackedRun, APackIsNotTrusted) {
    ASSERT_TRUE(pack());
    const auto good = slurp(file());
    auto bytes = good;
    bytes[bytes.size() / 3] ^= 4;
    put("x.rigpack", bytes);
    EXPECT_NE(refused(FaultDomain::Spec).find("SHA-256 differs"), std::string::npos);
    const auto with = [&](const std::function<void(json&)>& change) {
        put("x.rigpack", good);
        repack(with_run(change));
        return refused(FaultDomain::Spec);
    };
    EXPECT_NE(with([](auto& run) { run["vcpus"] = 4000; }).find("vcpus"), std::string::npos);
    EXPECT_NE(with([](auto& run) {
                  run["kernels"][0]["facts"]["image_sha256"] = "x";
              }).find("is not the one that the run booted"),
              std::string::npos);
    EXPECT_NE(with([](auto& run) { run["clock"] = "wall"; }).find("virtual clock"),
              std::string::npos);
    EXPECT_NE(with([](auto& run) { run["spec_text"] = "name = 3"; }), "it was replayed");
}

TEST_F(PackedRun, WithoutKernelsItHasTheRecipeOnly) {
    const auto whole = pack();
    ASSERT_TRUE(whole);
    const auto recipe = pack(false);
    ASSERT_TRUE(recipe) << recipe.error().message;
    EXPECT_LT(recipe->unpacked_bytes, whole->unpacked_bytes);
    EXPECT_EQ(recipe->manifest.initramfs, whole->manifest.initramfs);
    for (const auto& member : recipe->manifest.members)
        EXPECT_TRUE(member.name.starts_with("run/")) << member.name;
    EXPECT_NE(refused(FaultDomain::Spec).find("--without-kernels"), std::string::npos);
}

TEST_F(PackedRun, WhatIsGoneOrChangedIsNotPacked) {
    put("bzImage-b", "another kernel b");
    const auto changed = pack();
    ASSERT_FALSE(changed);
    EXPECT_NE(changed.error().message.find("but the run booted"), std::string::npos)
        << changed.error().message;
    put("bzImage-b", "kernel b");
    version_ = "QEMU emulator version 9.0";
    EXPECT_NE(pack().error().message.find("but the run was made with"), std::string::npos);
    version_ = "QEMU emulator version 0.0 (fake)";
    EXPECT_TRUE(pack()) << "the control";
    fs::remove_all(dir_ / "cache/images");
    EXPECT_NE(pack().error().message.find("initramfs"), std::string::npos);
}

} // namespace
} // namespace rig
