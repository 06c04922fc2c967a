// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/revisions.h"

#include "bench/programs.h"
#include "rig/host/artifact_cache.h"
#include "rig/host/git.h"
#include "rig/kernel/source.h"
#include "rig/spec/spec_parser.h"

#include <cmath>
#include <set>
#include <thread>
#include <unistd.h>
#include <variant>

namespace fs = std::filesystem;
using nlohmann::json;
using Steady = std::chrono::steady_clock;

namespace {

double since(Steady::time_point began) {
    return std::chrono::duration<double>(Steady::now() - began).count();
}

std::string figure(const std::optional<double>& seconds) {
    return seconds ? fmt::format("{:.2f}", *seconds) : "-";
}
std::string figure(const std::optional<unsigned>& objects) {
    return objects ? fmt::format("{}", *objects) : "-";
}

// None of what is shorter than a clock tick or two can be said.
std::optional<double> ratio(const std::optional<double>& a, const std::optional<double>& b) {
    if (!a || !b || *a < 0.02 || *b < 0.02) return std::nullopt;
    return *a / *b;
}
std::string figure_of_ratio(const std::optional<double>& value) {
    return value ? fmt::format("{:.3f}", *value) : "-";
}

json number(const std::optional<double>& value) {
    return value ? json(std::round(*value * 1000) / 1000) : json(nullptr);
}

json to_json(const Measured& measured) {
    return {{"wall_s", number(measured.wall)},
            {"cpu_s", number(measured.cpu)},
            {"objects", measured.objects ? json(*measured.objects) : json(nullptr)}};
}

// Hard links of a whole entry; a copy on another file system. The files that a rig writes into an
// entry which it only uses are copies in any case: the user's cache stays as it is.
bool link_entry(const fs::path& from, const fs::path& to) {
    if (fs::exists(to)) return true;
    fs::create_directories(to.parent_path());
    const fs::path part = to.string() + ".part";
    fs::remove_all(part);
    const bool linked = must_run({"cp", "-al", from.string(), part.string()}, {0, 1}).code == 0;
    if (!linked) {
        fs::remove_all(part);
        must_run({"cp", "-a", from.string(), part.string()});
    }
    for (const char* file : {"label", "used"}) {
        if (!fs::exists(from / file)) continue;
        fs::remove(part / file);
        fs::copy_file(from / file, part / file);
    }
    fs::rename(part, to);
    return linked;
}

} // namespace

void RevisionOptions::declare(CLI::App& app, const char* work_help) {
    app.add_option("--against", against,
                   "a revision of the project that is measured as well, in turn with this one");
    app.add_option("--work", work, work_help);
    app.add_option("--project", project, "the project: a git repository, whose HEAD is measured")
        ->capture_default_str()
        ->check(CLI::ExistingDirectory);
    app.add_flag("--no-web", no_web, "build rig without its pages, which npm's packages are for");
    app.add_flag("--json", json, "print JSON on stdout, and the table on stderr");
}

Revisions::Revisions(const RevisionOptions& options) : options_(options) {
    table_ = options.json ? stderr : stdout;
    std::setvbuf(table_, nullptr, _IOLBF, 0);
    if (options.work.empty())
        dir_ = folder_of(scratch_.emplace());
    else
        dir_ = fs::absolute(options.work);
    // The compiler's and the kernel's makefiles write absolute paths into what they make.
    fs::create_directories(dir_);
    dir_ = fs::canonical(dir_);
    if (const auto found = dir_.string().find_first_of(" \t:"); found != std::string::npos)
        refuse(fmt::format("{}: the kernel's makefiles accept neither blanks nor colons in a path",
                           dir_.string()));
    say("in " + dir_.string());
    rig::BoostCommandRunner runner;
    const fs::path project = fs::absolute(options.project);
    uncommitted_ = must(rig::uncommitted_files(runner, project));
    if (uncommitted_)
        say(fmt::format("warning: {} files of {} are not committed, and so not measured",
                        uncommitted_, project.string()));
    const auto add = [&](const char* label, const char* folder, const std::string& revision) {
        const auto commit = must(rig::commit_of(runner, project, revision));
        sides_.emplace_back(label, commit, project, dir_ / folder);
        say(fmt::format("{}: {}", label, commit));
    };
    add("this", "this", "HEAD");
    if (!options.against.empty()) add(options.against.c_str(), "against", options.against);
    find_source();
    header();
}

void Revisions::find_source() {
    const auto spec = must(rig::load_spec(sides_[0].clone() / kSpec));
    const auto* distro = std::get_if<rig::DistroSource>(&spec.kernel.source);
    if (!distro || spec.arms.size() < 2)
        refuse(fmt::format("{}: want two arms, and a kernel of a distribution", kSpec));
    for (const auto& arm : spec.arms)
        arms_.push_back(arm.name);
    rig::BoostCommandRunner runner;
    rig::ArtifactCache users(rig::default_cache_dir()), seed(dir_ / "seed");
    std::map<std::string, std::string> taken; // how, by key
    for (const auto& entry : users.list()) {
        if (entry.kind != "sources" || !entry.label.starts_with(distro->package + "=") ||
            entry.key.find(".tmp-") != std::string::npos)
            continue;
        const auto to = seed.root() / "sources" / entry.key;
        if (fs::exists(to))
            taken[entry.key] = "of an earlier call";
        else if (link_entry(users.root() / "sources" / entry.key, to))
            taken[entry.key] = "hard links of the user's cache";
        else
            taken[entry.key] = "a copy out of the user's cache";
    }
    rig::Progress progress([](const std::string& text) { fmt::print(stderr, "{}", text); }, false);
    const auto began = Steady::now();
    const auto source = must(rig::fetch_source(spec, {seed, runner, progress, 0}));
    source_seconds_ = since(began);
    source_ = source.tree.parent_path();
    source_id_ = source.id;
    const auto how = taken.find(source_.filename());
    source_how_ = how == taken.end() ? "downloaded and unpacked" : how->second;
    say(fmt::format("{}: {}, {:.1f} s, in no figure below", source_id_, source_how_,
                    source_seconds_));
}

void Revisions::make_caches(const std::string& name, bool keep) const {
    for (const auto& side : sides_) {
        if (keep && fs::exists(side.cache(name))) continue;
        fs::remove_all(side.cache(name));
        fs::remove_all(side.compiler_cache(name));
        link_entry(source_, side.cache(name) / "sources" / source_.filename());
    }
    ::sync();
}

void Revisions::link_kind(const fs::path& from, const std::string& kind, const fs::path& to) {
    rig::ArtifactCache cache(from);
    for (const auto& entry : cache.list())
        if (entry.kind == kind && entry.key.find(".tmp-") == std::string::npos)
            link_entry(from / kind / entry.key, to / kind / entry.key);
}

void Revisions::link_built(const Side& side) {
    for (const char* kind : {"kernels", "perf", "images"})
        link_kind(rig::default_cache_dir(), kind, side.cache());
}

std::vector<Measured> Revisions::each(const std::function<Measured(Side&)>& measure) {
    std::vector<Measured> all;
    for (auto& side : sides_)
        all.push_back(measure(side));
    return all;
}

void Revisions::header() const {
    std::string line = fmt::format("{:<30}", "");
    for (const auto& side : sides_)
        line += fmt::format("  {:>25}", side.label());
    fmt::print(table_, "{}\n{:<30}", line, "phase");
    for (std::size_t i = 0; i < sides_.size(); ++i)
        fmt::print(table_, "  {:>8} {:>8} {:>7}", "wall s", "CPU s", "objects");
    fmt::print(table_, "{}\n", sides_.size() > 1 ? "  this/other wall   CPU" : "");
}

void Revisions::row(const std::string& name, const std::vector<Measured>& sides) {
    std::string line = fmt::format("{:<30}", name);
    for (const auto& side : sides)
        line += fmt::format("  {:>8} {:>8} {:>7}", figure(side.wall), figure(side.cpu),
                            figure(side.objects));
    if (sides.size() > 1)
        line += fmt::format("  {:>15} {:>5}", figure_of_ratio(ratio(sides[0].wall, sides[1].wall)),
                            figure_of_ratio(ratio(sides[0].cpu, sides[1].cpu)));
    fmt::print(table_, "{}\n", line);
    rows_.push_back({name, sides});
}

void Revisions::parts(const std::vector<RigRan>& runs) {
    std::vector<std::map<std::string, double>> all;
    std::set<std::string> names;
    for (const auto& run : runs) {
        all.push_back(by_part(run.steps));
        double rest = *run.measured.wall;
        for (const auto& [name, seconds] : all.back())
            rest -= seconds;
        all.back()["rest"] = rest;
        for (const auto& [name, seconds] : all.back())
            names.insert(name);
    }
    for (const auto& name : names) {
        std::vector<Measured> sides;
        for (const auto& parts : all)
            sides.push_back({parts.contains(name) ? std::optional(parts.at(name)) : std::nullopt});
        row("  of it " + name, sides);
    }
}

void Revisions::finish(const char* benchmark) const {
    if (!options_.json) return;
    json out = {
        {"benchmark", benchmark},
        {"experiment", kSpec},
        {"cpus", std::thread::hardware_concurrency()},
        {"uncommitted_files", uncommitted_},
        {"source", {{"id", source_id_}, {"how", source_how_}, {"wall_s", number(source_seconds_)}}},
        {"revisions", json::array()},
        {"rows", json::array()}};
    for (const auto& side : sides_)
        out["revisions"].push_back({{"label", side.label()}, {"commit", side.commit()}});
    for (const auto& row : rows_) {
        json one = {{"name", row.name}, {"sides", json::array()}};
        for (const auto& side : row.sides)
            one["sides"].push_back(to_json(side));
        if (row.sides.size() > 1)
            one["ratio"] = {{"wall", number(ratio(row.sides[0].wall, row.sides[1].wall))},
                            {"cpu", number(ratio(row.sides[0].cpu, row.sides[1].cpu))}};
        out["rows"].push_back(one);
    }
    fmt::print("{}\n", out.dump(2));
}
