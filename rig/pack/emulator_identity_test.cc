// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/pack/emulator_identity.h"

#include "rig/testing/temp_tree.h"

namespace rig {
namespace {

// As QEMU 7.2 prints it, with the echo of its monitor.
constexpr const char* kRoms =
    "QEMU 7.2.22 monitor - type 'help' for more information\n(qemu) info roms\n"
    "fw=genroms/kvmvapic.bin size=0x002400 name=\"kvmvapic.bin\"\r\n"
    "fw=genroms/pvh.bin size=0x000600 name=\"pvh.bin\"\r\n"
    "addr=0000000001000000 size=0x705320 mem=ram name=\"/cache/vmlinux ELF program header "
    "segment 0\"\r\n"
    "addr=00000000ffff0000 size=0x010000 mem=rom name=\"bios-microvm.bin\"\r\n"
    "/rom@etc/acpi/tables size=0x200000 name=\"etc/acpi/tables\"\r\n(qemu) quit\n";

TEST(EmulatorIdentity, FirmwareIsWhatQemuLoadedFromItsFolders) {
    const testing::TempTree tree;
    tree.put("qemu/bios-microvm.bin", "qboot");
    tree.put("qemu/pvh.bin", "pvh");
    tree.put("qemu/bios-256k.bin", "not loaded");
    tree.put("second/pvh.bin", "not this one");
    tree.put("second/kvmvapic.bin", "vapic");
    const auto folders =
        (tree / "qemu").string() + "\n" + (tree / "second").string() + "\n/no/such/folder\n";
    const auto files = firmware_files(kRoms, folders);
    EXPECT_EQ(files, (std::vector<std::filesystem::path>{tree / "qemu/bios-microvm.bin",
                                                         tree / "second/kvmvapic.bin",
                                                         tree / "qemu/pvh.bin"}));
    EXPECT_TRUE(firmware_files("", folders).empty());
    // A name is never a way out of the folders.
    EXPECT_TRUE(
        firmware_files("name=\"../second/pvh.bin\" name=\"..\" name=\"/etc/passwd\"", folders)
            .empty());
}

TEST(EmulatorIdentity, AFileHasNameSizeAndHash) {
    const testing::TempTree tree;
    const auto file = packed_file(tree.put("a/pvh.bin", "abc"));
    ASSERT_TRUE(file);
    EXPECT_EQ(*file,
              (PackedFile{"pvh.bin", 3,
                          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}));
    EXPECT_FALSE(packed_file(tree / "none"));
}

} // namespace
} // namespace rig
