// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/live.h"

#include "rig/base/file_lock.h"
#include "rig/base/files.h"
#include "rig/base/version.h"
#include "rig/html/live_page.h"
#include "rig/run_index/index_folder.h"
#include "rig/run_index/run_reader.h"
#include "rig/spec/spec_parser.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

HttpAnswer not_found() {
    return {404, "text/plain; charset=utf-8", "there is no such page; / is the start\n"};
}

// The entry of `folder` with exactly this name; an empty path if there is none.
fs::path among(const fs::path& folder, std::string_view name) {
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(folder, gone))
        if (entry.path().filename().native() == name &&
            fs::is_directory(entry.symlink_status(gone)))
            return entry.path();
    return {};
}

// False for a symbolic link, which could point elsewhere.
bool is_file(const fs::path& path) {
    std::error_code none;
    return fs::is_regular_file(fs::symlink_status(path, none));
}

// Takes the next part of a path; "" at the end.
std::string_view take_part(std::string_view& path) {
    if (path.starts_with('/')) path.remove_prefix(1);
    const auto part = path.substr(0, path.find('/'));
    path.remove_prefix(part.size());
    return part;
}

// Decodes %41 to A; malformed sequences stay unchanged.
std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr ==
                text.data() + i + 3)
            out += static_cast<char>(byte), i += 2;
        else
            out += text[i];
    }
    return out;
}

std::string text_of(const fs::path& file, std::uintmax_t from, std::size_t most) {
    std::ifstream in(file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(from));
    std::string text(most, '\0');
    in.read(text.data(), static_cast<std::streamsize>(most));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

json boots_of_run(const fs::path& run) {
    std::vector<std::string> names;
    std::error_code gone;
    for (const auto& entry : fs::directory_iterator(run / "boots", gone))
        names.push_back(entry.path().filename());
    std::sort(names.rbegin(), names.rend());
    json boots = json::array();
    for (const auto& name : names) {
        std::error_code none;
        const auto size = fs::file_size(run / "boots" / name / "console.log", none);
        boots.push_back({{"name", name}, {"console_bytes", none ? 0 : size}});
        if (boots.size() == 50) break;
    }
    return boots;
}

} // namespace

const LiveResults::Counted& LiveResults::count(const fs::path& run) {
    auto& counted = counted_[run.filename()];
    std::error_code none;
    if (const auto size = fs::file_size(run / "samples.jsonl", none); none || size < counted.read)
        counted = {}; // a torn line was cut off: count again
    std::ifstream in(run / "samples.jsonl", std::ios::binary);
    in.seekg(static_cast<std::streamoff>(counted.read));
    for (std::string line; std::getline(in, line) && !in.eof();) {
        counted.read += line.size() + 1;
        if (const auto sample = json::parse(line, nullptr, false);
            sample.is_object() && sample.contains("id") && sample["id"].is_object())
            ++counted.boots[sample["id"].value("arm", "")];
    }
    return counted;
}

// {"runs": [{"id", "state", "started", "ended", "failure", "clock", "planned", "done": {arm:
// boots}, "closing", "page", "boots": [{"name", "console_bytes"}]}]}, newest first. "boots" are
// listed, newest first, for running runs and for the newest run only.
std::string LiveResults::live_json() {
    auto folders = run_folders(results_);
    std::reverse(folders.begin(), folders.end());
    if (folders.size() > kRuns) folders.resize(kRuns);
    json runs = json::array();
    for (const auto& folder : folders) {
        const auto info = json::parse(slurp(folder / "run.json"), nullptr, false);
        if (!info.is_object()) continue;
        const auto text = [&](const char* key) {
            return info.contains(key) && info[key].is_string() ? info[key].get<std::string>()
                                                               : std::string();
        };
        const bool running = has_writer(folder);
        const auto arms =
            info.contains("kernels") && info["kernels"].is_array() ? info["kernels"].size() : 0;
        const auto boots = info.contains("boots") && info["boots"].is_number_unsigned()
                               ? info["boots"].get<unsigned>()
                               : 0;
        const auto report = json::parse(slurp(folder / "report.json"), nullptr, false);
        json run{{"id", folder.filename()},
                 {"state", state_of(text("failure"), text("ended"), running)},
                 {"started", text("started")},
                 {"ended", text("ended")},
                 {"failure", text("failure")},
                 {"clock", text("clock")},
                 {"planned", boots * arms},
                 {"done", count(folder).boots},
                 {"closing",
                  report.is_object() && report.contains("verdict") && report["verdict"].is_object()
                      ? report["verdict"].value("closing", "")
                      : ""},
                 {"page", is_file(folder / "report.html") || is_file(folder / "report.txt")}};
        if (running || runs.empty()) run["boots"] = boots_of_run(folder);
        runs.push_back(std::move(run));
    }
    return json{{"runs", runs}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

HttpAnswer LiveResults::console(std::string_view run, std::string_view boot,
                                std::uintmax_t from) const {
    const auto folder = among(results_, run);
    const auto of_boot = folder.empty() ? folder : among(folder / "boots", boot);
    std::error_code none;
    if (of_boot.empty() || !is_file(of_boot / "console.log")) return not_found();
    const auto size = fs::file_size(of_boot / "console.log", none);
    HttpAnswer answer;
    answer.body = text_of(of_boot / "console.log", std::min(from, size), kConsolePiece);
    answer.headers = {{"X-Size", std::to_string(size)}};
    return answer;
}

// Reads run.json and report.json, and not the samples: a scrape must not take seconds. Runs that
// did not change since the last scrape are not read again.
std::string LiveResults::metrics() {
    std::map<std::string, Figured> now;
    std::vector<RunFigures> runs;
    for (const auto& folder : run_folders(results_)) {
        const auto id = folder.filename().string();
        const bool running = has_writer(folder);
        const auto fingerprint = fingerprint_of(folder) + (running ? "+" : "");
        auto& one = now[id];
        if (const auto known = figured_.find(id);
            known != figured_.end() && known->second.fingerprint == fingerprint) {
            one = known->second;
        } else {
            RunRecord record;
            record.id = id;
            const auto info = json::parse(slurp(folder / "run.json"), nullptr, false);
            if (info.is_object()) take_run_json(info, record);
            if (const auto report = json::parse(slurp(folder / "report.json"), nullptr, false);
                report.is_object())
                take_report_json(report, record);
            if (!record.failure.empty()) record.exit = exit_of_failure(record.failure);
            // A run without a report: its experiment is known from the copy of its file.
            if (record.experiment.empty())
                if (const auto spec =
                        parse_stored_spec(slurp(folder / "spec.toml"), folder / "spec.toml", {}))
                    record.experiment = spec->name;
            record.state =
                info.is_object() ? state_of(record.failure, record.ended, running) : "unreadable";
            one = {fingerprint,
                   {id, record.experiment, record.state, record.verdict(), record.started,
                    record.ended}};
        }
        runs.push_back(one.figures);
    }
    figured_ = std::move(now);
    return metrics_of_runs(runs, rig_version());
}

HttpAnswer LiveResults::report(std::string_view run) const {
    const auto folder = among(results_, run);
    if (folder.empty()) return not_found();
    if (is_file(folder / "report.html"))
        return {200, "text/html; charset=utf-8", slurp(folder / "report.html")};
    if (is_file(folder / "report.txt"))
        return {200, "text/plain; charset=utf-8", slurp(folder / "report.txt")};
    return not_found();
}

HttpAnswer LiveResults::answer(std::string_view target) {
    try {
        return look_up(target);
    } catch (const std::exception& e) { // an unreadable folder, or a file of another program
        return {500, "text/plain; charset=utf-8", std::string(e.what()) + "\n"};
    }
}

HttpAnswer LiveResults::look_up(std::string_view target) {
    const auto query = target.find('?');
    auto path = target.substr(0, query);
    const bool start = path == "/";
    const auto what = take_part(path);
    const auto run = decoded(take_part(path)), boot = decoded(take_part(path));
    if (!path.empty() && path != "/") return not_found();
    if (what.empty() && !start) return not_found();
    if (start)
        return {200,
                "text/html; charset=utf-8",
                std::string(live_page()),
                {{"Content-Security-Policy",
                  "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src "
                  "'unsafe-inline'; base-uri 'none'; form-action 'none'"}}};
    if (what == "live.json" && run.empty()) {
        const std::lock_guard lock(mutex_);
        return {200, "application/json", live_json()};
    }
    if (what == "metrics" && run.empty()) {
        const std::lock_guard lock(mutex_);
        return {200, kPrometheusType, metrics()};
    }
    if (what == "report" && boot.empty()) return report(run);
    if (what != "console") return not_found();
    std::uintmax_t from = 0;
    constexpr std::string_view key = "?from=";
    if (query != target.npos) {
        const auto value = target.substr(query);
        const auto* end = value.data() + value.size();
        if (!value.starts_with(key)) return {400, "text/plain; charset=utf-8", "want ?from=BYTE\n"};
        if (const auto [stopped, error] = std::from_chars(value.data() + key.size(), end, from);
            stopped != end || error != std::errc())
            return {400, "text/plain; charset=utf-8", "want ?from=BYTE\n"};
    }
    return console(run, boot, from);
}

} // namespace rig
