// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/experiment_keys.h"

namespace rig {

std::vector<FileKey> key_rows::metric() {
    return {
        {.section = "metrics",
         .name = "NAME",
         .type = KeyType::Table,
         .standard = "no expectation",
         .range = "a built-in metric, or a name of your own",
         .example = "sync_ipis = { expect = \"report\" }",
         .text =
             R"md(
A built-in metric (see [metrics](metrics.md)) or a name of 1 to 32 of `a-z 0-9 _` that
begins with a letter and has exactly one of the keys `event`, `calls_of`, `latency_of`,
`instructions_of`, `counter`, `timing` and `histogram_of`. A built-in metric without a table
is measured and shown as "(undeclared)".

Built-in names: `sync_ipis`, `total_ipis`, `other_ipis`, `tlb_flushes`,
`call_function_vectors`, `bystander_interrupts`, `target_latency`, `call_latency`,
`bystander_wakeup`, `bystander_work_time`, `bystander_user_work`, `bystander_user_gap`,
`caller_bystander_wakeup`, `caller_bystander_worst`. `tlb_flushes` is refused with `arch`
other than `x86_64`.)md"},
        {.section = "metrics.NAME",
         .name = "expect",
         .type = KeyType::Text,
         .choices = {"report", "exactly", "at-most", "not-worse", "unchanged", "falls", "rises"},
         .required = true,
         .standard = "none (required)",
         .range = "one of these seven words",
         .example = "expect = \"at-most\"",
         .text =
             R"(
- `"report"`: measured and shown, not tested. For a built-in metric this is the same as no
  table at all, except that `at_least` may be added.
- `"exactly"`: every boot of each arm has the value in `values`.
- `"at-most"`: the ratio to the baseline is at most `ratio`.
- `"not-worse"`: not higher than the baseline by more than `within` (non-inferiority
  test).
- `"unchanged"`: neither higher nor lower than the baseline by more than `within`
  (equivalence test, TOST).
- `"falls"`: lower than the baseline (superiority test).
- `"rises"`: of a rate: higher than the baseline (superiority test), and with `ratio`, by
  at least that factor.

Lower is better for all metrics but [rates](metrics.md#rates). A rate accepts `report`,
`rises`, `not-worse` (not *lower* by more than `within`) and `unchanged`; `rises` is for
rates only. To choose among them see
[choose metrics and bounds](../how-to/choose-metrics-and-bounds.md).)"},
        {.section = "metrics.NAME",
         .name = "values",
         .type = KeyType::Table,
         .standard = "none (required with `\"exactly\"`)",
         .range = "integers from 0, `\"predicted\"`",
         .example = "values = { ipi = \"predicted\", reviewed = 0 }",
         .text =
             R"(
One value for every arm. `"predicted"` is what an unpatched kernel sends, computed for
each boot: injections x (online CPUs - 1). With `fault.enabled = false`, and with
`[[fault]]`, it is hits of the target x (online CPUs - 1).

```toml
values = { ipi = "predicted", reviewed = 0 }
```)"},
        {.section = "metrics.NAME",
         .name = "ratio",
         .type = KeyType::Number,
         .low = 0,
         .high = 1000000000,
         .above = true,
         .standard = "none (required with `\"at-most\"`)",
         .range = "above 0, at most 1000000000",
         .example = "ratio = 1.5",
         .text =
             R"(
The largest accepted ratio to the baseline. With `"rises"` it may be left out, and is the
smallest accepted ratio, above 1.)"},
        {.section = "metrics.NAME",
         .name = "within",
         .type = KeyType::Number,
         .low = 0,
         .high = 10,
         .standard = "none (required, see below)",
         .range = "0 to 10; see below",
         .example = "within = 0.05",
         .text =
             R"(
A share: 0.01 is 1 %. Required with `"not-worse"` and `"unchanged"`. With `"unchanged"`,
and for rates, at most 0.5.)"},
        {.section = "metrics.NAME",
         .name = "at_least",
         .type = KeyType::Integer,
         .low = 1,
         .high = 1000000000,
         .standard = "none",
         .example = "at_least = 1",
         .text = R"(A boot with a smaller value tested nothing. It fails the check
[`at_least_NAME`](validity-checks.md#at_least_name). Accepted with every expectation.)"},
        {.section = "metrics.NAME",
         .name = "event",
         .type = KeyType::Text,
         .low = 1,
         .high = 128,
         .defines_metric = true,
         .standard = "none",
         .range = "`subsystem:event`, at most 128 bytes",
         .example = "event = \"irq_vectors:reschedule_entry\"",
         .text = R"(Counts a tracepoint in the count pass.

```toml
[metrics.reschedules_on_3]
event = "irq_vectors:reschedule_entry"
cpu = 3
expect = "report"
```)"},
        {.section = "metrics.NAME",
         .name = "filter",
         .type = KeyType::Text,
         .low = 0,
         .high = 256,
         .defines_metric = true,
         .standard = "empty",
         .range = "at most 256 bytes",
         .example = "filter = \"cpu != 0\"",
         .text =
             R"(
With `event` only. A perf filter over the fields of the tracepoint, such as `cpu != 0`.)"},
        {.section = "metrics.NAME",
         .name = "calls_of",
         .type = KeyType::Text,
         .low = 1,
         .high = 128,
         .defines_metric = true,
         .standard = "none",
         .range = "a kernel function",
         .example = "calls_of = \"synchronize_rcu\"",
         .text = R"(Counts calls of the function in the count pass (kprobe).)"},
        {.section = "metrics.NAME",
         .name = "latency_of",
         .type = KeyType::Text,
         .low = 1,
         .high = 128,
         .defines_metric = true,
         .standard = "none",
         .range = "a kernel function",
         .example = "latency_of = \"synchronize_rcu\"",
         .text =
             R"(
Times the function from entry to return in the latency pass (kprobe and kretprobe), for
the workload's tasks only.)"},
        {.section = "metrics.NAME",
         .name = "instructions_of",
         .type = KeyType::Text,
         .low = 1,
         .high = 128,
         .defines_metric = true,
         .standard = "none",
         .range = "a kernel function",
         .example = "instructions_of = \"tlb_remove_table\"",
         .text =
             R"(
Counts the instructions that ran in the function itself, without what it calls, in the
count pass and by any task. The emulator counts them, as it counts changed lines: the
virtual clock is needed.)"},
        {.section = "metrics.NAME",
         .name = "counter",
         .type = KeyType::Text,
         .defines_metric = true,
         .standard = "none",
         .range = "a counter of the workload",
         .example = "counter = \"walks\"",
         .text =
             R"(What the workload counts itself, in both passes together. `gup_race` has `walks` and
`corruptions`, `threads` those of [its groups](../how-to/measure-many-threads.md); the
other workloads have none. With `per = "second"` every workload also
has `iterations`, its completed calls.)"},
        {.section = "metrics.NAME",
         .name = "per",
         .type = KeyType::Text,
         .choices = {"second"},
         .defines_metric = true,
         .standard = "none",
         .example = "per = \"second\"",
         .text =
             R"(
With `counter` only. Makes the metric a [rate](metrics.md#rates): what the workload
counts in the latency pass, per second of guest time. It needs `workload.pace_us = 0`: a
pace would decide the rate. Not for `corruptions`, of which more is worse.

```toml
[metrics.calls_per_s]
counter = "iterations"
per = "second"
expect = "rises"
ratio = 1.1                      # by a tenth at least
```)"},
        {.section = "metrics.NAME",
         .name = "timing",
         .type = KeyType::Text,
         .defines_metric = true,
         .standard = "none",
         .range = "a timing of the workload",
         .example = "timing = \"callers\"",
         .text = R"(
What the workload times itself in the latency pass, by its own clock: with `threads` the
calls of a group (`"callers"`) or of one of its threads (`"callers_0"`).)"},
        {.section = "metrics.NAME",
         .name = "histogram_of",
         .type = KeyType::Text,
         .defines_metric = true,
         .standard = "none",
         .range = "the name of a `[[background]]` command",
         .example = "histogram_of = \"cyclictest\"",
         .text = R"(Latencies that a background command prints at its end, in lines
`MICROSECONDS COUNT [COUNT...]` as `cyclictest --histogram` does.)"},
        {.section = "metrics.NAME",
         .name = "label",
         .type = KeyType::Text,
         .low = 0,
         .high = 40,
         .defines_metric = true,
         .standard = "the metric's name",
         .range = "at most 40 bytes",
         .example = "label = \"reschedule IPIs on CPU 3\"",
         .text = R"(The name in the report. With a metric of your own only.)"},
        {.section = "metrics.NAME",
         .name = "own",
         .type = KeyType::Boolean,
         .defines_metric = true,
         .standard = "false",
         .example = "own = true",
         .text = R"(With `event` and `calls_of` only. Counts only what the workload's tasks do.)"},
        {.section = "metrics.NAME",
         .name = "cpu",
         .type = KeyType::Integer,
         .defines_metric = true,
         .standard = "all CPUs",
         .range = "0 to `guest.vcpus` - 1",
         .example = "cpu = 3",
         .text = R"(With `event` and `calls_of` only. Counts only what happens on this CPU.)"},
    };
}

} // namespace rig
