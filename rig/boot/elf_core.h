// SPDX-License-Identifier: GPL-2.0-or-later
// An ELF core of a guest's physical memory, as QEMU's dump-guest-memory and libvirt write it:
// headers and notes, then the memory.
#pragma once

#include "rig/base/error.h"

#include <cstddef>
#include <cstdint>
#include <elf.h>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

class ElfCore {
 public:
    // FaultDomain::Host, saying what it is instead, unless it is a little-endian 64-bit core,
    // whole, with one segment of notes, whose memory follows its headers.
    static Result<ElfCore> open(const std::filesystem::path& file);
    ElfCore(ElfCore&& other) noexcept;
    ElfCore& operator=(ElfCore&&) = delete;
    ~ElfCore();

    Elf64_Half machine() const { return header_.e_machine; }
    const std::vector<Elf64_Phdr>& memory() const { return memory_; } // PT_LOAD, in their order
    bool has_note(std::string_view owner) const;

    // Whether all of the bytes at that physical address are there, in one segment.
    bool read(std::uint64_t physical, void* into, std::size_t bytes) const;

    // Writes the file anew with one note more (of type 0) and these segments of memory, whose
    // offsets are in the file as it is, and puts it in the old one's place as a whole. On an error
    // the file is as it was. Not to be used afterwards.
    Status rewrite(std::string_view owner, std::string_view note, std::vector<Elf64_Phdr> memory);

 private:
    ElfCore(std::filesystem::path file, int fd) : file_(std::move(file)), fd_(fd) {}
    Status read_headers();
    Status copy_to(int fd, const std::filesystem::path& to, const std::string& head,
                   std::uint64_t from, std::uint64_t end) const;

    std::filesystem::path file_;
    int fd_;
    Elf64_Ehdr header_{};
    Elf64_Phdr notes_header_{};
    std::vector<Elf64_Phdr> memory_;
    std::string notes_;
};

// Bytes of an ELF image's own (a vmlinux) at a virtual address, up to the first zero; nothing if
// the file has none there or is no such image.
std::optional<std::string> string_at(const std::filesystem::path& image, std::uint64_t address,
                                     Elf64_Half machine);

} // namespace rig
