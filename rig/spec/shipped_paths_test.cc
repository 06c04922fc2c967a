// SPDX-License-Identifier: GPL-2.0-or-later
// An experiment outside of any project uses the files that come with rig.
#include "rig/spec/spec_parser.h"
#include "rig/testing/spec_project.h"

namespace rig {
namespace {

namespace fs = std::filesystem;

class ShippedPaths : public SpecProject {};

TEST_F(ShippedPaths, AFileInNoProjectHasItsOwnFolderAndWhatComesWithRig) {
    fs::remove_all(top_ / "kernel-patches");
    fs::create_directories(top_ / "mine");
    std::ofstream(top_ / "mine/series") << "\n";
    const auto text =
        replaced(minimal_spec, "source = { distro = \"linux-source-6.12\" }",
                 "source = { distro = \"linux-source-6.12\" }\n"
                 "prerequisites = [\"kernel-patches/6.12/enable\"]\nfragments = [\"base.config\"]");
    std::ofstream(top_ / "base.config") << "\n";
    const auto spec = parse_spec(text + "series = [\"mine\"]\n", top_ / "test.toml");
    ASSERT_TRUE(spec) << spec.error().message;
    EXPECT_EQ(spec->top, top_);
    EXPECT_EQ(spec->kernel.prerequisites,
              std::vector{fs::path(RIG_TOP) / "kernel-patches/6.12/enable"});
    EXPECT_EQ(spec->kernel.fragments, std::vector{fs::path("base.config")});
    EXPECT_EQ(spec->arms.at(0).series, std::vector{fs::path("mine")});
    const auto missing = parse_spec(text + "series = [\"theirs\"]\n", top_ / "test.toml");
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().message.find((top_ / "theirs").string() + " does not exist"),
              std::string::npos)
        << missing.error().message;
}

} // namespace
} // namespace rig
