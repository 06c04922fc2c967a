// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/memory_dump.h"

#include "rig/base/files.h"
#include "rig/boot/elf_core.h"
#include "rig/kernel/kernel_facts.h"
#include "rig/kernel/symbol_table.h"

#include <fmt/format.h>
#include <string>
#include <utility>

namespace rig {
namespace {

// Alignment of a kernel image in memory: x86-64, arm64 and riscv64 all map it in blocks of this
// size.
constexpr std::uint64_t kImageAlignment = 2u << 20;
// x86-64, Documentation/arch/x86/x86_64/mm.rst: start of the kernel image mapping, and start of the
// direct mapping of all memory in a kernel without page_offset_base.
constexpr std::uint64_t kX86KernelMap = 0xffffffff80000000, kX86AllMemory = 0xffff888000000000;
constexpr std::string_view kNote = "VMCOREINFO", kVersion = "Linux version ";

// The position of the kernel image in the dump.
struct Image {
    std::uint64_t text = 0, end = 0; // virtual addresses of its first byte and after its last
    std::uint64_t physical = 0;      // physical address of the first byte
    Elf64_Phdr mapping{};            // the image's part of a segment of the dump

    // The value of a kernel variable.
    template<class Number>
    std::optional<Number> value(const ElfCore& core, std::optional<std::uint64_t> address) const {
        Number number{};
        if (!address || *address < text || *address >= end ||
            !core.read(physical + (*address - text), &number, sizeof number))
            return std::nullopt;
        return number;
    }
};

// Finds the image by the banner among the kernel's constants: an image begins where the banner is
// at the right distance. Exactly one such place must exist.
Result<Image> find_image(const ElfCore& core, std::uint64_t text, std::uint64_t end,
                         std::uint64_t banner_at, const std::string& banner) {
    std::vector<Image> found;
    std::string there(banner.size() + 1, '\0');
    for (const auto& segment : core.memory()) {
        const auto first = (segment.p_paddr + kImageAlignment - 1) / kImageAlignment;
        for (auto physical = first * kImageAlignment;
             physical - segment.p_paddr < segment.p_filesz &&
             end - text <= segment.p_filesz - (physical - segment.p_paddr);
             physical += kImageAlignment) {
            if (!core.read(physical + (banner_at - text), there.data(), there.size()) ||
                there != banner + '\0')
                continue;
            Image image{text, end, physical, segment};
            image.mapping.p_offset += physical - segment.p_paddr;
            image.mapping.p_vaddr = text;
            image.mapping.p_paddr = physical;
            image.mapping.p_filesz = image.mapping.p_memsz = end - text;
            found.push_back(image);
        }
    }
    if (found.size() == 1) return found.front();
    return fail(FaultDomain::Host,
                fmt::format("the memory holds {} images of the kernel \"{}\" that vmlinux is, want "
                            "one",
                            found.size(), banner.substr(0, banner.find(" (", kVersion.size()))));
}

} // namespace

Status describe_kernel_in_dump(const std::filesystem::path& dump, const Kernel& kernel) {
    RIG_TRY(core, ElfCore::open(dump));
    if (core.has_note(kNote)) return {};
    RIG_TRY(symbols, SymbolTable::parse(slurp(kernel.system_map), kernel.system_map.string()));
    const auto needed = [&](const char* name) -> Result<std::uint64_t> {
        if (const auto address = symbols.address(name)) return *address;
        return fail(FaultDomain::Host,
                    fmt::format("{} has no symbol {}", kernel.system_map.string(), name));
    };
    const auto machine = core.machine();
    if (machine != EM_X86_64 && machine != EM_AARCH64 && machine != EM_RISCV)
        return fail(FaultDomain::Host,
                    fmt::format("{} is a core of the ELF machine {}, want {} (x86-64), "
                                "{} (arm64) or {} (riscv64): its first vCPU did not "
                                "run a 64-bit kernel",
                                dump.string(), machine, EM_X86_64, EM_AARCH64, EM_RISCV));
    RIG_TRY(text, needed("_text"));
    RIG_TRY(stext, needed("_stext"));
    RIG_TRY(end, needed("_end"));
    RIG_TRY(banner_at, needed("linux_banner"));
    RIG_TRY(tables, needed(machine == EM_X86_64 ? "init_top_pgt" : "swapper_pg_dir"));
    auto banner =
        kernel.vmlinux.empty() ? std::nullopt : string_at(kernel.vmlinux, banner_at, machine);
    const auto blank = banner ? banner->find(' ', kVersion.size()) : std::string::npos;
    if (blank == std::string::npos || !banner->starts_with(kVersion))
        return fail(FaultDomain::Host,
                    kernel.vmlinux.empty()
                        ? std::string("there is no vmlinux of this kernel")
                        : fmt::format("{} is no vmlinux of the ELF machine {} with a \"{}\" where "
                                      "{} has linux_banner",
                                      kernel.vmlinux.string(), machine, kVersion,
                                      kernel.system_map.string()));
    if (end <= text || banner_at < text || banner_at >= end)
        return fail(FaultDomain::Host, fmt::format("{}: linux_banner is not between _text and _end",
                                                   kernel.system_map.string()));
    RIG_TRY(image, find_image(core, text, end, banner_at, *banner));

    auto note =
        fmt::format("OSRELEASE={}\n",
                    std::string_view(*banner).substr(kVersion.size(), blank - kVersion.size()));
    auto config = config_values(slurp(kernel.config),
                                {"ARM64_16K_PAGES", "ARM64_64K_PAGES", "ARM64_VA_BITS"});
    note += fmt::format("PAGESIZE={}\n", config["ARM64_64K_PAGES"] == "y"   ? 65536
                                         : config["ARM64_16K_PAGES"] == "y" ? 16384
                                                                            : 4096);
    note += fmt::format("SYMBOL(_stext)={:x}\nSYMBOL(swapper_pg_dir)={:x}\n", stext, tables);
    auto memory = core.memory();
    if (machine == EM_X86_64) {
        note += fmt::format("SYMBOL(init_top_pgt)={:x}\nNUMBER(phys_base)={}\n", tables,
                            static_cast<std::int64_t>(image.physical - (text - kX86KernelMap)));
        const auto five_levels =
            image.value<std::uint32_t>(core, symbols.address("__pgtable_l5_enabled"));
        note += fmt::format("NUMBER(pgtable_l5_enabled)={}\n", five_levels.value_or(0));
        const auto all_memory =
            image.value<std::uint64_t>(core, symbols.address("page_offset_base"));
        // As kdump writes it. QEMU puts all segments at virtual address 0, where a debugger could
        // read through a null pointer.
        for (auto& segment : memory)
            segment.p_vaddr = all_memory.value_or(kX86AllMemory) + segment.p_paddr;
    }
    if (machine == EM_AARCH64 && config["ARM64_VA_BITS"] != "n")
        note += fmt::format("NUMBER(VA_BITS)={}\nNUMBER(kimage_voffset)=0x{:x}\n",
                            config["ARM64_VA_BITS"], text - image.physical);
    if (machine == EM_AARCH64)
        if (const auto start = image.value<std::uint64_t>(core, symbols.address("memstart_addr")))
            note += fmt::format("NUMBER(PHYS_OFFSET)=0x{:x}\n", *start);
    note += "KERNELOFFSET=0\n"; // nokaslr: addresses are those of System.map
    memory.push_back(image.mapping);
    return core.rewrite(kNote, note, std::move(memory));
}

} // namespace rig
