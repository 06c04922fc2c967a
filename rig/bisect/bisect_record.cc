// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/bisect_record.h"

#include "rig/base/files.h"
#include "rig/base/json_reader.h"
#include "rig/bisect/outcome.h"
#include "rig/workloads/older_names.h"

#include <algorithm>
#include <fmt/format.h>

namespace rig {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

constexpr unsigned kFormat = 1;
constexpr std::size_t kMaxSteps = 100'000, kMostValues = 100'000, kMostText = 1u << 20;

json revision_json(const Revision& revision) {
    return {{"id", revision.id}, {"name", revision.name}};
}

Result<Revision> read_revision(JsonReader reader) {
    Revision out;
    RIG_CHECK(reader.text("id", out.id));
    RIG_CHECK(reader.text("name", out.name));
    RIG_CHECK(reader.finish());
    return out;
}

json visit_json(const BisectStep& visit) {
    return {
        {"revision", revision_json(visit.revision)},
        {"purpose", words(visit.purpose)},
        {"outcome", words(visit.outcome)},
        {"why", visit.why},
        {"image_sha256", visit.image_sha256},
        {"shared_with", visit.shared_with},
        {"values", visit.values},
        {"votes",
         {{"good", visit.votes.good}, {"bad", visit.votes.bad}, {"neither", visit.votes.neither}}},
        {"boots", visit.boots},
        {"from_cache", visit.from_cache},
        {"build_seconds", visit.build_seconds},
        {"boot_seconds", visit.boot_seconds},
        {"runs", visit.runs}};
}

Result<BisectStep> read_visit(JsonReader reader) {
    BisectStep out;
    RIG_TRY(revision, reader.object("revision"));
    RIG_TRY(read, read_revision(revision));
    out.revision = read;
    std::string purpose, outcome;
    RIG_CHECK(reader.one_of("purpose", purpose,
                            {"good end", "bad end", "step", "alone", "without", "look"}));
    RIG_CHECK(reader.one_of(
        "outcome", outcome,
        {"good", "bad", "unclear", "unbuildable", "unbootable", "unexposed", "complained"}));
    out.purpose = *purpose_named(purpose);
    out.outcome = *outcome_named(outcome);
    RIG_CHECK(reader.text("why", out.why, kMostText));
    RIG_CHECK(reader.text("image_sha256", out.image_sha256));
    RIG_CHECK(reader.text("shared_with", out.shared_with));
    RIG_CHECK(reader.numbers("values", out.values, kMostValues));
    RIG_TRY(votes, reader.object("votes"));
    for (const auto& [key, to] : {std::pair{"good", &out.votes.good},
                                  {"bad", &out.votes.bad},
                                  {"neither", &out.votes.neither}}) {
        std::uint64_t count = 0;
        RIG_CHECK(votes.whole(key, count));
        *to = count;
    }
    RIG_CHECK(votes.finish());
    RIG_CHECK(reader.whole("boots", out.boots));
    RIG_CHECK(reader.boolean("from_cache", out.from_cache));
    RIG_CHECK(reader.number("build_seconds", out.build_seconds));
    RIG_CHECK(reader.number("boot_seconds", out.boot_seconds));
    RIG_CHECK(reader.texts("runs", out.runs, kMaxSteps));
    RIG_CHECK(reader.finish());
    return out;
}

json options_json(const BisectOptions& o) {
    return {{"wall", o.wall},
            {"boots", o.boots},
            {"most_boots", o.max_boots},
            {"alpha", o.alpha},
            {"least_effect", o.min_effect},
            {"look", o.look}};
}

Status read_options(JsonReader reader, BisectOptions& o) {
    RIG_CHECK(reader.boolean("wall", o.wall));
    RIG_CHECK(reader.whole("boots", o.boots));
    RIG_CHECK(reader.whole("most_boots", o.max_boots));
    RIG_CHECK(reader.number("alpha", o.alpha));
    RIG_CHECK(reader.number("least_effect", o.min_effect));
    RIG_CHECK(reader.boolean("look", o.look));
    return reader.finish();
}

json pairs_json(const std::vector<std::pair<std::string, std::string>>& pairs, const char* first,
                const char* second) {
    json out = json::array();
    for (const auto& [a, b] : pairs)
        out.push_back({{first, a}, {second, b}});
    return out;
}

json request_json(const BisectRequestRecord& r) {
    std::vector<std::pair<std::string, std::string>> overrides;
    for (const auto& one : r.overrides)
        overrides.emplace_back(one.key, one.value);
    return {{"spec_file", r.spec_file},
            {"spec_text", r.spec_text},
            {"overrides", pairs_json(overrides, "key", "value")},
            {"arm", r.arm},
            {"metric", r.metric},
            {"unit", r.unit},
            {"clock", r.clock},
            {"vcpus", r.vcpus},
            {"seed", r.seed},
            {"repository", r.repository},
            {"good", r.good},
            {"bad", r.bad},
            {"series", r.series},
            {"patches", pairs_json(r.patches, "name", "sha256")},
            {"options", options_json(r.options)},
            {"program", r.program},
            {"good_image", r.good_image},
            {"machine", r.machine}};
}

Status read_request(JsonReader reader, BisectRequestRecord& r) {
    for (const auto& [key, to] : {std::pair{"spec_file", &r.spec_file},
                                  {"arm", &r.arm},
                                  {"metric", &r.metric},
                                  {"clock", &r.clock},
                                  {"repository", &r.repository},
                                  {"good", &r.good},
                                  {"bad", &r.bad},
                                  {"series", &r.series},
                                  {"program", &r.program},
                                  {"good_image", &r.good_image},
                                  {"machine", &r.machine}})
        RIG_CHECK(reader.text(key, *to));
    r.metric = older::metric(r.metric);
    RIG_CHECK(reader.one_of("unit", r.unit, {"count", "ns", "per_second"}));
    RIG_CHECK(reader.text("spec_text", r.spec_text, kMostText));
    RIG_CHECK(reader.whole("vcpus", r.vcpus));
    RIG_CHECK(reader.whole("seed", r.seed));
    RIG_TRY(overrides, reader.objects("overrides", kMaxSteps));
    for (auto& one : overrides) {
        auto& to = r.overrides.emplace_back();
        RIG_CHECK(one.text("key", to.key, kMostText));
        RIG_CHECK(one.text("value", to.value, kMostText));
        RIG_CHECK(one.finish());
    }
    RIG_TRY(patches, reader.objects("patches", kMaxSteps));
    for (auto& one : patches) {
        auto& to = r.patches.emplace_back();
        RIG_CHECK(one.text("name", to.first));
        RIG_CHECK(one.text("sha256", to.second));
        RIG_CHECK(one.finish());
    }
    RIG_TRY(options, reader.object("options"));
    RIG_CHECK(read_options(options, r.options));
    return reader.finish();
}

json bisection_json(const Bisection& b) {
    json visits = json::array(), first_bad = json::array();
    for (const auto& one : b.visits)
        visits.push_back(visit_json(one));
    for (const auto& one : b.first_bad)
        first_bad.push_back(revision_json(one));
    json out{{"metric", b.metric},
             {"history", b.history},
             {"wall", b.wall},
             {"visits", visits},
             {"good", b.good},
             {"bad", b.bad},
             {"refused", b.refused},
             {"first_bad", first_bad},
             {"last_good", revision_json(b.last_good)},
             {"proven_alone", b.checked_alone},
             {"not_monotone", b.not_monotone},
             {"confidence", b.confidence},
             {"answers", b.answers}};
    if (b.explains) out["explains"] = *b.explains;
    return out;
}

Status read_bisection(JsonReader reader, Bisection& b) {
    RIG_CHECK(reader.text("metric", b.metric));
    b.metric = older::metric(b.metric);
    RIG_CHECK(reader.text("history", b.history));
    RIG_CHECK(reader.boolean("wall", b.wall));
    RIG_TRY(visits, reader.objects("visits", kMaxSteps));
    for (auto& one : visits) {
        RIG_TRY(visit, read_visit(one));
        b.visits.push_back(visit);
    }
    RIG_CHECK(reader.number("good", b.good));
    RIG_CHECK(reader.number("bad", b.bad));
    RIG_CHECK(reader.text("refused", b.refused, kMostText));
    RIG_TRY(first_bad, reader.objects("first_bad", kMaxSteps));
    for (auto& one : first_bad) {
        RIG_TRY(revision, read_revision(one));
        b.first_bad.push_back(revision);
    }
    RIG_TRY(before, reader.object("last_good"));
    RIG_TRY(last_good, read_revision(before));
    b.last_good = last_good;
    RIG_CHECK(reader.text("proven_alone", b.checked_alone, kMostText));
    RIG_CHECK(reader.texts("not_monotone", b.not_monotone, kMaxSteps));
    RIG_CHECK(reader.number("confidence", b.confidence));
    std::uint64_t answers = 0;
    RIG_CHECK(reader.whole("answers", answers));
    b.answers = answers;
    if (reader.has("explains")) RIG_CHECK(reader.number("explains", b.explains.emplace()));
    return reader.finish();
}

} // namespace

bool BisectRequestRecord::same(const BisectRequestRecord& other) const {
    return request_json(*this) == request_json(other);
}

json to_json(const BisectRecord& record) {
    return {{"format", kFormat},         {"request", request_json(record.request)},
            {"command", record.command}, {"started", record.started},
            {"ended", record.ended},     {"bisection", bisection_json(record.bisection)}};
}

Result<BisectRecord> bisect_record_from_json(const json& value) {
    BisectRecord out;
    RIG_TRY(reader, JsonReader::open(value, "bisect"));
    unsigned format = 0;
    RIG_CHECK(reader.whole("format", format));
    if (format != kFormat)
        return fail(FaultDomain::Host, fmt::format("bisect.format: {}, want {}", format, kFormat));
    RIG_TRY(request, reader.object("request"));
    RIG_CHECK(read_request(request, out.request));
    RIG_CHECK(reader.texts("command", out.command, kMaxSteps));
    RIG_CHECK(reader.text("started", out.started));
    RIG_CHECK(reader.text("ended", out.ended));
    RIG_TRY(bisection, reader.object("bisection"));
    RIG_CHECK(read_bisection(bisection, out.bisection));
    RIG_CHECK(reader.finish());
    return out;
}

Result<BisectRecord> load_bisection(const fs::path& folder) {
    const auto file = folder / "bisect.json";
    std::error_code error;
    if (!fs::is_regular_file(file, error))
        return fail(FaultDomain::Spec,
                    fmt::format("{}: no bisect.json in it, want the folder of a bisection",
                                folder.string()));
    const auto parsed = json::parse(slurp(file), nullptr, false);
    if (parsed.is_discarded())
        return fail(FaultDomain::Host, fmt::format("{}: not JSON", file.string()), file);
    auto record = bisect_record_from_json(parsed);
    if (!record)
        record.error().message = fmt::format("{}: {}", file.string(), record.error().message);
    return record;
}

Status save_bisection(const fs::path& folder, const BisectRecord& record) {
    return write_atomically(folder / "bisect.json",
                            to_json(record).dump(2, ' ', false, json::error_handler_t::replace) +
                                "\n");
}

std::optional<fs::path> unfinished_bisection(const fs::path& bisections,
                                             const BisectRequestRecord& request) {
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator entry(bisections, error), end; !error && entry != end;
         entry.increment(error)) {
        const auto record = load_bisection(entry->path());
        if (record && record->ended.empty() && record->request.same(request))
            found.push_back(entry->path());
    }
    if (found.empty()) return std::nullopt;
    return *std::max_element(found.begin(), found.end()); // the names begin with the start time
}

} // namespace rig
