#include "rig/nightly.h"

#include "rig/base/sha256.h"
#include "rig/dashboard.h"
#include "rig/file_lock.h"
#include "rig/files.h"
#include "rig/utc.h"

#include <algorithm>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <tuple>

namespace rig {
namespace {

namespace fs = std::filesystem;
using SystemTime = std::chrono::system_clock::time_point;

constexpr const char* kBook = "incidents.json";
constexpr std::chrono::hours kGoOn{24}; // an interrupted night that began earlier is another day's business

fs::path folder_of(const fs::path& results) {
    return results / kNightFolder;
}

const RunRecord* find_record(const std::vector<RunRecord>& records, const std::string& id) {
    const auto found = std::find_if(records.begin(), records.end(), [&](const RunRecord& one) { return one.id == id; });
    return found == records.end() ? nullptr : &*found;
}

class NightRun {
 public:
    NightRun(const NightConfig& config, const NightOptions& options, const NightWorld& world, std::stop_token stop)
        : config_(config), options_(options), world_(world), stop_(std::move(stop)) {}

    Result<NightResult> run() {
        RIG_TRY(held, lock_nights(options_.results));
        (void)held;
        RIG_TRY(book, load_book(options_.results));
        book_ = std::move(book);
        RIG_CHECK(load_memory());
        RIG_CHECK(begin());
        RIG_CHECK(search()); // what earlier nights left
        for (auto& cell : night_.cells)
            RIG_CHECK(cell.state == "ran" ? look(cell) : cell.state == "planned" ? take(cell) : Status());
        for (auto& cell : night_.cells)
            if (cell.state == "host fault" && cell.attempts == 1) RIG_CHECK(take(cell));
        RIG_CHECK(search());
        write_messages(book_, config_.notify.channels());
        RIG_CHECK(save_book());
        deliver(
            book_, config_.notify.channels(), world_.send, [&] { return save_book(); }, world_.warn);
        night_.ended = utc_text(world_.now());
        RIG_CHECK(save_night());
        RIG_CHECK(world_.write(dir_ / "night.txt", night_text(night_, book_, false)));
        return NightResult{night_, book_};
    }

 private:
    // ---- state

    Status load_memory() {
        const auto file = folder_of(options_.results) / "cells.json";
        std::error_code error;
        if (!fs::exists(file, error)) return {};
        RIG_TRY(memory, memory_from_json(slurp(file), file));
        memory_ = std::move(memory);
        return {};
    }
    Status save_book() { return world_.write(folder_of(options_.results) / kBook, book_json(book_)); }
    Status save_night() { return world_.write(dir_ / "night.json", night_json(night_)); }
    Status save_all() {
        RIG_CHECK(save_book());
        RIG_CHECK(save_night());
        return world_.write(folder_of(options_.results) / "cells.json", memory_json(memory_));
    }

    // The night that this command goes on with. Others that have not ended never will.
    Result<std::optional<Night>> interrupted(const std::string& config_sha256) {
        std::vector<Night> unfinished;
        std::error_code error;
        for (fs::directory_iterator entry(folder_of(options_.results), error), end; !error && entry != end; entry.increment(error)) {
            const auto file = entry->path() / "night.json";
            std::error_code none;
            if (!fs::exists(file, none)) continue;
            auto night = night_from_json(slurp(file), file);
            if (!night)
                world_.warn(night.error().message);
            else if (night->ended.empty())
                unfinished.push_back(std::move(*night));
        }
        std::sort(unfinished.begin(), unfinished.end(), [](const Night& a, const Night& b) { return a.id > b.id; });
        std::optional<Night> found;
        for (auto& night : unfinished) {
            const auto began = moment_of(night.started);
            const char* why = options_.fresh                                                          ? "--fresh"
                              : night.config_sha256 != config_sha256 || night.since != options_.since ? "another configuration or --since"
                              : !began || world_.now() - *began >= kGoOn                              ? "it began more than a day before"
                              : found                                                                 ? "there is a later one"
                                                                                                      : nullptr;
            if (why)
                RIG_CHECK(abandon(std::move(night), why));
            else
                found = std::move(night);
        }
        return found;
    }
    Status abandon(Night night, const char* why) {
        night.ended = utc_text(world_.now());
        night.ended_why = fmt::format("not gone on with: {}", why);
        return world_.write(folder_of(options_.results) / night.id / "night.json", night_json(night));
    }

    Status begin() {
        const auto sha256 = sha256_hex(config_.text);
        RIG_TRY(found, interrupted(sha256));
        for (const auto& cell : config_.cells)
            facts_.push_back(world_.facts(cell));
        if (found) {
            night_ = std::move(*found);
            dir_ = folder_of(options_.results) / night_.id;
            world_.note("going on with night " + night_.id);
            count_what_was_cut_short();
            return {};
        }
        const auto now = world_.now();
        night_.id = fmt::format("{:%Y%m%d-%H%M%S}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
        night_.config = fs::proximate(config_.file, config_.top).string();
        night_.config_sha256 = sha256;
        night_.since = options_.since;
        night_.started = utc_text(now);
        std::vector<CellParts> parts;
        for (const auto& one : facts_)
            parts.push_back(one.parts);
        for (const auto& planned : plan_night(config_, parts, memory_)) {
            const auto& cell = config_.cells[planned.cell];
            const auto& facts = facts_[planned.cell];
            CellResult result;
            result.cell = cell.name, result.tree = cell.tree, result.why = planned.why, result.commit = facts.commit, result.parts = facts.parts;
            result.expected = planned.seconds, result.guessed = planned.guessed;
            const auto known = memory_.find(cell.name);
            const auto excluded = options_.excluded ? options_.excluded(cell, facts, known == memory_.end() ? nullptr : &known->second) : "";
            if (!facts.why_not.empty())
                result.state = "no run", result.why = facts.why_not;
            else if (!excluded.empty())
                result.state = "left out", result.why = excluded;
            night_.cells.push_back(std::move(result));
            if (auto& memory = memory_[cell.name]; memory.first_seen.empty()) memory.first_seen = night_.started;
        }
        dir_ = folder_of(options_.results) / night_.id;
        std::error_code error;
        fs::create_directories(dir_, error);
        if (error) return fail(Blame::Host, fmt::format("cannot make {}: {}", dir_.string(), error.message()));
        return save_all();
    }

    // ---- cells

    std::size_t number_of(const std::string& name) const { // the configuration is the night's, to the letter
        return static_cast<std::size_t>(
            std::find_if(config_.cells.begin(), config_.cells.end(), [&](const NightCell& cell) { return cell.name == name; }) -
            config_.cells.begin());
    }

    // A re-run is the night's time and not the cell's.
    void count(CellResult& result, double seconds) {
        night_.spent += seconds;
        if (result.state != "ran") result.seconds += seconds;
        result.began.clear();
    }
    static double left_of(const CellResult& result) { return std::max(0.0, result.expected - (result.state == "planned" ? result.seconds : 0)); }

    // Nobody saw when rig was killed: after what passed since the start of the run, but a machine that was down for hours did not spend them.
    void count_what_was_cut_short() {
        for (auto& cell : night_.cells)
            if (const auto began = moment_of(cell.began))
                count(cell, std::clamp(std::chrono::duration<double>(world_.now() - *began).count(), 0.0, left_of(cell)));
    }

    Result<RunRecord> timed_run(CellResult& result, bool fresh) {
        const auto began = world_.now();
        result.began = utc_text(began);
        RIG_CHECK(save_night());
        auto run = world_.run(config_.cells[number_of(result.cell)], result.commit, fresh);
        count(result, std::chrono::duration<double>(world_.now() - began).count());
        return run;
    }
    Status stopped() const {
        if (!stop_.stop_requested()) return {};
        return fail(Blame::Host, fmt::format("night {} was interrupted; the same command goes on with it", night_.id), dir_);
    }

    Status take(CellResult& result) {
        RIG_CHECK(stopped());
        if (const auto why = no_time_for({0, "", left_of(result), result.guessed}, night_.spent, config_.budget_minutes); !why.empty()) {
            if (result.state == "planned")
                result.state = "not run", result.why = why;
            else
                result.why += "; not tried again: " + why;
            return save_night();
        }
        world_.note(fmt::format("{}: {}", result.cell, result.why));
        const auto now = utc_text(world_.now());
        const bool again = result.seconds > 0;
        auto run = timed_run(result, false);
        if (!run) RIG_CHECK(save_night_if_stopped());
        ++result.attempts;
        if (!run) {
            result.state = run.error().blame == Blame::Spec ? "no run" : "host fault";
            result.why = run.error().message;
            return save_night();
        }
        result.state = "ran";
        result.resumed = again || (!run->started.empty() && run->started < now); // or another night's run was gone on with
        result.run = run->id, result.verdict = run->verdict(), result.closing = run->closing;
        RIG_CHECK(save_night());
        return look(result);
    }
    Status save_night_if_stopped() {
        if (!stop_.stop_requested()) return {};
        RIG_CHECK(save_night());
        return stopped();
    }

    // ---- what a run means

    // One re-run of a cell serves all its candidates. It is made even where the budget is spent: a regression that only the last cell of a night
    // shows would never be told.
    Status confirm(CellResult& result, const std::string& what, const std::function<bool(const RunRecord&)>& is, Confirmation& out) {
        out.what = what;
        if (!rerun_) {
            world_.note(fmt::format("{}: once more, for {}", result.cell, what));
            rerun_ = timed_run(result, true);
            if (!*rerun_) RIG_CHECK(save_night_if_stopped());
        }
        const auto& rerun = *rerun_;
        if (!rerun)
            out.outcome = "host fault", out.why = rerun.error().message;
        else {
            out.run = rerun->id;
            const bool same = is(*rerun);
            out.outcome = same ? "confirmed" : "not confirmed";
            if (!same) out.why = fmt::format("the re-run came out {}: {}", rerun->verdict(), rerun->closing);
        }
        result.confirmations.push_back(out);
        return {};
    }

    Status look(CellResult& result) {
        const auto number = number_of(result.cell);
        const auto& cell = config_.cells[number];
        const auto& facts = facts_[number];
        RIG_TRY(records, world_.history(facts.experiment));
        const auto* record = find_record(records, result.run);
        rerun_.reset();
        result.confirmations.clear();
        RunRecord none; // a kernel that does not build leaves no run
        none.state = "failed", none.exit = static_cast<unsigned>(result.verdict == "broken" ? Exit::Broken : Exit::Inconclusive);
        RIG_CHECK(look_at_failures(cell, facts, result, records, record ? *record : none));
        RIG_CHECK(look_at_steps(cell, result, history_of(records, cell, facts.experiment, facts.text)));
        auto& memory = memory_[result.cell];
        const auto now = utc_text(world_.now());
        if (memory.last.empty() || memory.changed.empty() || !changed_parts(memory.parts, result.parts).empty()) memory.changed = now;
        memory.last = now, memory.last_run = result.run, memory.parts = result.parts;
        if (!result.resumed)
            memory.seconds = result.seconds;
        else if (memory.seconds == 0)
            memory.seconds = std::max(result.seconds, result.expected);
        if (record && record->proven() && result.verdict == "as-expected") memory.good_run = result.run, memory.good = result.commit;
        result.state = "done";
        return save_all();
    }

    // Where an expectation was last seen on the other side, and this run: between those two it changed. `known`: a run of which that is known.
    static Span span_to(const CellResult& result, const RunRecord* before, Span known, const std::vector<RunRecord>& records,
                        const RunRecord& record) {
        if (before && before->id > known.good_run) known.good_run = before->id, known.good = before->revision;
        known.bad_run = result.run, known.bad = result.commit;
        if (const auto* good = find_record(records, known.good_run); good && !good->arms.empty() && !record.arms.empty())
            known.also = changed_between(*good, record, good->arms.front().arm);
        return known;
    }

    // Each expectation for itself: that a run and its re-run are both broken confirms nothing if it is by different ones.
    Status look_at_failures(const NightCell& cell, const CellFacts& facts, CellResult& result, const std::vector<RunRecord>& records,
                            const RunRecord& record) {
        for (const auto& failed : failures_of(record)) {
            const auto failure = unknown(failed, cell.name, book_);
            if (failure.expectation.empty()) continue;
            Failure same;
            Confirmation confirmation;
            RIG_CHECK(confirm(
                result, in_words(failure),
                [&](const RunRecord& rerun) {
                    same = common(failure, failures_of(rerun));
                    return !same.expectation.empty();
                },
                confirmation));
            if (confirmation.outcome != "confirmed") continue;
            const auto* before =
                newest_of(records, cell, facts.experiment, facts.text, result.run, [&](const RunRecord& one) { return holds(same, one); });
            Incident incident;
            incident.cell = cell.name, incident.tree = cell.tree, incident.direction = "broken", incident.closing = result.closing;
            incident.expectation = same.expectation, incident.arms = same.arms;
            incident.cause.span = span_to(result, before, {memory_[cell.name].good_run, "", memory_[cell.name].good, "", {}}, records, record);
            want(incident.cause, cell, same);
            open_incident(book_, incident, night_.id);
        }
        for (auto& incident : book_.incidents) {
            const auto failure = incident.failure();
            if (incident.cell != cell.name || !incident.metric.empty() || !incident.is_open() || !holds(failure, record)) continue;
            Confirmation confirmation;
            RIG_CHECK(confirm(
                result, (failure.expectation.empty() ? "the verdict" : in_words(failure)) + " holds again",
                [&](const RunRecord& rerun) { return holds(failure, rerun); }, confirmation));
            if (confirmation.outcome != "confirmed") continue;
            const auto* before = newest_of(records, cell, facts.experiment, facts.text, result.run, [&](const RunRecord& one) {
                const auto failures = failures_of(one);
                return failure.expectation.empty() ? !failures.empty() : !common(failure, failures).expectation.empty();
            });
            Culprit fix;
            fix.span = span_to(result, before, {incident.cause.span.bad_run, "", incident.cause.span.bad, "", {}}, records, record);
            want(fix, cell, failure);
            mark_fixed(incident, fix, night_.id);
        }
        return {};
    }

    Status look_at_steps(const NightCell& cell, CellResult& result, const std::vector<const RunRecord*>& runs) {
        const auto options = change_options(config_);
        for (const auto& step : steps_of(runs, cell, options)) {
            const auto meaning = meaning_of(step, cell.name, runs, book_, memory_[cell.name].first_seen, options);
            if (meaning.what == StepMeaning::Known) continue;
            const std::string direction = step.rose ? "rose" : "fell";
            Confirmation confirmation;
            RIG_CHECK(confirm(
                result, step.metric + " " + direction,
                [&](const RunRecord& rerun) { return rerun.proven() && confirms(step, runs, rerun, cell, options); }, confirmation));
            if (confirmation.outcome == "not confirmed")
                book_.dismissed.push_back({cell.name, step.metric, direction, runs[step.at]->id, night_.id, runs.size() - step.at});
            if (confirmation.outcome != "confirmed") continue;
            Culprit culprit;
            culprit.span = span_of(step, runs);
            culprit.wanted = wanted(cell, culprit.span);
            for (auto& incident : book_.incidents)
                if (std::find(meaning.fixes.begin(), meaning.fixes.end(), incident.id) != meaning.fixes.end())
                    mark_fixed(incident, culprit, night_.id);
            if (meaning.what == StepMeaning::Fixes) continue;
            Incident incident;
            incident.cell = cell.name, incident.tree = cell.tree, incident.metric = step.metric, incident.unit = step.unit,
            incident.direction = direction;
            incident.levels = step.levels, incident.cause = culprit;
            open_incident(book_, incident, night_.id);
        }
        return {};
    }

    // A commit is searched by what its runs say. One that splats, or ends the run, tells a bisection nothing else, and is skipped by it.
    static void want(Culprit& culprit, const NightCell& cell, const Failure& failure) {
        culprit.wanted = wanted(cell, culprit.span) && says_figures(failure);
        if (wanted(cell, culprit.span) && !says_figures(failure)) culprit.why_not = "rig bisect searches for figures and verdicts, not for a splat or the end of a run";
    }
    static bool wanted(const NightCell& cell, const Span& span) {
        return cell.bisect && !span.good.empty() && !span.bad.empty() && span.good != span.bad;
    }

    // ---- whose commit it was

    Status search() {
        for (const auto& [incident, culprit] : searches(book_)) {
            RIG_CHECK(stopped());
            if (night_.spent >= config_.budget_minutes * 60.0) return {};                     // the first thing of the next night
            if (!searched_.emplace(incident->id, culprit == &incident->fix).second) continue; // once a night
            // Another configuration on these results may have it: left alone, wanted as it was.
            const auto number = number_of(incident->cell);
            if (number == config_.cells.size() || !config_.cells[number].follow || !config_.cells[number].bisect) continue;
            if (culprit->attempts >= kSearchAttempts) {
                culprit->wanted = false;
                if (culprit->why_not.empty()) culprit->why_not = "given up";
                continue;
            }
            RIG_CHECK(search(config_.cells[number], facts_[number], *incident, *culprit));
        }
        return save_all();
    }

    // Several expectations that failed in one run are one question.
    Result<BisectFinding> search(const NightCell& cell, const BisectRequest& request) {
        const std::tuple key{cell.name, request.metric, request.arm, request.good, request.bad};
        if (const auto known = found_.find(key); known != found_.end()) return known->second;
        const auto began = world_.now();
        auto finding = world_.bisect(request);
        night_.spent += std::chrono::duration<double>(world_.now() - began).count();
        if (finding) found_.emplace(key, *finding);
        return finding;
    }

    Status search(const NightCell& cell, const CellFacts& facts, Incident& incident, Culprit& culprit) {
        if (culprit.attempts > 0 && !incident.metric.empty()) {
            RIG_TRY(records, world_.history(facts.experiment));
            culprit.span = widened(culprit.span, history_of(records, cell, facts.experiment, facts.text));
        }
        ++culprit.attempts;
        RIG_CHECK(save_all()); // a search that ends rig is not made for ever
        const auto& span = culprit.span;
        world_.note(fmt::format("{}: which commit of {}..{}?", cell.name, span.good.substr(0, 12), span.bad.substr(0, 12)));
        const BisectRequest request{config_.top / cell.spec,
                                    cell.overrides,
                                    config_.top / cell.follow->repository,
                                    cell.follow->base,
                                    span.good,
                                    span.bad,
                                    incident.metric,
                                    incident.levels.empty() ? "" : incident.levels.front().arm};
        const auto finding = search(cell, request);
        if (!finding && stop_.stop_requested()) {
            --culprit.attempts;
            RIG_CHECK(save_all());
            return stopped();
        }
        if (!finding) {
            culprit.why_not = finding.error().message;
            world_.warn(fmt::format("{}: no search for the commit: {}", cell.name, culprit.why_not));
            if (finding.error().blame != Blame::Host) culprit.wanted = false;
            return save_all();
        }
        culprit.found = finding->found;
        culprit.candidates = finding->candidates;
        culprit.text = finding->text, culprit.why_not = finding->why_not, culprit.log = finding->log.string();
        if (!culprit.found) {
            if (culprit.attempts >= kSearchAttempts) culprit.wanted = false;
            return save_all();
        }
        culprit.wanted = false;
        if (&culprit == &incident.cause) {
            if (incident.is_open()) incident.state = "bisected";
            incident.untold.emplace_back("bisected");
        } else if (std::find(incident.untold.begin(), incident.untold.end(), "fixed") == incident.untold.end()) {
            incident.untold.emplace_back("fix-bisected");
        }
        return save_all();
    }

    const NightConfig& config_;
    const NightOptions& options_;
    const NightWorld& world_;
    std::stop_token stop_;
    IncidentBook book_;
    NightMemory memory_;
    Night night_;
    fs::path dir_;
    std::vector<CellFacts> facts_;
    std::optional<Result<RunRecord>> rerun_;
    std::set<std::pair<unsigned, bool>> searched_; // tonight: an incident's cause or fix
    std::map<std::tuple<std::string, std::string, std::string, std::string, std::string>, BisectFinding> found_; // tonight
};

} // namespace

Result<FileLock> lock_nights(const fs::path& results) {
    std::error_code error;
    fs::create_directories(folder_of(results), error);
    if (error) return fail(Blame::Host, fmt::format("cannot make {}: {}", folder_of(results).string(), error.message()));
    auto held = lock_out_writers(folder_of(results));
    if (!held) return fail(Blame::Host, "a night is going on already: " + held.error().message, held.error().log);
    return held;
}

Result<IncidentBook> load_book(const fs::path& results) {
    const auto file = folder_of(results) / kBook;
    IncidentBook book;
    std::error_code error;
    if (fs::exists(file, error)) {
        RIG_TRY(found, book_from_json(slurp(file), file));
        book = std::move(found);
    }
    if (book.token.empty()) {
        std::random_device random;
        book.token = fmt::format("{:08x}{:08x}", random(), random());
    }
    return book;
}

Status save_book(const fs::path& results, const IncidentBook& book) {
    return write_atomically(folder_of(results) / kBook, book_json(book));
}

Result<NightResult> run_night(const NightConfig& config, const NightOptions& options, const NightWorld& world, std::stop_token stop) {
    return NightRun(config, options, world, std::move(stop)).run();
}

} // namespace rig
