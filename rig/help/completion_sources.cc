// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/help/completion_sources.h"

#include "rig/base/files.h"
#include "rig/base/shipped_files.h"
#include "rig/run_index/run_reader.h"
#include "rig/spec/toml_reader.h"

#include <algorithm>

namespace rig {
namespace {

namespace fs = std::filesystem;

// Far more than anybody reads from a list of candidates.
constexpr std::size_t kMaxRuns = 200;

std::vector<std::string> toml_files(const fs::path& folder, const fs::path& shown) {
    std::vector<std::string> out;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error))
        if (entry->path().extension() == ".toml")
            out.push_back((shown / entry->path().filename()).string());
    std::sort(out.begin(), out.end());
    return out;
}

std::vector<std::string> experiments() {
    auto out = toml_files(".", "");
    auto in_configs = toml_files("configs", "configs");
    if (in_configs.empty())
        if (const auto shipped = shipped_files())
            in_configs = toml_files(shipped->data / "configs", "configs");
    out.insert(out.end(), in_configs.begin(), in_configs.end());
    return out;
}

std::vector<std::string> runs(const fs::path& results) {
    std::vector<std::string> out;
    for (const auto& folder : run_folders(results))
        out.push_back(folder.filename().string());
    std::reverse(out.begin(), out.end());
    if (out.size() > kMaxRuns) out.resize(kMaxRuns);
    return out;
}

// Empty if the file is no TOML.
toml::table table_in(const fs::path& experiment) {
    const auto file = or_shipped(".", experiment);
    std::error_code error;
    if (!fs::is_regular_file(file, error) || fs::file_size(file, error) > max_file_bytes) return {};
    auto parsed = parse_toml(slurp(file), file);
    return parsed ? std::move(*parsed) : toml::table();
}

std::vector<std::string> arms(const fs::path& experiment) {
    std::vector<std::string> out;
    const auto table = table_in(experiment);
    if (const auto* arms = table["arm"].as_array())
        for (const auto& arm : *arms)
            if (const auto* one = arm.as_table())
                if (const auto name = (*one)["name"].value<std::string>()) out.push_back(*name);
    return out;
}

std::vector<std::string> metrics(const fs::path& experiment) {
    std::vector<std::string> out;
    const auto table = table_in(experiment);
    if (const auto* metrics = table["metrics"].as_table())
        for (const auto& [name, ignored] : *metrics)
            out.emplace_back(name.str());
    return out;
}

fs::path experiment_of_run(const fs::path& results, const std::string& run) {
    const auto folder = find_run(results, run);
    return folder ? *folder / "spec.toml" : fs::path();
}

} // namespace

CompletionSources completion_sources() {
    return {experiments, runs, arms, metrics, experiment_of_run};
}

} // namespace rig
