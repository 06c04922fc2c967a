// SPDX-License-Identifier: GPL-2.0-or-later
// Earlier names and defaults in experiment files, stored runs and command lines: of metrics, keys
// and verdicts that have other names today. rig always reads them, and never writes them. Pure.
#pragma once

#include <string>
#include <string_view>

namespace rig::older {

// "munmap_latency" -> "call_latency". Returns any other name unchanged.
std::string metric(std::string_view name);
// The key that older samples.jsonl files have instead of `key`; "" if it was never renamed.
std::string sample_key(std::string_view key);

// "as-expected" -> "pass", "broken" -> "fail". Returns any other verdict of a run unchanged.
std::string verdict(std::string_view name);

// "not judged" -> "no expectation". Returns any other verdict of a metric unchanged.
std::string metric_verdict(std::string_view name);
// The closing line of a run with today's verdict: "AS EXPECTED: 2 hold" -> "PASS: 2 hold".
std::string closing(std::string_view line);

// Defaults for a file without the key, from the time when these functions were built in.
extern const char* const kFaultFunction;
extern const char* const kTargetFunction;

} // namespace rig::older
