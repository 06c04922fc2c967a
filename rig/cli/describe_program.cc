// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/describe_program.h"

#include "rig/base/version.h"

#include <CLI/CLI.hpp>
#include <sstream>

namespace rig {
namespace {

// "TEXT:{a,b}" is the type of an option with choices, "UINT:INT in [1 - 16]" that of a range.
void take_type(const std::string& type, OptionHelp& out) {
    const auto open = type.find('{'), close = type.find('}', open);
    if (open != type.npos && close != type.npos) {
        std::istringstream in(type.substr(open + 1, close - open - 1));
        for (std::string choice; std::getline(in, choice, ',');)
            out.choices.push_back(choice);
    }
    out.value = type.substr(0, type.find(':'));
}

std::vector<OptionHelp> options_of(const CLI::App& app, bool positional) {
    std::vector<OptionHelp> out;
    for (const auto* option : app.get_options()) {
        if (option->get_positional() != positional || (!positional && option->get_group().empty()))
            continue;
        OptionHelp one;
        if (positional) {
            one.names.push_back(option->get_name());
        } else {
            for (const auto& name : option->get_lnames())
                one.names.push_back("--" + name);
            for (const auto& name : option->get_snames())
                one.names.push_back("-" + name);
        }
        if (option->get_items_expected_max() > 0) take_type(option->get_type_name(), one);
        one.text = option->get_description();
        one.standard = option->get_default_str();
        one.required = option->get_required();
        one.many = option->get_items_expected_max() > 1 ||
                   option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
        out.push_back(one);
    }
    return out;
}

} // namespace

ProgramHelp describe_program(const CLI::App& app) {
    ProgramHelp out;
    out.name = "rig";
    out.version = rig_version();
    out.text = app.get_description();
    out.details = app.get_footer();
    out.options = options_of(app, false);
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (command->get_group().empty()) continue;
        CommandHelp one;
        one.name = command->get_name();
        one.group = command->get_group();
        one.text = command->get_description();
        one.details = command->get_footer();
        one.arguments = options_of(*command, true);
        one.options = options_of(*command, false);
        out.commands.push_back(one);
    }
    return out;
}

} // namespace rig
