// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/experiment_keys.h"

#include "rig/base/text.h"
#include "rig/fault_points/fault_point.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {
namespace {

FileKey attribute_row(const FaultAttribute& attribute) {
    using enum FaultAttribute::Type;
    FileKey row{.section = "fault",
                .name = attribute.key,
                .low = attribute.low,
                .high = attribute.high,
                .standard = "none",
                .example = attribute.example,
                .text = fmt::format("{}\nOnly with `point = {}`.", stripped(attribute.text, "\n"),
                                    points_with(attribute.key))};
    switch (attribute.type) {
    case Flag:
        row.type = KeyType::Boolean;
        row.standard = std::get<bool>(attribute.standard) ? "true" : "false";
        break;
    case Number:
        row.type = KeyType::Integer;
        row.standard = std::to_string(std::get<std::int64_t>(attribute.standard));
        break;
    case Function:
        row.type = KeyType::Text;
        row.low = 1, row.high = 128;
        row.range = "a kernel function";
        break;
    case Names:
        row.type = KeyType::Texts;
        row.low = 1;
        row.range = fmt::format("1 to {} names", attribute.high);
        break;
    }
    return row;
}

std::string table_of_points() {
    std::string out = "| point | what fails | option |\n|---|---|---|\n";
    for (const auto* point : all_fault_points())
        out += fmt::format("| `{}` | {} | `{}` |\n", point->name, point->what,
                           fmt::join(point->options, "`, `"));
    return out;
}

} // namespace

std::vector<FileKey> key_rows::fault() {
    std::vector<FileKey> rows{
        {.section = "fault",
         .name = "point",
         .type = KeyType::Text,
         .choices = fault_point_names(),
         .standard = "`\"fail_page_alloc\"`",
         .range = "one of the points below",
         .example = "point = \"failslab\"",
         .text = R"(
The fault point: which calls fail. The kernel needs the option that compiles it
(`configs/kernel/fault-points.config` has all); the check
[`fault_options`](validity-checks.md#fault_options) names one that is missing. Required in
`[[fault]]`.

)" + table_of_points()},
        {.section = "fault",
         .name = "enabled",
         .type = KeyType::Boolean,
         .standard = "true",
         .example = "enabled = false",
         .text = R"(Whether anything is made to fail. A file without `[fault]` injects too.)"},
        {.section = "fault",
         .name = "function",
         .type = KeyType::Text,
         .low = 1,
         .high = 128,
         .standard = "`\"tlb_remove_table\"` or none",
         .range = "a kernel function",
         .example = "function = \"tlb_remove_table\"",
         .text = R"(
The only function below which calls fail: the stack filter's `require-start` and
`require-end` are its bounds. In `[[fault]]`, and at other points than `fail_page_alloc`,
there is none by default: calls at any site of the task fail.)"},
        {.section = "fault",
         .name = "require-start",
         .type = KeyType::Text,
         .low = 1,
         .high = 128,
         .standard = "none",
         .range = "a kernel function",
         .example = "require-start = \"do_mmap\"",
         .text = R"(
Only calls below this function fail, as with `function`. With `require-end`: below any
function from this one up to that one, in the order of addresses. rig writes the addresses.)"},
        {.section = "fault",
         .name = "require-end",
         .type = KeyType::Text,
         .low = 1,
         .high = 128,
         .standard = "the function of `require-start`",
         .range = "a kernel function",
         .example = "require-end = \"do_munmap\"",
         .text = R"(The last function of that range. The range includes it.)"},
        {.section = "fault",
         .name = "reject-start",
         .type = KeyType::Text,
         .low = 1,
         .high = 128,
         .standard = "none",
         .range = "a kernel function",
         .example = "reject-start = \"mas_preallocate\"",
         .text = R"(Calls below this function, or below one of the range up to `reject-end`, never
fail.)"},
        {.section = "fault",
         .name = "reject-end",
         .type = KeyType::Text,
         .low = 1,
         .high = 128,
         .standard = "the function of `reject-start`",
         .range = "a kernel function",
         .example = "reject-end = \"mas_store\"",
         .text = R"(The last function of that range. The range includes it.)"},
        {.section = "fault",
         .name = "stacktrace-depth",
         .type = KeyType::Integer,
         .low = 1,
         .high = 32,
         .standard = "32",
         .example = "stacktrace-depth = 8",
         .text = R"(How many frames of the stack these filters look at.)"},
        {.section = "fault",
         .name = "interval",
         .type = KeyType::Integer,
         .low = 1,
         .high = 1000000,
         .standard = "1",
         .example = "interval = 2",
         .text = R"(Every n-th call fails; 1 means every call.)"},
        {.section = "fault",
         .name = "probability",
         .type = KeyType::Integer,
         .low = 1,
         .high = 100,
         .standard = "100",
         .example = "probability = 50",
         .text = R"(
How many of a hundred calls fail, at random. Under the virtual clock the kernel's random
numbers follow from the seed of the boot: a replay fails the same calls again, and boots
with another index fail others.)"},
        {.section = "fault",
         .name = "space",
         .type = KeyType::Integer,
         .low = 0,
         .high = 2147483647,
         .standard = "0",
         .example = "space = 4096",
         .text = R"(
Nothing fails before calls of this size together: bytes for `failslab`, pages for
`fail_page_alloc`, else calls.)"},
        {.section = "fault",
         .name = "times",
         .type = KeyType::Integer,
         .low = 0,
         .high = 2147483647,
         .standard = "1000000",
         .example = "times = 100",
         .text = R"(The largest number of failures in a pass.)"},
        {.section = "fault",
         .name = "task-filter",
         .type = KeyType::Boolean,
         .standard = "true",
         .example = "task-filter = false",
         .text = R"(Only calls of the workload's tasks fail.)"},
        {.section = "fault",
         .name = "stack_filter",
         .type = KeyType::Boolean,
         .standard = "true",
         .example = "stack_filter = false",
         .text =
             R"(
Only calls below `function` fail. `false` lets any call site of the task fail; the check
[`faults_reconcile`](validity-checks.md#faults_reconcile) is then expected to fail (a
negative control). Refused in `[[fault]]`: leave out `function` there.)"},
    };
    for (const auto* attribute : fault_attributes())
        rows.push_back(attribute_row(*attribute));
    return rows;
}

} // namespace rig
