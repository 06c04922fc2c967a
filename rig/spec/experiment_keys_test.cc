// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/experiment_keys.h"

#include "rig/spec/spec_parser.h"
#include "rig/testing/spec_project.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace rig {
namespace {

// A key is refused until it has a row, and this test refuses a row that documents nothing.
TEST(ExperimentKeys, EveryRowIsComplete) {
    for (const auto& key : experiment_keys())
        EXPECT_EQ(fmt::format("{}", fmt::join(faults_of(key), "; ")), "")
            << key.section << '.' << key.name;
}

TEST(ExperimentKeys, ControlWhatARowLacksIsFound) {
    const FileKey good = key_named("guest", "vcpus");
    EXPECT_TRUE(faults_of(good).empty());
    const auto found = [&](auto change) {
        auto row = good;
        change(row);
        return fmt::format("{}", fmt::join(faults_of(row), "; "));
    };
    EXPECT_EQ(found([](FileKey& row) { row.text = ""; }), "it has no text");
    EXPECT_EQ(found([](FileKey& row) { row.standard = ""; }), "it has no default");
    EXPECT_EQ(found([](FileKey& row) { row.low = row.high = 0; }), "it has no range");
    EXPECT_EQ(found([](FileKey& row) { row.example = "vcpus = 65"; }),
              "its example is out of range");
    EXPECT_EQ(found([](FileKey& row) { row.example = "vcpus = true"; }),
              "its example is of another type");
    EXPECT_EQ(found([](FileKey& row) { row.example = "cpus = 4"; }), "its example has no such key");
    EXPECT_EQ(found([](FileKey& row) { row.example = "vcpus ="; }), "its example is not TOML");
    EXPECT_EQ(found([](FileKey& row) { row.section = "gest"; }),
              "its section is not in key_sections()");
    auto choice = key_named("guest", "clock");
    choice.example = "clock = \"real\"";
    EXPECT_EQ(faults_of(choice), std::vector<std::string>{"its example is out of range"});
}

// The parser reads the keys of a workload's tables from its declaration.
TEST(ExperimentKeys, TablesOfAWorkloadHaveTheRowsThatItDeclares) {
    std::set<std::string> rows, declared;
    for (const auto* key : keys_of("workload.group"))
        rows.insert(key->name);
    for (const auto& key : workload_named("threads").parameters.at(0).keys)
        declared.insert(key.key);
    EXPECT_EQ(rows, declared);
    EXPECT_EQ(key_named("workload.group", "priority").high, 99);
    EXPECT_EQ(key_named("workload.group", "args").type, KeyType::Arguments);
    EXPECT_TRUE(key_named("workload.group", "cpus").required);
}

TEST(ExperimentKeys, NamesAreUniqueAndEverySectionHasKeys) {
    std::set<std::string> names, sections;
    for (const auto& key : experiment_keys()) {
        EXPECT_TRUE(names.insert(key.section + "." + key.name).second) << key.name;
        sections.insert(key.section);
    }
    EXPECT_EQ(sections.size(), key_sections().size());
    EXPECT_GT(names.size(), 70u);
}

// The first fault point with the key, in quotes; "" for a key of all points.
std::string point_with(const std::string& key) {
    const auto points = points_with(key);
    return points.substr(0, points.find(" or "));
}

class EveryKey : public SpecProject {
 protected:
    // Where a key of this section stands in a file that is otherwise right.
    static std::string with(const FileKey& key, const std::string& line) {
        const std::string minimal(minimal_spec);
        const auto& section = key.section;
        if (section.empty()) {
            // Of two keys of one name TOML refuses the second.
            const std::string source = "[kernel]\nsource = { distro = \"linux-source-6.12\" }\n";
            if (key.name == "name") return replaced(minimal, "name = \"least\"\n", line);
            if (key.name == "kernel") return line + replaced(minimal, source, "");
            if (key.name == "arm") return line + "name = \"least\"\n" + source;
            return line + minimal;
        }
        if (section == "kernel")
            return key.name == "source"
                       ? replaced(minimal, "source = { distro = \"linux-source-6.12\" }\n", line)
                       : replaced(minimal, "[kernel]\n", "[kernel]\n" + line);
        if (section == "kernel.source") {
            const bool form = key.name == "distro" || key.name == "tarball" || key.name == "git" ||
                              key.name == "prebuilt";
            const std::string other = key.name == "suite"    ? "distro = \"linux-source-6.12\", "
                                      : key.name == "sha256" ? "tarball = \"images/config\", "
                                      : key.name == "base"
                                          ? "git = \"kernel-patches\", revision = \"v6.12\", "
                                          : "git = \"kernel-patches\", ";
            auto value = line.substr(0, line.size() - 1);
            if (key.name == "tarball") value += ", sha256 = \"" + std::string(64, 'a') + "\"";
            if (key.name == "git") value += ", revision = \"v6.12\"";
            return replaced(minimal, "{ distro = \"linux-source-6.12\" }",
                            "{ " + (form ? "" : other) + value + " }");
        }
        if (section == "arm") {
            auto text = key.name == "name" || key.name == "marker" ? minimal : minimal + line;
            if (key.name == "name") return replaced(text, "name = \"ipi\"\n", line);
            if (key.name == "marker")
                return replaced(text, "marker = \"smp_call_function\"\n", line);
            if (key.name == "revision")
                return replaced(text, "{ distro = \"linux-source-6.12\" }",
                                "{ git = \"kernel-patches\", revision = \"v6.12\" }");
            if (key.name == "bzimage" || key.name == "system_map" || key.name == "vmlinux" ||
                key.name == "config") {
                text = replaced(text, "{ distro = \"linux-source-6.12\" }", "{ prebuilt = true }");
                if (key.name != "bzimage") text += "bzimage = \"images/bzImage\"\n";
                if (key.name != "system_map") text += "system_map = \"images/System.map\"\n";
            }
            return text;
        }
        if (section == "workload.group") {
            std::string group = "[workload]\nname = \"threads\"\n[[workload.group]]\n";
            const std::set<std::string> in_region{"region_kib", "region_of", "touch_pages"};
            if (key.name != "name") group += "name = \"mine\"\n";
            if (key.name != "cpus") group += "cpus = \"0\"\n";
            if (key.name != "call" && key.name != "command") group += "call = \"getppid\"\n";
            if (key.name != "calls" && key.name != "until") group += "calls = 1\n";
            if (in_region.contains(key.name)) group += "args = [\"@region\"]\n";
            if (in_region.contains(key.name) && key.name != "region_kib")
                group += "region_kib = 64\n";
            if (key.name == "priority") group += "policy = \"fifo\"\n";
            if (key.name == "file") group += "args = [\"@file\"]\n";
            if (key.name == "prepare_args") group += "prepare = \"getppid\"\n";
            group += line;
            if (key.name == "until")
                group += "[[workload.group]]\nname = \"callers\"\ncpus = \"0\"\n"
                         "call = \"getppid\"\ncalls = 1\n";
            return minimal + group;
        }
        const bool array = section == "background";
        auto head = array ? "[[" + section + "]]\n" : "[" + section + "]\n";
        if (array && key.name != "name") head += "name = \"a\"\n";
        if (array && key.name != "command") head += "command = [\"/a\"]\n";
        if (section == "fault") {
            const auto point = point_with(key.name);
            if (!point.empty()) head += "point = " + point + "\n";
            if (key.name == "retval") head += "inject = \"f\"\n";
            if (key.name == "require-end" || key.name == "reject-end")
                head += key.name.substr(0, key.name.find('-')) + "-start = \"f\"\n";
        }
        if (section == "metrics.NAME") {
            head = "[metrics.mine]\n";
            const std::set<std::string> sources{"event",       "calls_of",        "latency_of",
                                                "timing",      "instructions_of", "counter",
                                                "histogram_of"};
            if (key.name == "per")
                head += "counter = \"walks\"\n";
            else if (!sources.contains(key.name))
                head += "event = \"a:b\"\n";
            const std::string expect = key.name == "values"   ? "exactly"
                                       : key.name == "ratio"  ? "at-most"
                                       : key.name == "within" ? "not-worse"
                                                              : "report";
            if (key.name != "expect") head += "expect = \"" + expect + "\"\n";
        }
        if (section == "workload" && key.name == "group") head += "name = \"threads\"\n";
        if (section == "workload" && (key.name == "command" || key.name == "call"))
            head += std::string("name = \"command\"\n") +
                    (key.name == "call" ? "command = [\"/a\"]\n" : "");
        // A counter is that of a workload.
        const std::string race =
            key.name == "per" ? "[workload]\nname = \"gup_race\"\npace_us = 0\n" : "";
        return minimal + race + head + line;
    }
};

// A row whose key no parser reads would be accepted and have no effect.
TEST_F(EveryKey, IsReadByTheParser) {
    for (const auto& key : experiment_keys()) {
        const auto name =
            key.name == "NAME" ? key.section == "metrics" ? "sync_ipis" : "DEBUG_VM" : key.name;
        const auto spec = parse_spec(with(key, name + " = 1979-05-27\n"), file());
        const bool array =
            key.section == "arm" || key.section == "background" || key.section == "workload.group";
        const auto where = key.section.empty()             ? name
                           : array                         ? key.section + "[0]." + name
                           : key.section == "arm.options"  ? "arm[0].options." + name
                           : key.section == "metrics.NAME" ? "metrics.mine." + name
                                                           : key.section + "." + name;
        ASSERT_FALSE(spec) << key.section << '.' << key.name << " takes a date";
        EXPECT_NE(spec.error().message.find("bad " + where + ": a date or time"), std::string::npos)
            << spec.error().message;
    }
}

// Where a file that has the key needs no other file, the example is accepted as it is.
TEST_F(EveryKey, ExamplesAreAccepted) {
    unsigned accepted = 0;
    for (const auto& key : experiment_keys()) {
        if (key.type == KeyType::Table || key.type == KeyType::Tables ||
            key.type == KeyType::OneOrMore)
            continue;
        if (range_words(key).find("existing") != std::string::npos) continue; // not in this project
        if (key.shape.find("path") != std::string::npos || key.name == "fragments" ||
            key.name == "histogram_of" || key.name == "counter" || key.name == "timing" ||
            key.name == "same_path" || key.name == "revisions" || key.name == "arch" ||
            key.name == "values" || key.name == "prebuilt" || key.name == "expect")
            continue; // needs more than its line: covered by spec_test.cc
        const auto spec = parse_spec(with(key, key.example + "\n"), file());
        EXPECT_TRUE(spec) << key.section << '.' << key.name << ": " << spec.error().message;
        accepted += spec.has_value();
    }
    EXPECT_GT(accepted, 60u);
}

} // namespace
} // namespace rig
