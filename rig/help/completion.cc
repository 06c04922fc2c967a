// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/help/completion.h"

#include "rig/spec/spec.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <set>

namespace rig {
namespace {

using Words = std::vector<std::string>;

std::string first_line_of(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

// What the command line before the last word says.
struct Line {
    const CommandHelp* command = nullptr;
    std::vector<std::string> arguments;        // of the command
    std::map<std::string, std::string> values; // of options, by the option's first name
    std::set<std::string> given;               // options, by their first name
    const OptionHelp* open = nullptr;          // the last word is the value of this option
    bool options_ended = false;                // by "--"
};

const OptionHelp* option_named(const ProgramHelp& program, const CommandHelp* command,
                               std::string_view name) {
    for (const auto* options : {command ? &command->options : nullptr, &program.options})
        if (options)
            for (const auto& option : *options)
                if (option.is(name)) return &option;
    return nullptr;
}

Line read_line(const ProgramHelp& program, const Words& words) {
    Line line;
    for (const auto& word : words) {
        if (word == "=" && line.open) continue;
        if (line.open) {
            line.values[line.open->names.front()] = word;
            line.open = nullptr;
        } else if (!line.options_ended && word == "--") {
            line.options_ended = true;
        } else if (!line.options_ended && word.size() > 1 && word[0] == '-') {
            const auto equals = word.find('=');
            const auto* option = option_named(program, line.command, word.substr(0, equals));
            if (!option) continue;
            line.given.insert(option->names.front());
            if (option->value.empty()) continue;
            if (equals == word.npos)
                line.open = option;
            else
                line.values[option->names.front()] = word.substr(equals + 1);
        } else if (!line.command) {
            line.command = program.find(word);
            if (line.command) continue;
            line.arguments.push_back(word); // nothing is known about what follows
            return line;
        } else {
            line.arguments.push_back(word);
        }
    }
    return line;
}

class Completer {
 public:
    Completer(const ProgramHelp& program, const CompletionSources& sources, Line line,
              std::string word)
        : program_(program), sources_(sources), line_(std::move(line)), word_(std::move(word)) {}

    Completion run() {
        if (line_.open) {
            value_of(*line_.open, "");
        } else if (const auto equals = word_.find('=');
                   !line_.options_ended && word_.starts_with("--") && equals != word_.npos) {
            // zsh and fish pass "--option=value" as one word, and want it back as one.
            if (const auto* option = option_named(program_, line_.command, word_.substr(0, equals)))
                value_of(*option, word_.substr(0, equals + 1));
        } else if (!line_.options_ended && word_.starts_with('-')) {
            if (line_.command) options(line_.command->options);
            options(program_.options);
            add("--help", "Print a description, with examples");
        } else if (!line_.command) {
            if (line_.arguments.empty())
                for (const auto& command : program_.commands)
                    add(command.name, command.text);
        } else {
            argument();
        }
        return std::move(out_);
    }

 private:
    void add(const std::string& word, const std::string& text) {
        if (word.starts_with(word_)) out_.candidates.push_back({word, first_line_of(text)});
    }
    void add_all(const Words& words, const std::string& front, const std::string& text) {
        for (const auto& word : words)
            add(front + word, text);
    }

    void options(const std::vector<OptionHelp>& options) {
        for (const auto& option : options) {
            if (!option.many && line_.given.contains(option.names.front())) continue;
            for (const auto& name : option.names)
                if (name.starts_with("--")) add(name, option.text);
        }
    }

    void argument() {
        const auto& arguments = line_.command->arguments;
        if (arguments.empty()) return;
        const auto at = line_.arguments.size();
        if (at < arguments.size())
            value_of(arguments[at], "");
        else if (arguments.back().many)
            value_of(arguments.back(), "");
    }

    std::filesystem::path results() const {
        const auto found = line_.values.find("--results");
        return found == line_.values.end() ? "results" : found->second;
    }

    // The argument of this name before the last word.
    std::string given(std::string_view name) const {
        for (std::size_t i = 0; i < line_.arguments.size(); ++i)
            if (i < line_.command->arguments.size() &&
                line_.command->arguments[i].names.front() == name)
                return line_.arguments[i];
        return "";
    }

    void experiments(const std::string& front) {
        add_all(sources_.experiments(), front, "experiment");
        out_.files = Completion::Files::Files;
    }

    void runs(const std::string& front) {
        add(front + "latest", "the run that started last");
        add_all(sources_.runs(results()), front, "run");
        out_.files = Completion::Files::Folders;
    }

    void metrics(const std::string& front) {
        add_all(metric_names(), front, "metric");
        if (const auto experiment = given("SPEC"); !experiment.empty())
            add_all(sources_.metrics(experiment), front, "metric of this experiment");
        else if (const auto run = given("RUN"); !run.empty())
            add_all(sources_.metrics(sources_.experiment_of_run(results(), run)), front,
                    "metric of this run");
    }

    // `front` stands before the value in the word: "--arm=", or nothing.
    void value_of(const OptionHelp& option, const std::string& front) {
        if (!option.choices.empty()) return add_all(option.choices, front, "");
        if (option.is("SPEC") || option.is("CONFIG")) return experiments(front);
        if (option.is("RUN") || option.is("LEFT") || option.is("RIGHT")) {
            runs(front);
            // "an experiment file, which is run first"
            if (line_.command->name == "verdict") experiments(front);
            return;
        }
        if (option.is("METRIC") || option.is("--metric")) return metrics(front);
        if (option.is("--arm") || option.is("--against"))
            return add_all(sources_.arms(given("SPEC")), front, "arm");
        static const std::set<std::string> folders{"--cache",  "--results", "--repository",
                                                   "--series", "--resume",  "--log",
                                                   "--root",   "SPOOL"};
        static const std::set<std::string> files{"--html", "--out", "--vmlinux", "--metrics-file",
                                                 "FILE"};
        if (folders.contains(option.names.front())) out_.files = Completion::Files::Folders;
        if (files.contains(option.names.front())) out_.files = Completion::Files::Files;
    }

    const ProgramHelp& program_;
    const CompletionSources& sources_;
    Line line_;
    std::string word_;
    Completion out_;
};

// {0}: the name of the program. Only the last column of what rig prints is for people, so that a
// candidate may have blanks.
constexpr const char* kBash = R"(# bash completion for {0}, made by {0} itself
_{0}() {{
    local line word=${{COMP_WORDS[COMP_CWORD]}} words=("${{COMP_WORDS[@]:1:COMP_CWORD}}") IFS=$'\n'
    # bash splits --option=value into three words.
    if [ "$word" = = ]; then word= words+=(""); fi
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :files) compopt -o filenames; COMPREPLY+=($(compgen -f -- "$word")) ;;
            :folders) compopt -o filenames; COMPREPLY+=($(compgen -d -- "$word")) ;;
            *) COMPREPLY+=("${{line%%$'\t'*}}") ;;
        esac
    done < <("${{COMP_WORDS[0]}}" __complete "${{words[@]}}" 2>/dev/null)
}}
complete -F _{0} {0}
)";

constexpr const char* kZsh = R"(#compdef {0}
# zsh completion for {0}, made by {0} itself
_{0}() {{
    local line files= folders=
    local -a found
    while IFS= read -r line; do
        case $line in
            :files) files=1 ;;
            :folders) folders=1 ;;
            *) found+=("${{${{line%%$'\t'*}}//:/\\:}}:${{line#*$'\t'}}") ;;
        esac
    done < <("$words[1]" __complete "${{(@)words[2,CURRENT]}}" 2>/dev/null)
    (( $#found )) && _describe -V {0} found
    [[ -n $files ]] && _files
    [[ -n $folders ]] && _files -/
    return 0
}}
if [ "$funcstack[1]" = "_{0}" ]; then
    _{0} "$@"
else
    compdef _{0} {0}
fi
)";

constexpr const char* kFish = R"(# fish completion for {0}, made by {0} itself
function __{0}_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] "$word" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$word"
            case :folders
                __fish_complete_directories "$word"
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c {0} -f -a '(__{0}_complete)'
)";

} // namespace

Completion complete(const ProgramHelp& program, const Words& words,
                    const CompletionSources& sources) {
    if (words.empty()) return {};
    Words before(words.begin(), words.end() - 1);
    return Completer(program, sources, read_line(program, before), words.back()).run();
}

std::string completion_lines(const Completion& completion) {
    std::string out;
    std::set<std::string> seen;
    for (const auto& [word, text] : completion.candidates)
        if (seen.insert(word).second) out += fmt::format("{}\t{}\n", word, text);
    if (completion.files == Completion::Files::Files) out += ":files\n";
    if (completion.files == Completion::Files::Folders) out += ":folders\n";
    return out;
}

std::map<std::string, std::string> completion_scripts(const ProgramHelp& program) {
    return {{"bash", fmt::format(kBash, program.name)},
            {"zsh", fmt::format(kZsh, program.name)},
            {"fish", fmt::format(kFish, program.name)}};
}

} // namespace rig
