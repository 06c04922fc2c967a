// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/incidents.h"

#include "rig/base/text.h"
#include "rig/html/dashboard.h"
#include "rig/nightly/regression_report.h"
#include "rig/report/figures.h"
#include "rig/run_index/trend.h"
#include "rig/workloads/older_names.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {

using nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Level, arm, before, after, low, high)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Span, good_run, bad_run, good, bad, also)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Culprit, span, wanted, attempts, found, candidates, text,
                                   why_not, log)
// Keys that an older rig did not write stay empty.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(SeenIn, figures, command, injected)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Incident, id, cell, tree, metric, unit, direction,
                                                levels, expectation, arms, closing, state, opened,
                                                fixed, closed, note, cause, fix, seen, told, untold)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Dismissed, cell, metric, direction, run, night, runs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Message, id, subject, text, data, pending, why)

namespace {

constexpr unsigned kIncidentsFormat = 1; // raise it if a key changes its meaning or is removed

// The place of a run among `runs`, or the place where it would be. Ids begin with the start time.
std::size_t place_of(const std::string& run, const std::vector<const RunRecord*>& runs) {
    return static_cast<std::size_t>(
        std::lower_bound(runs.begin(), runs.end(), run,
                         [](const RunRecord* one, const std::string& id) { return one->id < id; }) -
        runs.begin());
}

const char* word(bool rose) {
    return rose ? "rose" : "fell";
}

// The first 12 digits of a commit; anything else unchanged.
std::string brief(const std::string& commit) {
    return commit.size() == 40 ? commit.substr(0, 12) : commit;
}

std::string levels_text(const Incident& incident) {
    std::vector<std::string> arms;
    for (const auto& level : incident.levels)
        arms.push_back(fmt::format("{} to {} in {}",
                                   figure(level.before, unit_named(incident.unit)),
                                   figure(level.after, unit_named(incident.unit)), level.arm));
    return fmt::format("{}", fmt::join(arms, ", "));
}

std::vector<std::string> culprit_lines(const char* what, const Culprit& culprit) {
    std::vector<std::string> lines;
    const auto& span = culprit.span;
    if (!span.good_run.empty() || !span.bad_run.empty())
        lines.push_back(fmt::format("{}: between the runs {} and {}", what,
                                    span.good_run.empty() ? "(none)" : span.good_run,
                                    span.bad_run.empty() ? "(left no run)" : span.bad_run));
    if (!span.bad.empty() && span.good == span.bad)
        lines.push_back(
            fmt::format("{}: the tree is the same on both sides, {}", what, brief(span.bad)));
    else if (!span.good.empty() && !span.bad.empty())
        lines.push_back(fmt::format("{}: commits {}..{}", what, brief(span.good), brief(span.bad)));
    if (!span.also.empty())
        lines.push_back(
            fmt::format("{}: between them also differ: {}", what, fmt::join(span.also, ", ")));
    if (culprit.found && culprit.candidates.size() == 1)
        lines.push_back(fmt::format("{}: {}", what, culprit.candidates.front()));
    else if (culprit.found)
        lines.push_back(fmt::format("{}: one of {}", what, fmt::join(culprit.candidates, "; ")));
    else if (culprit.wanted)
        lines.push_back(fmt::format("{}: not bisected yet{}", what,
                                    culprit.why_not.empty() ? "" : ": " + culprit.why_not));
    else if (!culprit.why_not.empty())
        lines.push_back(fmt::format("{}: not found by bisection: {}", what, culprit.why_not));
    if (!culprit.log.empty()) lines.push_back(fmt::format("{}: log in {}", what, culprit.log));
    return lines;
}

std::vector<std::string> lines_of(const Incident& incident) {
    std::vector<std::string> lines;
    if (!incident.closing.empty()) lines.push_back(incident.closing);
    for (auto& line : culprit_lines("cause", incident.cause))
        lines.push_back(std::move(line));
    if (!incident.fixed.empty())
        for (auto& line : culprit_lines("fix", incident.fix))
            lines.push_back(std::move(line));
    auto times = fmt::format("opened in night {}", incident.opened);
    if (!incident.fixed.empty()) times += fmt::format(", fixed in night {}", incident.fixed);
    if (!incident.closed.empty())
        times += fmt::format(", closed by hand in night {}: {}", incident.closed, incident.note);
    lines.push_back(times);
    return lines;
}

json data_of(const Incident& incident, const std::string& id) {
    json data = incident;
    data.erase("told"), data.erase("untold");
    return {{"id", id}, {"transitions", incident.untold}, {"incident", std::move(data)}};
}

// Whether a change to more, or to less, of a figure with this unit makes it worse.
bool is_worse(bool rose, const std::string& unit) {
    return rose != higher_is_better(unit_named(unit));
}

bool back_at(const Incident& incident, const Step& step, double min_effect) {
    const bool rate = higher_is_better(unit_named(step.unit));
    return std::all_of(
               step.levels.begin(), step.levels.end(),
               [&](const Level& now) {
                   const auto was =
                       std::find_if(incident.levels.begin(), incident.levels.end(),
                                    [&](const Level& level) { return level.arm == now.arm; });
                   // A step of another arm does not contradict a fix.
                   if (was == incident.levels.end()) return true;
                   if (rate) return now.after >= std::min(was->before * (1 - min_effect), was->low);
                   return now.after <= std::max(was->before * (1 + min_effect), was->high);
               }) &&
           std::any_of(step.levels.begin(), step.levels.end(), [&](const Level& now) {
               return std::any_of(incident.levels.begin(), incident.levels.end(),
                                  [&](const Level& level) { return level.arm == now.arm; });
           });
}

} // namespace

bool Incident::is_regression() const {
    return direction == "broken" || is_worse(direction == "rose", unit);
}

bool IncidentBook::regression_open() const {
    return std::any_of(incidents.begin(), incidents.end(),
                       [](const Incident& one) { return one.is_open() && one.is_regression(); });
}

std::string book_json(const IncidentBook& book) {
    return json{{"format", kIncidentsFormat},  {"token", book.token},
                {"last_id", book.last_id},     {"incidents", book.incidents},
                {"dismissed", book.dismissed}, {"outbox", book.outbox}}
               .dump(2, ' ', false, json::error_handler_t::replace) +
           "\n";
}

Result<IncidentBook> book_from_json(std::string_view text, const std::filesystem::path& file) {
    try {
        const auto all = json::parse(text);
        if (all.at("format") != kIncidentsFormat)
            return fail(FaultDomain::Host,
                        fmt::format("{}: format {}, want {} (of another version of rig)",
                                    file.string(), all.at("format").dump(), kIncidentsFormat),
                        file);
        IncidentBook book;
        all.at("last_id").get_to(book.last_id);
        book.token = all.value("token", "");
        all.at("incidents").get_to(book.incidents);
        all.at("dismissed").get_to(book.dismissed);
        all.at("outbox").get_to(book.outbox);
        for (auto& one : book.incidents) {
            one.metric = older::metric(one.metric);
            one.expectation = older::metric(one.expectation);
        }
        for (auto& one : book.dismissed)
            one.metric = older::metric(one.metric);
        return book;
    } catch (const json::exception& e) {
        return fail(FaultDomain::Host,
                    fmt::format("{}: {}; want incidents as rig nightly writes them. Moved away, it "
                                "is begun from scratch, and what was told may be told again",
                                file.string(), e.what()),
                    file);
    }
}

StepMeaning meaning_of(const Step& step, const std::string& cell,
                       const std::vector<const RunRecord*>& runs, const IncidentBook& book,
                       const std::string& first_seen, const ChangePointOptions& options) {
    if (runs[step.at]->started < first_seen) return {};
    const auto near = [&](const std::string& run) {
        const auto place = place_of(run, runs);
        return std::max(place, step.at) - std::min(place, step.at) < options.min_segment;
    };
    const std::string direction = word(step.rose);
    const bool worse = is_worse(step.rose, step.unit);
    StepMeaning meaning{worse ? StepMeaning::Opens : StepMeaning::Improves, {}};
    for (const auto& incident : book.incidents) {
        if (incident.cell != cell || incident.metric != step.metric) continue;
        if (incident.direction == direction && near(incident.cause.span.bad_run)) return {};
        if (!incident.fixed.empty() && !worse && near(incident.fix.span.bad_run)) return {};
        if (!worse && incident.is_open() && incident.is_regression() &&
            place_of(incident.cause.span.bad_run, runs) < step.at &&
            back_at(incident, step, options.min_effect))
            meaning.fixes.push_back(incident.id);
    }
    for (const auto& one : book.dismissed)
        if (one.cell == cell && one.metric == step.metric && one.direction == direction &&
            near(one.run) && runs.size() - step.at < 2 * one.runs)
            return {};
    if (!meaning.fixes.empty()) meaning.what = StepMeaning::Fixes;
    return meaning;
}

Span span_of(const Step& step, const std::vector<const RunRecord*>& runs) {
    const auto &before = *runs[step.at - 1], &after = *runs[step.at];
    return {before.id, after.id, before.revision, after.revision,
            changed_between(before, after, step.levels.front().arm)};
}

Span widened(const Span& span, const std::vector<const RunRecord*>& runs) {
    auto out = span;
    const auto before = place_of(span.good_run, runs), after = place_of(span.bad_run, runs);
    if (before > 0 && before < runs.size())
        out.good_run = runs[before - 1]->id, out.good = runs[before - 1]->revision;
    if (after + 1 < runs.size())
        out.bad_run = runs[after + 1]->id, out.bad = runs[after + 1]->revision;
    return out;
}

Incident& open_incident(IncidentBook& book, Incident incident, const std::string& night) {
    incident.id = ++book.last_id;
    incident.state = "opened";
    incident.opened = night;
    incident.untold = {"opened"};
    return book.incidents.emplace_back(std::move(incident));
}

void mark_fixed(Incident& incident, Culprit fix, const std::string& night) {
    incident.fix = std::move(fix);
    incident.fixed = night;
    incident.state = "fixed";
    incident.untold.emplace_back("fixed");
}

Status close_incident(IncidentBook& book, unsigned id, const std::string& why,
                      const std::string& night) {
    std::vector<unsigned> open;
    for (auto& incident : book.incidents) {
        if (!incident.is_open()) continue;
        open.push_back(incident.id);
        if (incident.id != id) continue;
        incident.closed = night;
        incident.note = why;
        incident.state = "closed";
        incident.cause.wanted = incident.fix.wanted = false;
        incident.untold.emplace_back("closed");
        return {};
    }
    return fail(FaultDomain::Spec,
                fmt::format("--close {}: no open incident of that number, open are: {}", id,
                            open.empty() ? "none" : fmt::format("{}", fmt::join(open, ", "))));
}

Failure unknown(const Failure& failure, const std::string& cell, const IncidentBook& book) {
    auto left = failure;
    for (const auto& incident : book.incidents) {
        if (incident.cell != cell || !incident.is_open() ||
            incident.expectation != failure.expectation)
            continue;
        if (incident.arms.empty()) return {};
        left = without(left, {incident.arms.begin(), incident.arms.end()});
    }
    return left;
}

std::vector<Search> searches(IncidentBook& book) {
    std::vector<Search> out;
    for (auto& incident : book.incidents)
        for (auto* culprit : {&incident.cause, &incident.fix})
            if (culprit->wanted) out.push_back({&incident, culprit});
    return out;
}

void write_messages(IncidentBook& book, const std::vector<std::string>& channels) {
    for (auto& incident : book.incidents) {
        if (incident.untold.empty()) continue;
        if (!channels.empty()) {
            Message message;
            message.id = fmt::format("{}-{}-{}-{}", incident.id, incident.opened, book.token,
                                     fmt::join(incident.untold, "-"));
            message.subject = fmt::format("[rig] {} ({})", incident_line(incident),
                                          fmt::join(incident.untold, ", "));
            message.text = incident_text(incident);
            for (const auto* culprit : {&incident.cause, &incident.fix})
                if (!culprit->text.empty()) message.text += "\n" + culprit->text + "\n";
            if (const auto report = regression_report(incident); !report.empty())
                message.text += "\n" + report;
            message.data =
                data_of(incident, message.id).dump(-1, ' ', false, json::error_handler_t::replace);
            message.pending = channels;
            book.outbox.push_back(std::move(message));
        }
        incident.told.insert(incident.told.end(), incident.untold.begin(), incident.untold.end());
        incident.untold.clear();
    }
}

std::string incident_line(const Incident& incident) {
    const auto where = incident.cell;
    if (incident.metric.empty())
        return fmt::format("#{} {}: {}{}", incident.id, where,
                           incident.fixed.empty() ? "broken" : "passes again",
                           incident.expectation.empty() ? "" : ": " + in_words(incident.failure()));
    auto line = fmt::format("#{} {}: {} {}, {}", incident.id, where, incident.metric,
                            incident.direction, levels_text(incident));
    if (!incident.fixed.empty()) line += "; fixed";
    return line;
}

std::string incident_text(const Incident& incident) {
    auto text = wrapped(printable(incident_line(incident)), page, 2) + "\n";
    for (const auto& line : lines_of(incident))
        text += wrapped(printable("  " + line), page, 4) + "\n";
    return text;
}

} // namespace rig
