// SPDX-License-Identifier: GPL-2.0-or-later
// tests/exports.py checks that the output is valid KCIDB.
#include "rig/base/sha256.h"
#include "rig/export/kcidb.h"

#include "rig/testing/export_fixture.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using namespace rig::fixture;
using nlohmann::json;

const json& test_of(const json& value, const std::string& id) {
    for (const auto& one : value.at("tests"))
        if (one.at("id") == "lab:20260223-103248-batch-alloc-fail/" + id) return one;
    throw std::runtime_error("no test " + id);
}

TEST(Kcidb, StatusesSayWhatIsKnownOfTheKernel) {
    auto spec = judged_spec();
    auto samples = make_samples(spec);
    auto good = render_kcidb(input_of(spec, samples),
                             {fault_of("ipi", 1, FaultDomain::Host, "no CPU", true)}, "lab");
    EXPECT_EQ(test_of(good, "reviewed/all")["status"], "PASS");
    EXPECT_EQ(test_of(good, "reviewed/all")["path"], "rig.batch-alloc-fail");
    EXPECT_EQ(test_of(good, "reviewed/expect.sync_ipis")["status"], "PASS");
    EXPECT_EQ(test_of(good, "reviewed/proof.injections")["status"], "DONE");
    EXPECT_EQ(test_of(good, "ipi/boot.0002-ipi-1.attempt-0")["status"], "MISS");
    const auto& latency = test_of(good, "reviewed/measure.target_latency");
    EXPECT_EQ(latency["status"], "DONE");
    EXPECT_EQ(latency["number"]["unit"], "s");
    EXPECT_NEAR(latency["number"]["value"].get<double>(), 0.008, 0.0001);
    EXPECT_EQ(latency["misc"]["boots"].size(), 8u);
    EXPECT_EQ(test_of(good, "ipi/measure.sync_ipis")["number"], json({{"value", 240.0}}));

    spec.metrics[1] = at_most("target_latency", 2);
    auto broken = render_kcidb(input_of(spec, samples), {}, "lab");
    EXPECT_EQ(test_of(broken, "reviewed/expect.target_latency")["status"], "FAIL");
    EXPECT_EQ(test_of(broken, "reviewed/all")["status"], "FAIL");
    EXPECT_EQ(test_of(broken, "ipi/all")["status"], "PASS") << "its own expectation holds";

    samples[0].exercised.injections = 0;
    auto unproven = render_kcidb(input_of(spec, samples), {}, "lab");
    EXPECT_EQ(test_of(unproven, "reviewed/expect.target_latency")["status"], "ERROR");
    for (const auto* value : {&broken, &unproven})
        for (const auto& one : value->at("tests"))
            if (one["status"] == "FAIL" || one["status"] == "ERROR") {
                EXPECT_NE(
                    one.value("comment", "")
                        .find("with injected faults: fail_page_alloc in tlb_remove_table(), "),
                    std::string::npos)
                    << one.dump();
            }
    EXPECT_EQ(test_of(unproven, "reviewed/all")["status"], "ERROR");
    EXPECT_EQ(test_of(unproven, "ipi/measure.target_latency")["misc"]["proofs_hold"], false);
    EXPECT_EQ(latency["misc"]["proofs_hold"], true);
    EXPECT_EQ(test_of(render_kcidb(input_of(spec, {}), {}, "lab"),
                      "reviewed/expect.target_latency")["status"],
              "SKIP");
}

TEST(Kcidb, PatchsetHash) {
    RunKernel kernel;
    EXPECT_EQ(patchset_hash(kernel), "");
    kernel.patches = {"a.patch", "b.patch"};
    EXPECT_EQ(patchset_hash(kernel), std::nullopt) << "patches, but it is not known which";
    // printf a >a.patch; printf b >b.patch; sha256sum *.patch | cut -c-64 | sha256sum | cut -c-64
    kernel.patch_sha256 = {sha256_hex("a"), sha256_hex("b")};
    EXPECT_EQ(patchset_hash(kernel),
              "bf75fafab8e46555836b92f1b04106b795a9ed36bd39b351f103b28819895f33");
}

TEST(Kcidb, OriginsAreTheSchemas) {
    for (const char* good : {"rig", "my_lab2"})
        EXPECT_FALSE(bad_origin(good)) << good;
    for (const char* bad : {"", "Rig", "my-lab", "a:b", "µ"})
        EXPECT_TRUE(bad_origin(bad)) << bad;
}

} // namespace
} // namespace rig
