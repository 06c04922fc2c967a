// SPDX-License-Identifier: GPL-2.0-or-later
// An ELF core file of a guest's physical memory, as QEMU's dump-guest-memory and libvirt write it:
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
    // Opens a complete little-endian 64-bit core file with one segment of notes and the memory
    // after its headers. Anything else is FaultDomain::Host, and the message says what it is.
    static Result<ElfCore> open(const std::filesystem::path& file);
    ElfCore(ElfCore&& other) noexcept;
    ElfCore& operator=(ElfCore&&) = delete;
    ~ElfCore();

    Elf64_Half machine() const { return header_.e_machine; }
    const std::vector<Elf64_Phdr>& memory() const {
        return memory_;
    } // PT_LOAD, in the order of the file
    bool has_note(std::string_view owner) const;

    // Returns whether one segment contains all bytes at this physical address, and copies them.
    bool read(std::uint64_t physical, void* into, std::size_t bytes) const;

    // Rewrites the file with one more note (of type 0) and with these memory segments, whose
    // offsets refer to the present file, and replaces it atomically. On an error the file is
    // unchanged. Do not use this object afterwards.
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

// The string at a virtual address of an ELF image (a vmlinux), up to the first NUL; nullopt if the
// file has no data there or is no such image.
std::optional<std::string> string_at(const std::filesystem::path& image, std::uint64_t address,
                                     Elf64_Half machine);

} // namespace rig
