// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/splat_verdict.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {
namespace {

bool same(const ArmSplat& a, const ArmSplat& b) {
    return a.title == b.title && a.function == b.function;
}

void add(std::vector<ArmSplat>& rows, const SampleSplat& splat, const BootId& boot, bool declared,
         bool followed) {
    ArmSplat row{splat.kind, splat.title, splat.function, 1,     splat.count,
                 boot,       declared,    followed,       false, splat.guilty};
    const auto known =
        std::find_if(rows.begin(), rows.end(), [&](const ArmSplat& r) { return same(r, row); });
    if (known == rows.end()) return rows.push_back(std::move(row));
    ++known->boots;
    known->count += splat.count;
    if (known->guilty.empty()) known->guilty = splat.guilty;
    // A row covers several boots, whose traces may differ. It is declared only if every occurrence
    // is. It has followed only if every occurrence is declared or a consequence, and not all are
    // declared.
    known->followed = (known->followed || known->declared) && (followed || declared) &&
                      !(known->declared && declared);
    known->declared = known->declared && declared;
}

ArmSplats splats_of(const Arm& arm, const std::vector<Sample>& samples) {
    ArmSplats out;
    out.arm = arm.name;
    out.declared = arm.splat;
    std::vector<const Sample*> boots;
    for (const auto& sample : samples)
        if (sample.id.arm == arm.name) boots.push_back(&sample);
    std::stable_sort(boots.begin(), boots.end(),
                     [](const Sample* a, const Sample* b) { return a->id.index < b->id.index; });
    for (const auto* boot : boots) {
        ++out.boots;
        bool found = false;
        for (const auto& splat : boot->splats) {
            const bool declared =
                !arm.splat.empty() && !is_notice(splat.kind) && names_splat(arm.splat, splat);
            found = found || declared;
            add(is_notice(splat.kind) ? out.notices : out.splats, splat, boot->id, declared,
                found && !declared);
        }
        if (!found) out.further += boot->further_splats;
        if (!arm.splat.empty() && !found) out.silent.push_back(boot->id.index);
    }
    const bool undeclared =
        out.further > 0 || std::any_of(out.splats.begin(), out.splats.end(), [](const ArmSplat& s) {
            return !s.declared && !s.followed;
        });
    if (undeclared)
        out.verdict = SplatVerdict::Splatted;
    else if (!out.silent.empty())
        out.verdict = SplatVerdict::Silent;
    else if (!arm.splat.empty() && out.boots > 0)
        out.verdict = SplatVerdict::AsDeclared;
    return out;
}

std::string cut(std::string text) {
    constexpr std::size_t most = 80;
    if (text.size() > most) text = text.substr(0, most - 3) + "...";
    return text;
}

} // namespace

const char* words(SplatVerdict verdict) {
    switch (verdict) {
    case SplatVerdict::Clean:
        return "none";
    case SplatVerdict::AsDeclared:
        return "as declared";
    case SplatVerdict::Splatted:
        return "not declared";
    case SplatVerdict::Silent:
        return "the control did not fail";
    }
    return "none";
}

bool names_splat(const std::string& text, const SampleSplat& splat) {
    const auto holds = [&](const std::string& name) {
        return name.find(text) != std::string::npos;
    };
    return holds(splat.title) || holds(splat.function) ||
           std::any_of(splat.trace.begin(), splat.trace.end(), holds);
}

std::vector<ArmSplats> judge_splats(const Spec& spec, const std::vector<Sample>& samples) {
    std::vector<ArmSplats> arms;
    for (const auto& arm : spec.arms) {
        arms.push_back(splats_of(arm, samples));
        const auto& baseline = arms.front().splats;
        if (arms.size() > 1)
            for (auto& splat : arms.back().splats)
                splat.in_baseline = std::any_of(baseline.begin(), baseline.end(),
                                                [&](const ArmSplat& b) { return same(b, splat); });
    }
    return arms;
}

SplatConclusion conclude(const std::vector<ArmSplats>& arms, bool proven) {
    SplatConclusion out;
    // Splats that the patch causes come before those that occur without it.
    const ArmSplat* worst = nullptr;
    bool brought = false;
    for (const auto& arm : arms) {
        for (const auto& splat : arm.splats) {
            const bool by_patch = &arm != &arms.front() && !splat.in_baseline;
            if (splat.declared || splat.followed || (worst && (brought || !by_patch))) continue;
            worst = &splat;
            brought = by_patch;
            out.closing =
                cut(fmt::format("kernel splat in {}{}: {}", arm.arm,
                                splat.in_baseline ? " (also without the patch)" : "", splat.title));
        }
        if (arm.verdict != SplatVerdict::Splatted) continue;
        out.broken = true;
        if (out.closing.empty())
            out.closing = cut(fmt::format("{} further kernel splats in {}", arm.further, arm.arm));
    }
    for (const auto& arm : arms)
        if (!out.broken && proven && arm.verdict == SplatVerdict::Silent) {
            out.broken = true;
            out.closing = cut(fmt::format("the control did not fail in {} of {} boots of {}",
                                          arm.silent.size(), arm.boots, arm.arm));
        }
    out.as_declared = !out.broken && std::any_of(arms.begin(), arms.end(), [](const ArmSplats& a) {
        return a.verdict == SplatVerdict::AsDeclared;
    }) && std::none_of(arms.begin(), arms.end(), [](const ArmSplats& a) {
        return a.verdict == SplatVerdict::Silent;
    });
    return out;
}

} // namespace rig
