// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/elf_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <string_view>
#include <unistd.h>

namespace rig {
namespace fs = std::filesystem;

Result<std::unique_ptr<ElfFile>> ElfFile::open(const fs::path& file) {
    ::elf_version(EV_CURRENT);
    auto opened = std::make_unique<ElfFile>();
    opened->fd_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (opened->fd_ < 0)
        return fail(FaultDomain::Host,
                    fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)));
    opened->elf_ = ::elf_begin(opened->fd_, ELF_C_READ_MMAP, nullptr);
    if (!opened->elf_ || ::elf_kind(opened->elf_) != ELF_K_ELF)
        return fail(FaultDomain::Host, fmt::format("{} is no ELF file", file.string()));
    return opened;
}

ElfFile::~ElfFile() {
    if (elf_) ::elf_end(elf_);
    if (fd_ >= 0) ::close(fd_);
}

std::vector<CodeSection> code_sections(Elf* elf) {
    std::vector<CodeSection> sections;
    std::size_t names = 0;
    if (::elf_getshdrstrndx(elf, &names) != 0) return sections;
    for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf, section));) {
        GElf_Shdr header;
        if (!::gelf_getshdr(section, &header) || header.sh_size == 0) continue;
        constexpr auto loaded = SHF_ALLOC | SHF_EXECINSTR;
        if ((header.sh_flags & loaded) != loaded) continue;
        const char* name = ::elf_strptr(elf, names, header.sh_name);
        const std::string_view called = name ? name : "";
        const auto memory = called == ".altinstr_replacement" ? Memory::Never
                            : called.starts_with(".init") || called.starts_with(".exit") ||
                                    called == ".altinstr_aux"
                                ? Memory::Init
                                : Memory::Text;
        sections.push_back({{header.sh_addr, header.sh_addr + header.sh_size}, memory});
    }
    std::sort(sections.begin(), sections.end(),
              [](const auto& a, const auto& b) { return a.range.start < b.range.start; });
    return sections;
}

std::optional<Memory> memory_of(const std::vector<CodeSection>& sections, CodeRange range) {
    auto next = std::upper_bound(
        sections.begin(), sections.end(), range.start,
        [](std::uint64_t address, const auto& section) { return address < section.range.start; });
    if (next == sections.begin()) return std::nullopt;
    --next;
    if (range.end > next->range.end) return std::nullopt;
    return next->memory;
}

Result<bool> has_section(const fs::path& file, const char* name) {
    RIG_TRY(opened, ElfFile::open(file));
    Elf* elf = opened->elf();
    std::size_t names = 0;
    if (::elf_getshdrstrndx(elf, &names) != 0)
        return fail(FaultDomain::Host, fmt::format("{}: no names of sections", file.string()));
    for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf, section));) {
        GElf_Shdr header;
        if (!::gelf_getshdr(section, &header)) continue;
        const char* called = ::elf_strptr(elf, names, header.sh_name);
        if (called && std::strcmp(called, name) == 0) return true;
    }
    return false;
}

namespace {

struct Segment {
    GElf_Phdr header{};
    std::string bytes;
};
struct LoadedImage {
    std::uint64_t entry = 0;
    std::vector<Segment> segments;
};

// What a loader takes from the file, with zeros for the build ID.
Result<LoadedImage> loaded_image(const fs::path& file) {
    RIG_TRY(opened, ElfFile::open(file));
    Elf* elf = opened->elf();
    const auto broken = [&](const char* what) {
        return fail(FaultDomain::Host, fmt::format("{}: {}", file.string(), what));
    };
    GElf_Ehdr about;
    std::size_t headers = 0, size = 0;
    const char* raw = ::elf_rawfile(elf, &size);
    if (!raw || !::gelf_getehdr(elf, &about) || ::elf_getphdrnum(elf, &headers) != 0)
        return broken("its headers cannot be read");
    LoadedImage image;
    image.entry = about.e_entry;
    std::vector<CodeRange> ids; // where in the file the build ID is
    for (std::size_t i = 0; i < headers; ++i) {
        GElf_Phdr header;
        if (!::gelf_getphdr(elf, static_cast<int>(i), &header))
            return broken("a program header cannot be read");
        if (header.p_type != PT_LOAD && header.p_type != PT_NOTE) continue;
        if (header.p_offset > size || header.p_filesz > size - header.p_offset)
            return broken("a segment reaches beyond the end of the file");
        if (header.p_type == PT_LOAD) {
            image.segments.push_back({header, std::string(raw + header.p_offset, header.p_filesz)});
            continue;
        }
        Elf_Data* notes = ::elf_getdata_rawchunk(elf, static_cast<std::int64_t>(header.p_offset),
                                                 header.p_filesz, ELF_T_NHDR);
        GElf_Nhdr note;
        std::size_t name = 0, content = 0, at = 0;
        while (notes && at < header.p_filesz &&
               (at = ::gelf_getnote(notes, at, &note, &name, &content)) > 0)
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof "GNU" &&
                std::string_view(raw + header.p_offset + name, 3) == "GNU")
                ids.push_back(
                    {header.p_offset + content, header.p_offset + content + note.n_descsz});
    }
    if (image.segments.empty()) return broken("it loads nothing");
    for (auto& [header, bytes] : image.segments)
        for (const auto& id : ids)
            for (auto at = std::max(id.start, header.p_offset);
                 at < std::min(id.end, header.p_offset + header.p_filesz); ++at)
                bytes[at - header.p_offset] = 0;
    return image;
}

} // namespace

Result<std::string> loaded_difference(const fs::path& a, const fs::path& b) {
    RIG_TRY(left, loaded_image(a));
    RIG_TRY(right, loaded_image(b));
    if (left.entry != right.entry)
        return fmt::format("they begin at {:#x} and at {:#x}", left.entry, right.entry);
    if (left.segments.size() != right.segments.size())
        return fmt::format("they have {} and {} loaded segments", left.segments.size(),
                           right.segments.size());
    for (std::size_t i = 0; i < left.segments.size(); ++i) {
        const auto& [x, x_bytes] = left.segments[i];
        const auto& [y, y_bytes] = right.segments[i];
        const auto same_place = x.p_vaddr == y.p_vaddr && x.p_paddr == y.p_paddr &&
                                x.p_filesz == y.p_filesz && x.p_memsz == y.p_memsz &&
                                x.p_flags == y.p_flags;
        if (!same_place)
            return fmt::format("segment {} is at {:#x}, {:#x} bytes, and at {:#x}, {:#x} bytes", i,
                               x.p_vaddr, x.p_memsz, y.p_vaddr, y.p_memsz);
        const auto differ = std::mismatch(x_bytes.begin(), x_bytes.end(), y_bytes.begin());
        if (differ.first != x_bytes.end())
            return fmt::format("they differ at address {:#x}",
                               x.p_vaddr +
                                   static_cast<std::uint64_t>(differ.first - x_bytes.begin()));
    }
    return std::string();
}

} // namespace rig
