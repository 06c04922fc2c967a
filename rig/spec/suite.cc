// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/suite.h"

#include "rig/base/files.h"
#include "rig/base/shipped_files.h"
#include "rig/base/text.h"
#include "rig/spec/older_keys.h"
#include "rig/spec/toml_reader.h"
#include "rig/spec/value_rules.h"
#include "rig/workloads/older_names.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sstream>

namespace rig {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_points = 64, max_checks = 64, max_values = 64, max_texts = 64;

// On one line, as an override on the command line and in a report.
std::string toml_text(const toml::node& node) {
    if (const auto* real = node.as_floating_point())
        return fmt::format("{:#}", real->get()); // the shortest form: 0.1
    using enum toml::format_flags;
    const auto written_with = [&](toml::format_flags flags) {
        std::stringstream written;
        written << toml::toml_formatter{node, flags};
        return written;
    };
    constexpr auto one_line = toml::toml_formatter::default_flags & ~allow_multi_line_strings;
    // A line end in 'a text' would be taken for one between elements.
    auto written = written_with(one_line & ~allow_literal_strings);
    if (written.str().find("\\n") == std::string::npos) written = written_with(one_line);
    std::string text;
    for (std::string line; std::getline(written, line);)
        text += (text.empty() ? "" : " ") + trimmed(line);
    return text;
}

Rule metric_shown() {
    return [](const std::string& value) { return rules::metric_name(value); };
}

std::optional<std::string> dotted_key(const std::string& value) {
    if (!value.empty() && value.find(' ') == std::string::npos &&
        value.find('=') == std::string::npos)
        return std::nullopt;
    return "a dotted key of the experiment file such as guest.vcpus";
}

Status existing(const SpecTable& table, std::string_view key, fs::path& out, const fs::path& top,
                const Rule& rule) {
    RIG_CHECK(table.require(key, "a path relative to the project's top"));
    std::string text;
    RIG_CHECK(table.text(key, text, rule));
    out = or_shipped(top, fs::path(text).lexically_normal());
    return {};
}

Status read_set(const SpecTable& table, std::vector<SpecOverride>& out) {
    RIG_TRY(set, table.table("set", "a table of overrides: { \"guest.boots\" = 4 }"));
    if (!set) return {};
    for (const auto& key : set->keys()) {
        if (set->find(key)->is_table())
            return tl::unexpected(
                set->bad(key, "a value; write the dotted key in quotes: \"guest.boots\" = 4"));
        out.push_back({key, toml_text(*set->find(key))});
    }
    return {};
}

Status read_sweep(const SpecTable& table, std::optional<Sweep>& out) {
    RIG_TRY(sweep, table.table("sweep", "{ key = \"guest.vcpus\", values = [2, 4] }"));
    if (!sweep) return {};
    RIG_CHECK(sweep->only({"key", "values"}));
    RIG_CHECK(sweep->require("key", "the dotted key that is varied"));
    RIG_CHECK(sweep->require("values", "an array of the key's values"));
    out.emplace();
    RIG_CHECK(sweep->text("key", out->key, dotted_key));
    const auto* values = sweep->find("values")->as_array();
    if (!values || values->empty() || values->size() > max_values)
        return tl::unexpected(
            sweep->bad("values", fmt::format("an array of 1..{} values", max_values)));
    for (const auto& value : *values)
        out->values.push_back(toml_text(value));
    return {};
}

Result<SuiteCheck> read_run(const SpecTable& table, const fs::path& top) {
    RIG_CHECK(table.only({"experiment", "set", "sweep", "expect", "says", "show", "plot"}));
    RunCheck run;
    RIG_CHECK(existing(table, "experiment", run.experiment, top, rules::existing_file(top)));
    RIG_CHECK(read_set(table, run.set));
    RIG_CHECK(read_sweep(table, run.sweep));
    std::string expect = "pass";
    RIG_CHECK(table.choice("expect", expect, {"pass", "fail", "inconclusive"}));
    run.expect = expect == "fail"           ? Exit::Fail
                 : expect == "inconclusive" ? Exit::Inconclusive
                                            : Exit::Pass;
    // A control that fails for another reason than the intended one is no control.
    if (run.expect != Exit::Pass)
        RIG_CHECK(table.require(
            "says", fmt::format("what has to be reported when expect = \"{}\"", expect)));
    RIG_CHECK(table.text("says", run.says, rules::at_most(200)));
    RIG_CHECK(table.texts("show", run.show, max_texts, metric_shown()));
    RIG_CHECK(table.texts("plot", run.plot, max_texts, metric_shown()));
    for (auto* metrics : {&run.show, &run.plot})
        for (auto& metric : *metrics)
            metric = older::metric(metric);
    if (!run.plot.empty())
        RIG_CHECK(table.require(
            "sweep",
            "what the metrics are plotted over: { key = \"guest.vcpus\", values = [2, 4] }"));
    return SuiteCheck{std::move(run)};
}

Result<SuiteCheck> read_build(const SpecTable& table, const fs::path& top) {
    RIG_CHECK(table.only({"experiment", "arm", "object", "expect", "says"}));
    for (const char* key : {"arm", "object", "expect"})
        RIG_CHECK(table.require(key, "see rig/spec/suite.h"));
    BuildCheck build;
    RIG_CHECK(existing(table, "experiment", build.experiment, top, rules::existing_file(top)));
    RIG_CHECK(table.text("arm", build.arm, rules::arm_name));
    RIG_CHECK(table.text(
        "object", build.object, [](const std::string& value) -> std::optional<std::string> {
            const fs::path path(value);
            if (value.ends_with(".o") && path.is_relative() &&
                value.find("..") == std::string::npos && value.find_first_of(" =-") != 0)
                return std::nullopt;
            return "an object of the kernel's tree such as mm/vmstat.o";
        }));
    std::string expect;
    RIG_CHECK(table.choice("expect", expect, {"builds", "fails"}));
    build.builds = expect == "builds";
    if (!build.builds)
        RIG_CHECK(
            table.require("says", "what the compiler's error has to say when expect = \"fails\""));
    RIG_CHECK(table.text("says", build.says, rules::at_most(200)));
    return SuiteCheck{std::move(build)};
}

Result<SuiteCheck> read_patch(const SpecTable& table, const fs::path& top) {
    RIG_CHECK(table.only({"series", "has", "lacks"}));
    PatchCheck patch;
    RIG_CHECK(existing(table, "series", patch.series, top, rules::series_folder(top)));
    RIG_CHECK(table.texts("has", patch.has, max_texts, rules::at_most(200)));
    RIG_CHECK(table.texts("lacks", patch.lacks, max_texts, rules::at_most(200)));
    if (patch.has.empty() && patch.lacks.empty())
        return tl::unexpected(
            table.wrong(fmt::format("{}: checks nothing, want has or lacks", table.path())));
    return SuiteCheck{std::move(patch)};
}

Result<Point> read_point(const SpecTable& table, const fs::path& top) {
    RIG_CHECK(table.only({"id", "claim", "answer", "run", "build", "patch"}));
    RIG_CHECK(table.require("id", "a name such as \"no-stub\""));
    RIG_CHECK(table.require("claim", "what is claimed, in the words of who claims it"));
    Point point;
    RIG_CHECK(table.text("id", point.id, rules::arm_name));
    RIG_CHECK(table.text("claim", point.claim, rules::at_most(500)));
    RIG_CHECK(table.text("answer", point.answer, rules::at_most(500)));
    for (const auto& [key, read] :
         {std::pair{"run", &read_run}, {"build", &read_build}, {"patch", &read_patch}}) {
        RIG_TRY(tables, table.tables(key, max_checks));
        for (const auto& one : tables) {
            RIG_TRY(check, read(one, top));
            point.checks.push_back(std::move(check));
        }
    }
    if (point.checks.empty())
        return tl::unexpected(table.wrong(fmt::format(
            "{}: a claim without a check, want [[point.run]], [[point.build]] or [[point.patch]]",
            table.path())));
    return point;
}

} // namespace

bool is_suite(std::string_view text) {
    try {
        return toml::parse(text).contains("point");
    } catch (const toml::parse_error&) {
        return false; // parse_spec() reports what is wrong with it
    }
}

Result<Suite> parse_suite(std::string_view text, const fs::path& file) {
    Suite suite;
    suite.file = file;
    RIG_TRY(parsed, parse_toml(text, file));
    std::vector<OlderKey> older;
    rename_older_outcomes(parsed, older);
    suite.deprecation = deprecation(older);
    RIG_TRY(top, project_top(file));
    suite.top = top;
    const SpecTable root(parsed, "", file.string());
    RIG_CHECK(root.only({"name", "description", "point"}));
    RIG_CHECK(root.require("name", "the suite's name"));
    RIG_CHECK(root.text("name", suite.name, rules::experiment_name));
    RIG_CHECK(root.text("description", suite.description, rules::at_most(1000)));
    RIG_CHECK(root.require("point", fmt::format("1..{} tables: [[point]]", max_points)));
    RIG_TRY(points, root.tables("point", max_points));
    for (const auto& table : points) {
        RIG_TRY(point, read_point(table, suite.top));
        if (std::any_of(suite.points.begin(), suite.points.end(),
                        [&](const Point& other) { return other.id == point.id; }))
            return tl::unexpected(table.bad("id", "an id that no other point has"));
        suite.points.push_back(std::move(point));
    }
    return suite;
}

Status keep_points(Suite& suite, const std::vector<std::string>& ids) {
    std::vector<std::string> known;
    for (const auto& point : suite.points)
        known.push_back(point.id);
    for (const auto& id : ids)
        if (std::find(known.begin(), known.end(), id) == known.end())
            return fail(FaultDomain::Spec,
                        fmt::format("{}: no point '{}', accepted: {}", suite.file.string(), id,
                                    fmt::join(known, ", ")));
    if (!ids.empty())
        std::erase_if(suite.points, [&](const Point& point) {
            return std::find(ids.begin(), ids.end(), point.id) == ids.end();
        });
    return {};
}

Result<Suite> load_suite(const fs::path& file) {
    return parse_suite(slurp(file), file);
}

} // namespace rig
