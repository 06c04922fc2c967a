// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/junit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pugixml.hpp>
#include <sstream>

namespace rig {
namespace {

struct Child {
    const char* element; // nullptr: passed
    const char* type;
};

Child child_of(CheckOutcome outcome) {
    switch (outcome) {
    case CheckOutcome::Held:
        return {nullptr, ""};
    case CheckOutcome::Broken:
        return {"failure", "fail"};
    case CheckOutcome::Unproven:
        return {"error", "inconclusive"};
    case CheckOutcome::Missed:
        return {"error", "host"};
    case CheckOutcome::NotRun:
        return {"skipped", "not-run"};
    case CheckOutcome::Doubtful:
        return {"skipped", "doubtful"};
    case CheckOutcome::Undecided:
        return {"skipped", "undecided"};
    case CheckOutcome::Unseen:
        return {"skipped", "unseen"};
    case CheckOutcome::NotJudged:
        return {"skipped", "no-expectation"};
    case CheckOutcome::MadeAgain:
        return {"skipped", "retried"};
    }
    return {"error", "inconclusive"};
}

// pugixml escapes markup. U+FFFE and U+FFFF are valid UTF-8 but no characters of XML 1.0.
std::string xml_text(std::string_view text) {
    auto out = clean_line(text);
    for (const char* none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})
        for (auto at = out.find(none); at != std::string::npos; at = out.find(none, at))
            out.replace(at, 3, "?");
    return out;
}

void attribute(pugi::xml_node node, const char* name, std::string_view value) {
    node.append_attribute(name) = xml_text(value).c_str();
}

struct Counts {
    unsigned tests = 0, failures = 0, errors = 0, skipped = 0;
};

Counts add_group(pugi::xml_node suites, const CheckGroup& group, const ReportInput& input) {
    auto suite = suites.append_child("testsuite");
    attribute(suite, "name",
              fmt::format("{}.{}", input.spec.name, group.name.empty() ? "run" : group.name));
    Counts counts;
    for (const auto& check : group.checks) {
        auto test = suite.append_child("testcase");
        attribute(test, "name", check.name);
        attribute(
            test, "classname",
            fmt::format("rig.{}.{}", input.spec.name, group.name.empty() ? "run" : group.name));
        ++counts.tests;
        if (const auto child = child_of(check.outcome); child.element) {
            auto node = test.append_child(child.element);
            attribute(node, "type", child.type);
            attribute(node, "message", check.why);
            ++(*child.element == 'f'   ? counts.failures
               : *child.element == 'e' ? counts.errors
                                       : counts.skipped);
        }
        std::vector<std::string> lines;
        for (const auto& detail : check.details)
            lines.push_back(xml_text(detail));
        if (!lines.empty())
            test.append_child("system-out").text() =
                fmt::format("{}", fmt::join(lines, "\n")).c_str();
    }
    attribute(suite, "tests", std::to_string(counts.tests));
    attribute(suite, "failures", std::to_string(counts.failures));
    attribute(suite, "errors", std::to_string(counts.errors));
    attribute(suite, "skipped", std::to_string(counts.skipped));
    if (!input.run.started.empty()) attribute(suite, "timestamp", input.run.started);
    return counts;
}

} // namespace

std::string render_junit(const ReportInput& input, const std::vector<FaultRecord>& faults) {
    pugi::xml_document document;
    auto declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    auto suites = document.append_child("testsuites");
    attribute(suites, "name", input.run.run_id);
    Counts all;
    for (const auto& group : checks_of(input, faults)) {
        const auto counts = add_group(suites, group, input);
        all.tests += counts.tests;
        all.failures += counts.failures;
        all.errors += counts.errors;
    }
    attribute(suites, "tests", std::to_string(all.tests));
    attribute(suites, "failures", std::to_string(all.failures));
    attribute(suites, "errors", std::to_string(all.errors));
    std::ostringstream out;
    document.save(out, "  ", pugi::format_default, pugi::encoding_utf8);
    return out.str();
}

} // namespace rig
