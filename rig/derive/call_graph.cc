// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/derive/call_graph.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <memory>
#include <optional>
#include <set>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

// Tables of addresses that nobody calls: the beginnings of functions for ftrace, and those that
// kprobes keep out of.
constexpr std::pair<const char*, const char*> kNotCalled[] = {
    {"__start_mcount_loc", "__stop_mcount_loc"},
    {"__start_kprobe_blacklist", "__stop_kprobe_blacklist"},
};
constexpr std::pair<const char*, const char*> kInitcalls{"__initcall_start", "__initcall_end"};

struct Range {
    std::uint64_t start = 0, end = 0;
    bool contains(std::uint64_t address) const { return address >= start && address < end; }
};

struct DataSection {
    Range range;
    std::string_view bytes; // of the open file
};

std::optional<std::uint64_t> hex(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    return value;
}

struct File {
    explicit File(const fs::path& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        elf_version(EV_CURRENT);
        if (fd >= 0) elf = elf_begin(fd, ELF_C_READ_MMAP, nullptr);
    }
    ~File() {
        if (elf) elf_end(elf);
        if (fd >= 0) ::close(fd);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int fd = -1;
    Elf* elf = nullptr;
};

} // namespace

std::string_view source_name(std::string_view symbol) {
    const auto dot = symbol.find('.', 1);
    return symbol.substr(0, dot);
}

class CallGraphReader {
 public:
    Status symbols(const fs::path& path);
    void line(std::string_view text); // of objdump
    void data();
    CallGraph take();

 private:
    using Node = CallGraph::Node;
    std::optional<Node> function_at(std::uint64_t address) const; // that contains it
    void take_address(std::uint64_t address);
    void call(std::uint64_t target);
    void instruction(std::string_view words, std::string_view operands);

    CallGraph graph_;
    std::unique_ptr<File> file_;
    std::vector<DataSection> data_;
    std::vector<std::int64_t> addends_; // of relocations that are left for boot
    std::unordered_map<std::uint64_t, Node> starts_;
    std::unordered_map<std::uint64_t, std::uint64_t> section_ends_; // by the function's address
    std::map<std::string, std::uint64_t, std::less<>> marks_;
    std::vector<std::set<Node>> callees_;
    std::optional<Node> current_;
    std::map<std::string, std::uint64_t, std::less<>> pages_; // register -> what adrp put there
};

Status CallGraphReader::symbols(const fs::path& path) {
    file_ = std::make_unique<File>(path);
    const auto wrong = [&](const std::string& what) {
        return fail(FaultDomain::Host, fmt::format("{}: {}", path.string(), what));
    };
    if (!file_->elf || elf_kind(file_->elf) != ELF_K_ELF) return wrong("no ELF file");
    std::vector<bool> code{false};
    std::vector<bool> init{false};
    std::vector<std::uint64_t> ends{0};
    std::size_t names = 0;
    if (elf_getshdrstrndx(file_->elf, &names)) return wrong("no names of sections");
    Elf_Scn* table = nullptr;
    GElf_Shdr header;
    for (Elf_Scn* section = nullptr; (section = elf_nextscn(file_->elf, section));) {
        if (!gelf_getshdr(section, &header)) return wrong("a section without a header");
        const char* name = elf_strptr(file_->elf, names, header.sh_name);
        const std::string_view label = name ? name : "";
        // What x86 patches over instructions is no function, and nothing says here whose it is.
        code.push_back((header.sh_flags & SHF_EXECINSTR) && !label.starts_with(".altinstr"));
        init.push_back(label.starts_with(".init"));
        ends.push_back(header.sh_addr + header.sh_size);
        if (header.sh_type == SHT_SYMTAB) table = section;
        const auto* bytes = elf_getdata(section, nullptr);
        if (header.sh_type == SHT_RELA && bytes)
            for (std::size_t i = 0; i < header.sh_size / header.sh_entsize; ++i)
                if (GElf_Rela rela; gelf_getrela(const_cast<Elf_Data*>(bytes), int(i), &rela))
                    addends_.push_back(rela.r_addend);
        if (header.sh_type == SHT_PROGBITS && (header.sh_flags & SHF_ALLOC) &&
            !(header.sh_flags & SHF_EXECINSTR) && bytes && bytes->d_buf)
            data_.push_back({{header.sh_addr, header.sh_addr + header.sh_size},
                             {static_cast<const char*>(bytes->d_buf), bytes->d_size}});
    }
    if (!table || !gelf_getshdr(table, &header)) return wrong("no symbols");
    auto* entries = elf_getdata(table, nullptr);
    std::map<std::uint64_t, CallGraph::Function> found;
    std::set<std::uint64_t> sized; // where a function begins, and not only a label
    std::string file;
    for (std::size_t i = 0; entries && i < header.sh_size / header.sh_entsize; ++i) {
        GElf_Sym symbol;
        if (!gelf_getsym(entries, int(i), &symbol)) return wrong("a symbol that cannot be read");
        const char* text = elf_strptr(file_->elf, header.sh_link, symbol.st_name);
        const std::string name = text ? text : "";
        const auto type = GELF_ST_TYPE(symbol.st_info);
        if (type == STT_FILE) {
            file = name;
            continue;
        }
        if (name.empty() || type == STT_SECTION || type == STT_OBJECT) continue;
        marks_.emplace(name, symbol.st_value);
        if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= code.size() ||
            !code[symbol.st_shndx] || name.starts_with(".L") || name.starts_with("$"))
            continue;
        auto& function = found[symbol.st_value];
        function.address = symbol.st_value;
        function.size = std::max<std::uint64_t>(function.size, symbol.st_size);
        function.init = init[symbol.st_shndx];
        section_ends_[symbol.st_value] = ends[symbol.st_shndx];
        const bool local = GELF_ST_BIND(symbol.st_info) == STB_LOCAL;
        if (local && function.names.empty()) function.file = file;
        if (!local) function.file.clear();
        if (type == STT_FUNC) sized.insert(symbol.st_value);
        // A function's own name comes before a label at its beginning.
        function.names.insert(type == STT_FUNC ? function.names.begin() : function.names.end(),
                              name);
    }
    if (found.empty()) return wrong("no functions among its symbols");
    std::uint64_t end = 0;
    for (auto& [address, function] : found) {
        if (sized.contains(address))
            end = address + function.size;
        else if (address < end)
            continue; // a label within a function
        const auto node = static_cast<Node>(graph_.functions_.size());
        starts_.emplace(address, node);
        for (const auto& name : function.names)
            graph_.by_source_name_.emplace(source_name(name), node);
        graph_.functions_.push_back(std::move(function));
    }
    callees_.resize(graph_.functions_.size());
    return {};
}

std::optional<CallGraph::Node> CallGraphReader::function_at(std::uint64_t address) const {
    const auto& all = graph_.functions_;
    auto next = std::upper_bound(all.begin(), all.end(), address,
                                 [](auto at, const auto& f) { return at < f.address; });
    if (next == all.begin()) return std::nullopt;
    --next;
    if (address >= section_ends_.at(next->address)) return std::nullopt;
    return static_cast<Node>(next - all.begin());
}

void CallGraphReader::take_address(std::uint64_t address) {
    if (const auto found = starts_.find(address); found != starts_.end())
        graph_.functions_[found->second].address_taken = true;
}

void CallGraphReader::call(std::uint64_t target) {
    const auto callee = function_at(target);
    if (current_ && callee && callee != current_) callees_[*current_].insert(*callee);
}

// What follows the address: "call   ffffffff81c5d8f0 <foo>", "adrp x0, ffff800080010000 <bar>".
void CallGraphReader::instruction(std::string_view mnemonic, std::string_view operands) {
    std::string_view comment;
    for (const std::string_view mark : {"# ", "// "})
        if (const auto at = operands.find(mark); at != operands.npos) {
            comment = operands.substr(at + mark.size());
            operands = operands.substr(0, at);
        }
    // "ADDRESS <symbol>" at the end, as objdump writes where a branch goes; 0 if there is none.
    std::uint64_t target = 0;
    if (const auto open = operands.find(" <"); open != operands.npos) {
        const auto before = operands.substr(0, open);
        const auto begin = before.find_last_of(", \t*");
        const bool through_memory = begin != before.npos && before[begin] == '*';
        if (!through_memory)
            target = hex(before.substr(begin == before.npos ? 0 : begin + 1)).value_or(0);
    }
    const auto destination = operands.substr(0, operands.find(','));
    if (mnemonic == "adrp" || mnemonic == "adr") {
        if (target && mnemonic == "adrp") pages_[std::string(destination)] = target;
        if (target && mnemonic == "adr") take_address(target);
        return;
    }
    if (mnemonic == "add" && !pages_.empty()) {
        // add x0, x0, #0x123: the second half of an address
        const auto second = operands.find(", "), third = operands.find(", #0x");
        if (third != operands.npos && second < third) {
            const auto page = pages_.find(operands.substr(second + 2, third - second - 2));
            const auto low = hex(operands.substr(third + 5));
            if (page != pages_.end() && low) take_address(page->second + *low);
        }
    }
    if (target) return call(target);
    if (!comment.empty()) {
        const auto address = hex(comment);
        const bool branches =
            mnemonic == "jalr" || mnemonic == "jr" || mnemonic == "tail" || mnemonic == "call";
        if (address && branches && operands.find('*') == operands.npos) return call(*address);
        // Loads and stores read what is there, and do not take its address.
        if (address && (mnemonic.starts_with("lea") || mnemonic == "addi" || mnemonic == "add" ||
                        mnemonic == "mv"))
            take_address(*address);
    }
    if (const auto at = operands.find("$0x"); at != operands.npos)
        if (const auto value = hex(operands.substr(at + 3))) take_address(*value);
}

void CallGraphReader::line(std::string_view text) {
    if (text.ends_with(">:")) { // "ffffffff81000000 <_stext>:"
        const auto address = hex(text);
        if (!address) return;
        current_ = function_at(*address);
        pages_.clear();
        return;
    }
    const auto colon = text.find(":\t");
    if (colon == text.npos || !current_) return;
    auto rest = text.substr(colon + 2);
    const auto tab = rest.find_first_of(" \t");
    if (tab == rest.npos) return;
    auto mnemonic = rest.substr(0, tab);
    rest.remove_prefix(rest.find_first_not_of(" \t", tab) == rest.npos
                           ? rest.size()
                           : rest.find_first_not_of(" \t", tab));
    // Prefixes that x86 branches have: "bnd jmp", "notrack jmp", "cs call".
    for (const std::string_view prefix : {"bnd", "notrack", "cs", "ds", "lock", "rep"})
        if (mnemonic == prefix) {
            const auto end = rest.find_first_of(" \t");
            if (end == rest.npos) return;
            mnemonic = rest.substr(0, end);
            rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" \t", end)));
        }
    instruction(mnemonic, rest);
}

// Pointers in data. The table of initcalls has pointers or, on most architectures, distances from
// where they are.
void CallGraphReader::data() {
    const auto range = [&](const auto& names) -> Range {
        const auto start = marks_.find(names.first), end = marks_.find(names.second);
        if (start == marks_.end() || end == marks_.end()) return {};
        return {start->second, end->second};
    };
    const auto initcalls = range(kInitcalls);
    std::vector<Range> skipped;
    for (const auto& names : kNotCalled)
        skipped.push_back(range(names));
    for (const auto& section : data_) {
        for (std::size_t at = 0; at + 8 <= section.bytes.size(); at += 8) {
            std::uint64_t value = 0;
            std::memcpy(&value, section.bytes.data() + at, sizeof value);
            const auto place = section.range.start + at;
            const auto found = starts_.find(value);
            if (found == starts_.end()) continue;
            if (initcalls.contains(place))
                graph_.functions_[found->second].initcall = true;
            else if (std::none_of(skipped.begin(), skipped.end(),
                                  [&](const Range& each) { return each.contains(place); }))
                graph_.functions_[found->second].address_taken = true;
        }
        for (std::size_t at = 0; at + 4 <= section.bytes.size(); at += 4) {
            const auto place = section.range.start + at;
            if (!initcalls.contains(place)) continue;
            std::int32_t distance = 0;
            std::memcpy(&distance, section.bytes.data() + at, sizeof distance);
            const auto found = starts_.find(
                place + static_cast<std::uint64_t>(static_cast<std::int64_t>(distance)));
            if (found != starts_.end()) graph_.functions_[found->second].initcall = true;
        }
    }
    for (const auto addend : addends_)
        take_address(static_cast<std::uint64_t>(addend));
}

CallGraph CallGraphReader::take() {
    for (Node caller = 0; caller < callees_.size(); ++caller)
        for (const auto callee : callees_[caller]) {
            graph_.functions_[caller].callees.push_back(callee);
            graph_.functions_[callee].callers.push_back(caller);
        }
    return std::move(graph_);
}

Result<CallGraph> CallGraph::read(const fs::path& vmlinux, const Arch& arch,
                                  CommandRunner& runner) {
    CallGraphReader reader;
    RIG_CHECK(reader.symbols(vmlinux));
    Command command;
    command.argv = {arch.cross + "objdump", "-d", "--no-show-raw-insn", "--wide", vmlinux.string()};
    command.env = {{"LC_ALL", "C"}};
    command.on_line = [&](std::string_view line) { reader.line(line); };
    RIG_TRY(result, runner.run(command));
    if (!result.ok())
        return fail(FaultDomain::Host, fmt::format("{} -d {}: {}", command.argv[0],
                                                   vmlinux.string(), describe(result)));
    reader.data();
    return reader.take();
}

std::vector<CallGraph::Node> CallGraph::named(std::string_view function,
                                              std::string_view file) const {
    std::set<Node> nodes;
    const auto base = file.substr(file.find_last_of('/') + 1);
    const auto [first, last] = by_source_name_.equal_range(source_name(function));
    for (auto each = first; each != last; ++each) {
        const auto& node = functions_[each->second];
        if (base.empty() || node.file.empty() || node.file == base) nodes.insert(each->second);
    }
    return {nodes.begin(), nodes.end()};
}

} // namespace rig
