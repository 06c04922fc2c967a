#include "rig/boot_end.h"

#include "guest/protocol.h"

#include <gtest/gtest.h>
#include <set>

namespace rig {
namespace {

ConsoleTriage console(const std::string& text) {
    ConsoleTriage triage;
    triage.feed(text);
    triage.finish();
    return triage;
}
const std::string kHeard = std::string("[ 9.0][ T1] ") + guest::kLastWords + "\n";
const ChannelEnd kComplete{true, true, "", ""};

Error error_of(const ChannelEnd& channel, const HostRoom& room, const std::string& text = kHeard) {
    const auto status = judge_end({Exited{0}, 1, 0, "", false}, channel, console(text), room, "log", std::chrono::seconds(60));
    return status ? Error{Blame::Spec, "", "", "none", ""} : status.error();
}

TEST(BootEnd, EveryEndingHasANameOfItsOwnAndABlame) {
    std::set<std::string> names;
    std::set<Ending> seen;
    for (const auto& info : endings()) {
        EXPECT_TRUE(names.insert(info.name).second) << info.name;
        EXPECT_TRUE(seen.insert(info.ending).second) << info.name;
        EXPECT_NE(info.blame, Blame::Spec) << info.name;
        EXPECT_EQ(ended(info.ending, "x").value().kind, info.name);
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(Ending::Cancelled) + 1) << "one is missing in the table";
}

// QEMU drops what does not fit and goes on: what then looks like a fault of the guest is the host's.
TEST(BootEnd, AFullDiskIsTheHosts) {
    const ChannelEnd torn{true, false, "", ""};
    EXPECT_EQ(error_of(torn, {}).kind, "reset");
    for (const HostRoom& full : {HostRoom{kRoomAtEnd - 1, UINTMAX_MAX}, {UINTMAX_MAX, kRoomAtEnd - 1}}) {
        EXPECT_EQ(error_of(torn, full).kind, "disk-full");
        EXPECT_EQ(error_of({true, false, "", "bad frame"}, full).blame, Blame::Host);
        EXPECT_EQ(error_of(kComplete, full, "[ 1.0] no last words\n").kind, "disk-full") << "the console may be cut short";
        EXPECT_EQ(error_of(kComplete, full).kind, "none") << "everything arrived";
        // What the console does hold of a panic is the kernel's.
        EXPECT_EQ(error_of(torn, full, "[ 1.0] Kernel panic - not syncing: x\n").kind, "panic");
    }
    EXPECT_EQ(error_of(torn, {kRoomAtEnd, kRoomAtEnd}).kind, "reset");
    EXPECT_TRUE(room_to_begin({kRoomToBegin, kRoomToBegin}));
    EXPECT_EQ(room_to_begin({kRoomToBegin - 1, kRoomToBegin}).error().message, "63 MiB free in the folder of results, want 64 to begin a boot");
    EXPECT_EQ(room_to_begin({kRoomToBegin, 0}).error().kind, "disk-full");
}

TEST(BootEnd, EvidenceThatIsNoneAfterASplatIsTheKernels) {
    const Error bad{Blame::Guest, "the workload was killed by signal 11", "log", "workload-crash", ""};
    EXPECT_EQ(after_splats(bad, {}).kind, "workload-crash");
    const auto error = after_splats(bad, {"WARNING: at mm/x.c, in foo"});
    EXPECT_EQ(error.blame, Blame::Kernel);
    EXPECT_EQ(error.kind, "splat");
    EXPECT_EQ(error.message, "kernel splat: WARNING: at mm/x.c, in foo; then: the workload was killed by signal 11");
    EXPECT_EQ(after_splats({Blame::Host, "x", "", "disk-full", ""}, {"y"}).kind, "disk-full");
}

} // namespace
} // namespace rig
