#include "rig/host/cpu_claim.h"

#include "rig/testing/temp_tree.h"

#include <gtest/gtest.h>
#include <optional>
#include <sched.h>
#include <set>
#include <thread>
#include <vector>

namespace rig {
namespace {

// A thread's own affinity: the test's must stay what it was.
template<class Work> void in_a_thread(Work work) {
    std::jthread(work).join();
}

std::set<int> allowed() {
    std::set<int> cpus;
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) == 0)
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
            if (CPU_ISSET(cpu, &set)) cpus.insert(cpu);
    return cpus;
}

TEST(CpuClaim, EachHasItsOwnUntilThereAreNoMore) {
    const testing::TempTree tree;
    std::vector<std::optional<CpuClaim>> claims;
    std::set<int> numbers;
    const auto cpus = allowed();
    for (std::size_t i = 0; i < cpus.size(); ++i)
        in_a_thread([&] {
            numbers.insert(claims.emplace_back(std::in_place, tree.path()).value().number());
            EXPECT_EQ(allowed(), std::set<int>{claims.back()->number()}) << "bound to it";
        });
    EXPECT_EQ(numbers, cpus);
    in_a_thread([&] {
        EXPECT_EQ(CpuClaim(tree.path()).number(), -1) << "all are held";
        EXPECT_EQ(allowed(), cpus) << "and it is not bound";
    });
    const int given_back = claims[0]->number();
    claims[0].reset();
    in_a_thread([&] { EXPECT_EQ(CpuClaim(tree.path()).number(), given_back); });
}

TEST(CpuClaim, NoneWhereItsFolderCannotBe) {
    const testing::TempTree tree;
    in_a_thread([&] { EXPECT_EQ(CpuClaim(tree.path() / "no/such").number(), -1); });
}

} // namespace
} // namespace rig
