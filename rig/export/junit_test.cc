// SPDX-License-Identifier: GPL-2.0-or-later
// tests/exports.py checks that the output is valid JUnit XML.
#include "rig/export/junit.h"

#include "rig/testing/export_fixture.h"

#include <gtest/gtest.h>
#include <pugixml.hpp>

namespace rig {
namespace {

using namespace rig::fixture;

TEST(Junit, EveryOutcomeHasItsElement) {
    const auto spec = judged_spec(3); // too few to decide bounds
    auto samples = make_samples(spec);
    samples[1].splats = {{SplatKind::Warning, "WARNING: <a> & \"b\" ]]>\x01", "", {}, 1}};
    pugi::xml_document document;
    const auto text =
        render_junit(input_of(spec, samples),
                     {fault_of("ipi", 1, FaultDomain::Host, "no CPU", true),
                      fault_of("ipi", 2, FaultDomain::Host, "no \xEF\xBF\xBF CPU\xff")});
    ASSERT_TRUE(document.load_string(text.c_str()));
    const auto element = [&](const char* arm, const char* name) {
        const auto suite =
            document.child("testsuites").find_child_by_attribute("testsuite", "name", arm);
        return suite.find_child_by_attribute("testcase", "name", name);
    };
    EXPECT_STREQ(
        element("batch-alloc-fail.run", "verdict").child("failure").attribute("type").value(),
        "fail");
    EXPECT_STREQ(element("batch-alloc-fail.reviewed", "target_latency")
                     .child("skipped")
                     .attribute("type")
                     .value(),
                 "undecided");
    EXPECT_STREQ(element("batch-alloc-fail.reviewed", "tlb_flushes")
                     .child("skipped")
                     .attribute("type")
                     .value(),
                 "no-expectation");
    const auto held = element("batch-alloc-fail.reviewed", "sync_ipis");
    ASSERT_TRUE(held);
    EXPECT_FALSE(held.child("skipped") || held.child("failure") || held.child("error"));
    EXPECT_STREQ(element("batch-alloc-fail.ipi", "boot.0002-ipi-1.attempt-0")
                     .child("skipped")
                     .attribute("type")
                     .value(),
                 "retried");
    const auto missed = element("batch-alloc-fail.ipi", "boot.0004-ipi-2.attempt-0").child("error");
    EXPECT_STREQ(missed.attribute("type").value(), "host");
    EXPECT_STREQ(missed.attribute("message").value(),
                 "host fault, starved: no ? CPU\xEF\xBF\xBD; with injected faults: fail_page_alloc "
                 "in tlb_remove_table(), an unknown number in this boot");
    for (const auto& suite : document.child("testsuites").children("testsuite"))
        for (const auto& test : suite.children("testcase"))
            for (const char* failed : {"failure", "error"})
                if (const auto child = test.child(failed)) {
                    EXPECT_NE(std::string(child.attribute("message").value())
                                  .find("fail_page_alloc in tlb_remove_table(), "),
                              std::string::npos)
                        << test.attribute("name").value();
                }
    EXPECT_NE(
        std::string(element("batch-alloc-fail.reviewed", "splats").child("system-out").text().get())
            .find("WARNING: <a> & \"b\" ]]>?"),
        std::string::npos);
}

} // namespace
} // namespace rig
