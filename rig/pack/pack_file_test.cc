// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/pack/pack_file.h"

#include "rig/base/sha256.h"
#include "rig/testing/temp_tree.h"

#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;
using testing::TempTree;

PackedFile listed(const std::string& name, const std::string& content) {
    return {name, content.size(), sha256_hex(content)};
}

struct Parts {
    PackManifest manifest;
    std::vector<PackMember> members;

    std::string archive() const {
        auto all = members;
        all.insert(all.begin(), {kManifestMember, manifest_text(manifest)});
        return archive_of(all).value();
    }
};

Parts parts() {
    Parts parts;
    parts.members = {{"run/run.json", "{}"},
                     {"run/samples.jsonl", "samples\n"},
                     {"kernels/ipi/image", "image"},
                     {"kernels/ipi/System.map", "map"},
                     {kInitramfsMember, "initramfs"}};
    auto& manifest = parts.manifest;
    manifest.run_id = "20260223-103248-batch-alloc-fail";
    manifest.packed = "2026-02-23T11:00:00Z";
    manifest.rig_version = "0.1.0";
    manifest.arch = "x86_64";
    manifest.qemu_version = "QEMU emulator version 7.2.22";
    manifest.qemu = listed("qemu-system-x86_64", "qemu");
    manifest.firmware = {listed("bios-microvm.bin", "qboot")};
    manifest.plugin = listed("libcount_ranges-api1.so", "plugin");
    manifest.initramfs = listed("initramfs.cpio", "initramfs");
    manifest.kernels = {{"ipi", sha256_hex("image"), sha256_hex("map"), true}};
    manifest.boots = {{"ipi", 0, sha256_hex("plan"), {"qemu-system-x86_64", "-m", "512"}}};
    for (const auto& member : parts.members)
        manifest.members.push_back(listed(member.name, member.content));
    return parts;
}

std::string why_not(const std::string& archive) {
    const auto read = read_members(archive, [](PackMember) -> Status { return {}; });
    if (read) return "";
    EXPECT_EQ(read.error().fault_domain, FaultDomain::Spec);
    return read.error().message;
}

TEST(PackManifest, RoundTrips) {
    const auto manifest = parts().manifest;
    const auto again = manifest_from_text(manifest_text(manifest));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(manifest_text(*again), manifest_text(manifest));
    EXPECT_EQ(again->boots, manifest.boots);
    EXPECT_EQ(again->plugin, manifest.plugin);
}

TEST(PackManifest, WhatIsNotUnderstoodIsRefused) {
    const auto refused = [](const std::function<void(json&)>& change) {
        auto value = json::parse(manifest_text(parts().manifest));
        change(value);
        const auto read = manifest_from_text(value.dump());
        EXPECT_FALSE(read) << value.dump();
        if (read) return std::string();
        EXPECT_EQ(read.error().fault_domain, FaultDomain::Spec);
        return read.error().message;
    };
    EXPECT_NE(refused([](json& m) { m["format"] = 2; }).find("format 2, want 1"),
              std::string::npos);
    EXPECT_NE(refused([](json& m) { m["command"] = "rm"; }).find("command"), std::string::npos);
    for (const char* id : {"", "..", "../x", "a/b", ".hidden", "a b", "x\n"})
        EXPECT_NE(refused([&](json& m) { m["run_id"] = id; }).find("run_id"), std::string::npos);
    for (const char* name : {"/usr/bin/qemu", "..", ""})
        refused([&](json& m) { m["qemu"]["name"] = name; });
    refused([](json& m) { m["qemu"]["sha256"] = std::string(63, 'a'); });
    refused([](json& m) { m["firmware"][0]["sha256"] = std::string(64, 'g'); });
    refused([](json& m) { m["arch"] = "vax"; });
    refused([](json& m) { m["kernels"][0]["arm"] = "../ipi"; });
    refused([](json& m) { m["boots"][0]["index"] = -1; });
    EXPECT_NE(refused([](json& m) { m["members"][1]["name"] = "run/run.json"; }).find("twice"),
              std::string::npos);
    refused([](json& m) { m["members"][0]["name"] = "../../etc/cron.d/x"; });
    refused([](json& m) { m["members"][0]["bytes"] = 1ull << 40; });
    EXPECT_NE(refused([](json& m) { m["members"].erase(2); }).find("kernel of ipi"),
              std::string::npos);
    EXPECT_NE(refused([](json& m) { m["members"].erase(1); }).find("samples.jsonl"),
              std::string::npos);
    EXPECT_NE(
        refused([](json& m) { m["initramfs"]["sha256"] = std::string(64, 'a'); }).find("initramfs"),
        std::string::npos);
    EXPECT_FALSE(manifest_from_text("{"));
    EXPECT_FALSE(manifest_from_text("[]"));
}

TEST(PackFile, MembersAreThoseOfTheManifest) {
    EXPECT_EQ(why_not(parts().archive()), "") << "the control";
    auto changed = parts();
    changed.members[1].content = "sample!\n"; // of the same size
    EXPECT_NE(why_not(changed.archive()).find("run/samples.jsonl is not the one that was packed"),
              std::string::npos);
    auto missing = parts();
    missing.members.pop_back();
    EXPECT_NE(why_not(missing.archive()).find("member initramfs is missing"), std::string::npos);
    auto more = parts();
    more.members.push_back({"run/report.txt", "flattering\n"});
    EXPECT_NE(why_not(more.archive())
                  .find("run/report.txt is not the one that the manifest has "
                        "here (none)"),
              std::string::npos);
    auto twice = parts();
    twice.members.push_back(twice.members[0]);
    EXPECT_NE(why_not(twice.archive()), "");
    auto swapped = parts();
    std::swap(swapped.members[0], swapped.members[1]);
    EXPECT_NE(why_not(swapped.archive()), "");
    EXPECT_NE(why_not(archive_of(parts().members).value()).find("want manifest.json"),
              std::string::npos);
    EXPECT_NE(why_not(archive_of({}).value()), "");
}

TEST(PackFile, UnpacksIntoOneFolderAndNowhereElse) {
    const TempTree tree;
    const auto file = tree.put("a.rigpack", sealed(parts().archive()));
    std::filesystem::create_directory(tree / "all");
    const auto all = unpack(file, tree / "all", false);
    ASSERT_TRUE(all) << all.error().message;
    EXPECT_EQ(all->bytes, std::filesystem::file_size(file));
    const auto run = tree / "all/results/20260223-103248-batch-alloc-fail";
    EXPECT_EQ(testing::read_text(run / "samples.jsonl"), "samples\n");
    EXPECT_EQ(testing::read_text(tree / "all/kernels/ipi/image"), "image");
    std::filesystem::create_directory(tree / "run");
    ASSERT_TRUE(unpack(file, tree / "run", true));
    EXPECT_FALSE(std::filesystem::exists(tree / "run/kernels"));
    // A file that is already there, or a link, is not written through.
    std::filesystem::create_directories(tree / "again/kernels/ipi");
    tree.put("outside", "kept");
    std::filesystem::create_symlink(tree / "outside", tree / "again/kernels/ipi/image");
    EXPECT_FALSE(unpack(file, tree / "again", false));
    EXPECT_EQ(testing::read_text(tree / "outside"), "kept");
}

TEST(PackFile, ErrorsNameTheFile) {
    const TempTree tree;
    std::filesystem::create_directory(tree / "to");
    const auto why = [&](const std::filesystem::path& file) {
        const auto read = unpack(file, tree / "to", false);
        EXPECT_FALSE(read);
        EXPECT_EQ(read.error().fault_domain, FaultDomain::Spec);
        EXPECT_TRUE(read.error().message.starts_with(file.string() + ": "));
        return read.error().message;
    };
    EXPECT_NE(why(tree / "none").find("No such file"), std::string::npos);
    EXPECT_NE(why(tree.put("text", "no pack")).find("no file of rig pack"), std::string::npos);
    auto bytes = sealed(parts().archive());
    bytes[bytes.size() / 2] ^= 1;
    EXPECT_NE(why(tree.put("flipped", bytes)).find("SHA-256 differs"), std::string::npos);
    auto renamed = parts();
    renamed.members[0].name = "run/spec.toml";
    EXPECT_NE(why(tree.put("renamed", sealed(renamed.archive()))).find("run/spec.toml"),
              std::string::npos);
    EXPECT_TRUE(names_pack((tree / "text").string()));
    EXPECT_FALSE(names_pack(tree.path().string()));
    EXPECT_FALSE(names_pack("latest"));
}

} // namespace
} // namespace rig
