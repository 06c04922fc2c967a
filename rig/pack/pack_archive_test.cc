// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/pack/pack_archive.h"

#include "rig/base/sha256.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <memory>

namespace rig {
namespace {

const std::vector<PackMember> kMembers{{"manifest.json", "{}"},
                                       {"run/run.json", std::string(3000, 'r')},
                                       {"run/boots/0000-ipi-0/console.log", ""},
                                       {"initramfs", std::string("\0\1\2", 3)}};

// A tar archive with one entry that rig pack would not write.
std::string foreign(const char* name, int type, const char* link, std::size_t bytes) {
    const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(),
                                                             archive_write_free);
    std::string out;
    archive_write_set_format_pax(writer.get());
    archive_write_add_filter_zstd(writer.get());
    archive_write_set_bytes_in_last_block(writer.get(), 1);
    archive_write_open(
        writer.get(), &out, nullptr,
        [](archive*, void* to, const void* data, std::size_t size) -> la_ssize_t {
            static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
            return static_cast<la_ssize_t>(size);
        },
        nullptr);
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                         archive_entry_free);
    archive_entry_set_pathname(entry.get(), name);
    archive_entry_set_filetype(entry.get(), static_cast<unsigned>(type));
    archive_entry_set_perm(entry.get(), 0644);
    if (type == AE_IFLNK) archive_entry_set_symlink(entry.get(), link);
    if (type == AE_IFREG && link) archive_entry_set_hardlink(entry.get(), link);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes));
    archive_write_header(writer.get(), entry.get());
    const std::string zeros(1 << 20, '\0');
    for (std::size_t left = bytes; left > 0; left -= std::min(left, zeros.size()))
        archive_write_data(writer.get(), zeros.data(), std::min(left, zeros.size()));
    archive_write_close(writer.get());
    return out;
}

Result<std::vector<std::string>> names_in(std::string_view archive) {
    std::vector<std::string> names;
    RIG_CHECK(read_archive(archive, [&](PackMember member) -> Status {
        names.push_back(member.name);
        return {};
    }));
    return names;
}

TEST(PackArchive, MembersComeBackAsTheyWere) {
    const auto archive = archive_of(kMembers);
    ASSERT_TRUE(archive) << archive.error().message;
    EXPECT_EQ(*archive, archive_of(kMembers).value()) << "the same bytes for the same members";
    std::size_t at = 0;
    const auto read = read_archive(*archive, [&](PackMember member) -> Status {
        EXPECT_EQ(member.name, kMembers.at(at).name);
        EXPECT_EQ(member.content, kMembers.at(at++).content);
        return {};
    });
    EXPECT_TRUE(read) << read.error().message;
    EXPECT_EQ(at, kMembers.size());
    const auto stopped = read_archive(
        *archive, [](PackMember) -> Status { return fail(FaultDomain::Kernel, "enough"); });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().message, "enough");
}

TEST(PackArchive, OnlyNamesOfAPackAreAccepted) {
    for (const char* name :
         {"manifest.json", "initramfs", "kernels/reviewed-2/image", "kernels/ipi/System.map",
          "run/run.json", "run/samples.jsonl", "run/report.html", "run/kernels/ipi.config",
          "run/boots/0012-reviewed-3/console.log", "run/boots/0012-reviewed-3/fault-0.txt"})
        EXPECT_GT(most_bytes_of(name), 0u) << name;
    for (const char* name :
         {"", "/etc/passwd", "../x", "run/../run/run.json", "./run/run.json", "run//run.json",
          "kernels/../image", "kernels/A/image", "kernels/-a/image", "kernels/ipi/vmlinux",
          "run/boots/0000-../../../x-0/console.log", "run/boots/0000-ipi-0/../console.log",
          "run/boots/0000-ipi-0/memory.elf", "run/run.json\n", "run/run.json/", "run/lock",
          "patches/../../x.patch", "MANIFEST.JSON"}) {
        EXPECT_EQ(most_bytes_of(name), 0u) << name;
        if (!*name) continue;
        const auto read = names_in(foreign(name, AE_IFREG, nullptr, 3));
        ASSERT_FALSE(read) << name;
        EXPECT_EQ(read.error().fault_domain, FaultDomain::Spec);
    }
    EXPECT_EQ(most_bytes_of("kernels/" + std::string(300, 'a') + "/image"), 0u);
    EXPECT_TRUE(names_in(foreign("run/run.json", AE_IFREG, nullptr, 3))) << "the control";
}

TEST(PackArchive, LinksAndDevicesAreRefused) {
    for (const auto& [type, link] : {std::pair{AE_IFLNK, "/etc/passwd"},
                                     {AE_IFREG, "/etc/passwd"},
                                     {AE_IFCHR, nullptr},
                                     {AE_IFIFO, nullptr},
                                     {AE_IFDIR, nullptr}}) {
        const auto read = names_in(foreign("run/run.json", type, link, 0));
        ASSERT_FALSE(read) << type;
        EXPECT_TRUE(read.error().message.find("regular file") != std::string::npos ||
                    read.error().message.find("named") != std::string::npos) // "run/run.json/"
            << read.error().message;
    }
}

TEST(PackArchive, ASmallFileDoesNotUnpackIntoALargeOne) {
    const auto bomb = foreign("run/kernels/ipi.config", AE_IFREG, nullptr, 100u << 20);
    EXPECT_LT(bomb.size(), 1u << 20);
    const auto read = names_in(bomb);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message.find("104857600 bytes, want at most 4194304"), std::string::npos)
        << read.error().message;
}

TEST(PackArchive, EveryChangedByteIsNoticed) {
    const auto pack = sealed(archive_of(kMembers).value());
    ASSERT_TRUE(unsealed(pack));
    EXPECT_EQ(names_in(*unsealed(pack))->size(), kMembers.size());
    for (std::size_t at = 0; at < pack.size(); ++at)
        for (const char bit : {1, 16}) {
            auto changed = pack;
            changed[at] = static_cast<char>(changed[at] ^ bit);
            EXPECT_FALSE(unsealed(changed)) << "byte " << at;
        }
    for (std::size_t size = 0; size < pack.size(); ++size)
        EXPECT_FALSE(unsealed(std::string_view(pack).substr(0, size))) << "cut at " << size;
    EXPECT_FALSE(unsealed(pack + "x"));
    // As zstd(1) and tar(1) see it: the seal is a frame that they skip.
    EXPECT_EQ(names_in(pack)->size(), kMembers.size());
}

TEST(PackArchive, WhatIsNoArchiveIsRefused) {
    for (const std::string& bytes : {std::string("no archive"), std::string(4096, '\xff'),
                                     std::string(archive_of(kMembers)->substr(0, 100))}) {
        const auto read = names_in(bytes);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().fault_domain, FaultDomain::Spec);
        EXPECT_EQ(read.error().message.find('\n'), std::string::npos);
    }
}

} // namespace
} // namespace rig
