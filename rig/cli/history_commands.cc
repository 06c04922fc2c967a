// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/history_commands.h"

#include "rig/base/file_lock.h"
#include "rig/base/files.h"
#include "rig/base/scratch_dir.h"
#include "rig/base/text.h"
#include "rig/base/utc.h"
#include "rig/cli/pack_command.h"
#include "rig/results/run_store.h"
#include "rig/run_index/index_folder.h"
#include "rig/run_index/run_reader.h"
#include "rig/run_index/runs_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

Colour colour_of(const CommonOptions& common) {
    return common.colour ? Colour::Yes : Colour::No;
}

json row_json(const RunRecord& run) {
    auto out = to_json(run);
    for (const char* list : {"arms", "metrics", "splats", "faults"})
        out.erase(list);
    return out;
}

Result<Index> fresh_index(const CommonOptions& common, Progress& progress, std::stop_token stop) {
    RIG_TRY(index, Index::open_to_read(common.results));
    RIG_TRY(change, refresh_index(index, common.results, Retry::No, progress, stop));
    (void)change;
    return std::move(index);
}

Result<RunSide> side_of(const CommonOptions& common, const std::string& text) {
    RIG_TRY(dir, find_run(common.results, text));
    RIG_TRY(run, load_run(dir));
    RunSide side{read_record(dir), run.samples, {}};
    if (auto spec = spec_of_run(run)) side.spec = std::move(*spec);
    return side;
}

// The output of diff(1) for two texts; "" if they are equal.
Result<std::string> unified(const std::string& left, const std::string& left_name,
                            const std::string& right, const std::string& right_name,
                            CommandRunner& runner) {
    if (left == right) return std::string();
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    RIG_CHECK(write_atomically(scratch.dir() / "left", left));
    RIG_CHECK(write_atomically(scratch.dir() / "right", right));
    Command diff;
    diff.argv = {"diff",
                 "-u",
                 "--label",
                 left_name,
                 "--label",
                 right_name,
                 (scratch.dir() / "left").string(),
                 (scratch.dir() / "right").string()};
    diff.timeout = std::chrono::seconds(20);
    RIG_TRY(result, runner.run(diff));
    const auto* exited = std::get_if<Exited>(&result.outcome);
    if (!exited || exited->code > 1)
        return fail(FaultDomain::Host, fmt::format("diff: {}: {}", describe(result), result.out));
    return result.out;
}

} // namespace

Result<CommandOutput> list_command(const HistoryOptions& line, const CommonOptions& common,
                                   Progress& progress, std::stop_token stop) {
    if (!line.filter.since.empty()) RIG_CHECK(check_since(line.filter.since));
    RIG_TRY(index, fresh_index(common, progress, stop));
    RIG_TRY(runs, index.runs(line.filter));
    if (!common.json) return CommandOutput{list_text(runs, colour_of(common)), Exit::Pass};
    json rows = json::array();
    for (const auto& run : runs)
        rows.push_back(row_json(run));
    return CommandOutput{dumped({{"runs", rows}}), Exit::Pass};
}

Result<CommandOutput> show_command(const HistoryOptions& line, const CommonOptions& common) {
    if (names_pack(line.run)) return show_pack(line.run, common);
    RIG_TRY(dir, find_run(common.results, line.run));
    std::error_code error;
    if (!fs::exists(dir / "run.json", error))
        return fail(FaultDomain::Spec,
                    fmt::format("{}: no run (it has no run.json), want a folder results/<run-id>",
                                dir.string()));
    const auto record = read_record(dir);
    return CommandOutput{
        common.json ? dumped(to_json(record)) : show_text(record, colour_of(common)), Exit::Pass};
}

Result<CommandOutput> diff_command(const HistoryOptions& line, const CommonOptions& common,
                                   CommandRunner& runner) {
    RIG_TRY(left, side_of(common, line.run));
    RIG_TRY(right, side_of(common, line.other));
    auto diff = diff_runs(left, right);
    RIG_TRY(left_dir, find_run(common.results, line.run));
    RIG_TRY(right_dir, find_run(common.results, line.other));
    RIG_TRY(text, unified(slurp(left_dir / "spec.toml"), diff.left + "/spec.toml",
                          slurp(right_dir / "spec.toml"), diff.right + "/spec.toml", runner));
    diff.spec_diff = text;
    return CommandOutput{common.json ? dumped(to_json(diff)) : diff_text(diff), Exit::Pass};
}

Result<CommandOutput> prune_command(const HistoryOptions& line, const CommonOptions& common,
                                    Progress& progress, std::stop_token stop) {
    RIG_TRY(index, fresh_index(common, progress, stop));
    RIG_TRY(runs, index.runs());
    RIG_TRY(choices, choose_pruned(runs, line.prune, utc_text(std::chrono::system_clock::now())));
    const bool really = line.yes && !line.dry_run;
    const auto* what = line.prune.boots_only ? "boots of " : "";
    std::uintmax_t total = 0;
    std::size_t count = 0, not_removed = 0;
    json rows = json::array();
    std::string text;
    for (const auto& choice : choices) {
        const auto dir = common.results / choice.id;
        json row = {{"id", choice.id},
                    {"experiment", choice.experiment},
                    {"remove", choice.remove},
                    {"kept_because", choice.why_kept},
                    {"bytes", 0}};
        if (choice.remove && !stop.stop_requested()) {
            auto freed =
                really ? remove_run(dir, line.prune.boots_only)
                : has_writer(dir)
                    ? fail(FaultDomain::Host, dir.string() + ": it has a writer")
                    : Result<std::uintmax_t>(size_of(line.prune.boots_only ? dir / "boots" : dir));
            if (freed) {
                ++count, total += *freed;
                row["bytes"] = *freed;
                text += fmt::format("{} {}{}  {}\n", really ? "removed" : "would remove", what,
                                    printable(choice.id), size_text(*freed));
            } else {
                ++not_removed;
                row["remove"] = false, row["kept_because"] = freed.error().message;
                text += fmt::format("kept {}: {}\n", printable(choice.id),
                                    printable(freed.error().message));
            }
        } else if (!choice.remove) {
            text += fmt::format("kept {}: {}\n", printable(choice.id), choice.why_kept);
        }
        rows.push_back(std::move(row));
    }
    for (const auto& trash : trash_in(common.results)) { // left by an interrupted prune
        const auto bytes = size_of(trash);
        std::error_code error;
        if (really) fs::remove_all(trash, error);
        if (error)
            return fail(FaultDomain::Host,
                        fmt::format("cannot remove {}: {}", trash.string(), error.message()),
                        trash);
        total += bytes;
        text += fmt::format("{} {}, which an earlier prune left  {}\n",
                            really ? "removed" : "would remove", trash.filename().string(),
                            size_text(bytes));
    }
    if (really && count) {
        // Drops the removed runs from the index, and reads again those whose boots were removed.
        RIG_TRY(change, refresh_index(index, common.results, Retry::No, progress, {}));
        (void)change;
    }
    text +=
        fmt::format("{} {}{} runs, {}{}\n", really ? "removed" : "would remove", what, count,
                    size_text(total), really ? "" : "; nothing was touched: --yes removes them");
    CommandOutput output{text, not_removed ? Exit::Host : Exit::Pass};
    if (common.json)
        output.text = dumped({{"runs", rows},
                              {"bytes", total},
                              {"removed", really},
                              {"boots_only", line.prune.boots_only}});
    return output;
}

Result<CommandOutput> index_command(const HistoryOptions& line, const CommonOptions& common,
                                    Progress& progress, std::stop_token stop) {
    const auto began = std::chrono::steady_clock::now();
    IndexChange change;
    if (line.rebuild) {
        RIG_TRY(made, rebuild_index(common.results, progress, stop));
        change = made;
    } else {
        RIG_TRY(index, Index::open(common.results));
        RIG_CHECK(index.check());
        RIG_TRY(made, refresh_index(index, common.results, Retry::NotRecomputed, progress, stop));
        change = made;
    }
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    const auto file = (common.results / kIndexFile).string();
    if (common.json)
        return CommandOutput{dumped({{"index", file},
                                     {"runs", change.runs},
                                     {"added", change.added},
                                     {"changed", change.changed},
                                     {"dropped", change.dropped},
                                     {"not_recomputed", change.not_recomputed},
                                     {"rebuilt", line.rebuild},
                                     {"seconds", seconds}}),
                             Exit::Pass};
    auto text = fmt::format("{}: {} runs; {} added, {} changed, {} dropped, in {:.1f} s\n", file,
                            change.runs, change.added, change.changed, change.dropped, seconds);
    if (change.not_recomputed)
        text += fmt::format("{} of those read could not be judged again and are listed as "
                            "report.json has them (rig show RUN says why)\n",
                            change.not_recomputed);
    return CommandOutput{text, Exit::Pass};
}

} // namespace rig
