// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/site_command.h"

#include "rig/base/files.h"
#include "rig/base/utc.h"
#include "rig/html/dashboard.h"
#include "rig/html/live.h"
#include "rig/html/report_page.h"
#include "rig/html/serve.h"
#include "rig/results/run_store.h"
#include "rig/run_index/index_folder.h"
#include "rig/run_index/run_reader.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMark = ".rig-site"; // marks a folder that rig may replace
constexpr const char* kDraft = ".new-";    // followed by the pid of the rig that makes it

Status may_replace(const fs::path& out) {
    std::error_code error;
    if (!fs::exists(out, error) || fs::exists(out / kMark, error)) return {};
    if (fs::is_directory(out, error) && fs::is_empty(out, error)) return {};
    return fail(FaultDomain::Spec,
                fmt::format("--out {}: it is there and no site of rig's; want a new "
                            "or empty folder, or one that rig dashboard made",
                            out.string()));
}

// Replaces the old folder by the new one in one step, so that at every moment one of them exists.
// The old folder then has the name of the draft.
Status put_in_place(const fs::path& made, const fs::path& out) {
    std::error_code unknown;
    const bool replaces = fs::exists(out, unknown);
    if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, out.c_str(),
                    replaces ? RENAME_EXCHANGE : 0) == 0)
        return {};
    std::error_code error(errno, std::generic_category());
    // A file system that cannot exchange two folders: rename twice, and rename the old one back if
    // the second step fails.
    if (replaces && errno == EINVAL) {
        const fs::path old = made.string() + "-old";
        error.clear();
        fs::rename(out, old, error);
        if (!error) {
            fs::rename(made, out, error);
            std::error_code none;
            if (error)
                fs::rename(old, out, none);
            else
                fs::rename(old, made, none);
        }
    }
    return error ? Status(fail(FaultDomain::Host,
                               fmt::format("{}: {}", out.string(), error.message())))
                 : Status();
}

// Removes drafts of rigs that were killed.
void remove_abandoned(const fs::path& out) {
    std::error_code error;
    const auto folder = fs::absolute(out, error).parent_path();
    const auto prefix = out.filename().string() + kDraft;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const auto name = entry->path().filename().string();
        if (!name.starts_with(prefix)) continue;
        const auto pid = std::atoi(name.c_str() + prefix.size());
        std::error_code none;
        if (pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH) fs::remove_all(entry->path(), none);
    }
}

// The draft of a site. Removed unless it was moved to its place.
struct Draft {
    fs::path dir;
    ~Draft() {
        std::error_code none;
        fs::remove_all(dir, none);
    }
};

// Adds an existing report page as runs/<id>.html. Uses a hard link if the file system supports it,
// since a page has some hundred KiB and there may be thousands. False: the run has no page.
bool take_page(const fs::path& page, const fs::path& to) {
    std::error_code error;
    if (!fs::is_regular_file(fs::symlink_status(page, error))) return false;
    fs::create_hard_link(page, to, error);
    if (!error) return true;
    fs::copy_file(page, to, error);
    std::error_code none;
    if (error) fs::remove(to, none); // incomplete copy
    return !error;
}

Status make_page(const fs::path& run_dir, const fs::path& to) {
    RIG_TRY(run, load_run(run_dir));
    RIG_TRY(report, report_of(run));
    return write_report_page(to, run_dir, report, run.samples, web_assets());
}

} // namespace

Result<CommandOutput> dashboard_command(const SiteOptions& line, const CommonOptions& common,
                                        Progress& progress, std::stop_token stop) {
    const auto* assets = dashboard_assets();
    if (!assets) return fail(FaultDomain::Spec, "this rig was built without pages (-Dweb=false)");
    auto out = line.out;
    if (!out.has_filename()) out = out.parent_path(); // "site/"
    RIG_CHECK(may_replace(out));
    RIG_TRY(index, Index::open_to_read(common.results));
    RIG_TRY(change, refresh_index(index, common.results, Retry::No, progress, stop));
    RIG_TRY(runs, index.runs({}, Detail::Whole));

    remove_abandoned(out);
    const Draft draft{out.string() + fmt::format("{}{}", kDraft, ::getpid())};
    std::error_code error;
    fs::create_directories(draft.dir / "runs", error);
    fs::create_directories(draft.dir / "data", error);
    if (error)
        return fail(FaultDomain::Host, fmt::format("--out {}: {}", out.string(), error.message()));
    std::set<std::string> paged;
    unsigned made = 0;
    progress.start("making the site", runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i) { // newest first
        if (stop.stop_requested()) return fail(FaultDomain::Host, "cancelled");
        progress.advance(i);
        progress.note(runs[i].id);
        const auto folder = common.results / runs[i].id,
                   page = draft.dir / "runs" / (runs[i].id + ".html");
        // A run that can no longer be judged gets no page. It is still in the lists.
        const bool there =
            take_page(folder / "report.html", page) ||
            (made < line.pages && runs[i].samples > 0 && make_page(folder, page) && ++made);
        if (there) paged.insert(runs[i].id);
    }
    auto files = dashboard_data(
        runs, [&](const std::string& id) { return paged.contains(id); },
        utc_text(std::chrono::system_clock::now()));
    files.emplace("index.html", dashboard_page(assets->style));
    files.emplace("dashboard.js", std::string(assets->script));
    files.emplace(kMark, "");
    std::uintmax_t bytes = 0;
    for (const auto& [name, content] : files) {
        RIG_CHECK(write_atomically(draft.dir / name, content));
        bytes += content.size();
    }
    RIG_CHECK(put_in_place(draft.dir, out));
    progress.finish();
    const auto start = (out / "index.html").string();
    if (common.json)
        return CommandOutput{nlohmann::json{{"site", start},
                                            {"runs", runs.size()},
                                            {"pages", paged.size()},
                                            {"bytes", bytes},
                                            {"indexed", change.added + change.changed}}
                                     .dump(2) +
                                 "\n",
                             Exit::Pass};
    return CommandOutput{
        fmt::format("{}: {} runs, {} with a page of their own\n", start, runs.size(), paged.size()),
        Exit::Pass};
}

Result<CommandOutput> serve_command(const SiteOptions& line, const CommonOptions& common,
                                    const std::function<void(const std::string& address)>& say,
                                    std::stop_token stop) {
    LiveResults live(common.results);
    RIG_CHECK(serve(
        line.port, [&](std::string_view target) { return live.answer(target); },
        [&](std::uint16_t port) { say(fmt::format("http://127.0.0.1:{}/", port)); }, stop));
    return CommandOutput{};
}

} // namespace rig
