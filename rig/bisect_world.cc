#include "rig/bisect_world.h"

#include "rig/artifact_cache.h"
#include "rig/bisect_spec.h"
#include "rig/schedule.h"
#include "rig/store.h"

#include <algorithm>
#include <fmt/format.h>

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
    for (const auto* patch : place.series->patches_of(revision.id)) {
        const auto name = patch->file.filename().string();
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

// The verdict of the whole experiment as a figure.
Result<Measured> take_verdict(const ExperimentResult& result, const Revision& revision) {
    Measured out;
    const auto& comparison = result.report.comparison;
    out.boots = result.report.run.boots * static_cast<unsigned>(result.report.spec.arms.size());
    for (const auto& splats : comparison.splats)
        if (splats.verdict == SplatVerdict::Splatted) out.unfit[revision.id] = {Outcome::Complained, comparison.closing};
    if (comparison.exit == Exit::Inconclusive) out.unfit[revision.id] = {Outcome::Unexposed, comparison.closing};
    if (out.unfit.empty()) out.values[revision.id] = {comparison.exit == Exit::Broken ? 1.0 : 0.0};
    return out;
}

Result<Measured> take(const ExperimentResult& result, const std::vector<Revision>& revisions, const BisectPlace& place) {
    Measured out;
    const auto& comparison = result.report.comparison;
    out.boots = result.report.run.boots * static_cast<unsigned>(revisions.size());
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
    // Of all of them in one run, or of one.
    const auto measure = [&place, &world, stop](const std::vector<Revision>& revisions, unsigned boots, unsigned batch) -> Result<Measured> {
        for (unsigned attempt = 1;; ++attempt) {
            RIG_TRY(spec, revision_spec(place, revisions, boots, batch));
            auto options = place.options;
            options.results = place.folder / "runs";
            options.fresh = attempt > 1;
            auto result = run_experiment(spec, world, options, stop);
            if (result) {
                auto taken = place.metric == kVerdictMetric ? take_verdict(*result, revisions.front()) : take(*result, revisions, place);
                if (taken) taken->run = result->dir.lexically_proximate(place.folder).string();
                return taken;
            }
            const auto& error = result.error();
            if (error.blame == Blame::Host) return tl::unexpected(error);
            if (error.blame == Blame::Guest && spec.guest.clock != ClockChoice::Virtual && attempt < kWallAttempts) continue;
            auto whose = std::find_if(revisions.begin(), revisions.end(), [&](const Revision& one) { return one.id == error.arm; });
            if (place.metric == kVerdictMetric) whose = revisions.begin();
            // No boot of a revision's: then it is not the revision that is to blame.
            if (whose == revisions.end()) return tl::unexpected(error);
            Measured measured;
            measured.run = error.log.lexically_proximate(place.folder).string();
            measured.unfit.emplace(whose->id,
                                   Measured::Unfit{error.blame == Blame::Kernel ? Outcome::Unbootable : Outcome::Unexposed, error.message});
            return measured;
        }
    };
    out.measure = [&place, measure](const std::vector<Revision>& revisions, unsigned boots, unsigned batch) -> Result<Measured> {
        if (place.metric != kVerdictMetric) return measure(revisions, boots, batch);
        Measured all;
        for (const auto& revision : revisions) {
            RIG_TRY(one, measure({revision}, 0, 0));
            all.values.merge(one.values);
            all.unfit.merge(one.unfit);
            all.boots += one.boots;
            all.run = one.run;
        }
        return all;
    };
    return out;
}

} // namespace rig
