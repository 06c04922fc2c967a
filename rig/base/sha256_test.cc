// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/sha256.h"

#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>
#include <string>

namespace rig {
namespace {

using testing::TempTree;

TEST(Sha256, HashesKnownVectors) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    TempTree dir;
    EXPECT_EQ(*sha256_file(dir.put("abc", "abc")), sha256_hex("abc"));
    EXPECT_EQ(*sha256_file(dir.put("big", std::string(3 << 20, 'x'))),
              sha256_hex(std::string(3 << 20, 'x')));
    EXPECT_EQ(sha256_file(dir / "none").error().fault_domain, FaultDomain::Host);
}

} // namespace
} // namespace rig
