// SPDX-License-Identifier: GPL-2.0-or-later
// A small program with a kernel's names is the image: compiled, linked and disassembled here.
#include "rig/derive/ways_to_function.h"

#include "rig/derive/fault_points.h"
#include "rig/host/boost_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string>
#include <vector>

namespace rig {
namespace {

constexpr const char* kImage = R"(
#define N __attribute__((noinline, noclone, noipa))
volatile int cell;
N void *__kmalloc_noprof(long size) { cell = 7; return (void *)size; }
N void *__alloc_pages_noprof(long order) { cell = 8; return __kmalloc_noprof(order) + 1; }
N static int changed(int a) { return cell + (__alloc_pages_noprof(a) != 0); }
N static int pointed(int a) { return changed(a) + 2; }
N int unmap_region(int a) { cell = 1; return changed(a) + 1; }
N int exit_mmap(int a) { return unmap_region(a) - 1; }
N int __x64_sys_munmap(int a) { cell = 5; return unmap_region(a) + 3; }
N int __x64_sys_brk(int a) { int b = exit_mmap(a); cell = b; return b + 4; }
N int __x64_sys_getpid(int a) { return cell + a; }
N int do_initcall_thing(int a) { return changed(a) + 9; }
int (*volatile operation)(int) = pointed;
N int schedule(void) { return (int)(long)__kmalloc_noprof(8); }
N int waits(int a) { return schedule() + a; }
N int calls_by_register(int a) { int (*volatile f)(int) = waits; return f(a) + 1; }
N int never_reached(int a) { return cell * a; }
void _start(void) { __x64_sys_munmap(1); __x64_sys_brk(2); __x64_sys_getpid(3); do_initcall_thing(1);
  calls_by_register(1); never_reached(2); }
)";

class LinkedImage : public ::testing::Test {
 protected:
    static void SetUpTestSuite() {
        dir_ = new testing::TempTree;
        dir_->put("mm/gather.c", kImage);
        Command gcc;
        gcc.argv = {"gcc",        "-O1",      "-fcf-protection=none", "-nostdlib", "-static",
                    "-no-pie",    "-fno-pic", "-mcmodel=small",       "-o",        "vmlinux",
                    "mm/gather.c"};
        gcc.cwd = dir_->path();
        BoostCommandRunner runner;
        const auto built = runner.run(gcc);
        ASSERT_TRUE(built && built->ok()) << built->out;
        auto graph = CallGraph::read(*dir_ / "vmlinux", x86_64(), runner);
        ASSERT_TRUE(graph) << graph.error().message;
        graph_ = new CallGraph(std::move(*graph));
    }
    static void TearDownTestSuite() {
        delete graph_;
        delete dir_;
    }
    static WaysToFunctions ways(const std::string& function, const std::string& file = "") {
        return ways_to(*graph_, {{function, file}});
    }
    static inline testing::TempTree* dir_ = nullptr;
    static inline CallGraph* graph_ = nullptr;
};

template<class Way> std::vector<std::string> paths(const std::vector<Way>& ways) {
    std::vector<std::string> texts;
    for (const auto& way : ways)
        texts.push_back(fmt::format("{}", fmt::join(way.path, " > ")));
    return texts;
}
using Paths = std::vector<std::string>;

TEST_F(LinkedImage, SystemCallsThatLeadToAFunctionShortestFirst) {
    const auto found = ways("changed");
    EXPECT_EQ(paths(found.system_calls),
              (Paths{"__x64_sys_munmap > unmap_region > changed",
                     "__x64_sys_brk > exit_mmap > unmap_region > changed"}));
    EXPECT_EQ(found.system_calls[0].system_call, "munmap");
    EXPECT_TRUE(found.missing.empty());
}

TEST_F(LinkedImage, AFunctionWhoseAddressIsTakenIsCalledIndirectly) {
    EXPECT_EQ(paths(ways("changed").indirect), Paths{"pointed > changed"});
    // In code, not in data.
    EXPECT_EQ(paths(ways("waits").indirect), Paths{"waits"});
    EXPECT_TRUE(ways("waits").system_calls.empty());
    // The negative control: it is called, and no pointer to it is anywhere.
    EXPECT_TRUE(ways("never_reached").indirect.empty());
}

TEST_F(LinkedImage, WorkloadsWhoseIterationsLeadThere) {
    std::vector<std::string> names;
    for (const auto& way : ways("changed").workloads)
        names.push_back(way.workload + " by " + way.by);
    EXPECT_NE(std::ranges::find(names, "munmap by munmap"), names.end());
    EXPECT_NE(std::ranges::find(names, "exit by exit_mmap"), names.end());
    // What a user's command does is not known.
    for (const auto& name : names)
        EXPECT_FALSE(name.starts_with("command"));
    EXPECT_TRUE(ways("never_reached").workloads.empty());
}

TEST_F(LinkedImage, AllocationsBelowWithTheirFaultPoint) {
    const auto found = ways("changed").allocations;
    // What the page allocator itself allocates is not the caller's.
    ASSERT_EQ(paths(found), Paths{"changed > __alloc_pages_noprof"});
    EXPECT_EQ(found[0].fault_point, "fail_page_alloc");
    EXPECT_EQ(paths(ways("unmap_region").allocations),
              Paths{"unmap_region > changed > __alloc_pages_noprof"});
    // Another task's, or none at all.
    EXPECT_TRUE(ways("waits").allocations.empty());
    EXPECT_TRUE(ways("never_reached").allocations.empty());
    // An allocator that is wanted itself is no end.
    EXPECT_EQ(paths(ways("__alloc_pages_noprof").allocations),
              Paths{"__alloc_pages_noprof > __kmalloc_noprof"});
}

TEST_F(LinkedImage, AFunctionThatTheImageHasNotIsMissing) {
    EXPECT_EQ(ways("inlined_away").missing, std::vector<std::string>{"inlined_away"});
    // A static function of another file is another function.
    EXPECT_EQ(ways("changed", "mm/other.c").missing, std::vector<std::string>{"changed"});
    EXPECT_TRUE(ways("changed", "mm/gather.c").missing.empty());
    EXPECT_TRUE(ways("unmap_region", "mm/other.c").missing.empty());
}

TEST_F(LinkedImage, WhatIsNoImageIsNamed) {
    dir_->put("text", "no image");
    BoostCommandRunner runner;
    const auto text = CallGraph::read(*dir_ / "text", x86_64(), runner);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().fault_domain, FaultDomain::Host);
    EXPECT_NE(text.error().message.find("text: no ELF file"), std::string::npos);
}

TEST(Names, OfTheSourceAndOfSystemCalls) {
    EXPECT_EQ(source_name("tlb_flush.cold"), "tlb_flush");
    EXPECT_EQ(source_name("do_it.constprop.0.isra.0"), "do_it");
    EXPECT_EQ(source_name("plain"), "plain");
    EXPECT_EQ(system_call_of("__x64_sys_munmap"), "munmap");
    EXPECT_EQ(system_call_of("__arm64_sys_brk"), "brk");
    EXPECT_EQ(system_call_of("__do_sys_clone"), "clone");
    EXPECT_EQ(system_call_of("do_munmap"), "");
    EXPECT_EQ(system_call_of("__ia32_sys_munmap"), "");
}

TEST(FaultPoints, NamesAreSortedAndOfOnePointEach) {
    std::vector<const FaultPoint*> all = all_fault_points();
    for (const auto& point : other_fault_points())
        all.push_back(&point);
    for (const auto* point : all) {
        EXPECT_TRUE(std::ranges::is_sorted(point->functions)) << point->name;
        for (const auto& function : point->functions)
            EXPECT_EQ(fault_point_of(function), point) << function;
    }
    EXPECT_EQ(fault_point_of("kfree"), nullptr);
}

} // namespace
} // namespace rig
