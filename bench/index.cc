// SPDX-License-Identifier: GPL-2.0-or-later
// What the index costs with many runs: copies of one run's folder under other ids, its
// samples.jsonl linked, so that it is read as often as there are runs and takes its room once.
// Nothing here passes or fails.
#include "bench/must.h"
#include "rig/cli/history_commands.h"
#include "rig/cli/site_command.h"
#include "rig/run_index/index_folder.h"
#include "rig/run_index/run_reader.h"
#include "rig/testing/run_fixture.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

struct Cost {
    double seconds = 0;
    double cpu_seconds = 0; // of all threads: what a busy machine does not change much
};
template<class Work> Cost cost_of(Work work) {
    const auto began = std::chrono::steady_clock::now();
    const auto cpu = std::clock();
    work();
    return {std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(),
            static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC};
}

fs::path made_up_run(const fs::path& results) {
    const auto spec = rig::fixture::make_spec();
    auto info = rig::fixture::make_run(spec);
    info.spec_text = rig::fixture::results_spec;
    auto writer =
        must(rig::RunWriter::create(results, spec.name, info, std::chrono::system_clock::now()));
    for (const auto& sample : rig::fixture::make_samples(spec))
        must(writer.append(sample));
    return writer.dir();
}

void copy_run(const fs::path& run, rig::RunInfo info, const fs::path& results, unsigned number) {
    const auto start = std::chrono::system_clock::from_time_t(1700000000 + 600l * number);
    info.run_id = fmt::format("{:%Y%m%d-%H%M%S}-copy",
                              fmt::gmtime(std::chrono::system_clock::to_time_t(start)));
    info.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                               fmt::gmtime(std::chrono::system_clock::to_time_t(start)));
    const auto dir = results / info.run_id;
    fs::create_directories(dir);
    fs::create_hard_link(run / "samples.jsonl", dir / "samples.jsonl");
    if (fs::exists(run / "boots")) fs::create_directory_symlink(run / "boots", dir / "boots");
    std::ofstream(dir / "run.json") << to_json(info).dump(2) << "\n";
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"benchmark of the index of runs"};
    std::vector<unsigned> numbers{1000};
    std::string folder, site, scratch = fs::temp_directory_path();
    app.add_option("--runs", numbers, "how many runs (more than one may be given)")
        ->capture_default_str();
    app.add_option("--run", folder, "the run to copy, a folder (default: a made-up one)");
    app.add_option("--in", scratch,
                   "where to make a folder for the copies; with --run on the run's own file "
                   "system, since its samples are linked")
        ->capture_default_str();
    app.add_option("--site", site,
                   "where to leave the site over the runs (default: it is removed)");
    CLI11_PARSE(app, argc, argv);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const auto run_given = folder.empty() ? fs::path() : fs::absolute(folder);
    if (!site.empty()) site = fs::absolute(site);
    fs::current_path(RIG_TOP); // whose patches the experiments name
    std::string pattern = (fs::absolute(scratch) / "rig-bench-index-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) return 3;
    const fs::path top(pattern);
    const auto run = run_given.empty() ? made_up_run(top / "one") : run_given;
    const auto info = must(rig::load_run(run)).info;
    fmt::print("copies of {}: {} bytes of samples\n", run.filename().string(),
               fs::file_size(run / "samples.jsonl"));
    for (const auto number : numbers) {
        const auto results = top / fmt::format("results-{}", number);
        for (unsigned i = 0; i < number; ++i)
            copy_run(run, info, results, i);
        auto& quiet = rig::Progress::silent();
        const auto report = [&](const char* what, Cost cost) {
            fmt::print("{:6} runs: {:<42} {:8.3f} s, {:8.3f} s of CPU, {:8.1f} µs of CPU a run\n",
                       number, what, cost.seconds, cost.cpu_seconds,
                       1e6 * cost.cpu_seconds / number);
        };
        {
            auto index = must(rig::Index::open(results));
            rig::IndexChange change;
            report("index them all", cost_of([&] {
                       change = must(rig::refresh_index(index, results, rig::Retry::No, quiet, {}));
                   }));
            fmt::print("             of which judged again from their samples: {} of {}\n",
                       change.added - change.not_recomputed, change.added);
            report("look for changes where there are none", cost_of([&] {
                       must(rig::refresh_index(index, results, rig::Retry::No, quiet, {}));
                   }));
            report("read all rows", cost_of([&] { must(index.runs()); }));
            report("read all rows with arms, metrics, splats",
                   cost_of([&] { must(index.runs({}, rig::Detail::Whole)); }));
            report("one metric of one arm over all runs", cost_of([&] {
                       must(index.trend(must(index.runs({"", "", "", 1})).at(0).experiment,
                                        "target_latency", info.kernels.back().arm));
                   }));
        }
        rig::CommonOptions common;
        common.results = results;
        report("rig list", cost_of([&] { must(rig::list_command({}, common, quiet, {})); }));
        rig::HistoryOptions twenty;
        twenty.filter.limit = 20;
        report("rig list --limit 20",
               cost_of([&] { must(rig::list_command(twenty, common, quiet, {})); }));
        rig::SiteOptions line;
        line.out = site.empty() ? top / "site" : fs::path(site);
        line.pages = 0;
        report("rig dashboard",
               cost_of([&] { must(rig::dashboard_command(line, common, quiet, {})); }));
        std::uintmax_t bytes = 0;
        for (const auto& file : fs::recursive_directory_iterator(line.out))
            bytes += file.is_regular_file() ? file.file_size() : 0;
        fmt::print("{:6} runs: the site has {:.1f} MiB, its list of runs {:.1f} MiB\n", number,
                   static_cast<double>(bytes) / (1 << 20),
                   static_cast<double>(fs::file_size(line.out / "data/index.js")) / (1 << 20));
        fmt::print("{:6} runs: the file has {:.1f} MiB, {:.1f} KiB a run\n", number,
                   static_cast<double>(fs::file_size(results / rig::kIndexFile)) / (1 << 20),
                   static_cast<double>(fs::file_size(results / rig::kIndexFile)) / 1024 / number);
        fs::remove_all(results);
    }
    fs::remove_all(top);
}
