// SPDX-License-Identifier: GPL-2.0-or-later
// The keys of an experiment file: one table with the type, default, range, description and an
// example of each. The parser takes the accepted keys and their ranges from it, and rig/help/ makes
// rig.toml(5), the JSON schema and docs/reference/experiment-file.md from it. A key without a row
// is unknown to the parser. Pure.
#pragma once

#include "rig/base/error.h"
#include "rig/spec/toml_reader.h"
#include "rig/workloads/workload.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

enum class KeyType {
    Text,
    Integer,
    Number, // integers are accepted too
    Boolean,
    Texts,     // array of texts
    Arguments, // array of integers and texts
    Table,     // [section]
    Tables,    // [[section]]
    OneOrMore, // [section] or [[section]]
    Scalar,    // boolean, integer or text
};

struct FileKey {
    std::string section = {}; // name of a KeySection
    std::string name = {};    // "NAME": every key that the user chooses
    KeyType type = KeyType::Text;
    // For people: what the texts are, such as "array of series folders". Empty: type_words().
    std::string shape = {};
    // Integer and Number: the smallest and the largest value. Text: high is the largest number of
    // bytes, 0 if it is not limited further. Texts, Arguments, Tables, and tables of NAMEs: number
    // of elements.
    std::int64_t low = 0, high = 0;
    bool above = false;                    // Number: `low` itself is refused
    std::vector<std::string> choices = {}; // Text: the accepted values, if they are these only
    bool required = false;
    bool defines_metric = false; // [metrics.NAME]: only for a metric that is not built in
    std::string standard;        // the default, in Markdown
    std::string range = {};      // in Markdown; empty: range_words() makes it
    std::string example;         // one line of TOML
    // Markdown, lines of at most 88 columns. Blank lines at either end are removed.
    std::string text;
};

// A table of the file.
struct KeySection {
    std::string name;   // "" (top level), "kernel.source", "metrics.NAME"
    bool array = false; // [[name]]; or this as well, if its key is of KeyType::OneOrMore
    std::string text = {};
};

// In the order in which they are documented. The rows of a section stand together.
const std::vector<KeySection>& key_sections();
const std::vector<FileKey>& experiment_keys();
std::vector<const FileKey*> keys_of(std::string_view section);
// The row must exist.
const FileKey& key_named(std::string_view section, std::string_view name);

// The type of the key of a workload's parameter.
KeyType key_type_of(WorkloadParameter::Type type);

// "Type", "default" and "range" for people, in Markdown.
std::string type_words(const FileKey& key);
std::string range_words(const FileKey& key);
// What a row lacks, for people; empty if it is complete: all its fields are set, and its example is
// TOML of its type and within its range.
std::vector<std::string> faults_of(const FileKey& key);

// The parts of the table; experiment_keys() joins them.
namespace key_rows {
std::vector<FileKey> top_level(), kernel(), arm(), guest(), workload(), caller_bystander(),
    thread_group(), background(), fault(), target(), requirements(), metric();
}

// A table of an experiment file together with its rows. Every method takes keys that have a row.
class KeyedTable {
 public:
    // Both must outlive the view.
    KeyedTable(const SpecTable& table, std::string_view section)
        : table_(table), section_(section) {}

    // Fails for the first key without a row. `defined`: the table defines a metric of its own.
    Status only(bool defined = true) const;
    template<std::integral T> Status integer(std::string_view key, T& out) const {
        const auto& row = key_named(section_, key);
        return table_.integer(key, out, row.low, row.high);
    }
    Status number(std::string_view key, double& out) const;
    Status choice(std::string_view key, std::string& out) const;
    // The largest number of elements or bytes.
    std::size_t limit(std::string_view key) const {
        return static_cast<std::size_t>(key_named(section_, key).high);
    }

 private:
    const SpecTable& table_;
    std::string_view section_;
};

} // namespace rig
