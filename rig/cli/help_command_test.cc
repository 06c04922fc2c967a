// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/help_command.h"

#include "rig/base/files.h"
#include "rig/spec/spec_parser.h"
#include "rig/testing/program_fixture.h"
#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

TEST(InitCommand, WritesAnExperimentThatRigAccepts) {
    const testing::TempTree tree;
    const auto done = init_command(tree / "my-patch", {});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_NE(done->text.find((tree / "my-patch.toml").string()), std::string::npos);
    const auto spec = load_spec(tree / "my-patch.toml");
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->name, "my-patch");
    EXPECT_TRUE(init_command(tree / "other.toml", {}));
    EXPECT_TRUE(fs::exists(tree / "other.toml")) << "and not other.toml.toml";
}

TEST(InitCommand, NeverChangesAFileThatExists) {
    const testing::TempTree tree;
    tree.put("mine.toml", "precious");
    fs::create_symlink("nowhere", tree / "link.toml");
    for (const auto* name : {"mine", "mine.toml", "link"}) {
        const auto done = init_command(tree / name, {});
        ASSERT_FALSE(done) << name;
        EXPECT_EQ(done.error().fault_domain, FaultDomain::Spec);
        EXPECT_NE(done.error().message.find("it exists"), std::string::npos);
    }
    EXPECT_EQ(slurp(tree / "mine.toml"), "precious");
    EXPECT_FALSE(fs::exists(tree / "nowhere"));
}

TEST(InitCommand, RefusesNamesThatAreNone) {
    const testing::TempTree tree;
    for (const auto& name : {(tree / "two words").string(), (tree / ".toml").string(),
                             (tree / "-x").string(), (tree / "no/folder").string()}) {
        const auto done = init_command(name, {});
        ASSERT_FALSE(done) << name;
        EXPECT_EQ(done.error().fault_domain, FaultDomain::Spec) << name;
    }
    EXPECT_TRUE(fs::is_empty(tree.path()));
}

TEST(HiddenHelp, WritesPagesAndRemovesThoseOfFormerCommands) {
    const testing::TempTree tree;
    tree.put("man1/rig-gone.1", "");
    tree.put("man1/other.1", "");
    const auto done = hidden_help(small_program(), {"__man", tree.path().string()});
    ASSERT_TRUE(done && *done);
    EXPECT_TRUE(fs::exists(tree / "man1/rig-compare.1"));
    EXPECT_TRUE(fs::exists(tree / "man5/rig.toml.5"));
    EXPECT_FALSE(fs::exists(tree / "man1/rig-gone.1"));
    EXPECT_TRUE(fs::exists(tree / "man1/other.1")) << "the page of another program";
}

TEST(HiddenHelp, AnswersItsCommandsAndNoOthers) {
    const auto program = small_program();
    EXPECT_FALSE(hidden_help(program, {}));
    EXPECT_FALSE(hidden_help(program, {"compare", "__man"}));
    EXPECT_EQ((*hidden_help(program, {"__complete", "exp"}))->text, "explain\tExplain a metric\n");
    EXPECT_FALSE(*hidden_help(program, {"__completion", "csh"}));
    EXPECT_FALSE(*hidden_help(program, {"__complet"}));
}

} // namespace
} // namespace rig
