// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/sample.h"

#include <gtest/gtest.h>
#include <limits>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

Sample full_sample() {
    Sample s;
    s.id = {"reviewed", 3, (std::uint64_t{1} << 53) - 1, 7};
    s.run_clock = "virtual";
    s.accelerator = "tcg";
    s.cpus_online = 4;
    s.kernel_release = "6.12.117";
    s.kernel_version = "#1 SMP";
    s.exercised = {80, 80, 80, 77, 80, 240, 240, 80, 79, 79, 79, 20, 0, true};
    s.counts = {{"sync_ipis", 240}, {"tlb_flushes", std::numeric_limits<std::uint64_t>::max()}};
    s.counts_per_cpu = {{"sync_ipis", {0, 80, 80, 80}}};
    s.sync_callsites = {{"smp_call_function+0x2b", 240}};
    s.ipis_by_function = {{"tlb_remove_table_smp_sync", 240}, {"flush_tlb_func", 80}};
    s.injections_by_site = {{"tlb_remove_table", 80}};
    s.target_latency_ns = {1, 2, 3};
    s.call_latency_ns = {43'000};
    s.agent_call_ns = {44'000};
    s.bystander_wakeup_ns = {5};
    s.bystander_work_time_ns = {};
    s.splats = {{SplatKind::SleepInAtomic,
                 "BUG: sleeping function called from invalid context",
                 "tlb_remove_table_sync_rcu",
                 {"tlb_remove_table_sync_rcu", "munmap"},
                 3,
                 "munmap"},
                {SplatKind::OomKill, "Out of memory: Killed process", "", {}, 1}};
    s.further_splats = 2;
    s.host = {{"boot_wall_s", 13.7000000000000011}};
    return s;
}

std::string error_of(const json& value) {
    auto result = sample_from_json(value);
    if (result) return "";
    EXPECT_EQ(result.error().fault_domain, FaultDomain::Host);
    return result.error().message;
}

TEST(Sample, RoundTripsThroughTextExactly) {
    auto text = to_json(full_sample()).dump();
    auto back = sample_from_json(json::parse(text));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(to_json(*back).dump(), text);
    EXPECT_EQ(back->id.arm, "reviewed");
    EXPECT_EQ(back->id.seed, (std::uint64_t{1} << 53) - 1);
    EXPECT_EQ(back->counts.at("tlb_flushes"), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(back->exercised.timed_injections, 79u);
    EXPECT_EQ(back->exercised.marked_hits, 77u);
    EXPECT_TRUE(back->exercised.probe_addresses_match);
    EXPECT_EQ(back->host, full_sample().host);
    EXPECT_EQ(back->splats, full_sample().splats);
    EXPECT_EQ(back->further_splats, 2u);
    EXPECT_EQ(back->target_latency_ns, full_sample().target_latency_ns);
}

TEST(Sample, WithoutHostHoldsNothingOfTheHost) {
    auto a = full_sample(), b = full_sample();
    b.host["boot_wall_s"] = 99;
    EXPECT_EQ(to_json(a, false).dump(), to_json(b, false).dump());
    EXPECT_TRUE(sample_from_json(to_json(a, false)));
}

TEST(Sample, EveryKeyButHostIsRequired) {
    auto whole = to_json(full_sample());
    for (const auto& item : whole.items()) {
        auto cut = whole;
        cut.erase(item.key());
        if (item.key() == "host") continue;
        EXPECT_EQ(error_of(cut), "sample." + item.key() + ": missing");
    }
    for (const auto* part : {"id", "exposure"})
        for (const auto& item : whole[part].items()) {
            auto cut = whole;
            cut[part].erase(item.key());
            EXPECT_EQ(error_of(cut),
                      std::string("sample.") + part + "." + item.key() + ": missing");
        }
}

TEST(Sample, SplatsAreReadStrictly) {
    const auto with = [](auto change) {
        auto value = to_json(full_sample());
        change(value["splats"]);
        return error_of(value);
    };
    // Older versions of rig did not write `guilty`; it is not written if it equals `function`.
    EXPECT_EQ(with([](json& splats) { splats[0].erase("guilty"); }), "");
    EXPECT_FALSE(to_json(full_sample())["splats"][1].contains("guilty"));
    for (const char* key : {"kind", "title", "function", "trace", "count"})
        EXPECT_EQ(with([&](json& splats) { splats[1].erase(key); }),
                  std::string("sample.splats[1].") + key + ": missing");
    EXPECT_NE(with([](json& splats) {
                  splats[0]["kind"] = "shout";
              }).find("sample.splats[0].kind: \"shout\", want one of \"sleep-in-atomic\""),
              std::string::npos);
    EXPECT_NE(with([](json& splats) { splats[0]["extra"] = 1; }).find("unknown key"),
              std::string::npos);
    EXPECT_NE(with([](json& splats) {
                  splats = json::array();
                  for (int i = 0; i < 33; ++i)
                      splats.push_back(json::object());
              }).find("at most 32 objects"),
              std::string::npos);
    EXPECT_NE(with([](json& splats) {
                  splats[0]["title"] = std::string(300, 'a');
              }).find("at most 256 bytes"),
              std::string::npos);
}

TEST(Sample, UnknownKeysAreErrors) {
    auto value = to_json(full_sample());
    value["extra"] = 1;
    EXPECT_NE(error_of(value).find("sample.extra: unknown key"), std::string::npos);
    value = to_json(full_sample());
    value["exposure"]["extra"] = 1;
    EXPECT_NE(error_of(value).find("sample.exposure.extra: unknown key"), std::string::npos);
}

TEST(Sample, WrongTypesNameThePlaceAndWhatIsWanted) {
    auto with = [](const char* pointer, json bad) {
        auto value = to_json(full_sample());
        value[json::json_pointer(pointer)] = std::move(bad);
        return error_of(value);
    };
    EXPECT_EQ(with("/exposure/injections", -1),
              "sample.exposure.injections: -1, want a whole number >= 0");
    EXPECT_EQ(with("/exposure/injections", 1.0),
              "sample.exposure.injections: 1.0, want a whole number >= 0");
    EXPECT_EQ(with("/target_latency_ns/1", "x"),
              "sample.target_latency_ns[1]: \"x\", want a whole number >= 0");
    EXPECT_EQ(with("/counts/sync_ipis", nullptr),
              "sample.counts.sync_ipis: null, want a whole number >= 0");
    EXPECT_EQ(with("/counts_per_cpu/sync_ipis", 3),
              "sample.counts_per_cpu.sync_ipis: 3, want an array of at most 4096 whole numbers");
    EXPECT_EQ(with("/run_clock", "sundial"),
              "sample.run_clock: \"sundial\", want one of \"virtual\", \"wall\"");
    EXPECT_EQ(with("/cpus_online", 5'000'000'000),
              "sample.cpus_online: 5000000000, want a whole number from 0 to 4294967295");
    EXPECT_EQ(with("/host/boot_wall_s", "long"),
              "sample.host.boot_wall_s: \"long\", want a number");
    EXPECT_EQ(with("/id", 3), "sample.id: 3, want an object");
    EXPECT_EQ(error_of(json::array()), "sample: an array of 0 values, want an object");
}

TEST(Sample, WhatTheWorkloadCountsComesBack) {
    auto sample = full_sample();
    sample.counters = {{"walks", 7}, {"corruptions", 0}};
    EXPECT_EQ(sample_from_json(to_json(sample))->counters, sample.counters);
}

TEST(Sample, AReplayIsComparedInEveryFigureButTheHosts) {
    const auto one = full_sample();
    auto again = one;
    again.id.arm = "another";
    again.id.order += 7;
    again.host["boot_wall_s"] = 99;
    EXPECT_EQ(first_difference(one, again), "");
    again.target_latency_ns.at(1) += 1;
    EXPECT_EQ(first_difference(one, again), "/target_latency_ns/1");
}

TEST(Sample, GrowthIsBounded) {
    auto value = to_json(full_sample());
    for (int i = 0; i < 5000; ++i)
        value["ipis_by_function"]["f" + std::to_string(i)] = 1;
    EXPECT_NE(error_of(value).find("want an object of at most 4096 keys"), std::string::npos);
    value = to_json(full_sample());
    value["ipis_by_function"][std::string(300, 'a')] = 1;
    EXPECT_NE(error_of(value).find("keys of 1 to 256 bytes"), std::string::npos);
    value = to_json(full_sample());
    value["ipis_by_function"]["a\x1b[2J"] = 1;
    EXPECT_NE(error_of(value).find("without control characters"), std::string::npos);
    value = to_json(full_sample());
    value["kernel_release"] = std::string(257, 'a');
    EXPECT_NE(error_of(value).find("want a text of at most 256 bytes"), std::string::npos);
}

} // namespace
} // namespace rig
