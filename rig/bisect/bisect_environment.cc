// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/bisect_environment.h"

#include "rig/base/files.h"
#include "rig/base/random.h"
#include "rig/base/sha256.h"
#include "rig/bisect/bisect_spec.h"
#include "rig/bisect/outcome.h"
#include "rig/host/artifact_cache.h"
#include "rig/kernel/kernel_build.h"
#include "rig/results/run_store.h"
#include "rig/spec/spec_parser.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <memory>
#include <set>

namespace rig {
namespace fs = std::filesystem;
namespace {

// How often a revision is measured that ends with a guest fault under the wall clock, where
// activity of the host can cause one.
constexpr unsigned kWallAttempts = 2;

Result<RevisionArm> make_series(const BisectPlace& place, const Revision& revision) {
    if (place.git) return RevisionArm{revision.id, {}, place.git->commit_of(revision.id)};
    std::error_code error;
    const auto folder = fs::absolute(place.folder / "revisions" / revision.id);
    fs::create_directories(folder, error);
    std::string list;
    unsigned number = 0;
    for (const auto* patch : place.series->patches_of(revision.id)) {
        const auto name = fmt::format(
            "{:04}-{}", ++number,
            patch->file.filename().string()); // files of two folders may have the same name
        RIG_CHECK(write_atomically(folder / name, patch->text));
        list += name + "\n";
    }
    RIG_CHECK(write_atomically(folder / "series", list));
    const auto shown = folder.lexically_proximate(place.spec.top);
    return RevisionArm{revision.id, shown.string().starts_with("..") ? folder : shown, {}};
}

// Why the figures of an arm are unusable; nullopt if they are usable. Errors: faults that are not
// the kernel's.
Result<std::optional<Measured::Unfit>>
unfit_arm(const Comparison& comparison, const std::string& arm, const std::string& metric) {
    using Found = std::optional<Measured::Unfit>;
    for (const auto& splats : comparison.splats)
        if (splats.arm == arm)
            for (const auto& splat : splats.splats)
                if (!splat.declared && !splat.followed)
                    return Found(
                        {Outcome::Splatted, fmt::format("{}, in {}", splat.title, splat.function)});
    for (const auto& checks : comparison.checks)
        if (checks.arm == arm)
            for (const auto& check : checks.checks) {
                if (check.passed) continue;
                if (check.id == "replay")
                    return fail(FaultDomain::Host,
                                fmt::format("{}: {}; {}", arm, check.found, check.reason));
                return Found(
                    {Outcome::NotExercised, fmt::format("validity check {}: {}; {}", check.id,
                                                        check.found, check.reason)});
            }
    const auto* found = comparison.find(metric);
    if (found)
        for (const auto& one : found->arms)
            if (one.arm == arm && one.spread) return Found();
    return Found({Outcome::NotExercised, fmt::format("no {} in every boot", metric)});
}

Status take(const ExperimentResult& result, const std::vector<Revision>& revisions,
            const BisectPlace& place, Measured& out) {
    const auto& comparison = result.report.comparison;
    for (const auto& revision : revisions) {
        RIG_TRY(unfit, unfit_arm(comparison, revision.id, place.metric));
        if (unfit) {
            out.unfit.emplace(revision.id, *unfit);
            continue;
        }
        auto& values = out.values[revision.id];
        for (const auto& one : comparison.find(place.metric)->arms)
            if (one.arm == revision.id)
                for (const auto& boot : one.boots)
                    values.push_back(boot.value);
    }
    return {};
}

// The parts of an experiment's verdict, as "METRIC in ARM"; or why the experiment is inconclusive.
struct WholeVerdict {
    std::set<std::string> failures; // failed expectations
    // Expectations that this run does not decide: undecided, or 0 wherever they are counted.
    std::set<std::string> open;
    std::optional<Measured::Unfit> unfit;
};
WholeVerdict whole_verdict(const Comparison& comparison) {
    WholeVerdict out;
    for (const auto& splats : comparison.splats) {
        if (splats.verdict == SplatVerdict::Splatted)
            out.unfit = {Outcome::Splatted, comparison.closing};
        if (splats.verdict == SplatVerdict::Silent)
            out.failures.insert("the declared splat in " + splats.arm);
    }
    for (const auto& metric : comparison.metrics)
        for (const auto& arm : metric.arms) {
            if (arm.verdict == Verdict::NotJudged) continue;
            const auto name = fmt::format("{} in {}", metric.info.name, arm.arm);
            if (arm.verdict == Verdict::Broken || arm.verdict == Verdict::Regressed)
                out.failures.insert(name);
            else if (arm.verdict == Verdict::Undecided || arm.verdict == Verdict::Inconclusive ||
                     !ever_seen(metric))
                out.open.insert(name);
        }
    if (comparison.exit == Exit::Inconclusive || comparison.inconclusive > 0)
        out.unfit = {Outcome::NotExercised, comparison.closing};
    return out;
}

} // namespace

Result<Spec> revision_spec(const BisectPlace& place, const std::vector<Revision>& revisions,
                           unsigned boots, unsigned batch) {
    std::vector<RevisionArm> arms;
    for (const auto& revision : revisions) {
        RIG_TRY(arm, make_series(place, revision));
        arms.push_back(arm);
    }
    std::optional<GitSource> source;
    if (place.git) {
        const auto good = place.git->commit_of(place.git->good().id);
        source = GitSource{place.repository, good, place.base.empty() ? good : place.base};
    }
    RIG_TRY(overrides, revision_overrides(place.spec, place.arm, arms, source, place.metric));
    RIG_TRY(spec, parse_spec(place.spec.text, place.spec.file, overrides));
    spec.guest = place.spec.guest; // takes boots, vCPUs, clock and seed of the command line
    if (boots) spec.guest.boots = boots;
    if (batch) spec.guest.seed = mix(place.spec.guest.seed, batch);
    return spec;
}

BisectEnvironment real_world(const BisectPlace& place, const Environment& environment,
                             std::stop_token stop) {
    BisectEnvironment out;
    out.build = [&place, &environment](const Revision& revision) -> Result<Built> {
        RIG_TRY(spec, revision_spec(place, {revision}, 0, 0));
        if (place.metric == kVerdictMetric) {
            Built all{"", true};
            for (const auto& arm : spec.arms) {
                RIG_TRY(kernel, build_kernel(spec, arm,
                                             {environment.cache, environment.runner,
                                              environment.progress, 0}));
                all.image_sha256 += kernel.image_sha256;
                all.from_cache = all.from_cache && kernel.from_cache;
            }
            all.image_sha256 = sha256_hex(all.image_sha256);
            return all;
        }
        RIG_TRY(kernel,
                build_kernel(spec, spec.arms.front(),
                             {environment.cache, environment.runner, environment.progress, 0}));
        return Built{kernel.image_sha256, kernel.from_cache};
    };
    // Makes one run of all these revisions. nullopt: the run was unusable, and `measured` has the
    // revision and the reason.
    const auto run = [&place, &environment,
                      stop](const std::vector<Revision>& revisions, unsigned boots, unsigned batch,
                            Measured& measured) -> Result<std::optional<ExperimentResult>> {
        for (unsigned attempt = 1;; ++attempt) {
            RIG_TRY(spec, revision_spec(place, revisions, boots, batch));
            auto options = place.options;
            options.results = place.folder / "runs";
            options.fresh = attempt > 1;
            auto result = run_experiment(spec, environment, options, stop);
            if (result) {
                measured.run = result->dir.lexically_proximate(place.folder).string();
                measured.boots +=
                    result->report.run.boots * static_cast<unsigned>(spec.arms.size());
                return std::optional(std::move(*result));
            }
            const auto& error = result.error();
            if (error.fault_domain == FaultDomain::Host) return tl::unexpected(error);
            if (error.fault_domain == FaultDomain::Guest &&
                spec.guest.clock != ClockChoice::Virtual && attempt < kWallAttempts)
                continue;
            const auto whose =
                std::find_if(revisions.begin(), revisions.end(), [&](const Revision& one) {
                    return one.id == error.arm || (revisions.size() == 1 && !error.arm.empty());
                });
            // The fault is in no boot of one revision, so no revision caused it.
            if (whose == revisions.end()) return tl::unexpected(error);
            measured.run = error.log.lexically_proximate(place.folder).string();
            measured.unfit.emplace(whose->id,
                                   Measured::Unfit{error.fault_domain == FaultDomain::Kernel
                                                       ? Outcome::Unbootable
                                                       : Outcome::NotExercised,
                                                   error.message});
            return std::optional<ExperimentResult>();
        }
    };
    if (place.metric != kVerdictMetric) {
        out.measure = [&place, run](const std::vector<Revision>& revisions, unsigned boots,
                                    unsigned batch) -> Result<Measured> {
            Measured measured;
            RIG_TRY(result, run(revisions, boots, batch, measured));
            if (result) RIG_CHECK(take(*result, revisions, place, measured));
            return measured;
        };
        return out;
    }
    // 0: the same expectations fail as at the good end. 1: the same as at the bad end. Any other
    // set is another failure, which must not steer the search. One run per revision, because a
    // whole run has one source.
    const auto of_ends = std::make_shared<std::map<std::string, std::set<std::string>>>();
    out.measure = [&place, run, of_ends](const std::vector<Revision>& revisions, unsigned,
                                         unsigned) -> Result<Measured> {
        const Revision good = place.git->good(), bad = place.git->bad();
        Measured measured;
        for (const auto& revision : revisions) {
            RIG_TRY(result, run({revision}, 0, 0, measured));
            if (!result) continue;
            const auto verdict = whole_verdict(result->report.comparison);
            if (verdict.unfit) {
                measured.unfit.emplace(revision.id, *verdict.unfit);
                continue;
            }
            if (revision == good || revision == bad) {
                of_ends->emplace(revision.id, verdict.failures);
                const auto first = of_ends->find(good.id);
                measured.values[revision.id] = {
                    revision == bad &&
                            (first == of_ends->end() || first->second != verdict.failures)
                        ? 1.0
                        : 0.0};
                continue;
            }
            const auto at_good = of_ends->find(good.id), at_bad = of_ends->find(bad.id);
            if (at_good == of_ends->end() || at_bad == of_ends->end())
                return fail(FaultDomain::Host,
                            "a verdict is asked of a revision before those of both ends");
            const auto tells = [&](const std::string& name) {
                return at_good->second.contains(name) != at_bad->second.contains(name);
            };
            const auto untold = std::find_if(verdict.open.begin(), verdict.open.end(), tells);
            if (untold != verdict.open.end())
                measured.unfit.emplace(
                    revision.id,
                    Measured::Unfit{Outcome::Unclear, *untold + " is not decided here"});
            else if (verdict.failures == at_good->second)
                measured.values[revision.id] = {0};
            else if (verdict.failures == at_bad->second)
                measured.values[revision.id] = {1};
            else
                measured.unfit.emplace(
                    revision.id,
                    Measured::Unfit{Outcome::Unclear,
                                    fmt::format("what does not hold is neither end's: {}",
                                                fmt::join(verdict.failures, ", "))});
        }
        return measured;
    };
    return out;
}

} // namespace rig
