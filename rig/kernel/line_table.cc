// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/line_table.h"

#include <algorithm>
#include <cstdint>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

// Entries of DWARF are nested as blocks of the source are. Broken ones could be nested for ever.
constexpr unsigned kDeepest = 200;

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

// What a line table says of addresses: a statement of the line has instructions in [start, end), or
// begins at start, at an instruction of another line.
struct Row {
    CodeRange range;
    const char* file = nullptr; // one pointer for each file of a unit
    unsigned line = 0;
    bool begins = false; // a statement
    bool merged() const { return range.end <= range.start; }
    std::pair<const char*, unsigned> source() const { return {file, line}; }
};

// The rows of a unit, ascending by address. nullopt: its line table is broken.
std::optional<std::vector<Row>> rows_of(Dwarf_Die& unit) {
    Dwarf_Lines* lines = nullptr;
    std::size_t count = 0;
    if (::dwarf_getsrclines(&unit, &lines, &count) != 0) return std::nullopt;
    std::vector<Row> rows;
    rows.reserve(count);
    for (std::size_t i = 0; i + 1 < count; ++i) {
        // A row holds until the next one, in order of addresses.
        Dwarf_Line* line = ::dwarf_onesrcline(lines, i);
        bool last = false;
        Row row;
        int number = 0;
        if (!line || ::dwarf_lineendsequence(line, &last) != 0 || last ||
            ::dwarf_lineaddr(line, &row.range.start) != 0 ||
            ::dwarf_lineaddr(::dwarf_onesrcline(lines, i + 1), &row.range.end) != 0 ||
            ::dwarf_linebeginstatement(line, &row.begins) != 0 ||
            ::dwarf_lineno(line, &number) != 0 || number <= 0)
            continue;
        // Of several rows at one address the last is the instruction's own.
        if (row.merged() && !row.begins) continue;
        row.file = ::dwarf_linesrc(line, nullptr, nullptr);
        row.line = static_cast<unsigned>(number);
        if (row.file) rows.push_back(row);
    }
    return rows;
}

// The body of a function that was inlined for a call.
struct InlinedBody {
    std::vector<CodeRange> ranges; // empty ones too: a statement may begin there
    std::uint64_t entry = 0;
    bool contains(std::uint64_t address) const {
        return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
            return range.start <= address && address < range.end;
        });
    }
};

InlinedBody body_of(Dwarf_Die& call) {
    InlinedBody body;
    Dwarf_Addr base = 0, start = 0, end = 0;
    std::ptrdiff_t offset = 0;
    while ((offset = ::dwarf_ranges(&call, offset, &base, &start, &end)) > 0)
        body.ranges.push_back({start, end});
    std::sort(body.ranges.begin(), body.ranges.end(),
              [](const auto& a, const auto& b) { return a.start < b.start; });
    if (::dwarf_entrypc(&call, &body.entry) != 0 && !body.ranges.empty())
        body.entry = body.ranges.front().start;
    return body;
}

// See LineCode::inlined.
std::vector<CodeRange> first_statement(const InlinedBody& body, const std::vector<Row>& rows) {
    std::vector<const Row*> begins;
    std::map<std::pair<const char*, unsigned>, std::vector<CodeRange>> code;
    const auto from = [&](std::uint64_t address) {
        return std::lower_bound(
            rows.begin(), rows.end(), address,
            [](const Row& row, std::uint64_t value) { return row.range.start < value; });
    };
    for (const auto& range : body.ranges)
        for (auto row = from(range.start);
             row != rows.end() && row->range.start < std::max(range.end, range.start + 1); ++row) {
            if (row->begins) begins.push_back(&*row);
            if (!row->merged() && row->range.start < range.end)
                code[row->source()].push_back(row->range);
        }
    if (!body.contains(body.entry))
        for (auto row = from(body.entry); row != rows.end() && row->range.start == body.entry;
             ++row)
            if (row->begins) begins.push_back(&*row);
    std::sort(begins.begin(), begins.end(), [&](const Row* a, const Row* b) {
        const bool a_behind = a->range.start >= body.entry, b_behind = b->range.start >= body.entry;
        return a_behind != b_behind ? a_behind : a < b;
    });
    for (const auto* row : begins)
        if (const auto found = code.find(row->source()); found != code.end()) return found->second;
    return {};
}

// The file that the call of an inlined function is in. nullptr: not known.
const char* call_file(Dwarf_Die& call, Dwarf_Files* files) {
    Dwarf_Attribute attribute;
    Dwarf_Word index = 0;
    if (!files || ::dwarf_formudata(::dwarf_attr(&call, DW_AT_call_file, &attribute), &index) != 0)
        return nullptr;
    return ::dwarf_filesrc(files, index, nullptr, nullptr);
}
unsigned call_line(Dwarf_Die& call) {
    Dwarf_Attribute attribute;
    Dwarf_Word line = 0;
    if (::dwarf_formudata(::dwarf_attr(&call, DW_AT_call_line, &attribute), &line) != 0) return 0;
    return static_cast<unsigned>(line);
}

} // namespace

// Reads one unit after the other into a table.
class LineTable::Reader {
 public:
    Reader(const std::vector<CodeSection>& sections, const fs::path& top,
           const std::set<std::string>& files)
        : sections_(sections), names_(top, files) {}

    // The number of its rows. An error, for people.
    tl::expected<std::size_t, std::string> take_unit(Dwarf_Die& unit) {
        names_.next_unit();
        Dwarf_Attribute attribute;
        folder_ = ::dwarf_formstring(::dwarf_attr(&unit, DW_AT_comp_dir, &attribute));
        const auto compiled = names_.relative(::dwarf_diename(&unit), folder_);
        if (!compiled.empty()) table_.units_.insert(compiled);
        const auto rows = rows_of(unit);
        if (!rows)
            return tl::unexpected(
                fmt::format("the line table of {}: {}", compiled, ::dwarf_errmsg(::dwarf_errno())));
        for (const auto& row : *rows)
            take_row(row);
        Dwarf_Files* files = nullptr;
        std::size_t count = 0;
        if (::dwarf_getsrcfiles(&unit, &files, &count) != 0) files = nullptr;
        each_entry(unit, 0, [&](Dwarf_Die& entry) {
            const int tag = ::dwarf_tag(&entry);
            if (tag == DW_TAG_inlined_subroutine)
                take_call(entry, call_file(entry, files), *rows);
            else if (is_declaration(tag))
                take_declaration(entry);
        });
        return rows->size();
    }
    LineTable finish() &&;

 private:
    using Line = std::pair<std::string, unsigned>;

    const std::string* wanted(const char* name) {
        return name ? names_.wanted(name, folder_) : nullptr;
    }
    void take_row(const Row& row) {
        const auto* file = wanted(row.file);
        if (!file) return;
        const auto& [start, end] = row.range;
        const auto memory = memory_of(sections_, {start, std::max(end, start + 1)});
        auto& code = table_.lines_[{*file, row.line}];
        code.begins = code.begins || row.begins;
        // The linker leaves the rows of what it drops, at the addresses of nothing.
        if (!memory)
            code.discarded = true;
        else if (row.merged() && *memory == Memory::Text)
            code.merged.push_back(start);
        else if (!row.merged() && *memory != Memory::Never)
            (*memory == Memory::Text ? code.text : code.init).push_back(row.range);
    }
    void take_call(Dwarf_Die& call, const char* name, const std::vector<Row>& rows) {
        const auto* file = wanted(name);
        const auto line = call_line(call);
        if (!file || line == 0) return;
        const char* callee = ::dwarf_diename(&call);
        for (const auto& range : first_statement(body_of(call), rows)) {
            const auto memory = memory_of(sections_, range);
            auto& code = table_.lines_[{*file, line}];
            if (!memory)
                code.discarded = true;
            else if (*memory == Memory::Init)
                inlined_init_[{*file, line}].push_back(range);
            else if (*memory == Memory::Text) {
                code.inlined.push_back(range);
                if (callee) code.callees.insert(callee);
            }
        }
    }
    void take_declaration(Dwarf_Die& entry) {
        int number = 0;
        if (::dwarf_decl_line(&entry, &number) != 0 || number <= 0) return;
        if (const auto* file = wanted(::dwarf_decl_file(&entry)))
            table_.declarations_.emplace(*file, static_cast<unsigned>(number));
    }

    const std::vector<CodeSection>& sections_;
    Names names_;
    const char* folder_ = nullptr;
    LineTable table_;
    std::map<Line, std::vector<CodeRange>> inlined_init_;
};

LineTable LineTable::Reader::finish() && {
    for (auto& [line, ranges] : inlined_init_)
        if (auto& code = table_.lines_[line]; code.init.empty()) code.init = std::move(ranges);
    for (auto& [line, code] : table_.lines_) {
        join_ranges(code.text);
        // No statement begins there: the compiler moved the instructions, or made a branch of this
        // line into code that runs whichever way it goes. They bound the line, and do not count it.
        if (!code.begins) {
            for (const auto& range : code.text)
                code.merged.push_back(range.start);
            code.text.clear();
        }
        join_ranges(code.init);
        join_ranges(code.inlined);
        std::sort(code.merged.begin(), code.merged.end());
        code.merged.erase(std::unique(code.merged.begin(), code.merged.end()), code.merged.end());
        if (!code.text.empty()) {
            code.inlined.clear();
            code.callees.clear();
        }
        if (code.counted()) code.merged.clear();
    }
    return std::move(table_);
}

Result<LineTable> LineTable::read(const fs::path& elf, const fs::path& top,
                                  const std::set<std::string>& files, std::size_t max_rows) {
    RIG_TRY(opened, ElfFile::open(elf));
    const auto sections = code_sections(opened->elf());
    const std::unique_ptr<Dwarf, int (*)(Dwarf*)> dwarf(
        ::dwarf_begin_elf(opened->elf(), DWARF_C_READ, nullptr), ::dwarf_end);
    const auto broken = [&](const std::string& what) {
        return fail(FaultDomain::Host, fmt::format("{}: {}", elf.string(), what));
    };
    if (!dwarf) return broken(::dwarf_errmsg(::dwarf_errno()));
    std::error_code error;
    const auto folder = fs::canonical(top, error); // as the compiler saw it
    Reader reader(sections, error ? top : folder, files);
    std::size_t rows = 0;
    Dwarf_CU* unit = nullptr;
    Dwarf_Die die;
    int status = 0;
    std::uint8_t kind = 0;
    while ((status = ::dwarf_get_units(dwarf.get(), unit, &unit, nullptr, &kind, &die, nullptr)) ==
           0) {
        if (kind != DW_UT_compile) continue;
        const auto taken = reader.take_unit(die);
        if (!taken) return broken(taken.error());
        rows += *taken;
        if (rows > max_rows)
            return broken(fmt::format("more than {} rows in its line table", max_rows));
    }
    if (status < 0) return broken(::dwarf_errmsg(::dwarf_errno()));
    auto table = std::move(reader).finish();
    if (table.units_.empty())
        return broken(fmt::format("no debug information of files in {}", top.string()));
    return table;
}

const LineCode* LineTable::find(const std::string& file, unsigned line) const {
    const auto found = lines_.find({file, line});
    if (found == lines_.end()) return nullptr;
    const auto& code = found->second;
    const bool nothing = !code.counted() && code.init.empty() && code.merged.empty();
    return nothing && !code.discarded ? nullptr : &code;
}

bool LineTable::declares(const std::string& file, unsigned line) const {
    return declarations_.contains({file, line});
}

} // namespace rig
