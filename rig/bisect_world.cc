#include "rig/bisect_world.h"

#include "rig/artifact_cache.h"
#include "rig/bisect_spec.h"
#include "rig/schedule.h"
#include "rig/store.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <memory>

namespace rig {
namespace fs = std::filesystem;
namespace {

// How often revisions that the guest failed under the wall clock, where what the host does meanwhile can do so, are measured.
constexpr unsigned kWallAttempts = 2;

Result<RevisionArm> make_series(const BisectPlace& place, const Revision& revision) {
    if (place.git) return RevisionArm{revision.id, {}, place.git->commit_of(revision.id)};
    std::error_code error;
    const auto folder = fs::absolute(place.folder / "revisions" / revision.id);
    fs::create_directories(folder, error);
    std::string list;
    unsigned number = 0;
    for (const auto* patch : place.series->patches_of(revision.id)) {
        const auto name = fmt::format("{:04}-{}", ++number, patch->file.filename().string()); // two folders may have one of the same name
        RIG_CHECK(write_atomically(folder / name, patch->text));
        list += name + "\n";
    }
    RIG_CHECK(write_atomically(folder / "series", list));
    const auto shown = folder.lexically_proximate(place.spec.top);
    return RevisionArm{revision.id, shown.string().starts_with("..") ? folder : shown, {}};
}

// Why an arm's figures tell nothing; nullopt if they tell something. An error: no fault of the kernel's.
Result<std::optional<Measured::Unfit>> unfit_arm(const Comparison& comparison, const std::string& arm, const std::string& metric) {
    using Found = std::optional<Measured::Unfit>;
    for (const auto& splats : comparison.splats)
        if (splats.arm == arm)
            for (const auto& splat : splats.splats)
                if (!splat.declared && !splat.followed) return Found({Outcome::Complained, fmt::format("{}, in {}", splat.title, splat.function)});
    for (const auto& proofs : comparison.proofs)
        if (proofs.arm == arm)
            for (const auto& proof : proofs.proofs) {
                if (proof.passed) continue;
                if (proof.id == "replay") return fail(Blame::Host, fmt::format("{}: {}; {}", arm, proof.found, proof.reason));
                return Found({Outcome::Unexposed, fmt::format("proof {}: {}; {}", proof.id, proof.found, proof.reason)});
            }
    const auto* found = comparison.find(metric);
    if (found)
        for (const auto& one : found->arms)
            if (one.arm == arm && one.spread) return Found();
    return Found({Outcome::Unexposed, fmt::format("no {} in every boot", metric)});
}

Status take(const ExperimentResult& result, const std::vector<Revision>& revisions, const BisectPlace& place, Measured& out) {
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

// What an experiment's verdict rests on: the expectations that do not hold, "" if all do; or why it says nothing.
struct WholeVerdict {
    std::string failures;
    std::optional<Measured::Unfit> unfit;
};
WholeVerdict whole_verdict(const Comparison& comparison) {
    WholeVerdict out;
    for (const auto& splats : comparison.splats) {
        if (splats.verdict == SplatVerdict::Splatted) out.unfit = {Outcome::Complained, comparison.closing};
        if (splats.verdict == SplatVerdict::Silent) out.failures += fmt::format("no splat in {}; ", splats.arm);
    }
    for (const auto& metric : comparison.metrics)
        for (const auto& arm : metric.arms)
            if (arm.verdict == Verdict::Broken || arm.verdict == Verdict::Regressed)
                out.failures += fmt::format("{} in {}; ", metric.info.name, arm.arm);
    if (comparison.exit == Exit::Inconclusive) out.unfit = {Outcome::Unexposed, comparison.closing};
    return out;
}

} // namespace

Result<Spec> revision_spec(const BisectPlace& place, const std::vector<Revision>& revisions, unsigned boots, unsigned batch) {
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
    spec.guest = place.spec.guest; // what the command line says of boots, vCPUs, clock and seed
    if (boots) spec.guest.boots = boots;
    if (batch) spec.guest.seed = mix(place.spec.guest.seed, batch);
    return spec;
}

BisectWorld real_world(const BisectPlace& place, const World& world, std::stop_token stop) {
    BisectWorld out;
    out.build = [&place, &world](const Revision& revision) -> Result<Built> {
        RIG_TRY(spec, revision_spec(place, {revision}, 0, 0));
        if (place.metric == kVerdictMetric) {
            Built all{"", true};
            for (const auto& arm : spec.arms) {
                RIG_TRY(kernel, build_kernel(spec, arm, {world.cache, world.runner, world.progress, 0}));
                all.image_sha256 += kernel.image_sha256;
                all.from_cache = all.from_cache && kernel.from_cache;
            }
            all.image_sha256 = sha256_hex(all.image_sha256);
            return all;
        }
        RIG_TRY(kernel, build_kernel(spec, spec.arms.front(), {world.cache, world.runner, world.progress, 0}));
        return Built{kernel.image_sha256, kernel.from_cache};
    };
    // One run of all of them. Nothing: it told nothing, and `measured` says of which and why.
    const auto run = [&place, &world, stop](const std::vector<Revision>& revisions, unsigned boots, unsigned batch,
                                            Measured& measured) -> Result<std::optional<ExperimentResult>> {
        for (unsigned attempt = 1;; ++attempt) {
            RIG_TRY(spec, revision_spec(place, revisions, boots, batch));
            auto options = place.options;
            options.results = place.folder / "runs";
            options.fresh = attempt > 1;
            auto result = run_experiment(spec, world, options, stop);
            if (result) {
                measured.run = result->dir.lexically_proximate(place.folder).string();
                measured.boots += result->report.run.boots * static_cast<unsigned>(spec.arms.size());
                return std::optional(std::move(*result));
            }
            const auto& error = result.error();
            if (error.blame == Blame::Host) return tl::unexpected(error);
            if (error.blame == Blame::Guest && spec.guest.clock != ClockChoice::Virtual && attempt < kWallAttempts) continue;
            const auto whose = std::find_if(revisions.begin(), revisions.end(), [&](const Revision& one) {
                return one.id == error.arm || (revisions.size() == 1 && !error.arm.empty());
            });
            // No boot of a revision's: then it is not the revision that is to blame.
            if (whose == revisions.end()) return tl::unexpected(error);
            measured.run = error.log.lexically_proximate(place.folder).string();
            measured.unfit.emplace(whose->id,
                                   Measured::Unfit{error.blame == Blame::Kernel ? Outcome::Unbootable : Outcome::Unexposed, error.message});
            return std::optional<ExperimentResult>();
        }
    };
    if (place.metric != kVerdictMetric) {
        out.measure = [&place, run](const std::vector<Revision>& revisions, unsigned boots, unsigned batch) -> Result<Measured> {
            Measured measured;
            RIG_TRY(result, run(revisions, boots, batch, measured));
            if (result) RIG_CHECK(take(*result, revisions, place, measured));
            return measured;
        };
        return out;
    }
    // 0: what does not hold is what does not hold at the good end; 1: at the bad end. Any other set of broken expectations is another failure,
    // which does not steer. One run a revision: a source is of a whole run.
    const auto of_ends = std::make_shared<std::map<std::string, std::string>>();
    out.measure = [&place, run, of_ends](const std::vector<Revision>& revisions, unsigned, unsigned) -> Result<Measured> {
        const Revision good = place.git->good(), bad = place.git->bad();
        auto all = of_ends->empty() ? std::vector<Revision>{good, bad} : std::vector<Revision>(); // also where they are known from a log
        for (const auto& revision : revisions)
            if (std::find(all.begin(), all.end(), revision) == all.end()) all.push_back(revision);
        Measured measured;
        for (const auto& revision : all) {
            RIG_TRY(result, run({revision}, 0, 0, measured));
            if (!result) continue;
            const auto verdict = whole_verdict(result->report.comparison);
            if (verdict.unfit) {
                measured.unfit.emplace(revision.id, *verdict.unfit);
                continue;
            }
            if (revision == good || revision == bad) (*of_ends)[revision.id] = verdict.failures;
            if (verdict.failures == (*of_ends)[good.id])
                measured.values[revision.id] = {0};
            else if (revision == bad || verdict.failures == (*of_ends)[bad.id])
                measured.values[revision.id] = {1};
            else
                measured.unfit.emplace(revision.id, Measured::Unfit{Outcome::Unclear, "what does not hold is neither end's: " +
                                                                                          (verdict.failures.empty() ? "nothing" : verdict.failures)});
        }
        return measured;
    };
    return out;
}

} // namespace rig
