// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/run_reader.h"

#include "rig/base/file_lock.h"
#include "rig/base/files.h"
#include "rig/report/json.h"
#include "rig/results/stored_spec.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kNamed = 5; // candidates in a message

void take_source(const Source& source, RunRecord& record) {
    if (const auto* distro = std::get_if<DistroSource>(&source))
        record.source = distro->package + (distro->suite.empty() ? "" : " (" + distro->suite + ")");
    if (const auto* tarball = std::get_if<TarballSource>(&source))
        record.source = fmt::format("{} sha256:{}", tarball->path.string(), tarball->sha256);
    if (const auto* git = std::get_if<GitSource>(&source))
        record.source = git->repository.string(), record.revision = git->revision;
    if (std::holds_alternative<PrebuiltSource>(source)) record.source = "prebuilt";
}

Status judge_again(const fs::path& dir, RunRecord& record) {
    RIG_TRY(run, load_run(dir));
    record.samples = static_cast<unsigned>(run.samples.size());
    for (const auto& sample : run.samples)
        if (const auto retries = sample.host.find("retries"); retries != sample.host.end())
            record.retries += static_cast<unsigned>(std::lround(retries->second));
    RIG_TRY(report, report_of(run));
    take_source(report.spec.kernel.source, record);
    if (!take_report_json(render_json(report), record))
        return fail(FaultDomain::Host, dir.string() + ": its report is not as the index reads it");
    return {};
}

void take_faults(const fs::path& boots, RunRecord& record) {
    std::error_code error;
    record.boots_kept = fs::is_directory(boots, error);
    for (fs::directory_iterator boot(boots, error), end; !error && boot != end;
         boot.increment(error)) {
        std::error_code gone;
        for (unsigned attempt = 0;
             fs::exists(boot->path() / fmt::format("fault-{}.txt", attempt), gone); ++attempt)
            take_fault(slurp(boot->path() / fmt::format("fault-{}.txt", attempt)), record);
    }
}

bool holds_run(const fs::path& dir) {
    std::error_code error;
    return fs::exists(dir / "run.json", error);
}

} // namespace

const char* state_of(std::string_view failure, std::string_view ended, bool has_writer) {
    return !failure.empty() ? "failed"
           : !ended.empty() ? "ended"
           : has_writer     ? "running"
                            : "interrupted";
}

Result<Spec> spec_of_run(const LoadedRun& run) {
    return stored_spec_of(run.info);
}

Result<ReportInput> report_of(const LoadedRun& run) {
    RIG_TRY(spec, spec_of_run(run));
    return assemble(spec, run.info, run.samples, run.warnings, run.dir.string(), run.lines);
}

RunRecord read_record(const fs::path& dir) {
    RunRecord record;
    record.id = dir.filename().string();
    const auto run = json::parse(slurp(dir / "run.json"), nullptr, false);
    if (run.is_discarded() || !run.is_object()) {
        record.state = "unreadable";
        record.why_not = (dir / "run.json").string() + ": not a JSON object";
        return record;
    }
    take_run_json(run, record);
    record.spec_sha256 = spec_identity(run.contains("spec_text") && run["spec_text"].is_string()
                                           ? run["spec_text"].get<std::string>()
                                           : "",
                                       record.overrides);
    if (auto judged = judge_again(dir, record); judged) {
        record.recomputed = true;
    } else {
        record.why_not = judged.error().message;
        take_report_json(json::parse(slurp(dir / "report.json"), nullptr, false), record);
    }
    take_faults(dir / "boots", record);
    record.state = state_of(record.failure, record.ended, has_writer(dir));
    if (record.failure.empty()) return record;
    record.closing = record.failure;
    record.exit = exit_of_failure(record.failure);
    return record;
}

std::vector<fs::path> run_folders(const fs::path& results) {
    std::vector<fs::path> out;
    std::error_code error;
    for (fs::directory_iterator entry(results, error), end; !error && entry != end;
         entry.increment(error))
        if (!entry->path().filename().string().starts_with('.') && holds_run(entry->path()))
            out.push_back(entry->path());
    std::sort(out.begin(), out.end());
    return out;
}

Result<fs::path> find_run(const fs::path& results, const std::string& text) {
    const std::string accepted =
        "want a folder, a run id, an unambiguous beginning of one, or latest";
    // load_run() reports what is wrong with it.
    if (std::error_code error; text.find('/') != std::string::npos) {
        if (!fs::exists(text, error))
            return fail(FaultDomain::Spec, fmt::format("{}: no such folder, {}", text, accepted));
        return fs::path(text);
    }
    if (text != "latest" && !text.empty()) {
        if (holds_run(results / text)) return results / text;
        if (holds_run(text)) return fs::path(text);
    }
    const auto runs = run_folders(results);
    std::vector<std::string> names;
    for (const auto& run : runs)
        names.push_back(run.filename().string());
    if (text == "latest") {
        // IDs begin with the start time. Compare the suffix of runs within the same second as a
        // number (-2 before -10).
        const auto later = [](const std::string& a, const std::string& b) {
            return std::pair(a.substr(0, 15), a.size()) < std::pair(b.substr(0, 15), b.size());
        };
        const auto last = std::max_element(names.begin(), names.end(), later);
        if (last == names.end())
            return fail(FaultDomain::Spec,
                        fmt::format("latest: {} holds no run", results.string()));
        return results / *last;
    }
    std::vector<std::string> matching;
    std::copy_if(names.begin(), names.end(), std::back_inserter(matching),
                 [&](const std::string& name) { return !text.empty() && name.starts_with(text); });
    if (matching.size() == 1) return results / matching.front();
    const bool none = matching.empty();
    auto& shown = none ? names : matching;
    const auto total = shown.size();
    if (total > kNamed) shown.erase(shown.begin(), shown.end() - kNamed);
    const auto list = total == 0 ? std::string("it holds none")
                                 : fmt::format("{}{}",
                                               none             ? "its newest: "
                                               : total > kNamed ? "the newest: "
                                                                : "",
                                               fmt::join(shown, ", "));
    if (none)
        return fail(FaultDomain::Spec, fmt::format("{}: no such run in {} ({}); {}", text,
                                                   results.string(), list, accepted));
    return fail(FaultDomain::Spec,
                fmt::format("{}: {} runs begin like that ({}); {}", text, total, list, accepted));
}

} // namespace rig
