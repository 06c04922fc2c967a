// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/bisect_spec.h"

#include "rig/guest_output/metric.h"
#include "rig/spec/override.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

constexpr std::array kDeclared{"ratio", "at_most", "within", "values", "expect"};

// Quotes a text as JSON, which is also a valid basic string of TOML. Invalid UTF-8 becomes U+FFFD.
// A path with it does not exist, and the reader of experiments reports that.
std::string quoted(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string list(const std::vector<std::string>& texts) {
    std::vector<std::string> out;
    for (const auto& text : texts)
        out.push_back(quoted(text));
    return fmt::format("[{}]", fmt::join(out, ", "));
}

// The definition of a metric as an inline table, without its expectation.
std::string without_expectation(const toml::table& metric) {
    std::vector<std::string> entries{"expect = \"report\""};
    for (const auto& [key, value] : metric) {
        if (std::find(kDeclared.begin(), kDeclared.end(), key.str()) != kDeclared.end()) continue;
        std::string text;
        if (const auto* string = value.as_string())
            text = quoted(string->get());
        else if (const auto* number = value.as_integer())
            text = std::to_string(number->get());
        else if (const auto* flag = value.as_boolean())
            text = flag->get() ? "true" : "false";
        // Metrics have no keys of other types. The reader of experiments reports them.
        else
            continue;
        entries.push_back(fmt::format("{} = {}", quoted(std::string(key.str())), text));
    }
    return fmt::format("{{ {} }}", fmt::join(entries, ", "));
}

} // namespace

Result<std::vector<SpecOverride>> revision_overrides(const Spec& spec, const Arm& arm,
                                                     const std::vector<RevisionArm>& revisions,
                                                     const std::optional<GitSource>& source,
                                                     const std::string& metric) {
    const auto source_text = [&](const std::string& revision) {
        const auto base = source->base.empty() ? std::string() : ", base = " + quoted(source->base);
        return fmt::format("{{ git = {}, revision = {}{} }}", quoted(source->repository.string()),
                           quoted(revision), base);
    };
    if (metric == kVerdictMetric) {
        if (!source)
            return fail(
                FaultDomain::Spec,
                fmt::format(
                    "{}: the verdict of a whole experiment is of a commit: want --good and --bad",
                    spec.file.string()));
        if (spec.arms.size() < 2)
            return fail(FaultDomain::Spec, fmt::format("{}: one arm, want at least two to compare",
                                                       spec.file.string()));
        auto out = spec.overrides;
        const auto& commit = revisions.front().commit;
        out.push_back({"kernel.source", source_text(commit.empty() ? source->revision : commit)});
        return out;
    }
    if (arm.prebuilt)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: arm '{}' is a prebuilt image, which has no history",
                                spec.file.string(), arm.name));
    if (!arm.splat.empty())
        return fail(FaultDomain::Spec,
                    fmt::format("{}: arm '{}' is broken on purpose (splat), so that "
                                "its revisions would tell nothing",
                                spec.file.string(), arm.name));
    std::vector<std::string> known;
    for (const auto& one : metric_infos(spec.metrics))
        known.push_back(one.name);
    if (std::find(known.begin(), known.end(), metric) == known.end())
        return fail(FaultDomain::Spec,
                    fmt::format("{}: no metric '{}', accepted: {}", spec.file.string(), metric,
                                fmt::join(known, ", ")));

    auto out = spec.overrides;
    RIG_TRY(parsed, parse_toml(spec.text, spec.file));
    std::vector<OlderKey> older; // they were reported when the experiment was read
    RIG_CHECK(apply_overrides(parsed, spec.overrides, older));
    if (const auto* metrics = parsed["metrics"].as_table())
        for (const auto& [name, value] : *metrics)
            if (const auto* table = value.as_table())
                out.push_back({fmt::format("metrics.{}", name.str()), without_expectation(*table)});
    out.push_back({"target.revisions", "true"});
    // `same_path` replaces the marker, as `revisions` does, and the two exclude each other.
    if (spec.target.same_path) out.push_back({"target.same_path", "false"});
    if (source) out.push_back({"kernel.source", source_text(source->revision)});
    std::vector<std::string> arms;
    for (const auto& one : revisions) {
        std::vector<std::string> series;
        for (const auto& folder : arm.series)
            series.push_back(folder.string());
        if (!one.series.empty()) series.push_back(one.series.string());
        auto text = fmt::format("name = {}, series = {}", quoted(one.id), list(series));
        if (const auto& at = one.commit.empty() ? arm.revision : one.commit; !at.empty())
            text += ", revision = " + quoted(at);
        if (!arm.cmdline.empty()) text += ", cmdline = " + quoted(arm.cmdline);
        if (!arm.config_differs.empty()) text += ", config_differs = " + list(arm.config_differs);
        if (!arm.options.empty()) {
            std::vector<std::string> options;
            for (const auto& [name, value] : arm.options)
                options.push_back(fmt::format("{} = {}", name, quoted(value)));
            text += fmt::format(", options = {{ {} }}", fmt::join(options, ", "));
        }
        arms.push_back("{ " + text + " }");
    }
    out.push_back({"arm", fmt::format("[{}]", fmt::join(arms, ", "))});
    return out;
}

} // namespace rig
