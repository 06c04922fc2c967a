// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/profile/program_pages.h"

#include "plugin/profile_file.h"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <gelf.h>
#include <memory>

namespace rig {

static_assert(kSharedPage == RIG_PROFILE_SHARED);

bool add_program(ProgramPages& pages, std::string name, std::string_view content) {
    if (::elf_version(EV_CURRENT) == EV_NONE) return false;
    std::string bytes(content); // elf_memory() takes no constant one
    const std::unique_ptr<Elf, int (*)(Elf*)> elf(::elf_memory(bytes.data(), bytes.size()),
                                                  ::elf_end);
    std::size_t count = 0;
    if (!elf || ::elf_kind(elf.get()) != ELF_K_ELF || ::elf_getphdrnum(elf.get(), &count) != 0)
        return false;
    const auto number = static_cast<std::uint32_t>(pages.names.size());
    const auto before = pages.pages.size();
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Phdr segment;
        if (!::gelf_getphdr(elf.get(), static_cast<int>(i), &segment) ||
            segment.p_type != PT_LOAD || !(segment.p_flags & PF_X) ||
            segment.p_offset >= bytes.size())
            continue;
        const auto end = segment.p_offset +
                         std::min<std::uint64_t>(segment.p_filesz, bytes.size() - segment.p_offset);
        for (auto at = segment.p_offset / RIG_PROFILE_PAGE * RIG_PROFILE_PAGE; at < end;
             at += RIG_PROFILE_PAGE) {
            auto page = bytes.substr(at, RIG_PROFILE_PAGE);
            page.resize(RIG_PROFILE_PAGE, '\0');
            pages.pages.emplace_back(rig_profile_hash(page.data()), number);
        }
    }
    if (pages.pages.size() == before) return false;
    pages.names.push_back(std::move(name));
    return true;
}

void finish(ProgramPages& pages) {
    auto& all = pages.pages;
    std::sort(all.begin(), all.end());
    std::vector<std::pair<std::uint64_t, std::uint32_t>> once;
    for (const auto& [hash, program] : all)
        if (once.empty() || once.back().first != hash)
            once.emplace_back(hash, program);
        else if (once.back().second != program)
            once.back().second = kSharedPage;
    all = std::move(once);
}

Result<ProgramPages> program_pages(const std::filesystem::path& initramfs) {
    const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
    const auto broken = [&] {
        const char* why = archive_error_string(reader.get());
        return fail(FaultDomain::Host,
                    fmt::format("{}: {}", initramfs.string(), why ? why : "no cpio archive"));
    };
    archive_read_support_format_cpio(reader.get());
    if (archive_read_open_filename(reader.get(), initramfs.c_str(), 1 << 16) != ARCHIVE_OK)
        return broken();
    ProgramPages pages;
    for (archive_entry* entry = nullptr;;) {
        const int got = archive_read_next_header(reader.get(), &entry);
        if (got == ARCHIVE_EOF) break;
        if (got != ARCHIVE_OK) return broken();
        if (archive_entry_filetype(entry) != AE_IFREG) continue;
        std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
        if (archive_read_data(reader.get(), content.data(), content.size()) !=
            static_cast<la_ssize_t>(content.size()))
            return broken();
        add_program(pages, "/" + std::string(archive_entry_pathname(entry)), content);
    }
    finish(pages);
    return pages;
}

} // namespace rig
