// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/help/man_page.h"

#include "rig/base/text.h"
#include "rig/help/roff.h"
#include "rig/spec/experiment_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sstream>

namespace rig {
namespace {

std::string title(const std::string& name, int section, const ProgramHelp& program) {
    // No date: the same source gives the same bytes.
    return fmt::format(".TH {} {} \"\" \"rig {}\" \"rig\"\n.nh\n.ad l\n", roff::quoted(name),
                       section, roff::escaped(program.version));
}

std::string heading(const std::string& text) {
    return fmt::format(".SH {}\n", roff::quoted(text));
}

// "--format FILE" with the names in bold.
std::string names_of(const OptionHelp& option) {
    std::vector<std::string> names;
    for (const auto& name : option.names)
        names.push_back(roff::bold(name));
    auto out = fmt::format("{}", fmt::join(names, ", "));
    if (!option.value.empty()) out += fmt::format(" \\fI{}\\fR", roff::escaped(option.value));
    return out;
}

// Lines that begin with blanks are a list of their own: they keep their breaks.
std::string filled(std::string_view text) {
    std::string out;
    bool listed = false;
    std::istringstream in{std::string(text)};
    for (std::string line; std::getline(in, line);) {
        const bool item = line.starts_with(' ');
        if (item || listed) out += ".br\n";
        listed = item;
        out += roff::escaped(trimmed(line)) + "\n";
    }
    return out;
}

std::string option_list(const std::vector<OptionHelp>& options) {
    std::string out;
    for (const auto& option : options) {
        out += fmt::format(".TP\n{}\n{}", names_of(option), filled(option.text));
        if (!option.choices.empty())
            out += filled(fmt::format("One of: {}.", fmt::join(option.choices, ", ")));
        if (!option.standard.empty()) out += filled(fmt::format("Default: {}.", option.standard));
        if (option.many) out += "May be given several times.\n";
    }
    return out;
}

// The footer of --help: paragraphs, indented lines that stay as they are, and the heads "Example",
// "Examples" and "Exit codes", which begin a section.
struct Details {
    std::string text, examples, exit_codes;
};

Details details_of(std::string_view footer) {
    Details out;
    std::string* section = &out.text;
    std::string block;
    const auto flush = [&] {
        if (!block.empty())
            *section += block.starts_with(' ') ? roff::literal(block) : ".PP\n" + filled(block);
        block.clear();
    };
    std::istringstream in{std::string(footer)};
    for (std::string line; std::getline(in, line);) {
        const bool indented = line.starts_with(' ');
        if (line.empty() || (!block.empty() && indented != block.starts_with(' '))) flush();
        if (line.empty()) continue;
        if (!indented) {
            const auto head = line.substr(0, line.find(':'));
            const bool codes = head == "Exit codes";
            section = head == "Example" || head == "Examples" ? &out.examples
                      : codes                                 ? &out.exit_codes
                                                              : &out.text;
            if (section != &out.text) {
                // "Exit codes: 0 done, 3 host fault." is a head and its text.
                line = line.size() > head.size() + 1 ? trimmed(line.substr(head.size() + 1)) : "";
                if (line.empty()) continue;
            }
        }
        block += line + "\n";
    }
    flush();
    return out;
}

std::string sections_of(const Details& details) {
    std::string out;
    if (!details.examples.empty()) out += heading("EXAMPLES") + details.examples;
    if (!details.exit_codes.empty()) out += heading("EXIT STATUS") + details.exit_codes;
    return out;
}

std::string page_of(const CommandHelp& command, const ProgramHelp& program) {
    const auto name = program.name + "-" + command.name;
    auto out = title(name, 1, program) + heading("NAME") +
               fmt::format("{} \\- {}\n", roff::escaped(name), roff::escaped(command.text)) +
               heading("SYNOPSIS") + roff::bold(program.name + " " + command.name) +
               "\n[\\fIOPTION\\fR...]\n";
    for (const auto& argument : command.arguments)
        out += fmt::format("{}\\fI{}\\fR{}{}\n", argument.required ? "" : "[",
                           roff::escaped(argument.names.at(0)), argument.many ? "..." : "",
                           argument.required ? "" : "]");
    const auto details = details_of(command.details);
    if (!details.text.empty()) out += heading("DESCRIPTION") + details.text;
    if (!command.arguments.empty()) out += heading("ARGUMENTS") + option_list(command.arguments);
    if (!command.options.empty()) out += heading("OPTIONS") + option_list(command.options);
    return out + sections_of(details) + heading("SEE ALSO") +
           fmt::format("{}(1), {}(5)\n", roff::bold(program.name),
                       roff::bold(program.name + ".toml"));
}

std::string main_page(const ProgramHelp& program) {
    const auto& text = program.text;
    const auto first = text.substr(0, text.find('\n'));
    const auto dash = first.find(" - ");
    auto out = title(program.name, 1, program) + heading("NAME") +
               fmt::format("{} \\- {}\n", roff::escaped(program.name),
                           roff::escaped(dash == first.npos ? first : first.substr(dash + 3))) +
               heading("SYNOPSIS") + roff::bold(program.name) +
               "\n[\\fIOPTION\\fR...] \\fICOMMAND\\fR [\\fIARGUMENT\\fR...]\n";
    auto details = details_of(text.substr(first.size()));
    const auto more = details_of(program.details);
    out += heading("DESCRIPTION") + details.text + more.text + heading("COMMANDS");
    std::vector<std::string> pages;
    for (const auto& command : program.commands) {
        out += fmt::format(".TP\n{}(1)\n{}\n", roff::bold(program.name + "-" + command.name),
                           roff::escaped(command.text));
    }
    out += heading("OPTIONS") + option_list(program.options);
    details.exit_codes = more.exit_codes;
    return out + sections_of(details) + heading("SEE ALSO") +
           fmt::format("{}(5)\n", roff::bold(program.name + ".toml"));
}

std::string key_page(const ProgramHelp& program) {
    const auto name = program.name + ".toml";
    auto out =
        title(name, 5, program) + heading("NAME") +
        fmt::format("{} \\- experiment file of {}\n", name, program.name) + heading("DESCRIPTION") +
        roff::of_markdown(
            "An experiment file names the kernels to compare, the guest, the workload, the code "
            "under test, and what is expected of each metric. It is TOML, at most 256 KiB. An "
            "unknown key, a wrong type or a value out of range is one error with file, line, "
            "column, the value found and the values accepted. `rig init NAME` writes a commented "
            "file, and `rig schema` prints a JSON schema for editors.\n\n"
            "Paths are relative to the nearest parent folder of the file that contains "
            "`kernel-patches/`, else to the folder of the file. What is not there is looked up "
            "among the files that come with rig.");
    for (const auto& section : key_sections()) {
        out += heading(section.name.empty() ? "TOP LEVEL"
                       : section.array      ? "[[" + section.name + "]]"
                                            : "[" + section.name + "]");
        out += roff::of_markdown(section.text);
        for (const auto* key : keys_of(section.name)) {
            out += fmt::format(".SS {}\n", roff::quoted(key->name));
            out +=
                roff::of_markdown(fmt::format("Type: {}. Default: {}. Range: {}.", type_words(*key),
                                              key->standard, range_words(*key)));
            out += roff::of_markdown(key->text);
            out += roff::literal("Example: " + key->example);
        }
    }
    return out + heading("SEE ALSO") + fmt::format("{}(1)\n", roff::bold(program.name));
}

} // namespace

std::map<std::string, std::string> man_pages(const ProgramHelp& program) {
    std::map<std::string, std::string> out{
        {fmt::format("man1/{}.1", program.name), main_page(program)},
        {fmt::format("man5/{}.toml.5", program.name), key_page(program)}};
    for (const auto& command : program.commands)
        out[fmt::format("man1/{}-{}.1", program.name, command.name)] = page_of(command, program);
    return out;
}

} // namespace rig
