// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/memory_dump.h"

#include "rig/base/files.h"
#include "rig/boot/elf_core.h"
#include "rig/boot/guest_boot.h"
#include "rig/testing/fake_hypervisor.h"
#include "rig/testing/temp_tree.h"

#include <csignal>
#include <cstring>
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <vector>

namespace rig {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kText = 0xffffffff81000000, kMiB = 1u << 20;
const std::string kBanner = "Linux version 6.12.117 (rig@rig) (gcc) #1 SMP";

template<class Struct> std::string bytes(const Struct& what) {
    return {reinterpret_cast<const char*>(&what), sizeof what};
}
template<class Struct> Struct at(const std::string& file, std::size_t offset) {
    Struct out{};
    EXPECT_LE(offset + sizeof out, file.size());
    if (offset + sizeof out <= file.size()) std::memcpy(&out, file.data() + offset, sizeof out);
    return out;
}

Elf64_Ehdr header_of(Elf64_Half type, Elf64_Half machine, Elf64_Half segments) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = type;
    header.e_machine = machine;
    header.e_version = EV_CURRENT;
    header.e_phoff = header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = segments;
    return header;
}

std::string note_of(const std::string& owner, std::string text) {
    auto out = bytes(Elf64_Nhdr{static_cast<Elf64_Word>(owner.size() + 1),
                                static_cast<Elf64_Word>(text.size()), 1});
    auto name = owner + '\0';
    name.resize((name.size() + 3) / 4 * 4);
    text.resize((text.size() + 3) / 4 * 4);
    return out + name + text;
}

// A guest of 8 MiB with two segments: 1 MiB at 0, and 6 MiB at 2 MiB, which contains the kernel
// image from 4 MiB on.
struct Dump {
    Elf64_Half machine = EM_X86_64;
    std::string low = std::string(kMiB, 'l'), high = std::string(6 * kMiB, '\0');
    std::string notes = note_of("CORE", "one vCPU") + note_of("QEMU", "odd");

    Dump() { put_image(4 * kMiB); }
    void put(std::uint64_t physical, const std::string& what) {
        high.replace(physical - 2 * kMiB, what.size(), what);
    }
    void put_image(std::uint64_t physical) {
        put(physical + 0x1000, kBanner + '\0');
        put(physical + 0x2000, bytes(std::uint32_t{1})); // five page table levels
        put(physical + 0x3000,
            bytes(std::uint64_t{0xff11000000000000})); // start of the direct mapping
        put(physical + 0x4000, "the page tables");
    }
    std::string file() const {
        auto header = header_of(ET_CORE, machine, 3);
        header.e_shoff = 7; // QEMU writes section headers, which debuggers do not need
        header.e_shnum = 2;
        const auto begin = sizeof header + 3 * sizeof(Elf64_Phdr);
        Elf64_Phdr note{}, first{}, second{};
        note.p_type = PT_NOTE;
        note.p_offset = begin;
        note.p_filesz = note.p_memsz = notes.size();
        first.p_type = second.p_type = PT_LOAD;
        first.p_offset = begin + notes.size();
        first.p_filesz = first.p_memsz = low.size();
        second.p_offset = first.p_offset + low.size();
        second.p_paddr = 2 * kMiB;
        second.p_filesz = second.p_memsz = high.size();
        return bytes(header) + bytes(note) + bytes(first) + bytes(second) + notes + low + high +
               ".shstrtab";
    }
};

class MemoryDump : public ::testing::Test {
 protected:
    void SetUp() override {
        Elf64_Phdr segment{};
        segment.p_type = PT_LOAD;
        segment.p_offset = 0x1000;
        segment.p_vaddr = kText;
        segment.p_filesz = segment.p_memsz = 0x5000;
        auto image = bytes(header_of(ET_EXEC, EM_X86_64, 1)) + bytes(segment);
        image.resize(0x2000);
        image += kBanner;
        image.resize(0x6000);
        kernel_.vmlinux = tree_.put("vmlinux", image);
        kernel_.system_map = tree_.put("System.map", kMap);
        kernel_.config = tree_.put("config", "CONFIG_SMP=y\n");
    }
    // The error message for a dump that must have stayed unchanged.
    std::string refused(const std::string& file) {
        const auto dump = tree_.put("memory.elf", file);
        const auto status = describe_kernel_in_dump(dump, kernel_);
        EXPECT_TRUE(slurp(dump) == file) << "the dump changed";
        for (const auto& entry : fs::directory_iterator(tree_.path()))
            EXPECT_EQ(entry.path().string().find(".tmp-"), std::string::npos) << entry.path();
        if (status) return "";
        EXPECT_EQ(status.error().fault_domain, FaultDomain::Host);
        return status.error().message;
    }
    static constexpr const char* kMap = "ffffffff81000000 T _stext\n"
                                        "ffffffff81000000 T _text\n"
                                        "ffffffff81001000 D linux_banner\n"
                                        "ffffffff81002000 D __pgtable_l5_enabled\n"
                                        "ffffffff81003000 D page_offset_base\n"
                                        "ffffffff81004000 D init_top_pgt\n"
                                        "ffffffff81005000 B _end\n";
    testing::TempTree tree_;
    Kernel kernel_;
};

TEST_F(MemoryDump, GetsTheNoteAndTheImagesAddresses) {
    const Dump guest;
    const auto dump = tree_.put("memory.elf", guest.file());
    ASSERT_EQ(::chmod(dump.c_str(), 0400), 0); // the mode that QEMU gives the file
    const auto status = describe_kernel_in_dump(dump, kernel_);
    ASSERT_TRUE(status) << status.error().message;
    struct stat about {};
    ASSERT_EQ(::stat(dump.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0400u);

    const auto file = slurp(dump);
    const auto header = at<Elf64_Ehdr>(file, 0);
    EXPECT_EQ(header.e_type, ET_CORE);
    EXPECT_EQ(header.e_machine, EM_X86_64);
    EXPECT_EQ(header.e_phoff, sizeof header);
    EXPECT_EQ(header.e_ehsize, sizeof header);
    EXPECT_EQ(header.e_shnum, 0);
    ASSERT_EQ(header.e_phnum, 4);
    const auto segment = [&](unsigned i) {
        return at<Elf64_Phdr>(file, header.e_phoff + i * sizeof(Elf64_Phdr));
    };
    const auto content = [&](const Elf64_Phdr& of) {
        return file.substr(of.p_offset, of.p_filesz);
    };

    ASSERT_EQ(segment(0).p_type, static_cast<Elf64_Word>(PT_NOTE));
    const auto notes = content(segment(0));
    ASSERT_TRUE(notes.starts_with(guest.notes));
    const auto added = notes.substr(guest.notes.size());
    const auto note = at<Elf64_Nhdr>(added, 0);
    EXPECT_EQ(note.n_namesz, 11u);
    EXPECT_EQ(note.n_type, 0u);
    EXPECT_EQ(added.substr(12, 12), std::string("VMCOREINFO\0\0", 12));
    EXPECT_EQ(added.substr(24, note.n_descsz), "OSRELEASE=6.12.117\n"
                                               "PAGESIZE=4096\n"
                                               "SYMBOL(_stext)=ffffffff81000000\n"
                                               "SYMBOL(swapper_pg_dir)=ffffffff81004000\n"
                                               "SYMBOL(init_top_pgt)=ffffffff81004000\n"
                                               "NUMBER(phys_base)=-12582912\n"
                                               "NUMBER(pgtable_l5_enabled)=1\n"
                                               "KERNELOFFSET=0\n");
    EXPECT_EQ(added.size(), 24 + (note.n_descsz + 3) / 4 * 4);

    EXPECT_EQ(segment(1).p_vaddr, 0xff11000000000000);
    EXPECT_EQ(segment(1).p_paddr, 0u);
    EXPECT_TRUE(content(segment(1)) == guest.low);
    EXPECT_EQ(segment(2).p_vaddr, 0xff11000000200000);
    EXPECT_EQ(segment(2).p_paddr, 2 * kMiB);
    EXPECT_TRUE(content(segment(2)) == guest.high);
    EXPECT_EQ(segment(3).p_type, static_cast<Elf64_Word>(PT_LOAD));
    EXPECT_EQ(segment(3).p_vaddr, kText);
    EXPECT_EQ(segment(3).p_paddr, 4 * kMiB);
    EXPECT_TRUE(content(segment(3)) == guest.high.substr(2 * kMiB, 0x5000));

    EXPECT_EQ(refused(file), "") << "one that has the note stays";
}

TEST_F(MemoryDump, OfOtherMachinesSaysWhatTheirPagesAndAddressesAre) {
    const auto image = slurp(kernel_.vmlinux);
    auto map = std::string(kMap);
    map.replace(map.find("init_top_pgt"), 12, "swapper_pg_dir");
    tree_.put("System.map", map);
    const std::string tables = "SYMBOL(_stext)=ffffffff81000000\n"
                               "SYMBOL(swapper_pg_dir)=ffffffff81004000\n";
    struct {
        Elf64_Half machine;
        const char* config;
        std::string note;
    } const machines[] = {
        {EM_AARCH64, "CONFIG_ARM64_VA_BITS=48\nCONFIG_ARM64_16K_PAGES=y\n",
         "PAGESIZE=16384\n" + tables +
             "NUMBER(VA_BITS)=48\nNUMBER(kimage_voffset)=0xffffffff80c00000\n"},
        {EM_RISCV, "", "PAGESIZE=4096\n" + tables},
    };
    for (const auto& [machine, config, note] : machines) {
        auto own = image;
        own.replace(offsetof(Elf64_Ehdr, e_machine), sizeof machine, bytes(machine));
        tree_.put("vmlinux", own);
        tree_.put("config", config);
        Dump guest;
        guest.machine = machine;
        const auto dump = tree_.put("memory.elf", guest.file());
        const auto status = describe_kernel_in_dump(dump, kernel_);
        ASSERT_TRUE(status) << status.error().message;
        const auto file = slurp(dump);
        EXPECT_NE(file.find("OSRELEASE=6.12.117\n" + note + "KERNELOFFSET=0\n"), std::string::npos)
            << machine;
        EXPECT_EQ(at<Elf64_Phdr>(file, sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr)).p_vaddr, 0u)
            << "where their memory is mapped is the kernel's choice at boot";
    }
}

TEST_F(MemoryDump, ThatIsNoWholeCoreOfAKnownMachineStays) {
    const auto good = Dump().file();
    const auto with = [&](std::size_t offset, const std::string& what) {
        auto file = good;
        return file.replace(offset, what.size(), what);
    };
    const auto said = [&](const std::string& file, const char* want) {
        const auto message = refused(file);
        EXPECT_NE(message.find(want), std::string::npos) << want << ": " << message;
    };
    said("", "is no ELF file");
    said(good.substr(0, 40), "is no ELF file");
    said("not an ELF file" + good, "is no ELF file");
    said(with(EI_DATA, std::string(1, ELFDATA2MSB)), "is no little-endian ELF file");
    said(with(EI_CLASS, std::string(1, ELFCLASS32)), "is no 64-bit ELF file");
    said(with(offsetof(Elf64_Ehdr, e_type), bytes(Elf64_Half{ET_EXEC})), "of type 2, want 4");
    said(with(offsetof(Elf64_Ehdr, e_machine), bytes(Elf64_Half{EM_386})),
         "a core of the ELF machine 3, want 62 (x86-64)");
    said(with(offsetof(Elf64_Ehdr, e_phnum), bytes(Elf64_Half{PN_XNUM})),
         "with 65535 program headers");
    said(with(offsetof(Elf64_Ehdr, e_phoff), bytes(Elf64_Off{UINT64_MAX})),
         "cut off in its program headers");
    said(good.substr(0, 100), "cut off in its program headers");
    said(good.substr(0, good.size() - 100), "is cut off: it has ");
    said(with(sizeof(Elf64_Ehdr), bytes(Elf64_Word{PT_LOAD})), "a core without notes");
    Dump broken;
    broken.notes.resize(broken.notes.size() - 4);
    said(broken.file(), "a core with broken notes");
}

TEST_F(MemoryDump, OfAnotherKernelStays) {
    Dump other, two;
    other.put(4 * kMiB + 0x1000, "Linux version 6.12.118");
    EXPECT_NE(refused(other.file()).find("holds 0 images of the kernel \"Linux version 6.12.117\""),
              std::string::npos);
    two.put_image(6 * kMiB);
    EXPECT_NE(refused(two.file()).find("holds 2 images"), std::string::npos);

    const auto good = Dump().file();
    for (const char* name : {"_text", "_stext", "_end", "linux_banner", "init_top_pgt"}) {
        auto map = std::string(kMap);
        map.replace(map.find(std::string(" ") + name + "\n") + 1, std::strlen(name), "other");
        tree_.put("System.map", map);
        EXPECT_NE(refused(good).find(std::string("System.map has no symbol ") + name),
                  std::string::npos);
    }
    tree_.put("System.map", kMap);
    tree_.put("vmlinux", slurp(kernel_.vmlinux).substr(0, 0x1800));
    EXPECT_NE(refused(good).find("vmlinux is no vmlinux of the ELF machine 62"), std::string::npos);
    kernel_.vmlinux.clear();
    EXPECT_EQ(refused(good), "there is no vmlinux of this kernel");
}

// A full file system looks the same.
TEST_F(MemoryDump, ThatCannotBeWrittenAnewStays) {
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const auto file = Dump().file();
    const auto dump = tree_.put("memory.elf", file);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{3 * kMiB, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const auto status = describe_kernel_in_dump(dump, kernel_);
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("File too large"), std::string::npos)
        << status.error().message;
    EXPECT_TRUE(slurp(dump) == file);
    EXPECT_EQ(std::distance(fs::directory_iterator(tree_.path()), {}), 4);
}

TEST_F(MemoryDump, OfAGuestThatHangsIsDescribedOrSaysWhyNot) {
    using testing::FakeHypervisor;
    Spec spec;
    spec.arms.resize(1);
    tree_.put("image", "070701");
    testing::FakeBoot hangs;
    hangs.console = "[ 1.0] words\n";
    hangs.outcome = TimedOut{};
    hangs.registers = "RIP=1\n";
    hangs.dump = Dump().file();
    auto torn = hangs;
    torn.dump.resize(5 * kMiB);
    FakeHypervisor hypervisor({hangs, torn});
    std::vector<std::string> warnings;
    const GuestSetup setup{spec,
                           {GuestClock::Virtual, Accelerator::Tcg},
                           tree_ / "image",
                           hypervisor,
                           true,
                           {},
                           [&](const std::string& text) { warnings.push_back(text); }};
    const auto evidence = tree_.put("evidence/x", "").parent_path();
    ASSERT_FALSE(boot_guest(setup, kernel_, simple_plan("idle"), 1, evidence, {}));
    EXPECT_TRUE(warnings.empty()) << warnings[0];
    EXPECT_EQ(slurp(evidence / kRegistersFile), "RIP=1\n");
    EXPECT_TRUE(ElfCore::open(evidence / "memory.elf")->has_note("VMCOREINFO"));

    ASSERT_FALSE(boot_guest(setup, kernel_, simple_plan("idle"), 1, evidence, {}));
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_TRUE(warnings[0].starts_with(
        "memory.elf has no note VMCOREINFO, which drgn and crash look for: "))
        << warnings[0];
    EXPECT_EQ(slurp(evidence / kRegistersFile), "RIP=1\n\n" + warnings[0] + "\n");
    EXPECT_EQ(fs::file_size(evidence / "memory.elf"), 5 * kMiB);
}

} // namespace
} // namespace rig
