// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/compare.h"

#include "rig/analysis/bound_tests.h"
#include "rig/analysis/doubts.h"
#include "rig/analysis/power.h"
#include "rig/guest_output/metric.h"
#include "rig/plan/count_keys.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {
namespace {

using Boots = std::vector<const Sample*>; // of one arm, by index

std::vector<double> values_of(const ArmMetric& arm) {
    std::vector<double> out;
    for (const auto& boot : arm.boots)
        out.push_back(boot.value);
    return out;
}

std::optional<Pooled> pool(const std::string& metric, const Boots& boots) {
    std::vector<double> all;
    for (const auto* boot : boots) {
        const auto* values = metric_values(metric, *boot);
        if (!values) return std::nullopt;
        all.insert(all.end(), values->begin(), values->end());
    }
    if (all.empty()) return std::nullopt;
    return Pooled{median(all).value(), mean(all).value(), quantile(all, 0.99).value(),
                  maximum(all).value(), all.size()};
}

ArmMetric summarise(const MetricInfo& info, const std::string& arm, const Boots& boots,
                    const TargetSpec& target) {
    ArmMetric out;
    out.arm = arm;
    for (const auto* boot : boots)
        if (auto value = metric_value(info.name, *boot, target))
            out.boots.push_back({boot->id.index, *value});
    out.pooled = pool(info.name, boots);
    // No summary if some boots lack the metric: it would look like one over all boots.
    if (boots.empty() || out.boots.size() < boots.size()) {
        out.why = boots.empty() ? "no boot"
                                : fmt::format("{} of {} boots do not hold it",
                                              boots.size() - out.boots.size(), boots.size());
        return out;
    }
    auto values = values_of(out);
    auto [low, high] = std::minmax_element(values.begin(), values.end());
    out.spread = Spread{*low, median(values).value(), *high};
    return out;
}

// nullopt also if a side lacks the metric in some boot.
std::optional<Contrast> contrast_of(const ArmMetric& arm, const ArmMetric& base, bool paired) {
    if (!arm.spread || !base.spread) return std::nullopt;
    return contrast(arm, base, paired);
}

// ---- Judging one metric in one arm

std::string value_text(double value) {
    return fmt::format("{:.10g}", value);
}

// The call sites of IPIs, which explain an unexpected event.
std::string call_sites(const Sample& boot) {
    std::vector<std::string> sites;
    for (const auto& [site, count] : boot.sync_callsites)
        sites.push_back(fmt::format("{} from {}", count, site));
    return sites.empty() ? "" : fmt::format("; {}", fmt::join(sites, ", "));
}

void check_exact(const MetricSpec& expect, const Boots& boots, ArmMetric& arm) {
    auto wanted = expect.exactly.find(arm.arm);
    if (wanted == expect.exactly.end()) return;
    const auto* fixed = std::get_if<std::int64_t>(&wanted->second);
    arm.declared = fixed ? fmt::format("exactly {}", *fixed) : "exactly as predicted";
    if (!arm.spread) {
        arm.verdict = Verdict::Inconclusive;
        return;
    }
    std::size_t bad = 0;
    for (std::size_t i = 0; i < boots.size(); ++i) {
        auto want =
            fixed ? static_cast<double>(*fixed) : static_cast<double>(predicted_sync(*boots[i]));
        if (arm.boots[i].value == want) continue;
        if (bad++ == 0)
            arm.why = fmt::format("boot {}: {}, want {}", arm.boots[i].boot,
                                  value_text(arm.boots[i].value), value_text(want));
        if (bad == 1 && expect.name == "sync_ipis") arm.why += call_sites(*boots[i]);
    }
    if (bad > 1) arm.why += fmt::format(" ({} of {} boots differ)", bad, boots.size());
    arm.verdict = bad ? Verdict::Broken : Verdict::AsDeclared;
}

// The metric that workload.check adds: 0 in every boot, or the operation did not do its work.
MetricSpec no_failed_check(const Spec& spec) {
    MetricSpec expect;
    expect.name = kFailedChecks;
    expect.kind = ExpectKind::Exactly;
    for (const auto& arm : spec.arms)
        expect.exactly[arm.name] = std::int64_t{0};
    return expect;
}

MetricResult failed_checks(const Spec& spec, const std::vector<Sample>& samples) {
    MetricResult out{{kFailedChecks, "passes that workload.check refused", Unit::Count, ""}, {}};
    const auto expect = no_failed_check(spec);
    for (const auto& arm_spec : spec.arms) {
        const auto boots = boots_of(samples, arm_spec.name);
        auto arm = summarise(out.info, arm_spec.name, boots, spec.target);
        check_exact(expect, boots, arm);
        if (arm.verdict == Verdict::Broken)
            arm.why = "the operation did not do its work: " + arm.why;
        out.arms.push_back(std::move(arm));
    }
    return out;
}

// What an operation takes that did not do its work is no improvement.
void doubt_failed_operations(const MetricResult& failed, std::vector<MetricResult>& metrics) {
    for (auto& metric : metrics)
        doubt(metric, [&](const ArmMetric& arm) {
            for (const auto& one : failed.arms)
                if (one.arm == arm.arm && one.verdict == Verdict::Broken)
                    return "workload.check: " + one.why;
            return std::string();
        });
}

// Decides all bounds. Holm's family is every bounded (metric, arm) of the run, whatever its
// verdict.
void decide_bounds(const Spec& spec, std::vector<MetricResult>& metrics) {
    std::vector<BoundTest*> family;
    for (auto& metric : metrics)
        for (auto& arm : metric.arms)
            if (arm.test) family.push_back(&*arm.test);
    correct(family);
    for (auto& metric : metrics) {
        const auto expect =
            std::find_if(spec.metrics.begin(), spec.metrics.end(),
                         [&](const MetricSpec& m) { return m.name == metric.info.name; });
        if (expect == spec.metrics.end() || !bounds_a_ratio(*expect)) continue;
        for (std::size_t i = 1; i < metric.arms.size(); ++i) {
            auto& arm = metric.arms[i];
            decide(*expect, arm);
            if (arm.verdict != Verdict::Undecided || !arm.change || !arm.change->ratio.interval)
                continue;
            // More boots like these cannot help: decide() states the number that a decision needs.
            if (arm.test->min_p * static_cast<double>(family.size()) > family_error) continue;
            const auto n =
                boots_for_power(*expect, arm.change->ratio, family.size(), arm.change->paired);
            arm.why +=
                n ? fmt::format("; {} boots per arm like these would decide it in {:.0f} % of runs",
                                *n, 100 * wanted_power)
                  : fmt::format("; not even {} boots per arm like these would", max_boots_asked);
        }
    }
}

// ---- The whole

void count_verdicts(Comparison& out) {
    for (const auto& metric : out.metrics) {
        const bool seen = ever_seen(metric);
        for (const auto& arm : metric.arms)
            switch (arm.verdict) {
            case Verdict::AsDeclared:
            case Verdict::Improved:
            case Verdict::WithinBound:
            case Verdict::Unchanged:
                ++(seen ? out.held : out.unseen);
                break;
            case Verdict::Regressed:
            case Verdict::Broken:
                ++out.failed;
                break;
            case Verdict::Undecided:
                ++out.undecided;
                out.doubtful += doubtful(arm);
                break;
            case Verdict::Inconclusive:
                ++out.inconclusive;
                break;
            case Verdict::NotJudged:
                break;
            }
    }
}

// " (sync_ipis in reviewed)" or " (first: ...)"; "" if that would make the line too long for a
// page.
std::string first_of(const Comparison& comparison, std::initializer_list<Verdict> verdicts) {
    constexpr std::size_t most = 36;
    std::string first;
    unsigned found = 0;
    for (const auto& metric : comparison.metrics)
        for (const auto& arm : metric.arms)
            if (std::find(verdicts.begin(), verdicts.end(), arm.verdict) != verdicts.end() &&
                found++ == 0)
                first = fmt::format("{} in {}", metric.info.name, arm.arm);
    if (found == 0 || first.size() > most) return "";
    return fmt::format(" ({}{})", found > 1 ? "first: " : "", first);
}

std::string first_failed_check(const Spec& spec, const std::vector<ArmChecks>& checks) {
    for (const auto& arm : spec.arms) {
        auto set = std::find_if(checks.begin(), checks.end(),
                                [&](const ArmChecks& p) { return p.arm == arm.name; });
        if (set == checks.end() || set->checks.empty())
            return fmt::format("no validity check was made in {}", arm.name);
        for (const auto& check : set->checks)
            if (!check.passed)
                return fmt::format("validity check {} failed in {}", check.id, arm.name);
    }
    return "";
}

void conclude(Comparison& out, const std::string& unproven) {
    auto failed = fmt::format("{} failed{}", out.failed,
                              first_of(out, {Verdict::Broken, Verdict::Regressed}));
    auto rest = fmt::format("{} hold", out.held);
    if (out.unseen) rest += fmt::format(", {} are 0 in every arm", out.unseen);
    if (out.undecided) rest += fmt::format(", {} undecided", out.undecided);
    if (!unproven.empty()) {
        out.exit = Exit::Inconclusive;
        out.closing = fmt::format("INCONCLUSIVE: {}", unproven);
    } else if (out.inconclusive) {
        // Failures must not be hidden by what could not be measured.
        out.exit = Exit::Inconclusive;
        out.closing = fmt::format("INCONCLUSIVE: {} not measured; {} failed, {}", out.inconclusive,
                                  out.failed, rest);
    } else if (out.failed) {
        out.exit = Exit::Fail;
        out.closing = fmt::format("FAIL: {}, {}", failed, rest);
    } else if (out.doubtful) {
        out.exit = Exit::Inconclusive;
        out.closing = fmt::format("INCONCLUSIVE: {} of {} undecided look worse than declared; {}",
                                  out.doubtful, out.undecided, rest);
    } else {
        // Nothing judged, or nothing decided, is no success.
        out.exit = out.held ? Exit::Pass : Exit::Inconclusive;
        if (out.held + out.undecided + out.unseen == 0)
            out.closing = "NO VERDICT: nothing is declared; every validity check passed";
        else
            out.closing = fmt::format("{}: {}{}", out.held ? "PASS" : "INCONCLUSIVE", rest,
                                      first_of(out, {Verdict::Undecided}));
    }
}

void conclude_splats(Comparison& out, std::vector<ArmSplats> splats, bool proven) {
    out.splats = std::move(splats);
    const auto splat = conclude(out.splats, proven);
    const bool nothing_judged =
        out.held + out.failed + out.undecided + out.inconclusive + out.unseen == 0;
    if (splat.broken) {
        out.exit = Exit::Fail;
        out.closing = "FAIL: " + splat.closing;
    } else if (splat.as_declared && proven && nothing_judged) {
        out.exit = Exit::Pass;
        out.closing = "PASS: splats as declared, and no other";
    }
}

} // namespace

Comparison compare(const Spec& spec, const std::vector<Sample>& samples,
                   std::vector<ArmChecks> checks, const std::vector<Sample>* every_boot,
                   bool shared_cpus) {
    Comparison out;
    out.baseline = spec.arms.empty() ? "" : spec.arms.front().name;
    out.paired =
        !samples.empty() && std::all_of(samples.begin(), samples.end(),
                                        [](const Sample& s) { return s.run_clock == "virtual"; });
    auto unproven = first_failed_check(spec, checks);
    out.checks = std::move(checks);

    auto infos = metric_infos(spec.metrics);
    for (const auto& expect :
         // A metric that this file does not know is judged too: as inconclusive.
         spec.metrics)
        if (std::none_of(infos.begin(), infos.end(),
                         [&](const MetricInfo& i) { return i.name == expect.name; }))
            infos.push_back({expect.name, expect.name, Unit::Count, ""});

    const auto not_measured = [&](const MetricInfo& info) {
        return (spec.guest.passes == Passes::Count && info.unit != Unit::Count) ||
               (info.name == "bystander_interrupts" &&
                (has_threads(spec.workload) || !spec.workload.bystander_cpus.empty()));
    };
    for (const auto& info : infos) {
        if (not_measured(info)) continue; // no metric of the file has an expectation of it
        MetricResult result{info, {}};
        auto expect = std::find_if(spec.metrics.begin(), spec.metrics.end(),
                                   [&](const MetricSpec& m) { return m.name == info.name; });
        for (const auto& arm_spec : spec.arms) {
            auto boots = boots_of(samples, arm_spec.name);
            auto arm = summarise(info, arm_spec.name, boots, spec.target);
            if (arm.boots.empty() && !why_missing(arch_named(spec.kernel.arch), info.name).empty())
                arm.why = "not counted on " + spec.kernel.arch;
            const auto against = result.arms.empty()
                                     ? std::nullopt
                                     : contrast_of(arm, result.arms.front(), out.paired);
            if (against) arm.change = change_between(*against);
            if (against && expect != spec.metrics.end()) arm.test = test_bound(*expect, *against);
            if (expect != spec.metrics.end() && expect->kind == ExpectKind::Exactly)
                check_exact(*expect, boots, arm);
            result.arms.push_back(std::move(arm));
        }
        if (info.rare && expect == spec.metrics.end() &&
            std::all_of(result.arms.begin(), result.arms.end(),
                        [](const ArmMetric& arm) { return arm.boots.empty(); }))
            continue;
        out.metrics.push_back(std::move(result));
    }
    decide_bounds(spec, out.metrics);
    doubt_what_holds(spec, samples, out.metrics);
    if (shared_cpus)
        for (auto& metric : out.metrics)
            if (metric.info.unit != Unit::Count) // times, and rates, which are counts over a time
                doubt(metric, [](const ArmMetric&) {
                    return "boots shared host CPUs (--share-cpus): what all waited for each other "
                           "hides what one arm waits more";
                });
    if (!spec.workload.check.empty()) {
        // Warm-up boots too, as for splats.
        auto failed = failed_checks(spec, every_boot ? *every_boot : samples);
        doubt_failed_operations(failed, out.metrics);
        out.metrics.push_back(std::move(failed));
    }
    if (!unproven.empty())
        for (auto& metric : out.metrics)
            for (auto& arm : metric.arms)
                if (arm.verdict != Verdict::NotJudged) {
                    arm.verdict = Verdict::Inconclusive;
                    arm.why = "a validity check failed";
                }
    count_verdicts(out);
    conclude(out, unproven);
    conclude_splats(out, judge_splats(spec, every_boot ? *every_boot : samples), unproven.empty());
    return out;
}

} // namespace rig
