// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/derive/object_code.h"

#include "rig/derive/call_graph.h"
#include "rig/derive/object_file.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <optional>
#include <set>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

struct Instruction {
    std::uint64_t address = 0;
    std::string text;       // mnemonic and operands
    std::size_t number = 0; // of those that do something
    bool padding = false;
};

// What fills up to an aligned address, which depends on where the function is. So do static keys.
bool is_padding(std::string_view text) {
    while (text.starts_with("data16 ") || text.starts_with("cs "))
        text.remove_prefix(text.find(' ') + 1);
    return text.starts_with("nop") || text.starts_with("xchg   %ax,%ax") || text == "c.nop";
}

// One function's symbol, or a part of a function.
struct Part {
    const ObjectFile::Symbol* symbol = nullptr;
    std::vector<Instruction> instructions;
};

std::optional<std::uint64_t> leading_hex(std::string_view text) {
    std::size_t used = 0;
    std::uint64_t value = 0;
    for (; used < text.size() && std::isxdigit(static_cast<unsigned char>(text[used])); ++used)
        value = value * 16 +
                static_cast<std::uint64_t>(std::stoi(std::string(1, text[used]), nullptr, 16));
    return used ? std::optional(value) : std::nullopt;
}

// Sections whose content says where code is or which line it is of, not what it does.
bool describes_code(std::string_view section) {
    for (const std::string_view name :
         {"__bug_table", "__ex_table", "__jump_table", ".altinstr", ".smp_locks", "__mcount_loc",
          "__patchable_function_entries", ".orc_unwind", ".static_call_sites", ".retpoline_sites",
          ".return_sites", ".call_sites", ".ibt_endbr_seal", ".discard", ".parainstructions",
          ".eh_frame", ".export_symbol", ".runtime", "runtime_"})
        if (section.starts_with(name)) return true;
    return false;
}

// Without what the compiler appends to tell copies apart: __already_done.7, __func__.12.
std::string plain_name(std::string_view name) {
    if (const auto dot = name.rfind('.');
        dot != name.npos && dot > 0 &&
        std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dot) + 1, name.end(),
                    [](unsigned char c) { return std::isdigit(c); }))
        name = name.substr(0, dot);
    if (name.starts_with("__UNIQUE_ID_"))
        while (!name.empty() && std::isdigit(static_cast<unsigned char>(name.back())))
            name.remove_suffix(1);
    return std::string(name);
}

// With the operands that are plain numbers left out: "mov $,%esi" of "mov $0x1b,%esi".
std::string without_numbers(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool begins =
            i > 0 && std::string_view("$#, ").find(text[i - 1]) != std::string_view::npos;
        if (!begins || !std::isdigit(static_cast<unsigned char>(text[i]))) {
            out += text[i];
            continue;
        }
        auto end = i;
        while (end < text.size() && std::isalnum(static_cast<unsigned char>(text[end])))
            ++end;
        if (end < text.size() && text[end] == '(') // a distance: 0x18(%rdi)
            out += text.substr(i, end - i);
        i = end - 1;
    }
    return out;
}

bool differ_in_numbers(const FunctionCode& a, const FunctionCode& b) {
    return std::ranges::equal(a.instructions, b.instructions, {}, without_numbers, without_numbers);
}

class ObjectReader {
 public:
    explicit ObjectReader(const ObjectFile& file) : file_(file) {
        for (const auto& symbol : file.symbols)
            if (symbol.function) parts_[{symbol.section, symbol.value}].symbol = &symbol;
        for (const auto& [section, relocations] : file.relocations)
            for (const auto& [offset, relocation] : relocations) {
                const auto [target, at] = place_of(relocation, 0);
                if (target != ObjectFile::kNone) referenced_[target].insert(at);
            }
    }

    void line(std::string_view text) {
        constexpr std::string_view head = "Disassembly of section ";
        if (text.starts_with(head)) {
            const auto name = text.substr(head.size(), text.size() - head.size() - 1);
            section_ = file_.section_named(name);
            return;
        }
        const auto colon = text.find(":\t");
        if (colon == text.npos || section_ == ObjectFile::kNone) return;
        const auto begin = text.find_first_not_of(' ');
        const auto address = leading_hex(text.substr(begin));
        if (!address) return;
        auto* part = part_at(section_, *address);
        if (!part) return;
        const auto& before = part->instructions;
        const auto number = before.empty() ? 0 : before.back().number + !before.back().padding;
        const auto words = text.substr(colon + 2);
        part->instructions.push_back({*address, std::string(words), number, is_padding(words)});
    }

    ObjectCode take() {
        ObjectCode code;
        std::map<std::string, bool> all_init;
        // Parts of a function in the order of their names without numbers.
        std::map<std::string, std::multimap<std::string, std::vector<std::string>>> sorted;
        for (const auto& [where, part] : parts_) {
            const std::string name(source_name(part.symbol->name));
            std::string kind = part.symbol->name.substr(name.size());
            std::erase_if(kind, [](unsigned char c) { return std::isdigit(c); });
            std::vector<std::string> lines{"part " + kind};
            for (std::size_t i = 0; i < part.instructions.size(); ++i)
                if (!part.instructions[i].padding) lines.push_back(normal(part, i));
            sorted[name].emplace(kind, std::move(lines));
            const bool init = file_.sections[part.symbol->section].name.starts_with(".init");
            const auto known = all_init.emplace(name, init);
            if (!known.second) known.first->second = known.first->second && init;
        }
        for (auto& [name, parts] : sorted) {
            auto& function = code.functions[name];
            function.init = all_init[name];
            std::vector<std::vector<std::string>> texts;
            for (auto& [kind, lines] : parts)
                texts.push_back(std::move(lines));
            std::ranges::sort(texts); // clones with one name: the compiler's order says nothing
            for (auto& lines : texts)
                function.instructions.insert(function.instructions.end(), lines.begin(),
                                             lines.end());
        }
        for (std::size_t i = 1; i < file_.sections.size(); ++i) {
            const auto& section = file_.sections[i];
            if (!section.loaded || section.code || describes_code(section.name)) continue;
            // Without bytes, as .bss: only its size can differ.
            code.data[section.name] += section.bytes.empty() ? fmt::format("{} bytes", section.size)
                                                             : content(i, 0, section.size, 0);
        }
        return code;
    }

 private:
    Part* part_at(std::size_t section, std::uint64_t address) {
        auto next = parts_.upper_bound({section, address});
        if (next == parts_.begin()) return nullptr;
        auto& [where, part] = *--next;
        if (where.first != section || address >= where.second + part.symbol->size) return nullptr;
        return &part;
    }

    // The section and offset to which a relocation points, if they are of this file. `behind`:
    // bytes between the field and the instruction's end, where the processor adds from.
    std::pair<std::size_t, std::uint64_t> place_of(const ObjectFile::Relocation& relocation,
                                                   std::uint64_t behind) const {
        const auto& symbol = file_.symbols[relocation.symbol];
        if (symbol.section == ObjectFile::kNone) return {ObjectFile::kNone, 0};
        return {symbol.section,
                symbol.value + static_cast<std::uint64_t>(relocation.addend) + behind};
    }

    std::string instruction_number(const Part& part, std::uint64_t address) const {
        const auto found =
            std::ranges::lower_bound(part.instructions, address, {}, &Instruction::address);
        if (found == part.instructions.end() || found->address != address)
            return fmt::format("+{:#x}", address - part.symbol->value);
        return fmt::format("[{}]", found->number);
    }

    // What is at a place of this file, by name or content.
    std::string target(std::size_t section, std::uint64_t offset, unsigned depth) {
        const auto& about = file_.sections[section];
        if (about.code) {
            const auto* part = part_at(section, offset);
            if (!part) return about.name;
            const std::string name(source_name(part->symbol->name));
            return name + (offset == part->symbol->value ? "" : instruction_number(*part, offset));
        }
        if (describes_code(about.name)) return about.name;
        if (about.strings) {
            if (offset >= about.bytes.size()) return about.name;
            return fmt::format("\"{}\"",
                               about.bytes.substr(offset, about.bytes.find('\0', offset) - offset));
        }
        if (const auto* symbol = file_.covering(section, offset); symbol) {
            const auto name = plain_name(symbol->name);
            const auto distance = offset - symbol->value;
            return distance ? fmt::format("{}+{:#x}", name, distance) : name;
        }
        // A constant without a name, such as a jump table: its content, up to the next one.
        if (depth > 2 || about.bytes.empty()) return about.name;
        auto end = about.size;
        const auto known = referenced_.find(section);
        if (known != referenced_.end())
            if (const auto next = known->second.upper_bound(offset); next != known->second.end())
                end = std::min(end, *next);
        for (const auto& symbol : file_.symbols)
            if (symbol.section == section && symbol.size && symbol.value > offset)
                end = std::min(end, symbol.value);
        return about.name + ":" + content(section, offset, end, depth + 1);
    }

    std::string content(std::size_t section, std::uint64_t start, std::uint64_t end,
                        unsigned depth) {
        const auto& about = file_.sections[section];
        std::string text;
        const auto relocations = file_.relocations.find(section);
        for (auto at = start; at < end;) {
            if (relocations != file_.relocations.end()) {
                const auto here = relocations->second.equal_range(at);
                if (here.first != here.second) {
                    std::size_t width = 4;
                    for (auto each = here.first; each != here.second; ++each) {
                        text += "{" + relocation_text(each->second, 0, depth) + "}";
                        width = std::max(width, each->second.width);
                    }
                    at += width;
                    continue;
                }
            }
            text += at < about.bytes.size()
                        ? fmt::format("{:02x}", static_cast<unsigned char>(about.bytes[at]))
                        : "0";
            ++at;
        }
        return text;
    }

    std::string relocation_text(const ObjectFile::Relocation& relocation, std::uint64_t behind,
                                unsigned depth) {
        const auto& symbol = file_.symbols[relocation.symbol];
        if (symbol.section == ObjectFile::kNone) {
            auto text = fmt::format("{} {}", relocation.type, plain_name(symbol.name));
            const auto addend = relocation.addend + static_cast<std::int64_t>(behind);
            return addend ? fmt::format("{}{:+#x}", text, addend) : text;
        }
        const auto [section, offset] = place_of(relocation, behind);
        return fmt::format("{} {}", relocation.type, target(section, offset, depth));
    }

    std::string normal(const Part& part, std::size_t index) {
        const auto& instruction = part.instructions[index];
        const auto section = part.symbol->section;
        const auto end = index + 1 < part.instructions.size()
                             ? part.instructions[index + 1].address
                             : part.symbol->value + part.symbol->size;
        std::string text = instruction.text, comment;
        for (const std::string_view mark : {"# ", "// "})
            if (const auto at = text.find(mark); at != text.npos) {
                comment = text.substr(at + mark.size());
                text.resize(at);
            }
        while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
            text.pop_back();
        std::string relocations;
        if (const auto found = file_.relocations.find(section); found != file_.relocations.end())
            for (auto each = found->second.lower_bound(instruction.address);
                 each != found->second.end() && each->first < end; ++each) {
                if (each->second.hint) continue;
                const auto behind = each->second.relative_to_end ? end - each->first : 0;
                relocations += " {" + relocation_text(each->second, behind, 0) + "}";
            }
        // "ADDRESS <symbol+0x..>": where a branch goes. With a relocation it is no address yet.
        if (const auto open = text.find(" <"); open != text.npos) {
            auto begin = text.find_last_of(", \t", open - 1);
            begin = begin == text.npos ? 0 : begin + 1;
            const auto address = leading_hex(std::string_view(text).substr(begin));
            text.resize(begin);
            if (relocations.empty() && address) text += target(section, *address, 0);
        } else if (const auto at = text.find("(%rip)"); at != text.npos && !comment.empty()) {
            auto begin = text.find_last_of(" ,:*\t", at);
            begin = begin == text.npos ? 0 : begin + 1;
            text.erase(begin, at - begin);
            if (const auto address = leading_hex(comment); relocations.empty() && address)
                text += " {" + target(section, *address, 0) + "}";
        }
        return text + relocations;
    }

    const ObjectFile& file_;
    std::size_t section_ = ObjectFile::kNone; // that objdump prints
    std::map<std::pair<std::size_t, std::uint64_t>, Part> parts_;
    std::map<std::size_t, std::set<std::uint64_t>> referenced_; // offsets, by section
};

} // namespace

Result<ObjectCode> read_object(const fs::path& object, const Arch& arch, CommandRunner& runner) {
    RIG_TRY(file, ObjectFile::read(object));
    ObjectReader reader(file);
    Command command;
    command.argv = {arch.cross + "objdump", "-d", "--no-show-raw-insn", "--wide", object.string()};
    command.env = {{"LC_ALL", "C"}};
    command.on_line = [&](std::string_view line) { reader.line(line); };
    RIG_TRY(result, runner.run(command));
    if (!result.ok())
        return fail(FaultDomain::Host, fmt::format("{} -d {}: {}", command.argv[0], object.string(),
                                                   describe(result)));
    return reader.take();
}

const char* words_of(FunctionChange::Kind kind) {
    switch (kind) {
    case FunctionChange::Kind::Changed:
        return "changed";
    case FunctionChange::Kind::Added:
        return "added";
    case FunctionChange::Kind::Removed:
        return "removed";
    }
    return "changed";
}

std::vector<FunctionChange> changes_of(const ObjectCode& before, const ObjectCode& after,
                                       const std::string& object) {
    std::map<std::string, FunctionChange> changes;
    using enum FunctionChange::Kind;
    for (const auto& [name, code] : before.functions) {
        const auto now = after.functions.find(name);
        if (now == after.functions.end())
            changes[name] = {Removed, name, object, code.init, false};
        else if (!(now->second == code))
            changes[name] = {Changed, name, object, now->second.init,
                             differ_in_numbers(code, now->second)};
    }
    for (const auto& [name, code] : after.functions)
        if (!before.functions.contains(name))
            changes[name] = {Added, name, object, code.init, false};
    std::vector<FunctionChange> list;
    for (auto& [name, change] : changes)
        list.push_back(std::move(change));
    return list;
}

} // namespace rig
