// SPDX-License-Identifier: GPL-2.0-or-later
// tests/help.py runs the script of bash with the real program.
#include "rig/help/completion.h"

#include "rig/base/text.h"
#include "rig/help/completion_sources.h"
#include "rig/spec/spec.h"
#include "rig/testing/program_fixture.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

using Words = std::vector<std::string>;

CompletionSources fakes() {
    return {[] {
                return Words{"configs/a.toml", "configs/b.toml"};
            },
            [](const auto& results) {
                return results == "other" ? Words{"20260102-x"} : Words{"20260101-a"};
            },
            [](const auto& experiment) {
                return experiment == "a.toml" ? Words{"ipi", "reviewed"} : Words{};
            },
            [](const auto& experiment) {
                return experiment == "runs/20260101-a/spec.toml" ? Words{"mine"} : Words{};
            },
            [](const auto&, const auto& run) {
                return std::filesystem::path("runs/" + run + "/spec.toml");
            }};
}

Words words_for(const Words& line) {
    Words out;
    for (const auto& candidate : complete(small_program(), line, fakes()).candidates)
        out.push_back(candidate.word);
    return out;
}

TEST(Completion, CommandsAndOptions) {
    EXPECT_EQ(words_for({""}), (Words{"compare", "explain", "triage"}));
    EXPECT_EQ(words_for({"ex"}), Words{"explain"});
    EXPECT_EQ(words_for({"--json", "ex"}), Words{"explain"});
    EXPECT_EQ(words_for({"compare", "--a"}), Words{"--arm"});
    EXPECT_EQ(words_for({"compare", "--r"}), Words{"--results"}) << "options of all commands too";
    EXPECT_EQ(words_for({"explain", "--a"}), Words{});
    EXPECT_EQ(words_for({"compare", "--arm", "ipi", "--ar"}), Words{}) << "it is given already";
    EXPECT_EQ(words_for({"compare", "--set", "a=1", "--se"}), Words{"--set"}) << "may be repeated";
    EXPECT_EQ(words_for({"nonsense", ""}), Words{});
    EXPECT_EQ(words_for({}), Words{});
}

TEST(Completion, ValuesOfOptionsInEveryShellsForm) {
    EXPECT_EQ(words_for({"--color", ""}), (Words{"auto", "never"}));
    EXPECT_EQ(words_for({"--color", "=", "n"}), Words{"never"}) << "bash";
    EXPECT_EQ(words_for({"--color=n"}), Words{"--color=never"}) << "zsh, fish";
    EXPECT_EQ(words_for({"--color", "never", "com"}), Words{"compare"});
    EXPECT_EQ(words_for({"--color", "=", "never", "com"}), Words{"compare"});
    EXPECT_EQ(words_for({"compare", "a.toml", "--arm", ""}), (Words{"ipi", "reviewed"}));
    EXPECT_EQ(words_for({"compare", "a.toml", "--arm=r"}), Words{"--arm=reviewed"});
    EXPECT_EQ(words_for({"compare", "b.toml", "--arm", ""}), Words{});
}

TEST(Completion, ExperimentsRunsAndMetrics) {
    const auto experiments = complete(small_program(), {"compare", "configs/b"}, fakes());
    ASSERT_EQ(experiments.candidates.size(), 1u);
    EXPECT_EQ(experiments.candidates[0].word, "configs/b.toml");
    EXPECT_EQ(experiments.files, Completion::Files::Files) << "any other file fits too";
    EXPECT_EQ(words_for({"explain", ""}), (Words{"latest", "20260101-a"}));
    EXPECT_EQ(words_for({"--results", "other", "explain", "2"}), Words{"20260102-x"});
    auto metrics = metric_names();
    metrics.push_back("mine");
    EXPECT_EQ(words_for({"explain", "20260101-a", ""}), metrics);
    EXPECT_EQ(words_for({"explain", "latest", "sync"}), Words{"sync_ipis"});
    EXPECT_EQ(words_for({"explain", "latest", "sync_ipis", ""}), Words{});
    EXPECT_EQ(complete(small_program(), {"triage", "a", ""}, fakes()).files,
              Completion::Files::Files)
        << "the last argument may be repeated";
    EXPECT_EQ(complete(small_program(), {"--results", ""}, fakes()).files,
              Completion::Files::Folders);
}

TEST(Completion, LinesForTheScripts) {
    Completion completion{{{"a", "first"}, {"b", ""}, {"a", "again"}}, Completion::Files::Files};
    EXPECT_EQ(completion_lines(completion), "a\tfirst\nb\t\n:files\n");
    const auto scripts = completion_scripts(small_program());
    EXPECT_EQ(scripts.size(), 3u);
    for (const auto& [shell, script] : scripts) {
        EXPECT_NE(script.find("__complete"), script.npos) << shell;
        for (const auto* kind : {":files", ":folders"})
            EXPECT_NE(script.find(kind), script.npos) << shell;
        EXPECT_EQ(script.find("{{"), script.npos) << shell;
    }
    EXPECT_TRUE(scripts.at("zsh").starts_with("#compdef rig\n"));
    EXPECT_NE(scripts.at("bash").find("complete -F _rig rig\n"), std::string::npos);
    EXPECT_NE(scripts.at("fish").find("complete -c rig -f -a"), std::string::npos);
}

TEST(CompletionSources, ReadArmsMetricsAndRunsAndAreSilentAboutMistakes) {
    const testing::TempTree tree;
    tree.put("x.toml", "[[arm]]\nname = \"a\"\n[[arm]]\nname = \"b\"\n[metrics.mine]\n");
    tree.put("broken.toml", "[[arm]\n");
    tree.put("results/20260101-000000-x/run.json", "{}");
    tree.put("results/20260101-000000-x/spec.toml", "[metrics.other]\n");
    tree.put("results/20260102-000000-x/run.json", "{}");
    tree.put("results/no-run/file", "");
    const auto sources = completion_sources();
    EXPECT_EQ(sources.arms(tree / "x.toml"), (Words{"a", "b"}));
    EXPECT_EQ(sources.metrics(tree / "x.toml"), Words{"mine"});
    for (const auto* name : {"broken.toml", "missing.toml", "results"})
        EXPECT_TRUE(sources.arms(tree / name).empty()) << name;
    EXPECT_EQ(sources.runs(tree / "results"), (Words{"20260102-000000-x", "20260101-000000-x"}));
    EXPECT_TRUE(sources.runs(tree / "nowhere").empty());
    EXPECT_EQ(sources.metrics(sources.experiment_of_run(tree / "results", "20260101")),
              Words{"other"});
    EXPECT_TRUE(sources.metrics(sources.experiment_of_run(tree / "results", "zzz")).empty());
}

} // namespace
} // namespace rig
