// SPDX-License-Identifier: GPL-2.0-or-later
// Names and defaults of experiment files, stored runs and command lines that were written before a
// metric, a key or a default got the one it has now. They are read for ever; nothing writes them.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace rig::older {

// "munmap_latency" -> "call_latency". Any other name as it is.
std::string metric(std::string_view name);
// The key under which an older samples.jsonl holds what is now under `key`; "" if it never had
// another.
std::string sample_key(std::string_view key);

// "as-expected" -> "pass", "broken" -> "fail". Any other verdict of a run as it is.
std::string verdict(std::string_view name);

// "not judged" -> "no expectation". Any other verdict of a metric as it is.
std::string metric_verdict(std::string_view name);
// The closing line of a run with today's word in front: "AS EXPECTED: 2 hold" -> "PASS: 2 hold".
std::string closing(std::string_view line);

// What a file without the key meant, when the first experiment's functions were built in.
extern const char* const kFaultFunction;
extern const char* const kTargetFunction;

} // namespace rig::older
