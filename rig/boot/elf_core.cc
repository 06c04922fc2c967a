// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/elf_core.h"

#include "rig/base/files.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace rig {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "ELF headers are read as they lie");

constexpr std::size_t kMaxSegments = 4096, // memory segments; a guest has about ten
    kMaxNotes = 64u << 20,                 // bytes; a vCPU has less than 1 KiB
    kPiece = 1u << 20;                     // bytes copied at once
constexpr std::uint64_t kPage = 4096;

bool read_at(int fd, void* into, std::size_t bytes, std::uint64_t offset) {
    auto* to = static_cast<char*>(into);
    while (bytes > 0) {
        const auto n = ::pread(fd, to, bytes, static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        to += n;
        offset += static_cast<std::uint64_t>(n);
        bytes -= static_cast<std::size_t>(n);
    }
    return true;
}

std::uint64_t rounded_up(std::uint64_t value, std::uint64_t to) {
    return (value + to - 1) / to * to;
}

// Calls `visit` with the owner of each note. Returns false if the notes do not fill `notes`
// exactly.
template<class Visit> bool each_note(std::string_view notes, Visit visit) {
    while (!notes.empty()) {
        Elf64_Nhdr note;
        if (notes.size() < sizeof note) return false;
        std::memcpy(&note, notes.data(), sizeof note);
        notes.remove_prefix(sizeof note);
        const auto owner = rounded_up(note.n_namesz, 4), text = rounded_up(note.n_descsz, 4);
        if (owner + text > notes.size()) return false;
        const auto name = notes.substr(0, note.n_namesz);
        visit(name.substr(0, name.find('\0')));
        notes.remove_prefix(owner + text);
    }
    return true;
}

// Why this is no 64-bit little-endian ELF file of this type; "" if it is one.
std::string wrong_kind(const Elf64_Ehdr& header, Elf64_Half type) {
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return "no ELF file";
    if (header.e_ident[EI_CLASS] != ELFCLASS64) return "no 64-bit ELF file";
    if (header.e_ident[EI_DATA] != ELFDATA2LSB) return "no little-endian ELF file";
    if (header.e_type != type)
        return fmt::format("an ELF file of type {}, want {}", header.e_type, type);
    if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 ||
        header.e_phnum > kMaxSegments)
        return fmt::format("an ELF file with {} program headers of {} bytes, want 1 to {} of {}",
                           header.e_phnum, header.e_phentsize, kMaxSegments, sizeof(Elf64_Phdr));
    return "";
}

} // namespace

ElfCore::ElfCore(ElfCore&& other) noexcept
    : file_(std::move(other.file_)), fd_(std::exchange(other.fd_, -1)), header_(other.header_),
      notes_header_(other.notes_header_), memory_(std::move(other.memory_)),
      notes_(std::move(other.notes_)) {}

ElfCore::~ElfCore() {
    if (fd_ >= 0) ::close(fd_);
}

Result<ElfCore> ElfCore::open(const fs::path& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return cannot("open", file, errno);
    ElfCore core(file, fd);
    RIG_CHECK(core.read_headers());
    return core;
}

Status ElfCore::read_headers() {
    const auto wrong = [this](const std::string& what) {
        return fail(FaultDomain::Host, fmt::format("{} is {}", file_.string(), what), file_);
    };
    struct stat about {};
    if (::fstat(fd_, &about) != 0) return cannot("read", file_, errno);
    const auto size = static_cast<std::uint64_t>(about.st_size);
    const auto whole = [size](std::uint64_t offset, std::uint64_t bytes) {
        return offset <= size && bytes <= size - offset;
    };
    if (!read_at(fd_, &header_, sizeof header_, 0)) return wrong("no ELF file");
    if (const auto why = wrong_kind(header_, ET_CORE); !why.empty()) return wrong(why);
    std::vector<Elf64_Phdr> headers(header_.e_phnum);
    const auto bytes = headers.size() * sizeof headers[0];
    if (!whole(header_.e_phoff, bytes) || !read_at(fd_, headers.data(), bytes, header_.e_phoff))
        return wrong("cut off in its program headers");
    std::size_t notes = 0;
    for (const auto& header : headers) {
        if (!whole(header.p_offset, header.p_filesz))
            return wrong(fmt::format("cut off: it has {} bytes, and its headers speak of {} bytes "
                                     "at {}",
                                     size, header.p_filesz, header.p_offset));
        if (header.p_type == PT_LOAD)
            memory_.push_back(header);
        else if (header.p_type == PT_NOTE && notes++ == 0)
            notes_header_ = header;
        else
            return wrong(fmt::format("a core with a segment of type {}, want one of notes and the "
                                     "memory",
                                     header.p_type));
    }
    if (memory_.empty() || notes != 1)
        return wrong("a core without notes or memory, want one segment of notes and the memory");
    if (notes_header_.p_filesz > kMaxNotes) return wrong("a core with more than 64 MiB of notes");
    notes_.resize(notes_header_.p_filesz);
    if (!read_at(fd_, notes_.data(), notes_.size(), notes_header_.p_offset))
        return cannot("read", file_, errno);
    if (!each_note(notes_, [](std::string_view) {})) return wrong("a core with broken notes");
    return {};
}

bool ElfCore::has_note(std::string_view owner) const {
    bool found = false;
    each_note(notes_, [&](std::string_view other) { found = found || other == owner; });
    return found;
}

bool ElfCore::read(std::uint64_t physical, void* into, std::size_t bytes) const {
    return std::any_of(memory_.begin(), memory_.end(), [&](const Elf64_Phdr& segment) {
        const auto at = physical - segment.p_paddr;
        return physical >= segment.p_paddr && at <= segment.p_filesz &&
               bytes <= segment.p_filesz - at && read_at(fd_, into, bytes, segment.p_offset + at);
    });
}

Status ElfCore::copy_to(int fd, const fs::path& to, const std::string& head, std::uint64_t from,
                        std::uint64_t end) const {
    RIG_CHECK(write_all(fd, head, to));
    std::string piece(kPiece, '\0');
    while (from < end) {
        const auto bytes = std::min<std::uint64_t>(kPiece, end - from);
        if (!read_at(fd_, piece.data(), bytes, from)) return cannot("read", file_, errno);
        RIG_CHECK(write_all(fd, std::string_view(piece).substr(0, bytes), to));
        from += bytes;
    }
    struct stat about {};
    if (::fstat(fd_, &about) != 0 || ::fchmod(fd, about.st_mode & 0777) != 0 || ::fsync(fd) != 0)
        return cannot("write", to, errno);
    if (::rename(to.c_str(), file_.c_str()) != 0) return cannot("replace", file_, errno);
    return {};
}

// The memory moves behind the longer headers and notes, where crash(8) expects it. QEMU's section
// headers are dropped: they are only a string table with their own two names.
Status ElfCore::rewrite(std::string_view owner, std::string_view note,
                        std::vector<Elf64_Phdr> memory) {
    auto notes = notes_;
    const Elf64_Nhdr about{static_cast<Elf64_Word>(owner.size() + 1),
                           static_cast<Elf64_Word>(note.size()), 0};
    notes.append(reinterpret_cast<const char*>(&about), sizeof about);
    notes.append(owner).append(rounded_up(owner.size() + 1, 4) - owner.size(), '\0');
    notes.append(note).append(rounded_up(note.size(), 4) - note.size(), '\0');

    auto header = header_;
    header.e_ehsize = sizeof header; // QEMU 7.2 writes 8
    header.e_phoff = sizeof header;
    header.e_phnum = static_cast<Elf64_Half>(memory.size() + 1);
    header.e_shoff = header.e_shentsize = header.e_shnum = header.e_shstrndx = 0;
    auto notes_header = notes_header_;
    notes_header.p_offset = header.e_phoff + header.e_phnum * sizeof(Elf64_Phdr);
    notes_header.p_filesz = notes_header.p_memsz = notes.size();

    std::uint64_t from = UINT64_MAX, end = 0;
    for (const auto& segment : memory) {
        from = std::min(from, segment.p_offset);
        end = std::max(end, segment.p_offset + segment.p_filesz);
    }
    const auto begin = rounded_up(notes_header.p_offset + notes.size(), kPage) + from % kPage;
    std::string head(reinterpret_cast<const char*>(&header), sizeof header);
    head.append(reinterpret_cast<const char*>(&notes_header), sizeof notes_header);
    for (auto& segment : memory) {
        segment.p_offset += begin - from;
        head.append(reinterpret_cast<const char*>(&segment), sizeof segment);
    }
    head.append(notes);
    head.resize(begin);

    auto to = file_.string() + ".tmp-XXXXXX";
    const int fd = ::mkostemp(to.data(), O_CLOEXEC);
    if (fd < 0) return cannot("create", to, errno);
    auto status = copy_to(fd, to, head, from, end);
    ::close(fd);
    if (!status) {
        ::unlink(to.c_str());
        return status;
    }
    return sync_folder(file_.parent_path().empty() ? fs::path(".") : file_.parent_path());
}

std::optional<std::string> string_at(const fs::path& image, std::uint64_t address,
                                     Elf64_Half machine) {
    const int fd = ::open(image.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    std::optional<std::string> found;
    Elf64_Ehdr header{};
    if (read_at(fd, &header, sizeof header, 0) && header.e_machine == machine &&
        (wrong_kind(header, ET_EXEC).empty() || wrong_kind(header, ET_DYN).empty()))
        for (unsigned i = 0; i < header.e_phnum && !found; ++i) {
            Elf64_Phdr segment{};
            if (!read_at(fd, &segment, sizeof segment, header.e_phoff + i * sizeof segment)) break;
            const auto at = address - segment.p_vaddr;
            if (segment.p_type != PT_LOAD || address < segment.p_vaddr || at >= segment.p_filesz)
                continue;
            std::string text(std::min<std::uint64_t>(segment.p_filesz - at, kPage), '\0');
            if (!read_at(fd, text.data(), text.size(), segment.p_offset + at)) break;
            if (const auto zero = text.find('\0'); zero != text.npos) found = text.substr(0, zero);
        }
    ::close(fd);
    return found;
}

} // namespace rig
