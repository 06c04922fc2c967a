// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/help/key_reference.h"

#include "rig/help/roff.h"
#include "rig/spec/experiment_keys.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using Json = nlohmann::ordered_json;

Json object_of(std::string_view section);

bool is_section(const std::string& name) {
    const auto& sections = key_sections();
    return std::any_of(sections.begin(), sections.end(),
                       [&](const KeySection& section) { return section.name == name; });
}

// The table under a key. `values` of a metric has no section: its keys are the arms.
Json table_of(const FileKey& key) {
    const auto name = key.section.empty() ? key.name : key.section + "." + key.name;
    auto out = is_section(name) ? object_of(name) : Json{{"type", "object"}};
    if (key.type == KeyType::Table && key.high > 0) out["maxProperties"] = key.high;
    return out;
}

Json value_of(const FileKey& key) {
    Json out;
    switch (key.type) {
    case KeyType::Text:
        out = {{"type", "string"}};
        if (!key.choices.empty())
            out["enum"] = key.choices;
        else if (key.high > 0)
            out["minLength"] = std::min<std::int64_t>(key.low, 1), out["maxLength"] = key.high;
        break;
    case KeyType::Integer:
    case KeyType::Number:
        out = {{"type", key.type == KeyType::Integer ? "integer" : "number"}};
        out[key.above ? "exclusiveMinimum" : "minimum"] = key.low;
        // The range of `cpu` depends on guest.vcpus.
        if (key.high > 0) out["maximum"] = key.high;
        break;
    case KeyType::Boolean:
        out = {{"type", "boolean"}};
        break;
    case KeyType::Texts:
        out = {{"type", "array"},
               {"minItems", key.low},
               {"maxItems", key.high},
               {"items", {{"type", "string"}, {"maxLength", 4096}}}};
        break;
    case KeyType::Arguments:
        out = {{"type", "array"},
               {"minItems", key.low},
               {"maxItems", key.high},
               {"items", {{"type", {"integer", "string"}}, {"maxLength", 4096}}}};
        break;
    case KeyType::Table:
        out = table_of(key);
        break;
    case KeyType::Tables:
        out = {{"type", "array"},
               {"minItems", std::max<std::int64_t>(key.low, 1)},
               {"maxItems", key.high},
               {"items", table_of(key)}};
        break;
    case KeyType::OneOrMore:
        out["anyOf"] = Json::array({table_of(key), Json{{"type", "array"},
                                                        {"minItems", 1},
                                                        {"maxItems", key.high},
                                                        {"items", table_of(key)}}});
        break;
    case KeyType::Scalar:
        out = {{"type", {"boolean", "integer", "string"}}};
        break;
    }
    out["description"] =
        fmt::format("{} Default: {}.", roff::plain(key.text.substr(0, key.text.find("\n\n"))),
                    roff::plain(key.standard));
    auto& description = out["description"].get_ref<std::string&>();
    std::replace(description.begin(), description.end(), '\n', ' ');
    return out;
}

Json object_of(std::string_view section) {
    Json out{{"type", "object"}}, properties = Json::object(), required = Json::array();
    for (const auto* key : keys_of(section)) {
        if (key->name == "NAME") {
            out["additionalProperties"] = value_of(*key);
            return out;
        }
        properties[key->name] = value_of(*key);
        if (key->required) required.push_back(key->name);
    }
    out["properties"] = properties;
    if (!required.empty()) out["required"] = required;
    out["additionalProperties"] = false;
    return out;
}

} // namespace

std::string reference_of_keys() {
    std::string out;
    for (const auto& section : key_sections()) {
        if (!out.empty()) out += "\n";
        out += section.name.empty() ? "## Top level\n"
               : section.array      ? fmt::format("## [[{}]]\n", section.name)
                                    : fmt::format("## [{}]\n", section.name);
        if (!section.text.empty()) out += fmt::format("\n{}\n", section.text);
        for (const auto* key : keys_of(section.name))
            out += fmt::format("\n### {}\n\nType: {}. Default: {}. Range: {}.\n\n{}\n\n"
                               "Example: `{}`\n",
                               key->name, type_words(*key), key->standard, range_words(*key),
                               key->text, key->example);
    }
    return out;
}

std::string schema_of_keys() {
    Json out{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
             {"title", "Experiment file of rig"}};
    out.update(object_of(""));
    return out.dump(2) + "\n";
}

} // namespace rig
