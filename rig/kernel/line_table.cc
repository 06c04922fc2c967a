// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/line_table.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>
#include <memory>
#include <optional>
#include <string_view>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

// Entries of DWARF are nested as blocks of the source are. Broken ones could be nested for ever.
constexpr unsigned kDeepest = 200;

class OpenElf {
 public:
    static Result<std::unique_ptr<OpenElf>> open(const fs::path& file) {
        ::elf_version(EV_CURRENT);
        auto opened = std::make_unique<OpenElf>();
        opened->fd_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
        if (opened->fd_ < 0)
            return fail(FaultDomain::Host,
                        fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)));
        opened->elf_ = ::elf_begin(opened->fd_, ELF_C_READ_MMAP, nullptr);
        if (!opened->elf_ || ::elf_kind(opened->elf_) != ELF_K_ELF)
            return fail(FaultDomain::Host, fmt::format("{} is no ELF file", file.string()));
        return opened;
    }
    OpenElf() = default;
    OpenElf(const OpenElf&) = delete;
    OpenElf& operator=(const OpenElf&) = delete;
    ~OpenElf() {
        if (elf_) ::elf_end(elf_);
        if (fd_ >= 0) ::close(fd_);
    }
    Elf* elf() const { return elf_; }

 private:
    int fd_ = -1;
    Elf* elf_ = nullptr;
};

enum class Memory { Text, Init, Never };

struct CodeSection {
    CodeRange range;
    Memory memory;
};

// The sections of machine code that are loaded, ascending. Alternatives (.altinstr_replacement) are
// data that looks like code: the kernel copies them over other instructions, and never executes
// them where they are.
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

void join_ranges(std::vector<CodeRange>& ranges) {
    std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
        return std::pair(a.start, a.end) < std::pair(b.start, b.end);
    });
    std::vector<CodeRange> joined;
    for (const auto& range : ranges)
        if (!joined.empty() && range.start <= joined.back().end)
            joined.back().end = std::max(joined.back().end, range.end);
        else
            joined.push_back(range);
    ranges = std::move(joined);
}

// Names of the compiler as names relative to the sources, each computed once. Empty: outside.
class Names {
 public:
    Names(fs::path top, const std::set<std::string>& wanted)
        : top_(std::move(top)), wanted_(wanted) {}
    std::string relative(const char* name, const char* folder) const {
        if (!name) return {};
        fs::path path(name);
        if (path.is_relative() && folder) path = fs::path(folder) / path;
        const auto inside = path.lexically_normal().lexically_relative(top_).string();
        return inside.starts_with("..") ? std::string() : inside;
    }
    // The wanted file of this name, or nullptr. libdw hands out one pointer for each file of a
    // unit.
    const std::string* wanted(const char* name, const char* folder) {
        const auto known = known_.find(name);
        if (known != known_.end()) return known->second;
        const auto found = wanted_.find(relative(name, folder));
        return known_[name] = found == wanted_.end() ? nullptr : &*found;
    }
    void next_unit() { known_.clear(); }

 private:
    fs::path top_;
    const std::set<std::string>& wanted_;
    std::unordered_map<const char*, const std::string*> known_;
};

// Calls `visit` for an entry and all below it.
template<class Visit> void each_entry(Dwarf_Die& die, unsigned depth, const Visit& visit) {
    visit(die);
    Dwarf_Die child;
    if (depth == kDeepest || ::dwarf_child(&die, &child) != 0) return;
    do
        each_entry(child, depth + 1, visit);
    while (::dwarf_siblingof(&child, &child) == 0);
}

bool is_declaration(int tag) {
    switch (tag) {
    case DW_TAG_variable:
    case DW_TAG_formal_parameter:
    case DW_TAG_typedef:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
    case DW_TAG_enumerator:
    case DW_TAG_member:
        return true;
    default:
        return false;
    }
}

} // namespace

Result<LineTable> LineTable::read(const fs::path& elf, const fs::path& top,
                                  const std::set<std::string>& files, std::size_t max_rows) {
    RIG_TRY(opened, OpenElf::open(elf));
    const auto sections = code_sections(opened->elf());
    const std::unique_ptr<Dwarf, int (*)(Dwarf*)> dwarf(
        ::dwarf_begin_elf(opened->elf(), DWARF_C_READ, nullptr), ::dwarf_end);
    if (!dwarf)
        return fail(FaultDomain::Host,
                    fmt::format("{}: {}", elf.string(), ::dwarf_errmsg(::dwarf_errno())));
    std::error_code error;
    const auto folder = fs::canonical(top, error); // as the compiler saw it
    Names names(error ? top : folder, files);
    LineTable table;
    std::size_t rows = 0;
    Dwarf_CU* unit = nullptr;
    Dwarf_Die die;
    int status = 0;
    std::uint8_t kind = 0;
    while ((status = ::dwarf_get_units(dwarf.get(), unit, &unit, nullptr, &kind, &die, nullptr)) ==
           0) {
        if (kind != DW_UT_compile) continue;
        names.next_unit();
        Dwarf_Attribute attribute;
        const char* compiled_in =
            ::dwarf_formstring(::dwarf_attr(&die, DW_AT_comp_dir, &attribute));
        const auto compiled = names.relative(::dwarf_diename(&die), compiled_in);
        if (!compiled.empty()) table.units_.insert(compiled);
        Dwarf_Lines* lines = nullptr;
        std::size_t count = 0;
        if (::dwarf_getsrclines(&die, &lines, &count) != 0)
            return fail(FaultDomain::Host, fmt::format("{}: the line table of {}: {}", elf.string(),
                                                       compiled, ::dwarf_errmsg(::dwarf_errno())));
        rows += count;
        if (rows > max_rows)
            return fail(FaultDomain::Host, fmt::format("{}: more than {} rows in its line table",
                                                       elf.string(), max_rows));
        for (std::size_t i = 0; i + 1 < count; ++i) {
            // A row holds until the next one, in order of addresses.
            Dwarf_Line* row = ::dwarf_onesrcline(lines, i);
            bool last = false, begins = false;
            CodeRange range;
            int number = 0;
            if (!row || ::dwarf_lineendsequence(row, &last) != 0 || last ||
                ::dwarf_lineaddr(row, &range.start) != 0 ||
                ::dwarf_lineaddr(::dwarf_onesrcline(lines, i + 1), &range.end) != 0 ||
                ::dwarf_linebeginstatement(row, &begins) != 0 ||
                ::dwarf_lineno(row, &number) != 0 || number <= 0)
                continue;
            // Of several rows at one address the last is the instruction's own.
            const bool merged = range.end <= range.start;
            if (merged && !begins) continue;
            const char* name = ::dwarf_linesrc(row, nullptr, nullptr);
            const auto* file = name ? names.wanted(name, compiled_in) : nullptr;
            if (!file) continue;
            const auto memory =
                memory_of(sections, {range.start, std::max(range.end, range.start + 1)});
            auto& code = table.lines_[{*file, static_cast<unsigned>(number)}];
            code.begins = code.begins || begins;
            // The linker leaves the rows of what it drops, at the addresses of nothing.
            if (!memory)
                code.discarded = true;
            else if (merged && *memory == Memory::Text)
                code.merged.push_back(range.start);
            else if (!merged && *memory != Memory::Never)
                (*memory == Memory::Text ? code.text : code.init).push_back(range);
        }
        each_entry(die, 0, [&](Dwarf_Die& entry) {
            int number = 0;
            if (!is_declaration(::dwarf_tag(&entry)) || ::dwarf_decl_line(&entry, &number) != 0 ||
                number <= 0)
                return;
            const char* name = ::dwarf_decl_file(&entry);
            if (const auto* file = name ? names.wanted(name, compiled_in) : nullptr)
                table.declarations_.emplace(*file, static_cast<unsigned>(number));
        });
    }
    if (status < 0)
        return fail(FaultDomain::Host,
                    fmt::format("{}: {}", elf.string(), ::dwarf_errmsg(::dwarf_errno())));
    if (table.units_.empty())
        return fail(FaultDomain::Host, fmt::format("{} has no debug information of files in {}",
                                                   elf.string(), top.string()));
    for (auto& [line, code] : table.lines_) {
        join_ranges(code.text);
        // No statement begins there: the compiler moved the instructions, or made a branch of this
        // line into code that runs whichever way it goes. They bound the line, and do not count it.
        if (!code.begins) {
            for (const auto& range : code.text)
                code.merged.push_back(range.start);
            code.text.clear();
        }
        join_ranges(code.init);
        std::sort(code.merged.begin(), code.merged.end());
        code.merged.erase(std::unique(code.merged.begin(), code.merged.end()), code.merged.end());
        if (!code.text.empty()) code.merged.clear();
    }
    return table;
}

const LineCode* LineTable::find(const std::string& file, unsigned line) const {
    const auto found = lines_.find({file, line});
    if (found == lines_.end()) return nullptr;
    const auto& code = found->second;
    const bool nothing = code.text.empty() && code.init.empty() && code.merged.empty();
    return nothing && !code.discarded ? nullptr : &code;
}

bool LineTable::declares(const std::string& file, unsigned line) const {
    return declarations_.contains({file, line});
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
    RIG_TRY(opened, OpenElf::open(file));
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
