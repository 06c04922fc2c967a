// SPDX-License-Identifier: GPL-2.0-or-later
// How long the first answer takes, phase by phase, from a clone and empty caches; and the next one,
// after a source of rig, an arm or the experiment has changed. With --against the same for another
// revision of the project, each phase just after this revision's. Wall time, CPU time (of a phase's
// processes and all they waited for) and how many objects the compiler made. Nothing here passes or
// fails.
#include "bench/programs.h"
#include "bench/revisions.h"

#include <algorithm>
#include <fmt/ranges.h>
#include <set>

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Most objects of a kernel depend on it, as on any option that changes task_struct.
constexpr const char* kOption = "DETECT_HUNG_TASK=y";
// In the middle of the ranks (ARCHITECTURE.md), and in revisions before there were ranks as well.
constexpr const char* kTouched = "compare.cc";
// Beside the cache that the other phases share.
constexpr const char *kPerfCache = "perf-cache", *kWholeCache = "whole-cache";
const std::vector<int> kAnyVerdict{0, 1, 4};

struct ColdOptions {
    RevisionOptions revisions;
    std::string phases, option = kOption, touched = kTouched;
    unsigned boots = 4;
};

struct PhaseName {
    const char* name;
    const char* needs; // the phase whose results it works on
    const char* what;
};
// In the order in which they are made.
constexpr PhaseName kPhases[] = {
    {"rig", "", "compile rig and the guest's agent"},
    {"touch", "rig", "one source of rig is newer: compile and link"},
    {"first", "rig", "rig build of the first arm, caches empty: kernel, perf, image"},
    {"second", "first", "rig build of the second arm: one source differs"},
    {"perf", "first", "rig build with all but perf and image built"},
    {"boots", "second", "single boots by rig boot: mean of --boots of each arm"},
    {"compare", "second", "the whole command, everything built"},
    {"switch", "second", "rig build of both arms with one more kernel option, same tree"},
    {"back", "switch", "rig build without it again: kernels gone, object tree as it is"},
    {"whole", "rig", "the whole command, caches empty: the first answer"},
};

const PhaseName& phase_named(const std::string& name) {
    for (const auto& phase : kPhases)
        if (phase.name == name) return phase;
    std::vector<std::string> names;
    for (const auto& phase : kPhases)
        names.emplace_back(phase.name);
    fmt::print(stderr, "--phases: found '{}', want some of {}\n", name, fmt::join(names, ","));
    std::exit(2);
}

std::set<std::string> phases_of(const std::string& list) {
    std::set<std::string> wanted;
    if (list.empty())
        for (const auto& phase : kPhases)
            wanted.insert(phase.name);
    for (std::size_t at = 0; !list.empty() && at <= list.size();) {
        const auto end = std::min(list.find(',', at), list.size());
        wanted.insert(phase_named(list.substr(at, end - at)).name);
        at = end + 1;
    }
    return wanted;
}

// Were these arms' kernels built just now, or all taken from the cache, as `built` says? Seconds
// that rig says it took for them.
double kernel_seconds(const Side& side, const RigRan& ran, std::size_t arms, bool built) {
    const auto& kernels = ran.answer.at("kernels");
    if (kernels.size() != arms)
        refuse(fmt::format("{}: rig build told of {} kernels, want {}", side.label(),
                           kernels.size(), arms));
    double seconds = 0;
    for (const auto& kernel : kernels) {
        if (kernel.at("from_cache").get<bool>() == built)
            refuse(fmt::format(
                "{}: the kernel of {} was {}", side.label(), kernel.at("arm").get<std::string>(),
                built ? "in the cache, and was to be built" : "built, and was to be in the cache"));
        seconds += kernel.at("build_seconds").get<double>();
    }
    return seconds;
}

class Cold {
 public:
    explicit Cold(const ColdOptions& options) : options_(options), all_(options.revisions) {}

    void run() {
        const auto wanted = phases_of(options_.phases);
        const auto any_of = [&](std::initializer_list<const char*> names) {
            return std::any_of(names.begin(), names.end(),
                               [&](const char* name) { return wanted.contains(name); });
        };
        // Boots alone need no kernel built here: the user's cache may have it.
        const bool linked = !any_of({"first", "second", "perf", "switch", "back"});
        std::set<std::string> needed = wanted;
        for (auto phase = std::rbegin(kPhases); phase != std::rend(kPhases); ++phase)
            if (needed.contains(phase->name) && *phase->needs) needed.insert(phase->needs);
        if (linked) {
            needed.erase("first");
            needed.erase("second");
        }
        bool prepared = false;
        for (const auto& phase : kPhases) {
            const std::string name = phase.name;
            if (!needed.contains(name)) continue;
            shown_ = wanted.contains(name);
            if (linked && !prepared && (name == "boots" || name == "compare")) {
                take_built();
                prepared = true;
            }
            say(fmt::format("{}: {}{}", name, phase.what,
                            shown_ ? "" : " (not asked for, but what follows needs it)"));
            make(name);
        }
        all_.finish("cold");
        // Not before: to remove so many files keeps the disk busy.
        for (const auto& side : all_.sides())
            for (const char* name : {kPerfCache, kWholeCache})
                fs::remove_all(side.cache(name));
    }

 private:
    void make(const std::string& name) {
        if (name == "rig") return compile();
        if (name == "touch")
            return show("touch " + options_.touched, all_.each([&](Side& side) {
                return side.touch_and_compile(options_.touched);
            }));
        if (name == "first") return first();
        if (name == "second") return second();
        if (name == "perf") return perf();
        if (name == "boots") return boots();
        if (name == "compare") return compare();
        if (name == "switch") return switch_options();
        if (name == "back") return back();
        whole();
    }

    void show(const std::string& name, const std::vector<Measured>& sides) {
        if (shown_) all_.row(name, sides);
    }

    void compile() {
        std::vector<Measured> packages, rig;
        for (const auto& side : all_.sides()) {
            const auto compiled = side.compile(!options_.revisions.no_web);
            packages.push_back(compiled.packages);
            rig.push_back(compiled.rig);
        }
        show("compile rig and agent", rig);
        if (!options_.revisions.no_web) show("  not in it: npm's packages", packages);
    }

    void first() {
        std::vector<Measured> kernel;
        all_.make_caches();
        first_ = all_.each([&](Side& side) {
            const auto ran = side.run({"build", kSpec, "--arm", all_.first_arm()});
            kernel.push_back({kernel_seconds(side, ran, 1, true)});
            if (ran.measured.objects.value_or(0) == 0)
                refuse(fmt::format("{}: a kernel was built, and no line '  CC ' is in the logs of "
                                   "{}",
                                   side.label(), (side.cache() / "logs").string()));
            return ran.measured;
        });
        show("first arm, with perf, image", first_);
        show("  of it the kernel, says rig", kernel);
    }

    void second() {
        show("second arm", all_.each([&](Side& side) {
            const auto ran = side.run({"build", kSpec, "--arm", all_.second_arm()});
            kernel_seconds(side, ran, 1, true);
            return ran.measured;
        }));
    }

    // In a cache which has the kernel and no perf, whatever else a rig may keep in one.
    void perf() {
        all_.make_caches(kPerfCache);
        const auto perf = all_.each([&](Side& side) {
            Revisions::link_kind(side.cache(), "kernels", side.cache(kPerfCache));
            const auto ran = side.run({"build", kSpec, "--arm", all_.first_arm()}, kPerfCache);
            kernel_seconds(side, ran, 1, false);
            return Measured{ran.measured.wall, ran.measured.cpu};
        });
        show("perf, image", perf);
        std::vector<Measured> kernel;
        for (std::size_t i = 0; i < perf.size(); ++i)
            kernel.push_back({std::nullopt, *first_[i].cpu - *perf[i].cpu});
        show("  first arm's CPU less this", kernel);
    }

    void boots() {
        struct Mean {
            double agent = 0, boot = 0, wall = 0, cpu = 0;
        };
        std::vector<Mean> means(all_.sides().size());
        const double n = 2.0 * options_.boots;
        for (unsigned i = 0; i < options_.boots; ++i)
            for (const auto& arm : {all_.first_arm(), all_.second_arm()})
                for (std::size_t at = 0; at < means.size(); ++at) {
                    const auto ran =
                        all_.sides()[at].run({"boot", kSpec, "--arm", arm, "--clock", "virtual",
                                              "--index", std::to_string(i)});
                    const auto& host = ran.answer.at("host");
                    means[at].agent += host.at("agent_ready_wall_s").get<double>() / n;
                    means[at].boot += host.at("boot_wall_s").get<double>() / n;
                    means[at].wall += *ran.measured.wall / n;
                    means[at].cpu += *ran.measured.cpu / n;
                }
        std::vector<Measured> agent, boot, command;
        for (const auto& mean : means) {
            agent.push_back({mean.agent});
            boot.push_back({mean.boot});
            command.push_back({mean.wall, mean.cpu});
        }
        show("boot: start to agent", agent);
        show("boot: whole", boot);
        show("rig boot", command);
    }

    RigRan compared(const Side& side, const std::string& cache) {
        auto ran = side.run({"compare", kSpec, "--fresh"}, cache, kAnyVerdict);
        say(fmt::format("{}: exit code {}", side.label(), ran.code));
        return ran;
    }

    void show_compared(const std::string& name, const std::vector<RigRan>& runs) {
        std::vector<Measured> sides;
        for (const auto& run : runs)
            sides.push_back(run.measured);
        show(name, sides);
        if (shown_) all_.parts(runs);
    }

    void compare() {
        std::vector<RigRan> runs;
        for (const auto& side : all_.sides())
            runs.push_back(compared(side, "cache"));
        show_compared("rig compare, all built", runs);
    }

    void switch_options() {
        show("one option more, both arms", all_.each([&](Side& side) {
            const auto ran =
                side.run({"build", kSpec, "--set", "kernel.options." + options_.option});
            kernel_seconds(side, ran, all_.arms(), true);
            return ran.measured;
        }));
    }

    void back() {
        show("back without it, both arms", all_.each([&](Side& side) {
            if (fs::remove_all(side.cache() / "kernels") == 0)
                refuse(fmt::format("{}: no kernels/ in {}", side.label(), side.cache().string()));
            const auto ran = side.run({"build", kSpec});
            kernel_seconds(side, ran, all_.arms(), true);
            return ran.measured;
        }));
    }

    void whole() {
        std::vector<RigRan> runs;
        all_.make_caches(kWholeCache);
        for (const auto& side : all_.sides())
            runs.push_back(compared(side, kWholeCache));
        show_compared("rig compare, caches empty", runs);
    }

    // Not measured: what boots need, out of the user's cache as far as it is there.
    void take_built() {
        all_.make_caches();
        for (const auto& side : all_.sides()) {
            Revisions::link_built(side);
            say(fmt::format("{}: kernels out of the user's cache, others are built (not measured)",
                            side.label()));
            side.run({"build", kSpec});
        }
    }

    ColdOptions options_;
    Revisions all_;
    std::vector<Measured> first_;
    bool shown_ = true;
};

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"how long the first answer takes, and the next one, phase by phase"};
    ColdOptions options;
    options.revisions.declare(
        app, "an empty folder, or a new one, for clones and caches; it stays, and bench/edit "
             "--work goes on with it (default: one in TMPDIR, which goes)");
    std::string help = "some of these, separated by commas (default: all):";
    for (const auto& phase : kPhases)
        help += fmt::format("\n  {:<8} {}", phase.name, phase.what);
    app.add_option("--phases", options.phases, help);
    app.add_option("--boots", options.boots, "boots per arm of the phase boots")
        ->capture_default_str()
        ->check(CLI::Range(1u, 1000u));
    app.add_option("--option", options.option, "the phase switch's kernel option, NAME=VALUE")
        ->capture_default_str();
    app.add_option("--touch", options.touched,
                   "the phase touch's source, by the name that it has in both revisions")
        ->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    phases_of(options.phases); // a slip of the pen is told now
    const fs::path work = options.revisions.work;
    if (!work.empty() && fs::exists(work) && !fs::is_empty(work)) {
        fmt::print(stderr, "--work {}: found files in it, want an empty folder or none\n",
                   work.string());
        return 2;
    }
    try {
        Cold(options).run();
    } catch (const json::exception& e) {
        refuse(fmt::format("what rig printed with --json: {}", e.what()));
    }
}
