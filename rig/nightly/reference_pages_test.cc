// SPDX-License-Identifier: GPL-2.0-or-later
// The pages docs/reference/{experiment,suite,nightly}-file.md against the parsers: every key that a
// parser accepts is on its page and no other, with type, default and range; whole numbers at both
// ends of a range are accepted and the next ones refused; a default changes nothing.
#include "rig/base/files.h"
#include "rig/nightly/nightly_config.h"
#include "rig/spec/spec_parser.h"
#include "rig/spec/suite.h"
#include "rig/testing/spec_project.h"
#include "rig/workloads/workload.h"

#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

namespace rig {
namespace {

namespace fs = std::filesystem;

struct KeyText {
    std::string type, standard, range; // "integer", "4", "2 to 16"; empty: not on the page
};
using Sections = std::map<std::string, std::map<std::string, KeyText>>;

// Of a page, by section ("" for the top level) and key. The line below a key's heading is
// "Type: T. Default: D. Range: R."
Sections read_page(const std::string& text) {
    static const std::regex section(R"(## \[\[?([A-Za-z_.]+)\]\]?)"),
        key(R"(### ([A-Za-z0-9_-]+))"), line(R"(Type: (.+)\. Default: (.+)\. Range: (.+)\.)");
    Sections out;
    std::istringstream in(text);
    std::optional<std::string> here;
    std::string last;
    std::smatch match;
    for (std::string one; std::getline(in, one);) {
        if (one == "## Top level")
            here = "";
        else if (std::regex_match(one, match, section))
            here = match[1];
        else if (one.starts_with("## "))
            here.reset();
        else if (here && std::regex_match(one, match, key))
            out[*here][last = match[1]];
        else if (here && std::regex_match(one, match, line))
            out[*here][last] = {match[1], match[2], match[3]};
    }
    return out;
}

std::set<std::string> words_of_list(std::string text) {
    std::set<std::string> out;
    for (std::size_t comma; (comma = text.find(", ")) != text.npos; text.erase(0, comma + 2))
        out.insert(text.substr(0, comma));
    out.insert(text);
    return out;
}

// "A to B" at the front of a range.
std::optional<std::pair<std::int64_t, std::int64_t>> bounds_of(const std::string& range) {
    static const std::regex form(R"((?:a power of two, )?(\d+) to (\d+)(?: \(.*\))?)");
    std::smatch match;
    if (!std::regex_match(range, match, form)) return std::nullopt;
    return std::pair{std::stoll(match[1]), std::stoll(match[2])};
}

class ReferencePages : public SpecProject {
 protected:
    using Parse = std::function<std::string(const std::string&)>; // the error, or ""

    static Sections page(const char* name) {
        return read_page(slurp(fs::path(RIG_TOP) / "docs/reference" / name));
    }
    std::string experiment(const std::string& text) const {
        const auto spec = parse_spec(text, file());
        return spec ? "" : spec.error().message;
    }
    std::string suite(const std::string& text) const {
        const auto read = parse_suite(text, file());
        return read ? "" : read.error().message;
    }
    std::string night(const std::string& text) const {
        const auto read = parse_night_config(text, file());
        return read ? "" : read.error().message;
    }
    // What the parser accepts in a table, by its answer to a key that it cannot know. `text` has
    // that key, ZZZ, in the table.
    static std::set<std::string> accepted(const Parse& parse, const std::string& text) {
        const auto error = parse(text);
        const std::string mark = "; accepted: ";
        const auto at = error.find(mark);
        EXPECT_NE(at, error.npos) << text << "\n" << error;
        return at == error.npos ? std::set<std::string>{}
                                : words_of_list(error.substr(at + mark.size()));
    }
    static void compare(const Sections& page, const std::string& section,
                        const std::set<std::string>& accepted) {
        ASSERT_TRUE(page.contains(section)) << "no section [" << section << "]";
        std::set<std::string> written;
        for (const auto& [key, text] : page.at(section)) {
            written.insert(key);
            EXPECT_FALSE(text.type.empty() || text.standard.empty() || text.range.empty())
                << section << "." << key << ": no line \"Type: ... Default: ... Range: ...\"";
        }
        EXPECT_EQ(written, accepted) << "[" << section << "]";
    }
};

const std::string kMinimal(minimal_spec);
const std::string kGroup = kMinimal +
                           "[workload]\nname = \"threads\"\n[[workload.group]]\nname = \"mine\"\n"
                           "cpus = \"0\"\n";
const std::string kMetric = "\n[metrics.mine]\nexpect = \"report\"\nevent = \"a:b\"\n";

TEST_F(ReferencePages, EveryKeyOfAnExperimentIsOnItsPageAndNoOther) {
    const auto pages = page("experiment-file.md");
    const Parse parse = [&](const std::string& text) { return experiment(text); };
    std::set<std::string> covered;
    const auto check = [&](const std::string& section, const std::set<std::string>& keys) {
        covered.insert(section);
        compare(pages, section, keys);
    };
    check("", accepted(parse, "ZZZ = 1\n" + kMinimal));
    check("kernel", accepted(parse, replaced(kMinimal, "[kernel]\n", "[kernel]\nZZZ = 1\n")));
    std::set<std::string> source;
    for (const char* form :
         {"distro = \"linux-source-6.12\"", "tarball = \"x\"", "git = \"x\"", "prebuilt = true"}) {
        const auto keys = accepted(parse, replaced(kMinimal, "{ distro = \"linux-source-6.12\" }",
                                                   std::string("{ ") + form + ", ZZZ = 1 }"));
        source.insert(keys.begin(), keys.end());
    }
    check("kernel.source", source);
    check("arm", accepted(parse, kMinimal + "ZZZ = 1\n"));
    for (const char* table : {"guest", "workload", "image", "fault", "target", "requires"})
        check(table, accepted(parse, kMinimal + "[" + table + "]\nZZZ = 1\n"));
    check("workload.caller_bystander",
          accepted(parse, kMinimal + "[workload.caller_bystander]\nZZZ = 1\n"));
    check("workload.group", accepted(parse, kGroup + "ZZZ = 1\n"));
    check("background", accepted(parse, kMinimal + "[[background]]\nZZZ = 1\n"));
    check("metrics.NAME", accepted(parse, kMinimal + kMetric + "ZZZ = 1\n"));
    // Tables whose keys are names of the user's.
    for (const char* table :
         {"kernel.options", "arm.options", "target.config", "requires.options", "metrics"})
        check(table, {"NAME"});
    for (const auto& [section, keys] : pages)
        EXPECT_TRUE(covered.contains(section)) << section << " is not compared with the parser";
}

TEST_F(ReferencePages, EveryKeyOfASuiteIsOnItsPageAndNoOther) {
    const auto pages = page("suite-file.md");
    const Parse parse = [&](const std::string& text) { return suite(text); };
    const std::string head = "name = \"x\"\n", point = "[[point]]\nid = \"a\"\nclaim = \"c\"\n";
    compare(pages, "", accepted(parse, "ZZZ = 1\n" + head + point));
    compare(pages, "point", accepted(parse, head + point + "ZZZ = 1\n"));
    for (const char* table : {"run", "build", "patch"})
        compare(pages, std::string("point.") + table,
                accepted(parse, head + point + "[[point." + table + "]]\nZZZ = 1\n"));
    std::ofstream(file()) << good_spec;
    compare(pages, "point.run.sweep",
            accepted(parse, head + point +
                                "[[point.run]]\nexperiment = \"configs/test.toml\"\nsweep = { ZZZ "
                                "= 1 }\n"));
    compare(pages, "point.run.set", {"KEY"});
    EXPECT_EQ(pages.size(), 7u) << "a section is not compared with the parser";
}

TEST_F(ReferencePages, EveryKeyOfANightIsOnItsPageAndNoOther) {
    const auto pages = page("nightly-file.md");
    const Parse parse = [&](const std::string& text) { return night(text); };
    std::ofstream(file()) << good_spec;
    const std::string head = "name = \"x\"\n",
                      cell = "[[experiment]]\nspec = \"configs/test.toml\"\n";
    compare(pages, "", accepted(parse, "ZZZ = 1\n" + head + cell));
    compare(pages, "experiment", accepted(parse, head + cell + "ZZZ = 1\n"));
    compare(pages, "experiment.variant",
            accepted(parse, head + cell + "[[experiment.variant]]\nZZZ = 1\n"));
    compare(pages, "experiment.git", accepted(parse, head + cell + "git = { ZZZ = 1 }\n"));
    compare(pages, "notify", accepted(parse, head + cell + "[notify]\nZZZ = 1\n"));
    for (const char* table : {"file", "email", "webhook"})
        compare(pages, std::string("notify.") + table,
                accepted(parse, head + cell + "[notify." + table + "]\nZZZ = 1\n"));
    EXPECT_EQ(pages.size(), 8u) << "a section is not compared with the parser";
}

TEST_F(ReferencePages, BothEndsOfARangeAreAcceptedAndTheNextNumbersRefused) {
    unsigned tried = 0;
    const auto ends = [&](const Parse& parse, const std::string& before, const std::string& section,
                          const std::string& key, const KeyText& text) {
        if (text.type != "integer" && text.type != "number") return;
        const auto bounds = bounds_of(text.range);
        if (!bounds) return;
        ++tried;
        const auto named = "bad " + (section.empty() ? "" : section + ".") + key + ": ";
        const auto refused = [&](std::int64_t value) {
            // Nodes divide the vCPUs.
            const std::string vcpus = section == "guest" && key == "numa" ? "vcpus = 8\n" : "";
            return parse(before + vcpus + key + " = " + std::to_string(value) + "\n").find(named) !=
                   std::string::npos;
        };
        EXPECT_TRUE(refused(bounds->first - 1)) << named << bounds->first - 1;
        EXPECT_FALSE(refused(bounds->first)) << named << bounds->first;
        EXPECT_FALSE(refused(bounds->second)) << named << bounds->second;
        EXPECT_TRUE(refused(bounds->second + 1)) << named << bounds->second + 1;
    };
    const Parse parse = [&](const std::string& text) { return experiment(text); };
    for (const auto& [section, keys] : page("experiment-file.md"))
        for (const auto& [key, text] : keys) {
            std::string before = kMinimal + "[" + section + "]\n";
            if (section == "metrics.NAME") before = kMinimal + kMetric; // which is [metrics.mine]
            std::string named = section == "metrics.NAME" ? "metrics.mine" : section;
            if (key == "pages_per_table") before += "name = \"munmap\"\n";
            if (section == "workload.group") before = kGroup, named = "workload.group[0]";
            ends(parse, before, named, key, text);
        }
    std::ofstream(file()) << good_spec;
    const Parse nights = [&](const std::string& text) {
        return night(text + "[[experiment]]\nspec = \"configs/test.toml\"\n");
    };
    const auto night_page = page("nightly-file.md");
    for (const auto& [key, text] : night_page.at(""))
        ends(nights, "name = \"x\"\n", "", key, text);
    EXPECT_GE(tried, 18u);
}

// By "table.key": what a spec holds, as TOML writes it.
std::map<std::string, std::string> values_of(const Spec& s) {
    const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
    const auto number = [](auto value) { return std::to_string(value); };
    std::map<std::string, std::string> out{
        {"guest.vcpus", number(s.guest.vcpus)},
        {"guest.numa", number(s.guest.numa)},
        {"guest.memory_mib", number(s.guest.memory_mib)},
        {"guest.boots", number(s.guest.boots)},
        {"guest.warmup_boots", number(s.guest.warmup_boots)},
        {"guest.seed", number(s.guest.seed)},
        {"guest.deadline_seconds", number(s.guest.deadline_seconds)},
        {"guest.perf_pages", number(s.guest.perf_pages)},
        {"workload.iterations", number(s.workload.iterations)},
        {"workload.pace_us", number(s.workload.pace_us)},
        {"workload.bystanders", flag(s.workload.bystanders)},
        {"workload.bystander_period_us", number(s.workload.bystander_period_us)},
        {"image.full_perf", flag(s.full_perf)},
        {"fault.enabled", flag(s.faults[0].enabled)},
        {"fault.interval", number(s.faults[0].interval)},
        {"fault.times", number(s.faults[0].times)},
        {"fault.probability", number(s.faults[0].probability)},
        {"fault.space", number(s.faults[0].space)},
        {"fault.stacktrace-depth", number(s.faults[0].stacktrace_depth)},
        {"fault.task-filter", flag(s.faults[0].task_filter)},
        {"fault.stack_filter", flag(s.faults[0].stack_filter)},
        {"target.same_path", flag(s.target.same_path)},
        {"target.revisions", flag(s.target.revisions)},
        {"requires.vcpus", number(s.required.vcpus)},
    };
    for (const auto* point : all_fault_points())
        for (const auto& attribute : point->attributes) {
            const auto& key = attribute.key;
            if (attribute.type == FaultAttribute::Type::Flag)
                out["fault." + key] = flag(flag_of(*point, {}, key));
            if (attribute.type == FaultAttribute::Type::Number)
                out["fault." + key] = number(number_of(*point, {}, key));
        }
    const CallerBystander caller;
    out["workload.caller_bystander.cpu"] = number(caller.cpu);
    out["workload.caller_bystander.period_us"] = number(caller.period_us);
    out["workload.caller_bystander.priority"] = number(caller.priority);
    for (const auto& key : workload_named("threads").parameters.at(0).keys)
        if (const auto* standard = std::get_if<unsigned>(&key.standard))
            out["workload.group." + key.key] = *standard < key.minimum ? "none" : number(*standard);
    for (const char* key : {"tables", "pages_per_table"})
        out[std::string("workload.") + key] = number(s.workload.number(key));
    return out;
}

TEST_F(ReferencePages, DefaultsAreThoseOfTheParser) {
    const auto spec = parse_spec(minimal_spec, file());
    ASSERT_TRUE(spec) << spec.error().message;
    auto values = values_of(*spec);
    unsigned compared = 0;
    for (const auto& [section, keys] : page("experiment-file.md"))
        for (const auto& [key, text] : keys) {
            if (text.type != "integer" && text.type != "boolean") continue;
            if (section == "kernel.source" || section == "metrics.NAME") continue; // none
            const auto name = section + "." + key;
            ASSERT_TRUE(values.contains(name)) << name << " is not compared with the parser";
            EXPECT_EQ(text.standard.substr(0, text.standard.find(' ')), values[name]) << name;
            ++compared;
        }
    EXPECT_EQ(compared, values.size());
}

// The reader of pages: what it would miss, it would call fine.
TEST(ReferencePageReader, ControlWhatIsLeftOutOfAPageIsMissed) {
    const auto page =
        read_page("# T\n\n## [guest]\n\n### vcpus\n\nType: integer. Default: 4. Range: "
                  "2 to 16.\n\n### boots\n\nText.\n\n## Old names\n\n### other\n");
    ASSERT_EQ(page.size(), 1u);
    EXPECT_EQ(page.at("guest").size(), 2u);
    EXPECT_EQ(page.at("guest").at("vcpus").range, "2 to 16");
    EXPECT_EQ(page.at("guest").at("boots").type, "");
    EXPECT_EQ(bounds_of("2 to 16"), (std::pair<std::int64_t, std::int64_t>{2, 16}));
    EXPECT_EQ(bounds_of("0 to 4 (2^2)"), (std::pair<std::int64_t, std::int64_t>{0, 4}));
    EXPECT_FALSE(bounds_of("0 to `guest.vcpus` - 1"));
    EXPECT_FALSE(bounds_of("at most 9"));
}

} // namespace
} // namespace rig
