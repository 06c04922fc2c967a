// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/profile/program_pages.h"

#include "plugin/profile_file.h"
#include "rig/base/files.h"
#include "rig/kernel/initramfs.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace rig {
namespace {

// A program of one executable segment of `length` bytes `fill` at file offset 0x1000, and one of
// data behind it.
std::string program(char fill, std::size_t length) {
    std::string bytes(0x1000, '\0');
    Elf64_Ehdr header{};
    std::copy_n(ELFMAG, SELFMAG, header.e_ident);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof header;
    header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 2;
    const Elf64_Phdr segments[] = {
        {PT_LOAD, PF_R | PF_X, 0x1000, 0x401000, 0x401000, length, length, 0x1000},
        {PT_LOAD, PF_R | PF_W, 0, 0x600000, 0x600000, 0x1000, 0x1000, 0x1000}};
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, segments, sizeof segments);
    return bytes + std::string(length, fill);
}

std::uint64_t hash_of(std::string page) {
    page.resize(RIG_PROFILE_PAGE, '\0');
    return rig_profile_hash(page.data());
}

TEST(ProgramPages, ThoseOfExecutableSegmentsWithZerosBehindTheFile) {
    ProgramPages pages;
    ASSERT_TRUE(add_program(pages, "/init", program('a', 0x1010)));
    finish(pages);
    EXPECT_EQ(pages.names, (std::vector<std::string>{"/init"}));
    ASSERT_EQ(pages.pages.size(), 2u) << "not the segment of data";
    for (const auto& page : {std::string(0x1000, 'a'), std::string(0x10, 'a')})
        EXPECT_TRUE(std::count(pages.pages.begin(), pages.pages.end(),
                               std::pair(hash_of(page), std::uint32_t{0})))
            << page.size();
}

TEST(ProgramPages, PageOfTwoProgramsTellsNothing) {
    ProgramPages pages;
    ASSERT_TRUE(add_program(pages, "/bin/a", program('s', 0x1000) + std::string(0x1000, 'a')));
    ASSERT_TRUE(add_program(pages, "/bin/b", program('s', 0x2000)));
    finish(pages);
    ASSERT_EQ(pages.pages.size(), 1u) << "the second page of b has the bytes of its first";
    EXPECT_EQ(pages.pages[0].second, kSharedPage);
}

TEST(ProgramPages, WhatIsNoProgramIsLeftOut) {
    ProgramPages pages;
    for (const auto& content :
         {std::string("#!/bin/sh\n"), std::string(), std::string("\177ELF"), program('a', 0)})
        EXPECT_FALSE(add_program(pages, "/x", content)) << content.size();
    auto cut = program('a', 0x3000);
    cut.resize(0x1000);
    EXPECT_FALSE(add_program(pages, "/x", cut)) << "its segment is behind the end of the file";
    EXPECT_TRUE(pages.names.empty());
}

TEST(ProgramPages, InitramfsIsReadWhole) {
    const testing::TempTree tree;
    const auto cpio = make_cpio({{"bin", S_IFDIR | 0755, "", 0, 0},
                                 {"init", S_IFREG | 0755, program('i', 0x1000), 0, 0},
                                 {"bin/script", S_IFREG | 0755, "#!/bin/sh\n", 0, 0},
                                 {"bin/sh", S_IFLNK | 0777, "busybox", 0, 0},
                                 {"bin/busybox", S_IFREG | 0755, program('b', 0x1000), 0, 0}})
                          .value();
    const auto pages = program_pages(tree.put("initramfs.cpio", cpio));
    ASSERT_TRUE(pages) << pages.error().message;
    EXPECT_EQ(pages->names, (std::vector<std::string>{"/init", "/bin/busybox"}));
    EXPECT_EQ(pages->pages.size(), 2u);
    EXPECT_TRUE(std::is_sorted(pages->pages.begin(), pages->pages.end()));

    const auto broken = program_pages(tree.put("broken.cpio", cpio.substr(0, 0x1100)));
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().fault_domain, FaultDomain::Host);
    EXPECT_FALSE(program_pages(tree / "none"));
}

} // namespace
} // namespace rig
