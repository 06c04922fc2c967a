// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/cell_identity.h"

#include "rig/base/files.h"
#include "rig/base/sha256.h"
#include "rig/host/apt.h"
#include "rig/host/artifact_cache.h"
#include "rig/host/git.h"
#include "rig/kernel/patch_series.h"
#include "rig/run_index/index.h"
#include "rig/spec/spec.h"
#include "rig/spec/spec_parser.h"
#include "rig/spec/toml_reader.h"
#include "rig/spec/value_rules.h"

#include <filesystem>
#include <fmt/format.h>
#include <variant>
#include <vector>

namespace rig {
namespace {

namespace fs = std::filesystem;

// The identity of a source, as far as it is known without a download.
std::string source_id(const Source& source, CommandRunner& runner) {
    if (const auto* tarball = std::get_if<TarballSource>(&source))
        return "tarball:" + tarball->sha256;
    if (const auto* tree = std::get_if<GitSource>(&source)) return "git:" + tree->revision;
    const auto* distro = std::get_if<DistroSource>(&source);
    if (!distro) return "";
    // The package lists of a suite are rig's own, and only the run fetches them.
    if (!distro->suite.empty()) return "";
    Command command;
    command.argv = {"apt-cache", "policy", distro->package};
    command.env = {{"LC_ALL", "C"}};
    command.timeout = kGitPatience;
    const auto result = runner.run(command);
    const auto version = result && result->ok() ? candidate_version(result->out) : "";
    return version.empty() ? "" : distro->package + "=" + version;
}

std::vector<fs::path> files_of(const Spec& spec) {
    std::vector<fs::path> out = spec.kernel.prerequisites;
    for (const auto& arm : spec.arms)
        out.insert(out.end(), arm.series.begin(), arm.series.end());
    out.insert(out.end(), spec.kernel.fragments.begin(), spec.kernel.fragments.end());
    return out;
}

std::string kernel_id(const Spec& spec) {
    std::string all;
    const auto add = [&](const std::string& text) {
        all += fmt::format("{}:{}\n", text.size(), text);
    };
    std::vector<fs::path> series = spec.kernel.prerequisites;
    for (const auto& arm : spec.arms)
        series.insert(series.end(), arm.series.begin(), arm.series.end());
    const auto patches = read_series(series, spec.top);
    if (!patches) return ""; // the run reports the mistake
    for (const auto& patch : *patches)
        add(patch.text);
    for (const auto& fragment : spec.kernel.fragments)
        add(slurp(spec.top / fragment));
    for (const auto& [option, value] : spec.kernel.options)
        add(option + "=" + value);
    for (const auto& arm : spec.arms)
        for (const auto& [option, value] : arm.options)
            add(fmt::format("{}: {}={}", arm.name, option, value));
    return sha256_hex(all);
}

} // namespace

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

CellFacts facts_of(const NightConfig& config, const NightCell& cell, const std::string& program,
                   CommandRunner& runner) {
    CellFacts facts;
    facts.parts.rig = program;
    if (cell.follow) {
        auto commit = commit_of(runner, config.top / cell.follow->repository, cell.follow->branch);
        if (!commit) {
            facts.why_not = commit.error().message;
            return facts;
        }
        facts.commit = *commit;
    }
    const auto spec = load_spec(config.top / cell.spec, overrides_of(cell, facts.commit));
    if (!spec) {
        facts.why_not = spec.error().message;
        return facts;
    }
    facts.experiment = spec->name;
    facts.text = spec->text;
    facts.parts.text = sha256_hex(spec->text);
    facts.parts.kernel = kernel_id(*spec);
    facts.parts.source = source_id(spec->kernel.source, runner);
    return facts;
}

Result<std::function<std::string(const NightCell&, const CellFacts&, const CellMemory*)>>
since_filter(const NightConfig& config, const std::string& since, CommandRunner& runner) {
    using Filter =
        std::function<std::string(const NightCell&, const CellFacts&, const CellMemory*)>;
    if (since.empty()) return Filter();
    if (check_since(since))
        return Filter([since](const NightCell&, const CellFacts& facts, const CellMemory* memory) {
            return unchanged_since(facts.parts, memory, since);
        });
    if (rules::revision(since))
        return fail(FaultDomain::Spec,
                    fmt::format("--since {}: want a day that exists (2026-02-23 or "
                                "2026-02-23T10:32:48Z, UTC) or {}",
                                in_quotes(since), *rules::revision(since)));
    const auto repository_of = [top = config.top](const NightCell& cell) {
        return cell.follow ? top / cell.follow->repository : top;
    };
    bool known = false;
    for (const auto& cell : config.cells)
        known = known || commit_of(runner, repository_of(cell), since).has_value();
    if (!known)
        return fail(FaultDomain::Spec,
                    fmt::format("--since {}: neither a day that exists nor a revision "
                                "in the repository of any cell",
                                since));
    return Filter([since, repository_of, &runner,
                   top = config.top](const NightCell& cell, const CellFacts& facts,
                                     const CellMemory*) -> std::string {
        const auto repository = repository_of(cell);
        const auto base = commit_of(runner, repository, since);
        if (!base) return fmt::format("--since {}: {}", since, base.error().message);
        if (cell.follow) {
            const auto count =
                git(runner, repository, {"rev-list", "--count", *base + ".." + facts.commit});
            if (!count || !count->ok())
                return fmt::format("--since {}: git cannot count the commits since then", since);
            return first_line(count->out) == "0"
                       ? fmt::format("no commit on {} since {}", cell.follow->branch, since)
                       : "";
        }
        const auto spec = load_spec(top / cell.spec, cell.overrides);
        std::vector<std::string> words{"diff", "--quiet", *base, "--", cell.spec.string()};
        if (spec)
            for (const auto& file : files_of(*spec))
                words.push_back(file.string());
        const auto diff = git(runner, repository, words);
        const auto* exited = diff ? std::get_if<Exited>(&diff->outcome) : nullptr;
        if (!exited || exited->code > 1)
            return fmt::format("--since {}: git cannot compare the files of the experiment", since);
        return exited->code == 0
                   ? fmt::format("its experiment file, patches and fragments are as in {}", since)
                   : "";
    });
}

} // namespace rig
