// SPDX-License-Identifier: GPL-2.0-or-later
// Nights without guests: a kernel tree whose commits have the costs that the test sets, a clock
// that advances when a cell runs, and a bisector that knows only the range it is given.
#pragma once

#include "rig/base/files.h"
#include "rig/base/random.h"
#include "rig/base/utc.h"
#include "rig/nightly/nightly.h"
#include "rig/testing/spec_project.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <regex>
#include <set>

namespace rig::fixture {

inline constexpr std::string_view night_config = R"toml(name = "nightly"
budget_minutes = 240
first_run_minutes = 30
[[experiment]]
spec = "configs/a.toml"
tree = "mm"
vcpus = [2, 4]
variant = [{ name = "plain" }, { name = "debug", set = ["kernel.options.DEBUG_VM=y"] }]
git = { repository = "linux", branch = "master" }
watch = ["sync_ipis", "target_latency"]
bisect = true
[[experiment]]
spec = "configs/b.toml"
[notify.file]
path = "results/nightly/messages.jsonl"
)toml";

// The project of the configuration above. a.toml and b.toml are whole experiments.
class NightProject : public SpecProject {
 protected:
    void SetUp() override {
        SpecProject::SetUp();
        std::filesystem::create_directories(top_ / "linux");
        const auto spec = replaced(
            good_spec, "[metrics.bystander_wakeup]\nexpect = \"not-worse\"\nwithin = 0.01\n", "");
        std::ofstream(top_ / "configs/a.toml") << spec;
        std::ofstream(top_ / "configs/b.toml") << spec;
    }
};

// Normally distributed noise, the same on every machine: the Box-Muller transform of splitmix64.
inline double noise(std::uint64_t seed, std::uint64_t index) {
    const auto uniform = [&](std::uint64_t k) {
        return (static_cast<double>(mix(seed, k)) + 1) / 9007199254740994.0;
    };
    return std::sqrt(-2 * std::log(uniform(2 * index))) *
           std::cos(2 * std::numbers::pi * uniform(2 * index + 1));
}

// "1-opened" for "1-20260307-010000-<token>-opened": the part that does not depend on book and
// clock.
inline std::string brief_id(const Message& message) {
    return std::regex_replace(message.id, std::regex("^([0-9]+)-[0-9]{8}-[0-9]{6}-[0-9a-f]{16}-"),
                              "$1-");
}

struct FakeNights {
    std::filesystem::path results;
    NightConfig config;
    std::function<double(const std::string& cell, const std::string& metric, unsigned commit,
                         unsigned run)>
        cost = [](auto&&...) { return 100.0; };
    std::function<std::string(const std::string& cell, unsigned commit, unsigned run)> verdict =
        [](auto&&...) { return std::string("pass"); };
    // The (metric, arm) pairs that fail. Any of them makes the run fail, whatever `verdict`
    // returns. "splat: TITLE" is a splat that no arm declares.
    std::function<std::set<std::pair<std::string, std::string>>(unsigned commit, unsigned run)>
        failing = [](auto&&...) { return std::set<std::pair<std::string, std::string>>(); };
    // By cell: the errors of its next runs, before one succeeds.
    std::map<std::string, std::vector<Error>> faults;
    std::set<unsigned> culprits; // commits that change a figure
    unsigned head = 1;
    double run_seconds = 600;
    std::chrono::system_clock::time_point now =
        std::chrono::system_clock::from_time_t(1771808400); // 2026-02-23 01:00 UTC
    std::vector<RunRecord> records;
    std::vector<std::string> ran, warnings;
    std::vector<BisectRequest> searched;
    std::vector<Message> sent;
    std::string text = "the experiment";
    std::function<void(const std::string& cell)> before_run = [](const std::string&) {
    }; // may throw: a rig that is killed
    std::function<Status(const std::string&, const Message&)> send =
        [this](const std::string&, const Message& message) {
            sent.push_back(message);
            return Status();
        };

    static std::string commit(unsigned number) { return fmt::format("{:040x}", number); }
    static unsigned number(const std::string& commit) {
        return static_cast<unsigned>(std::stoul(commit, nullptr, 16));
    }

    Result<RunRecord> run(const NightCell& cell, const std::string& at) {
        before_run(cell.name);
        ran.push_back(cell.name);
        now += std::chrono::seconds(static_cast<long>(run_seconds));
        if (auto& left = faults[cell.name]; !left.empty()) {
            const auto error = left.front();
            left.erase(left.begin());
            return tl::unexpected(error);
        }
        const auto count = static_cast<unsigned>(ran.size());
        const auto of_tree = at.empty() ? 0 : number(at);
        RunRecord run;
        run.started = run.ended = utc_text(now);
        run.id = fmt::format("{:%Y%m%d-%H%M%S}-{}",
                             fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                             cell.spec.stem().string());
        run.state = "ended", run.experiment = cell.spec.stem().string(), run.clock = "virtual",
        run.vcpus = 4;
        for (const auto& one : overrides_of(cell, at))
            run.overrides.push_back(one.key + "=" + one.value);
        run.spec_sha256 = spec_identity(text, run.overrides);
        run.revision = at;
        const auto failed = failing(of_tree, count);
        const auto is = failed.empty() ? verdict(cell.name, of_tree, count) : "fail";
        for (const auto& [what, arm] : failed)
            if (what.starts_with("splat: "))
                run.splats.push_back({arm, "warning", what.substr(7), "", 1, 1, false, false});
        run.exit = is == "pass" ? 0 : is == "fail" ? 1 : 4;
        run.closing = "closing line: " + is;
        for (const char* name : {"ipi", "reviewed"}) {
            ArmRecord arm;
            arm.arm = name, arm.image_sha256 = at, arm.checks_passed = 3;
            if (is == "inconclusive") arm.checks_failed = 1;
            run.arms.push_back(arm);
            for (const auto& metric : cell.watch) {
                MetricRecord one;
                one.metric = metric, one.arm = name,
                one.unit = metric == "sync_ipis" ? "count" : "ns",
                one.median = cost(cell.name, metric, of_tree, count);
                one.verdict = failed.contains({metric, name}) ? "regressed"
                              : is == "inconclusive"          ? "undecided"
                                                              : "as declared";
                run.metrics.push_back(one);
            }
        }
        records.push_back(run);
        return run;
    }

    NightEnvironment environment() {
        NightEnvironment out;
        out.facts = [this](const NightCell& cell) {
            CellFacts facts{cell.spec.stem().string(),
                            text,
                            {"", "kernel", text, "rig"},
                            cell.follow ? commit(head) : "",
                            ""};
            facts.parts.source = "git:" + facts.commit;
            return facts;
        };
        out.run = [this](const NightCell& cell, const std::string& at, bool) {
            return run(cell, at);
        };
        out.history = [this](const std::string&) {
            return Result<std::vector<RunRecord>>(records);
        };
        out.bisect = [this](const BisectRequest& request) -> Result<BisectFinding> {
            searched.push_back(request);
            BisectFinding finding;
            for (const auto culprit : culprits)
                if (number(request.good) < culprit && culprit <= number(request.bad))
                    finding.candidates.push_back(
                        fmt::format("{} patch {}", commit(culprit).substr(28), culprit));
            finding.found = finding.candidates.size() == 1;
            if (!finding.found) finding.why_not = "the two ends do not differ";
            return finding;
        };
        out.send = [this](const std::string& channel, const Message& message) {
            return send(channel, message);
        };
        out.now = [this] { return now; };
        out.warn = [this](const std::string& text_of) { warnings.push_back(text_of); };
        out.note = [](const std::string&) {};
        // Writes without sync; otherwise hundreds of nights would mostly wait for the disk.
        out.write = [](const std::filesystem::path& file, std::string_view text_of) -> Status {
            std::ofstream(file, std::ios::binary) << text_of;
            return {};
        };
        return out;
    }

    Result<NightResult> night(NightOptions options = {}, std::stop_token stop = {}) {
        options.results = results;
        return run_night(config, options, environment(), stop);
    }
    void next_evening() {
        now = std::chrono::floor<std::chrono::days>(now) + std::chrono::days(1) +
              std::chrono::hours(1);
    }
};

struct Killed {}; // thrown where rig is killed

// Runs nights, and records the messages.
class NightlyTest : public NightProject {
 protected:
    void SetUp() override {
        NightProject::SetUp();
        nights_.results = top_ / "results";
        use(night_config);
    }
    void use(std::string_view text) {
        auto config = parse_night_config(text, file());
        ASSERT_TRUE(config) << config.error().message;
        nights_.config = *config;
    }
    // Reduces the configuration to the first experiment, as one cell.
    void use_one_cell() {
        auto text = std::string(night_config);
        text = replaced(text,
                        "vcpus = [2, 4]\nvariant = [{ name = \"plain\" }, { name = \"debug\", set "
                        "= [\"kernel.options.DEBUG_VM=y\"] }]\n",
                        "");
        text = replaced(text, "[[experiment]]\nspec = \"configs/b.toml\"\n", "");
        use(text);
    }
    NightResult night(NightOptions options = {}) {
        auto result = nights_.night(std::move(options));
        EXPECT_TRUE(result) << result.error().message;
        return result ? *result : NightResult{};
    }
    std::vector<std::string> subjects() const {
        std::vector<std::string> out;
        for (const auto& message : nights_.sent)
            out.push_back(message.subject);
        return out;
    }
    FakeNights nights_;
};

} // namespace rig::fixture
