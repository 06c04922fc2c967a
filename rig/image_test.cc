#include "rig/image.h"

#include "guest/protocol.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rig {
namespace {

TEST(Image, SameInputsGiveTheSameBytesAndTheFormatTheKernelReads) {
    const std::vector<ImageFile> files{{"bin", S_IFDIR | 0755, "", 0, 0}, {"bin/a", S_IFREG | 0755, "hello", 0, 0}, {"dev/console", S_IFCHR | 0600, "", 5, 1}, {"bin/sh", S_IFLNK | 0777, "a", 0, 0}};
    const auto one = make_cpio(files), two = make_cpio(files);
    ASSERT_TRUE(one && two);
    EXPECT_EQ(*one, *two);
    EXPECT_EQ(one->substr(0, 6), "070701");
    EXPECT_EQ(one->size() % 4, 0u);
    EXPECT_NE(one->find("TRAILER!!!"), std::string::npos);
    EXPECT_NE(one->find("hello"), std::string::npos);
    // c_mtime is the sixth field of eight hex digits after the magic.
    EXPECT_EQ(one->substr(6 + 5 * 8, 8), "00000000");
}

TEST(Image, ArchivesCanFollowOneAnother) {
    const auto plan = plan_archive(guest::encode(guest::FrameType::Plan, "{}"));
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->size() % 4, 0u);
    EXPECT_NE(plan->find("rig/plan.frames"), std::string::npos);
    EXPECT_NE(plan->find("RIGf"), std::string::npos);
}

TEST(Image, CachedByContentNotByName) {
    std::string pattern = testing::TempDir() + "rig-image-XXXXXX";
    ASSERT_TRUE(::mkdtemp(pattern.data()));
    const std::filesystem::path dir(pattern);
    const auto put = [&dir](const char* name, const char* text) {
        std::ofstream(dir / name) << text;
        return dir / name;
    };
    ArtifactCache cache(dir / "cache");
    const auto first = build_image({put("agent", "A"), put("perf", "P"), put("busybox", "B")}, cache);
    const auto moved = build_image({put("agent2", "A"), put("perf2", "P"), put("busybox2", "B")}, cache);
    const auto changed = build_image({put("agent3", "A!"), dir / "perf", dir / "busybox"}, cache);
    ASSERT_TRUE(first && moved && changed);
    EXPECT_EQ(*first, *moved);
    EXPECT_NE(*first, *changed);
    const auto missing = build_image({dir / "nothing", dir / "perf", dir / "busybox"}, cache);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().blame, Blame::Host);
    std::filesystem::remove_all(dir);
}

} // namespace
} // namespace rig
