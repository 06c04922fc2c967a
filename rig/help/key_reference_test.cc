// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/help/key_reference.h"

#include "rig/base/files.h"
#include "rig/spec/experiment_keys.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

TEST(KeyReference, ThePageOfTheReferenceIsMadeFromTheTable) {
    const auto page = slurp(std::filesystem::path(RIG_TOP) / "docs/reference/experiment-file.md");
    EXPECT_NE(page.find("\n" + reference_of_keys()), page.npos)
        << "renew it: tests/docs.py . build/rig/rig --write";
}

TEST(Schema, HasEveryKeyWithItsTypeAndRange) {
    const auto schema = json::parse(schema_of_keys());
    EXPECT_EQ(schema["required"], (json{"name", "kernel", "arm"}));
    const auto& properties = schema["properties"];
    EXPECT_EQ(properties["guest"]["properties"]["vcpus"]["minimum"], 2);
    EXPECT_EQ(properties["guest"]["properties"]["vcpus"]["maximum"], 64);
    EXPECT_EQ(properties["guest"]["properties"]["clock"]["enum"],
              (json{"auto", "virtual", "wall"}));
    EXPECT_EQ(properties["arm"]["items"]["required"], json{"name"});
    EXPECT_EQ(properties["arm"]["maxItems"], 16);
    EXPECT_EQ(properties["metrics"]["maxProperties"], 48);
    const auto& metric = properties["metrics"]["additionalProperties"];
    EXPECT_EQ(metric["required"], json{"expect"});
    EXPECT_EQ(metric["properties"]["ratio"]["exclusiveMinimum"], 0);
    EXPECT_EQ(metric["properties"]["values"]["type"], "object");
    const auto& group = properties["workload"]["properties"]["group"];
    EXPECT_EQ(group["maxItems"], 8);
    EXPECT_EQ(group["items"]["required"], (json{"name", "cpus"}));
    EXPECT_EQ(group["items"]["properties"]["args"]["items"]["type"], (json{"integer", "string"}));
    EXPECT_EQ(group["items"]["properties"]["args"]["maxItems"], 6);
    EXPECT_EQ(properties["kernel"]["properties"]["options"]["additionalProperties"]["type"],
              (json{"boolean", "integer", "string"}));
}

// Objects that do not list their keys are those whose keys the user chooses.
void count_keys(const json& schema, std::size_t& keys) {
    if (schema.contains("properties")) {
        EXPECT_EQ(schema["additionalProperties"], false) << schema.dump();
        for (const auto& property : schema["properties"])
            ++keys, count_keys(property, keys);
    } else if (schema.contains("additionalProperties")) {
        ++keys;
        count_keys(schema["additionalProperties"], keys);
    }
    if (schema.contains("items")) count_keys(schema["items"], keys);
    // A table, or a list of the same tables.
    if (schema.contains("anyOf")) {
        EXPECT_EQ(schema["anyOf"][0], schema["anyOf"][1]["items"]);
        count_keys(schema["anyOf"][0], keys);
    }
}

TEST(Schema, UnknownKeysAreRefusedEverywhere) {
    std::size_t keys = 0;
    count_keys(json::parse(schema_of_keys()), keys);
    EXPECT_EQ(keys, experiment_keys().size());
}

} // namespace
} // namespace rig
