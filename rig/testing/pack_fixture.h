// SPDX-License-Identifier: GPL-2.0-or-later
// Forged packs: what a pack has, changed and packed again, so that only the change is wrong with
// it.
#pragma once

#include "rig/base/sha256.h"
#include "rig/pack/pack_file.h"

#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace rig::testing {

using PackChange = std::function<void(PackManifest&, std::vector<PackMember>&)>;

// `pack` with the change. The manifest lists the members as they are then.
inline std::string repacked(const std::string& pack, const PackChange& change) {
    std::vector<PackMember> members;
    auto manifest = read_members(unsealed(pack).value(), [&](PackMember member) -> Status {
        members.push_back(std::move(member));
        return {};
    });
    EXPECT_TRUE(manifest) << manifest.error().message;
    change(*manifest, members);
    manifest->members.clear();
    for (const auto& member : members)
        manifest->members.push_back(
            {member.name, member.content.size(), sha256_hex(member.content)});
    members.insert(members.begin(), {kManifestMember, manifest_text(*manifest)});
    return sealed(archive_of(members).value());
}

// Replaces the content of one member.
inline PackChange with_member(std::string name, std::function<std::string(std::string)> change) {
    return [name, change](PackManifest&, std::vector<PackMember>& members) {
        bool found = false;
        for (auto& member : members)
            if (member.name == name) {
                member.content = change(member.content);
                found = true;
            }
        EXPECT_TRUE(found) << name;
    };
}

} // namespace rig::testing
