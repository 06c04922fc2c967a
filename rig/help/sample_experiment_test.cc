// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/help/sample_experiment.h"

#include "rig/spec/spec_parser.h"

#include <gtest/gtest.h>
#include <sstream>

namespace rig {
namespace {

TEST(SampleExperiment, IsAcceptedAsItIs) {
    // Beside the shipped configs, and in a folder of no project.
    for (const auto* file : {RIG_TOP "/configs/mine.toml", "/nowhere/mine.toml"}) {
        const auto spec = parse_spec(sample_experiment("mine"), file);
        ASSERT_TRUE(spec) << spec.error().message;
        EXPECT_EQ(spec->name, "mine");
        EXPECT_EQ(spec->arms.size(), 2u);
        EXPECT_EQ(spec->deprecation, "");
    }
}

// A line that is only commented out must be right, too.
TEST(SampleExperiment, CommentedKeysAreAcceptedOneByOne) {
    const auto text = sample_experiment("mine");
    std::istringstream in(text);
    std::string before;
    unsigned tried = 0;
    for (std::string line; std::getline(in, line);) {
        // Three are keys of other workloads.
        const bool other = line.starts_with("# command") || line.starts_with("# call ") ||
                           line.starts_with("# group");
        if (!other && line.starts_with("# ") && line.find(" = ") != line.npos &&
            line.find("# default: ") != line.npos) {
            auto changed = before + line.substr(2) + "\n" + text.substr(before.size());
            const auto spec = parse_spec(changed, RIG_TOP "/configs/mine.toml");
            EXPECT_TRUE(spec) << line << "\n" << spec.error().message;
            ++tried;
        }
        before += line + "\n";
    }
    EXPECT_GT(tried, 15u);
}

TEST(SampleExperiment, LinesFitOnTheTerminal) {
    std::istringstream in(sample_experiment("mine"));
    for (std::string line; std::getline(in, line);)
        EXPECT_LE(line.size(), 120u) << line;
}

} // namespace
} // namespace rig
