// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/derive/object_file.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <memory>
#include <unistd.h>

namespace rig {
namespace fs = std::filesystem;
namespace {

struct Open {
    explicit Open(const fs::path& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        elf_version(EV_CURRENT);
        if (fd >= 0) elf = elf_begin(fd, ELF_C_READ_MMAP, nullptr);
    }
    ~Open() {
        if (elf) elf_end(elf);
        if (fd >= 0) ::close(fd);
    }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;
    int fd = -1;
    Elf* elf = nullptr;
};

// What has to be known of the types of relocations, by machine.
void describe(GElf_Half machine, ObjectFile::Relocation& relocation) {
    const auto is = [&](std::initializer_list<unsigned> types) {
        return std::find(types.begin(), types.end(), relocation.type) != types.end();
    };
    switch (machine) {
    case EM_X86_64:
        relocation.relative_to_end = is({R_X86_64_PC32, R_X86_64_PLT32});
        if (is({R_X86_64_64, R_X86_64_PC64})) relocation.width = 8;
        // A call by its name, through the PLT or not, is one call; objtool writes either.
        if (relocation.type == R_X86_64_PLT32) relocation.type = R_X86_64_PC32;
        break;
    case EM_AARCH64:
        if (is({R_AARCH64_ABS64, R_AARCH64_PREL64})) relocation.width = 8;
        break;
    case EM_RISCV:
        if (is({R_RISCV_64, R_RISCV_ADD64, R_RISCV_SUB64})) relocation.width = 8;
        relocation.hint = is({R_RISCV_RELAX, R_RISCV_ALIGN});
        break;
    default:
        break;
    }
}

} // namespace

Result<ObjectFile> ObjectFile::read(const fs::path& path) {
    const auto wrong = [&](const std::string& what) {
        return fail(FaultDomain::Host, fmt::format("{}: {}", path.string(), what));
    };
    const Open file(path);
    GElf_Ehdr about;
    std::size_t names = 0, count = 0;
    if (!file.elf || elf_kind(file.elf) != ELF_K_ELF || !gelf_getehdr(file.elf, &about))
        return wrong("no ELF file");
    if (about.e_type != ET_REL) return wrong("no object file that can be linked");
    if (elf_getshdrstrndx(file.elf, &names) || elf_getshdrnum(file.elf, &count))
        return wrong("no names of sections");
    ObjectFile object;
    object.sections.resize(count);
    GElf_Shdr header;
    Elf_Scn* table = nullptr;
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(file.elf, section));) {
        if (!gelf_getshdr(section, &header)) return wrong("a section without a header");
        auto& one = object.sections[elf_ndxscn(section)];
        const char* name = elf_strptr(file.elf, names, header.sh_name);
        one.name = name ? name : "";
        one.size = header.sh_size;
        one.loaded = header.sh_flags & SHF_ALLOC;
        one.code = header.sh_flags & SHF_EXECINSTR;
        one.strings = (header.sh_flags & SHF_STRINGS) && (header.sh_flags & SHF_MERGE);
        if (header.sh_type == SHT_SYMTAB) table = section;
        const auto* bytes =
            one.loaded && header.sh_type != SHT_NOBITS ? elf_rawdata(section, nullptr) : nullptr;
        if (bytes && bytes->d_buf)
            one.bytes.assign(static_cast<const char*>(bytes->d_buf), bytes->d_size);
    }
    if (!table || !gelf_getshdr(table, &header)) return wrong("no symbols");
    auto* entries = elf_getdata(table, nullptr);
    for (std::size_t i = 0; entries && i < header.sh_size / header.sh_entsize; ++i) {
        GElf_Sym symbol;
        if (!gelf_getsym(entries, static_cast<int>(i), &symbol))
            return wrong("a symbol that cannot be read");
        const char* name = elf_strptr(file.elf, header.sh_link, symbol.st_name);
        Symbol one;
        one.name = name ? name : "";
        one.section = symbol.st_shndx < count ? symbol.st_shndx : kNone;
        one.value = symbol.st_value;
        one.size = symbol.st_size;
        const auto type = GELF_ST_TYPE(symbol.st_info);
        one.function = type == STT_FUNC && one.section != kNone && one.size > 0;
        one.object = type == STT_OBJECT && one.section != kNone && one.size > 0;
        if (type == STT_SECTION) one.name = object.sections[one.section].name;
        object.symbols.push_back(std::move(one));
    }
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(file.elf, section));) {
        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA) continue;
        auto* relas = elf_getdata(section, nullptr);
        auto& into = object.relocations[header.sh_info];
        for (std::size_t i = 0; relas && i < header.sh_size / header.sh_entsize; ++i) {
            GElf_Rela rela;
            if (!gelf_getrela(relas, static_cast<int>(i), &rela) ||
                GELF_R_SYM(rela.r_info) >= object.symbols.size())
                return wrong("a relocation that cannot be read");
            Relocation one;
            one.type = static_cast<unsigned>(GELF_R_TYPE(rela.r_info));
            one.symbol = GELF_R_SYM(rela.r_info);
            one.addend = rela.r_addend;
            describe(about.e_machine, one);
            into.emplace(rela.r_offset, one);
        }
    }
    return object;
}

std::size_t ObjectFile::section_named(std::string_view name) const {
    for (std::size_t i = 1; i < sections.size(); ++i)
        if (sections[i].name == name) return i;
    return kNone;
}

const ObjectFile::Symbol* ObjectFile::covering(std::size_t section, std::uint64_t offset) const {
    const Symbol* ends = nullptr;
    for (const auto& symbol : symbols) {
        if (!symbol.object || symbol.section != section || offset < symbol.value) continue;
        if (offset < symbol.value + symbol.size) return &symbol;
        if (offset == symbol.value + symbol.size) ends = &symbol;
    }
    return ends;
}

} // namespace rig
