// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/experiment_keys.h"

#include "rig/arch/arch.h"
#include "rig/base/text.h"
#include "rig/workloads/workload.h"

#include <algorithm>
#include <cassert>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

namespace rig {
namespace {

constexpr std::size_t kTextWidth = 88;

std::string code(std::string_view text) {
    return fmt::format("`{}`", text);
}

std::string code_list(const std::vector<std::string>& words, const char* form) {
    std::vector<std::string> out;
    for (const auto& word : words)
        out.push_back(code(fmt::format(fmt::runtime(form), word)));
    return fmt::format("{}", fmt::join(out, ", "));
}

// "Accepted by" and, if the workloads mean different things by the key, one line for each meaning.
std::string parameter_text(const std::string& key) {
    std::vector<std::string> owners;
    std::vector<std::pair<std::string, std::vector<std::string>>> meanings;
    for (const auto* workload : all_workloads())
        for (const auto& parameter : workload->parameters) {
            if (parameter.key != key) continue;
            owners.push_back(workload->name);
            const auto same = std::find_if(meanings.begin(), meanings.end(), [&](const auto& one) {
                return one.first == parameter.meaning;
            });
            if (same == meanings.end())
                meanings.push_back({parameter.meaning, {workload->name}});
            else
                same->second.push_back(workload->name);
        }
    auto out = wrapped(fmt::format("Accepted by: {}.", code_list(owners, "{}")), kTextWidth, 0);
    for (const auto& [meaning, workloads] : meanings) {
        const auto line = meanings.size() == 1
                              ? fmt::format("Meaning: {}.", meaning)
                              : fmt::format("- {}: {}.", code_list(workloads, "{}"), meaning);
        out += &meaning == &meanings.front().first ? "\n\n" : "\n";
        out += wrapped(line, kTextWidth, meanings.size() == 1 ? 0 : 2);
    }
    return out;
}

FileKey parameter_row(const WorkloadParameter& parameter) {
    using enum WorkloadParameter::Type;
    FileKey row{.section = "workload",
                .name = parameter.key,
                .type = key_type_of(parameter.type),
                .low = parameter.minimum,
                .high = parameter.maximum,
                .choices = parameter.choices,
                .standard = "none",
                .example = {},
                .text = parameter_text(parameter.key)};
    switch (parameter.type) {
    case Number:
        row.standard = fmt::format("{}", std::get<unsigned>(parameter.standard));
        row.example = fmt::format("{} = {}", row.name, std::min(row.low + 8, row.high));
        break;
    case KernelFunction:
        row.range = "a kernel function";
        row.low = 1, row.high = 128;
        row.example = row.name + " = \"synchronize_rcu\"";
        break;
    case Command:
        row.range = fmt::format("{} to {} words of at most 4096 bytes", row.low, row.high);
        row.example = row.name + " = [\"/bin/sh\", \"-c\", \"sync\"]";
        break;
    case Tables:
        row.range = fmt::format("{} to {} tables", row.low, row.high);
        // One line of TOML cannot have a header and its keys.
        row.example = row.name + " = [{ name = \"callers\", cpus = \"0\", call = \"getppid\", "
                                 "calls = 1 }]";
        row.text += fmt::format(" See [`[[workload.{0}]]`](#workload{0}).", row.name);
        break;
    case Text:
    case Texts:
    case Arguments:
        break; // no workload has one outside of its tables
    }
    // Other workloads refuse the key, so that the schema must not require it.
    if (parameter.required) row.standard = "none (required)";
    return row;
}

std::vector<FileKey> parameter_rows() {
    std::vector<FileKey> rows;
    for (const auto& key : parameter_keys())
        for (const auto* workload : all_workloads()) {
            const auto found =
                std::find_if(workload->parameters.begin(), workload->parameters.end(),
                             [&](const auto& parameter) { return parameter.key == key; });
            if (found == workload->parameters.end()) continue;
            rows.push_back(parameter_row(*found));
            break;
        }
    return rows;
}

bool is_of_type(const toml::node& value, const FileKey& key) {
    switch (key.type) {
    case KeyType::Text:
        return value.is_string();
    case KeyType::Integer:
        return value.is_integer();
    case KeyType::Number:
        return value.is_number();
    case KeyType::Boolean:
        return value.is_boolean();
    case KeyType::Texts:
        return value.is_array() && value.as_array()->is_homogeneous(toml::node_type::string);
    case KeyType::Arguments:
        return value.is_array() && std::all_of(value.as_array()->begin(), value.as_array()->end(),
                                               [](const toml::node& one) {
                                                   return one.is_integer() || one.is_string();
                                               });
    case KeyType::Table:
        return value.is_table();
    case KeyType::Tables:
        return value.is_array_of_tables();
    case KeyType::OneOrMore:
        return value.is_table() || value.is_array_of_tables();
    case KeyType::Scalar:
        return value.is_boolean() || value.is_integer() || value.is_string();
    }
    return false;
}

bool is_in_range(const toml::node& value, const FileKey& key) {
    const auto within = [&](double number) {
        return number >= static_cast<double>(key.low) && number <= static_cast<double>(key.high) &&
               !(key.above && number <= static_cast<double>(key.low));
    };
    if (key.type == KeyType::Integer || key.type == KeyType::Number)
        return key.high == 0 || within(*value.value<double>());
    if (key.type == KeyType::Texts || key.type == KeyType::Arguments)
        return within(static_cast<double>(value.as_array()->size()));
    if (key.type != KeyType::Text) return true;
    const auto text = *value.value<std::string>();
    if (!key.choices.empty())
        return std::find(key.choices.begin(), key.choices.end(), text) != key.choices.end();
    return key.high == 0 || within(static_cast<double>(text.size()));
}

// What is wrong with the example; "" if nothing is.
std::string fault_of_example(const FileKey& key) {
    toml::table parsed;
    try {
        parsed = toml::parse(key.example);
    } catch (const toml::parse_error&) {
        return "its example is not TOML";
    }
    // "[metrics.sync_ipis]" is the example of the key `metrics`.
    const auto* value =
        key.name == "NAME" && !parsed.empty() ? &parsed.begin()->second : parsed.get(key.name);
    if (!value) return "its example has no such key";
    if (key.section == "metrics" ? !value->is_table() && key.type == KeyType::Table
                                 : !is_of_type(*value, key))
        return "its example is of another type";
    return is_in_range(*value, key) ? "" : "its example is out of range";
}

} // namespace

KeyType key_type_of(WorkloadParameter::Type type) {
    using enum WorkloadParameter::Type;
    switch (type) {
    case Number:
        return KeyType::Integer;
    case KernelFunction:
    case Text:
        return KeyType::Text;
    case Command:
    case Texts:
        return KeyType::Texts;
    case Arguments:
        return KeyType::Arguments;
    case Tables:
        return KeyType::Tables;
    }
    return KeyType::Text;
}

const std::vector<KeySection>& key_sections() {
    static const std::vector<KeySection> sections{
        {"", false, R"()"},
        {"kernel", false, R"()"},
        {"kernel.source", false,
         R"(Exactly one of `distro`, `tarball`, `git` and `prebuilt` is required. The other keys
belong to one of these forms.)"},
        {"kernel.options", false, R"()"},
        {"arm", true, R"()"},
        {"arm.options", false, R"()"},
        {"guest", false, R"()"},
        {"workload", false, R"(Every workload accepts `name`, `iterations`, `pace_us`, `bystanders`,
`bystander_period_us`, `bystander_mode`, `bystander_cpus`, `setup`, `check`, `teardown` and
the table `[workload.caller_bystander]`. The other keys are parameters of single
workloads.

| workload | one call | started processes | `target.same_path` |
|---|---|---|---|
| `munmap` | `munmap()` of a mapping | no | no |
| `exit` | `exit_mmap()` of a child process | yes | no |
| `collapse` | `madvise(MADV_COLLAPSE)` | no | yes |
| `pmd_unshare` | `munmap()` of a shared hugetlb mapping | no | yes |
| `gup_race` | `munmap()` while others walk (`get_user_pages_fast()`) | no | no |
| `command` | one run of a program | yes | no |
| `threads` | a round of all threads of its groups | groups with `command` | no |
| `crash` | dies of SIGSEGV (rig's self-test) | no | no |

"Started processes" means that fault injection, probes and counters follow the processes
that the workload starts. "Yes" in the last column means that the workload predicts how
often the target runs, which `target.same_path` needs. `collapse` predicts `tables` hits
for each call, `pmd_unshare` one.

The program of the workload `command` runs on CPU 0 in `/tmp` with `PATH=/bin`. Any exit
code but 0 makes the boot a guest fault.)"},
        {"workload.caller_bystander", false,
         R"(A real-time thread (`SCHED_FIFO`) of another process, which sleeps and wakes on the CPU of
a caller. With this table there is one; its metrics are `caller_bystander_wakeup` and
`caller_bystander_worst`. It delays the caller, so the caller's latencies include it. It
does not depend on `bystanders`.)"},
        {"workload.group", true,
         R"(A group of threads of the workload `threads`. All groups are threads of one process. An
iteration is a *round*: all threads of all groups wait at a barrier, which opens at the
start of the round, and the round ends when every thread has made its calls. The threads
are created before the window opens. [How to use
them](../how-to/measure-many-threads.md).)"},
        {"background", true, R"()"},
        {"image", false, R"()"},
        {"fault", false,
         R"(What is made to fail at one of the kernel's fault points. It is on unless
`enabled = false`. Keys with a hyphen are called as the kernel calls its attributes
(`Documentation/fault-injection/`); the agent writes them and reads each back.

With `[fault]` and `fail_page_alloc` every failure is to lead to exactly one run of the
target, and the checks demand it. Write `[[fault]]` once for each point to fail calls at
several; each point's injections are then compared with what perf counted there, and the
target must run, however often:

```toml
[[fault]]
point = "fail_page_alloc"
function = "tlb_remove_table"

[[fault]]
point = "failslab"
function = "do_eventfd"
ignore-gfp-wait = false
```)"},
        {"target", false, R"()"},
        {"target.config", false, R"()"},
        {"requires", false,
         R"(The check [`requires`](validity-checks.md#requires) names what is missing; the run is
then INCONCLUSIVE. `target.config` is for the options without which the changed line is not
compiled, `[requires]` for everything else that the experiment takes for granted.)"},
        {"requires.options", false, R"()"},
        {"metrics", false, R"()"},
        {"metrics.NAME", false, R"()"},
    };
    return sections;
}

const std::vector<FileKey>& experiment_keys() {
    static const std::vector<FileKey> keys = [] {
        std::vector<FileKey> out;
        const auto add = [&out](std::vector<FileKey> rows) {
            for (auto& row : rows) {
                row.text = stripped(row.text, "\n");
                out.push_back(std::move(row));
            }
        };
        for (const auto part : {key_rows::top_level, key_rows::kernel, key_rows::arm,
                                key_rows::guest, key_rows::workload})
            add(part());
        add(parameter_rows());
        for (const auto part :
             {key_rows::caller_bystander, key_rows::thread_group, key_rows::background,
              key_rows::fault, key_rows::target, key_rows::requirements, key_rows::metric})
            add(part());
        return out;
    }();
    return keys;
}

std::vector<const FileKey*> keys_of(std::string_view section) {
    std::vector<const FileKey*> out;
    for (const auto& key : experiment_keys())
        if (key.section == section) out.push_back(&key);
    return out;
}

const FileKey& key_named(std::string_view section, std::string_view name) {
    const auto& keys = experiment_keys();
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const FileKey& key) {
        return key.section == section && key.name == name;
    });
    assert(found != keys.end());
    return *found;
}

std::string type_words(const FileKey& key) {
    if (!key.shape.empty()) return key.shape;
    static const std::map<KeyType, std::string> words{
        {KeyType::Text, "text"},
        {KeyType::Integer, "integer"},
        {KeyType::Number, "number"},
        {KeyType::Boolean, "boolean"},
        {KeyType::Table, "table"},
        {KeyType::Tables, "array of tables"},
        {KeyType::OneOrMore, "table or tables"},
        {KeyType::Texts, "array of texts"},
        {KeyType::Arguments, "array of integers and texts"},
        {KeyType::Scalar, "boolean, integer or text"}};
    return words.at(key.type);
}

std::string range_words(const FileKey& key) {
    if (!key.range.empty()) return key.range;
    if (key.type == KeyType::Boolean) return "`true`, `false`";
    if (!key.choices.empty()) return code_list(key.choices, "\"{}\"");
    return key.high > 0 ? fmt::format("{} to {}", key.low, key.high) : "";
}

std::vector<std::string> faults_of(const FileKey& key) {
    std::vector<std::string> out;
    const auto& sections = key_sections();
    if (std::none_of(sections.begin(), sections.end(),
                     [&](const KeySection& section) { return section.name == key.section; }))
        out.emplace_back("its section is not in key_sections()");
    for (const auto& [field, what] : {std::pair<std::string, const char*>{key.name, "name"},
                                      {key.standard, "default"},
                                      {range_words(key), "range"},
                                      {key.example, "example"},
                                      {key.text, "text"}})
        if (field.empty()) out.push_back(fmt::format("it has no {}", what));
    if (const auto fault = fault_of_example(key); !fault.empty()) out.push_back(fault);
    return out;
}

Status KeyedTable::only(bool defined) const {
    std::vector<std::string> accepted;
    for (const auto* key : keys_of(section_))
        if (defined || !key->defines_metric) accepted.push_back(key->name);
    return table_.only(accepted);
}

Status KeyedTable::number(std::string_view key, double& out) const {
    const auto& row = key_named(section_, key);
    return table_.number(key, out, static_cast<double>(row.low), static_cast<double>(row.high),
                         row.above);
}

Status KeyedTable::choice(std::string_view key, std::string& out) const {
    return table_.choice(key, out, key_named(section_, key).choices);
}

} // namespace rig
