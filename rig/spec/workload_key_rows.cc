// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/experiment_keys.h"

#include "rig/workloads/workload.h"

#include <algorithm>

namespace rig {

std::vector<FileKey> key_rows::workload() {
    return {
        {.section = "workload",
         .name = "name",
         .type = KeyType::Text,
         .choices = workload_names(),
         .standard = "`\"munmap\"`",
         .range = "a workload of the table above",
         .example = "name = \"munmap\"",
         .text = R"(What the guest does. To write your own see
[add a workload](../how-to/add-a-workload.md).)"},
        {.section = "workload",
         .name = "iterations",
         .type = KeyType::Integer,
         .low = 1,
         .high = 100000,
         .standard = "20",
         .example = "iterations = 50",
         .text =
             R"(Calls in each pass. With fewer than 5, bounds on counts and bystander latencies are
reported as undecided.)"},
        {.section = "workload",
         .name = "pace_us",
         .type = KeyType::Integer,
         .low = 0,
         .high = 10000000,
         .standard = "100000",
         .example = "pace_us = 50000",
         .text =
             R"(Calls start this many microseconds apart, so that all arms are measured over equally
long windows. A call that takes longer than the pace ends the boot as a guest fault. 0
means back to back; bounds on counts and bystander latencies are then undecided.)"},
        {.section = "workload",
         .name = "bystanders",
         .type = KeyType::Boolean,
         .standard = "true",
         .example = "bystanders = false",
         .text =
             R"(One thread on each CPU of `bystander_cpus` that measures how much it is disturbed.)"},
        {.section = "workload",
         .name = "bystander_period_us",
         .type = KeyType::Integer,
         .low = 50,
         .high = 1000000,
         .standard = "1000",
         .example = "bystander_period_us = 500",
         .text = R"(
Microseconds between two wake-ups of a bystander. Refused with `bystander_mode = "user"`.)"},
        {.section = "workload",
         .name = "bystander_mode",
         .type = KeyType::Text,
         .choices = {"sleep", "busy", "user"},
         .standard = "`\"sleep\"`",
         .example = "bystander_mode = \"busy\"",
         .text =
             R"(
- `sleep`: the bystanders sleep, wake at their period and do a piece of work. Their CPUs
  are idle meanwhile. Metrics: `bystander_wakeup`, `bystander_work_time`.
- `busy` adds a computing thread of lowest priority to each bystander CPU, so that the CPU
  is never idle.
- `user`: the bystanders compute, at the lowest priority, and never enter the kernel by
  themselves. They do not sleep. Metrics:
  [`bystander_user_work`](metrics.md#bystander_user_work) and
  [`bystander_user_gap`](metrics.md#bystander_user_gap).

Refused with `bystanders = false`.)"},
        {.section = "workload",
         .name = "bystander_cpus",
         .type = KeyType::Text,
         .standard = "every CPU but CPU 0",
         .range = "CPUs below `guest.vcpus`",
         .example = "bystander_cpus = \"1-3\"",
         .text = R"(
The CPUs with a bystander, such as `"1-3"` or `"1,3"`. Refused with `bystanders = false`.)"},
        {.section = "workload",
         .name = "caller_bystander",
         .type = KeyType::Table,
         .standard = "none",
         .range = "the keys of `[workload.caller_bystander]`",
         .example = "caller_bystander = { cpu = 0 }",
         .text = R"(A real-time thread on the CPU of a caller. See below.)"},
        {.section = "workload",
         .name = "setup",
         .type = KeyType::Texts,
         .low = 1,
         .high = 64,
         .standard = "none",
         .range = "1 to 64 words of at most 1024 bytes",
         .example = "setup = [\"/bin/busybox\", \"touch\", \"/tmp/before\"]",
         .text =
             R"(
A command in the guest, an absolute path and its arguments. It runs to its end in each
pass before the workload's process starts, outside the measured window. An exit code
other than 0 ends the boot as a guest fault. Its output is kept in the boot's folder
as `PASS-setup.txt` (`counted-setup.txt`, `timed-setup.txt`).)"},
        {.section = "workload",
         .name = "check",
         .type = KeyType::Texts,
         .low = 1,
         .high = 64,
         .standard = "none",
         .range = "1 to 64 words of at most 1024 bytes",
         .example = "check = [\"/bin/busybox\", \"test\", \"-s\", \"/tmp/numbers.gz\"]",
         .text =
             R"(
A command as `setup`, run in each pass after the last call and after perf has stopped,
while the workload's process still exists. Its exit code says whether the operation did
its work: 0 means that it did. Its output is kept as `PASS-check.txt`.

- **In the baseline** another exit code is a fault of the workload (guest fault,
  exit code 4), and the boot is no sample. An experiment that does not work without the
  patch tests nothing. With `target.revisions` this applies to every arm.
- **In another arm** the boot is a sample, and the metric
  [`failed_checks`](metrics.md#failed_checks) counts the pass. The baseline's operation
  works and this arm's does not, so the verdict is FAIL (1). No other expectation of that
  arm counts as held: work that was not done takes no time.)"},
        {.section = "workload",
         .name = "teardown",
         .type = KeyType::Texts,
         .low = 1,
         .high = 64,
         .standard = "none",
         .range = "1 to 64 words of at most 1024 bytes",
         .example = "teardown = [\"/bin/busybox\", \"rm\", \"/tmp/before\"]",
         .text =
             R"(
A command as `setup`, run in each pass after the workload's process has ended. An exit
code other than 0 ends the boot as a guest fault. Its output is kept as
`PASS-teardown.txt`.)"},
    };
}

std::vector<FileKey> key_rows::caller_bystander() {
    return {
        {.section = "workload.caller_bystander",
         .name = "cpu",
         .type = KeyType::Integer,
         .standard = "0",
         .range = "0 to `guest.vcpus` - 1",
         .example = "cpu = 0",
         .text = R"(Where it runs. Every workload but `threads` calls on CPU 0.)"},
        {.section = "workload.caller_bystander",
         .name = "period_us",
         .type = KeyType::Integer,
         .low = 50,
         .high = 1000000,
         .standard = "1000",
         .example = "period_us = 500",
         .text = R"(Microseconds between two of its wake-ups.)"},
        {.section = "workload.caller_bystander",
         .name = "priority",
         .type = KeyType::Integer,
         .low = 1,
         .high = 99,
         .standard = "50",
         .example = "priority = 60",
         .text = R"(Its real-time priority. Choose one above those of the callers.)"},
    };
}

namespace {

// What the workload declares of a key of [[workload.group]] is taken from there.
FileKey group_key(FileKey row) {
    const auto& keys = workload_named("threads").parameters.at(0).keys;
    const auto declared = std::find_if(keys.begin(), keys.end(), [&](const WorkloadParameter& one) {
        return one.key == row.name;
    });
    if (declared == keys.end()) return row; // a test compares the names
    row.section = "workload.group";
    row.type = key_type_of(declared->type);
    row.low = declared->minimum, row.high = declared->maximum;
    row.choices = declared->choices;
    row.required = declared->required;
    return row;
}

} // namespace

std::vector<FileKey> key_rows::thread_group() {
    std::vector<FileKey> rows = {
        {.name = "name",
         .standard = "none (required)",
         .range = "1 to 11 of `a-z 0-9`, the first a letter",
         .example = "name = \"callers\"",
         .text =
             R"(
Unique. The names of the group's counters and timings begin with it.)"},
        {.name = "threads",
         .standard = "1",
         .range = "1 to 64 (in all groups together)",
         .example = "threads = 4",
         .text =
             R"(
The number of its threads.)"},
        {.name = "cpus",
         .standard = "none (required)",
         .range = "CPUs below `guest.vcpus`, such as `\"0-3\"`",
         .example = "cpus = \"0-3\"",
         .text =
             R"(
Thread 0 is pinned to the first of these CPUs, thread 1 to the second, and so on; after
the last CPU it begins again.)"},
        {.name = "policy",
         .standard = "`\"other\"`",
         .example = "policy = \"batch\"",
         .text =
             R"(
Scheduling policy of its threads.)"},
        {.name = "priority",
         .standard = "none",
         .example = "priority = 10",
         .text =
             R"(
Real-time priority. Required with `policy = "fifo"` and `"rr"`, refused with others.)"},
        {.name = "call",
         .standard = "none",
         .range = "the kernel's name of a system call",
         .example = "call = \"membarrier\"",
         .text =
             R"(
The system call that each thread makes again and again. It must exist on x86-64, arm64
and riscv64 (`openat`, not `open`). Calls that end, replace or multiply the thread, such
as `exit` and `clone`, are refused. A group has either `call` or `command`.)"},
        {.name = "args",
         .standard = "empty",
         .range = "at most 6",
         .example = "args = [\"MEMBARRIER_CMD_PRIVATE_EXPEDITED\", 0, 0]",
         .text =
             R"(
The call's arguments; missing ones are 0.

| argument | value |
|---|---|
| `8`, `-1`, `"0x10"` | the number |
| `"MADV_DONTNEED"`, `"O_RDWR\|O_CREAT"` | flags, joined by `\|` (see below) |
| `"@region"`, `"@region+4096"` | address in the memory of `region_kib` |
| `"@file"` | descriptor of the thread's `file` |
| `"@cpu"` | the thread's CPU |
| `"@next_cpu"` | the CPU of the group's next thread |
| `"@thread"` | the thread's number in its group, from 0 |
| `"text:/tmp/x"` | address of the text after `text:` |

Flags are those of `madvise`, `mmap`, `mprotect`, `mremap`, `msync`, `mlockall`,
`membarrier`, `futex`, `eventfd2`, `fallocate`, `openat` and the other `*at` calls, by the
names of their manual pages.)"},
        {.name = "command",
         .standard = "none",
         .range = "1 to 64 words of at most 4096 bytes",
         .example = "command = [\"/bin/true\"]",
         .text =
             R"(
A program that each thread runs again and again, from fork to exit, as the workload
`command` does. It inherits the thread's CPU and policy. An exit code other than 0 makes
the boot a guest fault.)"},
        {.name = "calls",
         .standard = "none",
         .range = "from 1, at most 65536 in all rounds together",
         .example = "calls = 20",
         .text =
             R"(
Calls of each thread in each round. A group has either `calls` or `until`. With more than
16 threads the maximum is 1048576 divided by the number of threads.)"},
        {.name = "until",
         .standard = "none",
         .range = "the name of a group with `calls`",
         .example = "until = \"callers\"",
         .text =
             R"(
Each thread calls again and again until that group has ended, at least once in each round.
A call that blocks forever then ends the boot as hung.)"},
        {.name = "pause_us",
         .standard = "0",
         .example = "pause_us = 500",
         .text =
             R"(
Microseconds for which a thread sleeps between two calls.)"},
        {.name = "errors",
         .standard = "empty",
         .range = "at most 8 names such as `\"EAGAIN\"`",
         .example = "errors = [\"EAGAIN\"]",
         .text =
             R"(
Errors with which the call may fail. They are counted and have no latency. Any other error
makes the boot a guest fault (`workload-failure`).)"},
        {.name = "region_kib",
         .standard = "none",
         .range = "4 to 524288",
         .example = "region_kib = 8192",
         .text =
             R"(
KiB of anonymous memory for `"@region"`, mapped and touched before the window opens, in
a 1 GiB slot of its own. Required if something uses the region, else refused.)"},
        {.name = "region_of",
         .standard = "`\"thread\"`",
         .example = "region_of = \"group\"",
         .text =
             R"(
Whether each thread has such memory, or the whole group one.)"},
        {.name = "touch_pages",
         .standard = "0",
         .range = "0 to the pages of the region",
         .example = "touch_pages = 4",
         .text =
             R"(
Pages of the region, evenly spread, that a thread writes before each call. This is not
part of the call's latency.)"},
        {.name = "file",
         .standard = "none",
         .range = "an absolute path in the guest",
         .example = "file = \"/tmp/x\"",
         .text =
             R"(
Each thread opens it before the window opens: for reading and writing (created if
absent), else for reading. Required with `"@file"`, else refused.)"},
        {.name = "prepare",
         .standard = "none",
         .range = "as `call`",
         .example = "prepare = \"membarrier\"",
         .text =
             R"(
A system call that each thread makes once before the window opens, such as a registration.
If it fails, the boot is a guest fault.)"},
        {.name = "prepare_args",
         .standard = "empty",
         .range = "as `args`",
         .example = "prepare_args = [\"MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED\", 0, 0]",
         .text =
             R"(
The arguments of `prepare`.)"},
    };
    for (auto& row : rows)
        row = group_key(std::move(row));
    return rows;
}

} // namespace rig
