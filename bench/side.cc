// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/side.h"

#include "bench/programs.h"
#include "rig/base/files.h"
#include "rig/host/git.h"

#include <fmt/ranges.h>
#include <regex>
#include <sstream>
#include <utility>

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::chrono::hours kPatience{6}; // for one command; a cold build takes minutes

// Passes on what a program says, one line in ten seconds.
class Ticker {
 public:
    explicit Ticker(std::string label) : label_(std::move(label)) {}
    void operator()(std::string_view line) {
        const auto now = Steady::now();
        if (line.empty() || now - said_ < std::chrono::seconds(10)) return;
        said_ = now;
        say(fmt::format("{}: {}", label_, line.substr(0, 100)));
    }

 private:
    std::string label_;
    Steady::time_point said_ = Steady::now();
};

// Logs of builds in a cache, with what tells that one was written anew.
std::map<fs::path, std::pair<std::uintmax_t, fs::file_time_type>> logs_in(const fs::path& cache) {
    std::map<fs::path, std::pair<std::uintmax_t, fs::file_time_type>> logs;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(cache / "logs", none))
        logs[entry.path()] = {entry.file_size(), entry.last_write_time()};
    return logs;
}

// Kbuild says "  CC      mm/mmu_gather.o" of each object it compiles.
unsigned objects_in(const fs::path& log) {
    unsigned objects = 0;
    std::istringstream lines(rig::slurp(log));
    for (std::string line; std::getline(lines, line);)
        objects += line.starts_with("  CC ");
    return objects;
}

bool is_of_the_source(std::string_view what) {
    return what.starts_with("downloading linux-source") || what.starts_with("unpacking ");
}

} // namespace

void refuse(const std::string& why) {
    fmt::print(stderr, "{}\n", why);
    std::exit(3);
}

void say(const std::string& text) {
    static const auto began = Steady::now();
    fmt::print(stderr, "[{:7.1f} s] {}\n",
               std::chrono::duration<double>(Steady::now() - began).count(), text);
}

std::optional<Step> step_of(std::string_view line) {
    static const std::regex form("(.+): done in ([0-9]+\\.[0-9]) s( at [0-9]+/[0-9]+)?");
    constexpr std::string_view kMark = ": done in ";
    if (line.find(kMark) == line.npos) return std::nullopt;
    std::smatch match;
    const std::string text(line);
    if (!std::regex_match(text, match, form))
        refuse(fmt::format("rig's progress: '{}', want 'WHAT: done in 12.3 s'", text));
    return Step{match[1], std::stod(match[2])};
}

std::map<std::string, double> by_part(const std::vector<Step>& steps) {
    std::map<std::string, double> parts;
    for (const auto& [what, seconds] : steps) {
        const auto begins = [&what = what](std::initializer_list<std::string_view> words) {
            return std::any_of(words.begin(), words.end(),
                               [&](std::string_view word) { return what.starts_with(word); });
        };
        if (begins({"configuring ", "building ", "linking the source tree"}))
            parts["build"] += seconds;
        else if (begins({"booting", "probing KVM"}))
            parts["boots"] += seconds;
        else
            parts[what] += seconds;
    }
    return parts;
}

Side::Side(std::string label, std::string commit, const fs::path& project, fs::path dir)
    : label_(std::move(label)), commit_(std::move(commit)), dir_(std::move(dir)) {
    if (!fs::exists(clone())) {
        fs::create_directories(dir_);
        must_run(rig::git_command(
            project, {"clone", "--quiet", "--shared", "--no-checkout", ".", clone().string()}));
        must_run(rig::git_command(clone(), {"checkout", "--quiet", "--detach", commit_}));
    }
    rig::BoostCommandRunner runner;
    if (const auto head = must(rig::commit_of(runner, clone(), "HEAD")); head != commit_)
        refuse(fmt::format("{}: holds {}, want {}: another folder, or none, in --work",
                           clone().string(), head, commit_));
}

Measured Side::ninja(const std::vector<std::string>& targets) const {
    rig::Command command;
    command.argv = {"ninja", "-C", "build"};
    command.argv.insert(command.argv.end(), targets.begin(), targets.end());
    command.cwd = clone();
    command.env = {{"CCACHE_DISABLE", "1"}};
    command.unset = {"NINJA_STATUS"};
    command.timeout = kPatience;
    unsigned objects = 0;
    Ticker tick(label_);
    command.on_line = [&](std::string_view line) {
        objects += line.find("] Compiling C++ object ") != line.npos;
        tick(line);
    };
    const auto ran = must_run(command);
    return {ran.seconds, ran.cpu_seconds, objects};
}

Side::Compiled Side::compile(bool web) const {
    fs::remove_all(clone() / "build");
    rig::Command setup;
    setup.argv = {"meson", "setup", "build"};
    if (!web) setup.argv.emplace_back("-Dweb=false");
    setup.cwd = clone();
    setup.env = {{"CCACHE_DISABLE", "1"}};
    const auto configured = must_run(setup);
    Compiled compiled;
    if (web) {
        compiled.packages = ninja({"web/packages.stamp"});
        compiled.packages.objects.reset();
    }
    std::vector<std::string> targets{"rig/rig", "guest/rig-agent"};
    // Older revisions have none. Without them rig counts no changed line.
    if (fs::exists(clone() / "plugin" / "meson.build")) targets.emplace_back("plugins");
    compiled.rig = ninja(targets);
    if (compiled.rig.objects.value_or(0) == 0)
        refuse("ninja said of no object that it compiles it: '[1/2] Compiling C++ object ...'");
    *compiled.rig.wall += configured.seconds;
    *compiled.rig.cpu += configured.cpu_seconds;
    return compiled;
}

Measured Side::touch_and_compile(const std::string& name) const {
    auto listed =
        must_run(rig::git_command(clone(), {"ls-files", "--", ":(glob)rig/**/" + name})).out;
    while (listed.ends_with('\n'))
        listed.pop_back();
    if (listed.empty() || listed.find('\n') != listed.npos)
        refuse(fmt::format("--touch {}: {} has {}, want one file of that name under rig/", name,
                           label_, listed.empty() ? "none" : listed));
    fs::last_write_time(clone() / listed, fs::file_time_type::clock::now());
    const auto measured = ninja({"rig/rig"});
    if (measured.objects.value_or(0) == 0)
        refuse(fmt::format("{} of {} was touched, and nothing was compiled", listed, label_));
    return measured;
}

RigRan Side::run(std::vector<std::string> words, const std::string& cache_name,
                 const std::vector<int>& codes) const {
    const auto own = cache(cache_name), out = dir_ / "stdout.json";
    const auto logs_before = logs_in(own);
    RigRan result;
    Ticker tick(label_);
    rig::Command command;
    // What it prints on stdout is in a file of its own, so that progress is never among it.
    command.argv = {"sh", "-c", "exec \"$@\" >\"$0\"", out.string(), rig().string(), "--json"};
    command.argv.insert(command.argv.end(), {"--results", (dir_ / "results").string()});
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.cwd = clone();
    command.env = {{"RIG_CACHE_DIR", own.string()},
                   {"CCACHE_DIR", compiler_cache(cache_name).string()}};
    command.unset = {"RIG_AGENT"}; // its own agent is measured
    command.timeout = kPatience;
    command.on_line = [&](std::string_view line) {
        if (is_of_the_source(line))
            refuse(fmt::format("{}: {}: the source was to be in its cache already", label_, line));
        if (const auto step = step_of(line)) {
            say(fmt::format("{}: {}", label_, line));
            result.steps.push_back(*step);
        } else if (line.starts_with("warning")) {
            say(fmt::format("{}: {}", label_, line));
        } else {
            tick(line);
        }
    };
    const auto ran = must_run(command, {0, 1, 2, 3, 4}); // all that rig has
    if (std::find(codes.begin(), codes.end(), ran.code) == codes.end())
        refuse(fmt::format("{}{}\n{}: rig {}: exit code {}", ran.out, rig::slurp(out), label_,
                           fmt::join(words, " "), ran.code));
    result.answer = nlohmann::json::parse(rig::slurp(out), nullptr, false);
    if (!result.answer.is_object())
        refuse(fmt::format("{}: rig {}: want one JSON object on stdout", out.string(), words[0]));
    result.code = ran.code;
    result.measured = {ran.seconds, ran.cpu_seconds, 0};
    for (const auto& [log, stamp] : logs_in(own))
        if (const auto before = logs_before.find(log);
            before == logs_before.end() || before->second != stamp)
            *result.measured.objects += objects_in(log);
    return result;
}
