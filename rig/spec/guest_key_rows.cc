// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/experiment_keys.h"

namespace rig {

std::vector<FileKey> key_rows::guest() {
    return {
        {.section = "guest",
         .name = "vcpus",
         .type = KeyType::Integer,
         .low = 2,
         .high = 64,
         .standard = "4",
         .example = "vcpus = 8",
         .text = R"(
The workload runs on CPU 0, except with the workload `threads`. All other CPUs are
bystanders.

More than 16 make a *large guest*, as `numa` does: its kernel is built with
`configs/kernel/large.config` after the fragments (64 CPUs, ACPI, NUMA), and is another
kernel than that of smaller guests. x86-64 only. Under the virtual clock a boot takes time
in proportion to the vCPUs ([figures](../evaluation/costs.md#large-guests)).)"},
        {.section = "guest",
         .name = "numa",
         .type = KeyType::Integer,
         .low = 1,
         .high = 8,
         .standard = "1",
         .example = "numa = 2",
         .text = R"(
NUMA nodes. Each has as many of the vCPUs, in order, and as much of the memory, so that
both are multiples of it. The check [`numa_nodes`](validity-checks.md#numa_nodes) fails if
the guest's kernel sees others. x86-64 only.)"},
        {.section = "guest",
         .name = "passes",
         .type = KeyType::Text,
         .choices = {"both", "count"},
         .standard = "`\"both\"`",
         .example = "passes = \"count\"",
         .text = R"(
`"count"` leaves out the latency pass, which makes boots of large guests shorter. Latencies,
rates and bystanders are then not measured, and the report says so. A metric of these is
refused unless it has `expect = "report"`.)"},
        {.section = "guest",
         .name = "memory_mib",
         .type = KeyType::Integer,
         .low = 128,
         .high = 65536,
         .standard = "512 (above 16 vCPUs 32 for each)",
         .example = "memory_mib = 1024",
         .text = R"(Memory of the guest in MiB.)"},
        {.section = "guest",
         .name = "clock",
         .type = KeyType::Text,
         .choices = {"auto", "virtual", "wall"},
         .standard = "`\"auto\"`",
         .example = "clock = \"virtual\"",
         .text =
             R"(
- `"virtual"`: QEMU's icount mode under TCG, one instruction per nanosecond. The same seed
  gives the same bytes. Counts are exact; times are instructions, not real time.
- `"wall"`: real time, with KVM if KVM boots this kernel on this host, else with TCG.
- `"auto"`: `wall` if KVM boots this kernel on this host, else `virtual`. So on most
  machines with KVM the default is the wall clock.

Which one to choose: [choose metrics and
bounds](../how-to/choose-metrics-and-bounds.md#virtual-or-wall-clock).)"},
        {.section = "guest",
         .name = "boots",
         .type = KeyType::Integer,
         .low = 1,
         .high = 1000,
         .standard = "8",
         .example = "boots = 16",
         .text =
             R"(
Boots per arm. Under the virtual clock each has its own perturbation seed. A confidence
interval needs at least 6 boots (virtual clock) or 5 (wall clock). From 4 boots on, the
virtual clock also repeats boot 0 of each arm for the check
[`replay`](validity-checks.md#replay).)"},
        {.section = "guest",
         .name = "warmup_boots",
         .type = KeyType::Integer,
         .low = 0,
         .high = 100,
         .standard = "0",
         .example = "warmup_boots = 1",
         .text =
             R"(
Boots per arm before the measured ones. They are checked and kept, but are in no figure.
Wall clock only; ignored under the virtual clock.)"},
        {.section = "guest",
         .name = "seed",
         .type = KeyType::Integer,
         .low = 0,
         .high = 9007199254740992,
         .standard = "1",
         .range = "0 to 9007199254740992 (2^53)",
         .example = "seed = 7",
         .text = R"(All perturbation seeds and the order of the boots derive from it.)"},
        {.section = "guest",
         .name = "deadline_seconds",
         .type = KeyType::Integer,
         .low = 0,
         .high = 86400,
         .standard = "0 (chosen by rig)",
         .example = "deadline_seconds = 600",
         .text =
             R"(
Host seconds after which a boot counts as hung. With 0, rig computes them from vCPUs,
accelerator, `iterations`, `pace_us` and the speed of the host's CPU
([formula](boot-outcomes.md#how-a-silent-hang-is-classified)). The default experiment gets
124 s on a fast host.)"},
        {.section = "guest",
         .name = "perf_pages",
         .type = KeyType::Integer,
         .low = 1,
         .high = 16384,
         .standard = "1024",
         .range = "a power of two, 1 to 16384",
         .example = "perf_pages = 4096",
         .text =
             R"(
Pages of perf record's ring buffer for each CPU. The guest needs memory for it. Raise it
if the check [`no_lost_events`](validity-checks.md#no_lost_events) fails.)"},
        {.section = "guest",
         .name = "extra_cmdline",
         .type = KeyType::Text,
         .low = 0,
         // The x86 kernel truncates its command line at 2048 bytes. The other half is left for
         // rig's own parameters.
         .high = 1024,
         .standard = "empty",
         .range = "at most 1024 bytes; no console parameters (see below)",
         .example = "extra_cmdline = \"isolcpus=3\"",
         .text =
             R"(
Kernel parameters for every arm. Words that begin with `quiet`, `loglevel=`, `console=`,
`printk.`, `ignore_loglevel` or `earlyprintk` are refused, because they can hide kernel
splats. A parameter that mutes one of the kernel's detectors is listed in the report.)"},
    };
}

std::vector<FileKey> key_rows::background() {
    return {
        {.section = "background",
         .name = "name",
         .type = KeyType::Text,
         .low = 1,
         .high = 32,
         .required = true,
         .standard = "none (required)",
         .range = "1 to 32 of `a-z 0-9 -`, the first not `-`",
         .example = "name = \"cyclictest\"",
         .text =
             R"(The name for `histogram_of` and for the files `*-background-NAME.txt` of each boot.
Unique in the file.)"},
        {.section = "background",
         .name = "command",
         .type = KeyType::Texts,
         .low = 1,
         .high = 64,
         .required = true,
         .standard = "none (required)",
         .range = "1 to 64 words of at most 1024 bytes",
         .example = "command = [\"/usr/bin/cyclictest\", \"-q\"]",
         .text =
             R"(
An absolute path in the guest and its arguments. The command starts before the window of
each pass opens and is ended by SIGINT after it closed.)"},
        {.section = "image",
         .name = "files",
         .type = KeyType::Texts,
         .shape = "array of paths",
         .low = 0,
         .high = 64,
         .standard = "empty",
         .range = "0 to 64 programs of the host",
         .example = "files = [\"/usr/bin/cyclictest\"]",
         .text = R"(Absolute paths of programs that the initramfs gets at the same place, with their
libraries and the interpreters of scripts. Nothing below `/dev`, `/proc`, `/sys` and
`/tmp`, which the guest's mounts hide. Refused with `arch` other than `x86_64`: such a
guest cannot run the programs of this machine.)"},
        {.section = "image",
         .name = "full_perf",
         .type = KeyType::Boolean,
         .standard = "false",
         .example = "full_perf = true",
         .text =
             R"(The guest's perf has every subcommand, for `rig shell`. By default it has only those
that rig runs.)"},
    };
}

std::vector<FileKey> key_rows::target() {
    return {
        {.section = "target",
         .name = "function",
         .type = KeyType::Text,
         .low = 1,
         .high = 128,
         .standard = "`\"tlb_remove_table_one\"`",
         .range = "a kernel function",
         .example = "function = \"tlb_remove_table_one\"",
         .text =
             R"(
The function that contains the changed code. Every boot of every arm must enter it. The
time from its entry to its return is `target_latency`. Required with `same_path`.)"},
        {.section = "target",
         .name = "sync_function",
         .type = KeyType::Text,
         .low = 1,
         .high = 128,
         .standard = "none",
         .range = "a kernel function",
         .example = "sync_function = \"tlb_remove_table_smp_sync\"",
         .text = R"(The function that the IPIs under test run on the receiving CPUs. Required for
`[metrics.sync_ipis]`.)"},
        {.section = "target",
         .name = "config",
         .type = KeyType::Table,
         .low = 0,
         .high = 512,
         .standard = "empty",
         .range = "the keys of `[target.config]`, at most 512",
         .example = "config = { PT_RECLAIM = \"n\" }",
         .text = R"(Options without which the changed code is not compiled.)"},
        {.section = "target",
         .name = "lines",
         .type = KeyType::Text,
         .choices = {"any", "all", "off"},
         .standard = "`\"any\"`",
         .example = "lines = \"all\"",
         .text =
             R"(
Which changed lines must run in every pass of every boot: at least one of each arm, or
each that has instructions. Where a change leaves an arm no line of its own, because it only
adds or only removes lines, the lines next to it count; with `"all"` only if no change leaves
it any. `"off"`: the lines are not counted,
and every arm needs a `marker`. Refused together with `same_path`; without effect with
`revisions`.)"},
        {.section = "target",
         .name = "same_path",
         .type = KeyType::Boolean,
         .standard = "false",
         .example = "same_path = true",
         .text =
             R"(
The arms run the same code here, and that is what you want to show. Arms then have no
`marker`; instead the target must run exactly as often as the workload predicts. Only
with the workloads `collapse` and `pmd_unshare`.)"},
        {.section = "target",
         .name = "revisions",
         .type = KeyType::Boolean,
         .standard = "false",
         .example = "revisions = true",
         .text =
             R"(
The arms are revisions of one history, in which a change is searched. What changed is
unknown, so arms have no `marker`, and every metric has `expect = "report"`. Refused
together with `same_path`.)"},
        {.section = "target.config",
         .name = "NAME",
         .type = KeyType::Scalar,
         .standard = "none",
         .range = "as in `[kernel.options]`",
         .example = "PT_RECLAIM = \"n\"",
         .text =
             R"(The value that the final `.config` must have. It is checked, not set: set it with a
fragment or `[kernel.options]`.)"},
    };
}

std::vector<FileKey> key_rows::requirements() {
    return {
        {.section = "requires",
         .name = "cpu_flags",
         .type = KeyType::Texts,
         .low = 0,
         .high = 64,
         .standard = "empty",
         .range = "0 to 64 flags of 1 to 64 of `a-z 0-9 _`",
         .example = "cpu_flags = [\"pcid\"]",
         .text =
             R"(
CPU flags as `/proc/cpuinfo` of the guest spells them (on riscv64 the extensions of its
line `isa`). Every CPU must have them. An emulated CPU has few of those that new kernels
use, such as `invlpgb`.)"},
        {.section = "requires",
         .name = "files",
         .type = KeyType::Texts,
         .low = 0,
         .high = 64,
         .standard = "empty",
         .range = "0 to 64 absolute paths of at most 255 bytes",
         .example = "files = [\"/sys/kernel/mm/ksm/run\"]",
         .text = R"(Files that must exist in the guest, such as `/sys/kernel/mm/ksm/run`.)"},
        {.section = "requires",
         .name = "tracepoints",
         .type = KeyType::Texts,
         .low = 0,
         .high = 64,
         .standard = "empty",
         .range = "0 to 64 texts `subsystem:event`",
         .example = "tracepoints = [\"tlb:tlb_flush\"]",
         .text =
             R"(
Tracepoints that the guest's kernel must have. An event that a metric counts is required
already: a kernel without it ends the boot as a guest fault.)"},
        {.section = "requires",
         .name = "options",
         .type = KeyType::Table,
         .low = 0,
         .high = 512,
         .standard = "empty",
         .range = "as `[kernel.options]`, at most 512",
         .example = "options = { KSM = \"y\" }",
         .text =
             R"(Values that the final `.config` of every arm must have. They are checked, not set.)"},
        {.section = "requires",
         .name = "vcpus",
         .type = KeyType::Integer,
         .low = 1,
         .high = 64,
         .standard = "0 (any number)",
         .range = "1 to 64",
         .example = "vcpus = 4",
         .text = R"(The least number of online vCPUs.)"},
        {.section = "requires.options",
         .name = "NAME",
         .type = KeyType::Scalar,
         .standard = "none",
         .range = "as in `[kernel.options]`",
         .example = "KSM = \"y\"",
         .text = R"(The value that the final `.config` of every arm must have.)"},
    };
}

} // namespace rig
