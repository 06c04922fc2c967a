// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/nightly.h"

#include "rig/base/file_lock.h"
#include "rig/base/files.h"
#include "rig/base/sha256.h"
#include "rig/base/utc.h"
#include "rig/host/artifact_cache.h"
#include "rig/html/dashboard.h"
#include "rig/nightly/cell_history.h"
#include "rig/nightly/culprit_search.h"
#include "rig/nightly/night_findings.h"

#include <algorithm>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <optional>
#include <random>

namespace rig {
namespace {

namespace fs = std::filesystem;
using SystemTime = std::chrono::system_clock::time_point;

constexpr const char* kBook = "incidents.json";
// An interrupted night that began earlier is not resumed.
constexpr std::chrono::hours kGoOn{24};

fs::path folder_of(const fs::path& results) {
    return results / kNightFolder;
}

class NightRun {
 public:
    NightRun(const NightConfig& config, const NightOptions& options,
             const NightEnvironment& environment, std::stop_token stop)
        : config_(config), options_(options), environment_(environment), stop_(std::move(stop)) {}

    Result<NightResult> run() {
        RIG_TRY(held, lock_nights(options_.results));
        (void)held;
        RIG_TRY(book, load_book(options_.results));
        book_ = std::move(book);
        RIG_CHECK(load_memory());
        RIG_CHECK(begin());
        CulpritSearch culprits({config_, facts_, book_, night_, stop_, environment_.history,
                                environment_.bisect, environment_.now, [this] { return stopped(); },
                                [this] { return save_all(); }, environment_.warn,
                                environment_.note});
        RIG_CHECK(culprits.run()); // searches that earlier nights left
        for (auto& cell : night_.cells)
            RIG_CHECK(cell.state == "ran"       ? look(cell)
                      : cell.state == "planned" ? take(cell)
                                                : Status());
        for (auto& cell : night_.cells)
            if (cell.state == "host fault" && cell.attempts == 1) RIG_CHECK(take(cell));
        RIG_CHECK(culprits.run());
        write_messages(book_, config_.notify.channels());
        RIG_CHECK(save_book());
        deliver(
            book_, config_.notify.channels(), environment_.send, [&] { return save_book(); },
            environment_.warn);
        night_.ended = utc_text(environment_.now());
        RIG_CHECK(save_night());
        RIG_CHECK(environment_.write(dir_ / "night.txt", night_text(night_, book_, false)));
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
    Status save_book() {
        return environment_.write(folder_of(options_.results) / kBook, book_json(book_));
    }
    Status save_night() { return environment_.write(dir_ / "night.json", night_json(night_)); }
    Status save_all() {
        RIG_CHECK(save_book());
        RIG_CHECK(save_night());
        return environment_.write(folder_of(options_.results) / "cells.json", memory_json(memory_));
    }

    // The night to resume. Other unfinished nights stay unfinished.
    Result<std::optional<Night>> interrupted(const std::string& config_sha256) {
        std::vector<Night> unfinished;
        std::error_code error;
        for (fs::directory_iterator entry(folder_of(options_.results), error), end;
             !error && entry != end; entry.increment(error)) {
            const auto file = entry->path() / "night.json";
            std::error_code none;
            if (!fs::exists(file, none)) continue;
            auto night = night_from_json(slurp(file), file);
            if (!night)
                environment_.warn(night.error().message);
            else if (night->ended.empty())
                unfinished.push_back(std::move(*night));
        }
        std::sort(unfinished.begin(), unfinished.end(),
                  [](const Night& a, const Night& b) { return a.id > b.id; });
        std::optional<Night> found;
        for (auto& night : unfinished) {
            const auto began = moment_of(night.started);
            const char* why =
                options_.fresh ? "--no-resume"
                : night.config_sha256 != config_sha256 || night.since != options_.since
                    ? "another configuration or --since"
                : !began || environment_.now() - *began >= kGoOn ? "it began more than a day before"
                : found                                          ? "there is a later one"
                                                                 : nullptr;
            if (why)
                RIG_CHECK(abandon(std::move(night), why));
            else
                found = std::move(night);
        }
        return found;
    }
    Status abandon(Night night, const char* why) {
        night.ended = utc_text(environment_.now());
        night.ended_why = fmt::format("not gone on with: {}", why);
        return environment_.write(folder_of(options_.results) / night.id / "night.json",
                                  night_json(night));
    }

    Status begin() {
        const auto sha256 = sha256_hex(config_.text);
        RIG_TRY(found, interrupted(sha256));
        for (const auto& cell : config_.cells)
            facts_.push_back(environment_.facts(cell));
        if (found) {
            night_ = std::move(*found);
            dir_ = folder_of(options_.results) / night_.id;
            environment_.note("going on with night " + night_.id);
            count_what_was_cut_short();
            return {};
        }
        const auto now = environment_.now();
        night_.id =
            fmt::format("{:%Y%m%d-%H%M%S}", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
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
            result.cell = cell.name, result.tree = cell.tree, result.why = planned.why,
            result.commit = facts.commit, result.parts = facts.parts;
            result.expected = planned.seconds, result.guessed = planned.guessed;
            const auto known = memory_.find(cell.name);
            const auto excluded =
                options_.excluded
                    ? options_.excluded(cell, facts,
                                        known == memory_.end() ? nullptr : &known->second)
                    : "";
            if (!facts.why_not.empty())
                result.state = "no run", result.why = facts.why_not;
            else if (!excluded.empty())
                result.state = "left out", result.why = excluded;
            night_.cells.push_back(std::move(result));
            if (auto& memory = memory_[cell.name]; memory.first_seen.empty())
                memory.first_seen = night_.started;
        }
        dir_ = folder_of(options_.results) / night_.id;
        std::error_code error;
        fs::create_directories(dir_, error);
        if (error)
            return fail(FaultDomain::Host,
                        fmt::format("cannot make {}: {}", dir_.string(), error.message()));
        return save_all();
    }

    // ---- cells

    // The time of a re-run counts for the night, not for the cell.
    void count(CellResult& result, double seconds) {
        night_.spent += seconds;
        if (result.state != "ran") result.seconds += seconds;
        result.began.clear();
    }
    static double left_of(const CellResult& result) {
        return std::max(0.0, result.expected - (result.state == "planned" ? result.seconds : 0));
    }

    // Charges the cell that was running when rig was killed. The time of the kill is unknown. So
    // charge the time since the start of the run, but at most the rest of the expected duration:
    // the machine may have been off for hours.
    void count_what_was_cut_short() {
        for (auto& cell : night_.cells)
            if (const auto began = moment_of(cell.began))
                count(cell,
                      std::clamp(std::chrono::duration<double>(environment_.now() - *began).count(),
                                 0.0, left_of(cell)));
    }

    Result<RunRecord> timed_run(CellResult& result, bool fresh) {
        const auto began = environment_.now();
        result.began = utc_text(began);
        RIG_CHECK(save_night());
        auto run =
            environment_.run(config_.cells[number_of(config_, result.cell)], result.commit, fresh);
        count(result, std::chrono::duration<double>(environment_.now() - began).count());
        return run;
    }
    Status stopped() const {
        if (!stop_.stop_requested()) return {};
        return fail(FaultDomain::Host,
                    fmt::format("night {} was interrupted; the same command resumes it", night_.id),
                    dir_);
    }

    Status take(CellResult& result) {
        RIG_CHECK(stopped());
        if (const auto why = no_time_for({0, "", left_of(result), result.guessed}, night_.spent,
                                         config_.budget_minutes);
            !why.empty()) {
            if (result.state == "planned")
                result.state = "not run", result.why = why;
            else
                result.why += "; not tried again: " + why;
            return save_night();
        }
        environment_.note(fmt::format("{}: {}", result.cell, result.why));
        const auto now = utc_text(environment_.now());
        const bool again = result.seconds > 0;
        auto run = timed_run(result, false);
        if (!run) RIG_CHECK(save_night_if_stopped());
        ++result.attempts;
        if (!run) {
            result.state = run.error().fault_domain == FaultDomain::Spec ? "no run" : "host fault";
            result.why = run.error().message;
            return save_night();
        }
        result.state = "ran";
        // The second case: a run of an earlier night was resumed.
        result.resumed = again || (!run->started.empty() && run->started < now);
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

    Status look(CellResult& result) {
        const auto number = number_of(config_, result.cell);
        const auto& cell = config_.cells[number];
        const auto& facts = facts_[number];
        RIG_TRY(records, environment_.history(facts.experiment));
        const auto* record = find_record(records, result.run);
        result.confirmations.clear();
        RunRecord none; // substitute for the run of a kernel that does not build
        none.state = "failed",
        none.exit =
            static_cast<unsigned>(result.verdict == "fail" ? Exit::Fail : Exit::Inconclusive);
        auto& memory = memory_[result.cell];
        RIG_CHECK(look_at_run({config_, cell, facts, memory, records, record ? *record : none,
                               night_.id, result, book_, [&] { return timed_run(result, true); },
                               [this] { return save_night_if_stopped(); }, environment_.note}));
        const auto now = utc_text(environment_.now());
        if (memory.last.empty() || memory.changed.empty() ||
            !changed_parts(memory.parts, result.parts).empty())
            memory.changed = now;
        memory.last = now, memory.last_run = result.run, memory.parts = result.parts;
        if (!result.resumed)
            memory.seconds = result.seconds;
        else if (memory.seconds == 0)
            memory.seconds = std::max(result.seconds, result.expected);
        if (record && record->proven() && result.verdict == "pass")
            memory.good_run = result.run, memory.good = result.commit;
        result.state = "done";
        return save_all();
    }

    const NightConfig& config_;
    const NightOptions& options_;
    const NightEnvironment& environment_;
    std::stop_token stop_;
    IncidentBook book_;
    NightMemory memory_;
    Night night_;
    fs::path dir_;
    std::vector<CellFacts> facts_;
};

} // namespace

Result<FileLock> lock_nights(const fs::path& results) {
    std::error_code error;
    fs::create_directories(folder_of(results), error);
    if (error)
        return fail(FaultDomain::Host, fmt::format("cannot make {}: {}",
                                                   folder_of(results).string(), error.message()));
    auto held = lock_out_writers(folder_of(results));
    if (!held)
        return fail(FaultDomain::Host, "a night is going on already: " + held.error().message,
                    held.error().log);
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

Result<NightResult> run_night(const NightConfig& config, const NightOptions& options,
                              const NightEnvironment& environment, std::stop_token stop) {
    return NightRun(config, options, environment, std::move(stop)).run();
}

} // namespace rig
