// SPDX-License-Identifier: GPL-2.0-or-later
// A run is packed in one root and replayed in another, which has nothing but the pack: the same
// bytes. The controls: a pack with a flipped byte, with another member, of another QEMU, with
// another figure.
#include "rig/results/run_store.h"
#include "rig/testing/pack_fixture.h"
#include "tests/rig_program.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;
using namespace rig::testing; // the fixture

class PackEndToEnd : public RigProgram {
 protected:
    // In a folder, home and cache of its own.
    CommandResult elsewhere(std::vector<std::string> args, const std::string& path = "") {
        const auto home = dir_ / "elsewhere";
        fs::create_directories(home);
        std::vector<std::string> before{"env",
                                        "--chdir=" + home.string(),
                                        "-u",
                                        "XDG_CACHE_HOME",
                                        "HOME=" + home.string(),
                                        "RIG_CACHE_DIR=" + (home / "cache").string()};
        if (!path.empty()) before.push_back("PATH=" + path);
        return rig(std::move(args), kBootLimit, std::move(before));
    }
    std::string forged(const std::string& name, const PackChange& change) {
        const auto file = dir_ / name;
        std::ofstream(file, std::ios::binary) << repacked(slurp(dir_ / "run.rigpack"), change);
        return file.string();
    }
};

TEST_F(PackEndToEnd, ARunGivesTheSameBytesInAnotherRoot) {
    const auto compared = rig({"--quiet", "compare", "configs/batch-alloc-fail.toml", "--boots",
                               "1", "--clock", "virtual"});
    ASSERT_TRUE(nothing_failed(compared)) << compared.out;
    const auto pack = (dir_ / "run.rigpack").string();
    const auto packed = rig({"--quiet", "pack", "latest", "--out", pack});
    ASSERT_EQ(exit_code(packed), 0) << packed.out;
    fmt::print("{}", packed.out);
    const auto dirs = runs();
    ASSERT_EQ(dirs.size(), 1u);
    const auto run = load_run(dirs[0]);
    ASSERT_TRUE(run);
    ASSERT_EQ(run->samples.size(), 2u);
    fs::rename(dir_ / "results", dir_ / "results-of-the-first-root");

    const auto shown = elsewhere({"show", pack});
    EXPECT_EQ(exit_code(shown), 0) << shown.out;
    EXPECT_NE(shown.out.find("2 boots"), std::string::npos) << shown.out;

    const auto replayed = elsewhere({"--quiet", "--json", "replay", pack});
    ASSERT_EQ(exit_code(replayed), 0) << replayed.out;
    const auto answer = json::parse(replayed.out);
    EXPECT_TRUE(answer.at("identical").get<bool>());
    ASSERT_EQ(answer.at("boots").size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& boot = answer.at("boots").at(i);
        // What rig says is the same is what the first root has on disk.
        EXPECT_EQ(boot.at("sha256"), sha256_hex(to_json(run->samples[i], false).dump()));
        EXPECT_EQ(boot.at("same_line_counts"), true) << boot.dump();
    }
    // Nothing stays behind.
    EXPECT_FALSE(fs::exists(dir_ / "results"));

    // The controls. None of them boots, but for the last.
    auto flipped = slurp(pack);
    flipped[flipped.size() / 2] ^= 1;
    std::ofstream(dir_ / "flipped.rigpack", std::ios::binary) << flipped;
    const auto one_byte = elsewhere({"replay", (dir_ / "flipped.rigpack").string()});
    EXPECT_EQ(exit_code(one_byte), 2) << one_byte.out;
    EXPECT_NE(one_byte.out.find("SHA-256 differs"), std::string::npos) << one_byte.out;

    const auto escaping =
        elsewhere({"replay", forged("named.rigpack", [](PackManifest&, auto& members) {
                       members.push_back({"run/boots/0000-ipi-0/../../../../x", "x"});
                   })});
    EXPECT_EQ(exit_code(escaping), 2) << escaping.out;

    const auto hashed =
        elsewhere({"replay", forged("qemu.rigpack", [](PackManifest& manifest, auto&) {
                       manifest.qemu.sha256 = std::string(64, '0');
                   })});
    EXPECT_EQ(exit_code(hashed), 3) << hashed.out;
    EXPECT_NE(hashed.out.find("another QEMU of the same version"), std::string::npos) << hashed.out;

    // A program of that name and version that is another file.
    fs::create_directories(dir_ / "bin");
    const auto wrapper = dir_ / "bin/qemu-system-x86_64";
    std::ofstream(wrapper) << "#!/bin/sh\nPATH=/usr/bin:/bin exec qemu-system-x86_64 \"$@\"\n";
    fs::permissions(wrapper, fs::perms::owner_all);
    const auto wrapped = elsewhere({"replay", pack}, (dir_ / "bin").string() + ":/usr/bin:/bin");
    EXPECT_EQ(exit_code(wrapped), 3) << wrapped.out;
    EXPECT_NE(wrapped.out.find("another QEMU of the same version"), std::string::npos)
        << wrapped.out;

    const auto changed = forged("figure.rigpack", with_member("run/samples.jsonl", [](auto text) {
                                    const std::string figure = "\"calls\":20",
                                                      other = "\"calls\":21";
                                    EXPECT_NE(text.find(figure), text.npos);
                                    return text.replace(text.find(figure), figure.size(), other);
                                }));
    const auto different = elsewhere({"--quiet", "replay", changed, "--boots", "1"});
    EXPECT_EQ(exit_code(different), 1) << different.out;
    EXPECT_NE(different.out.find("DIFFERS first in /exposure/calls"), std::string::npos)
        << different.out;
}

} // namespace
} // namespace rig
