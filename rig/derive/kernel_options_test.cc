// SPDX-License-Identifier: GPL-2.0-or-later
// The tree is a small one that is built as a kernel is: its Makefile exports what the kernel's
// does, and its Makefile.build has the kernel's variables.
#include "rig/derive/kernel_options.h"

#include "rig/derive/scripts.h"
#include "rig/host/boost_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace rig {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMakefile = R"(
ifneq ($(sub_make_done),1)
export sub_make_done := 1
export abs_srctree := $(CURDIR)
MAKEFLAGS += --no-print-directory
$(MAKECMDGOALS): __sub-make
	@:
__sub-make:
	@$(MAKE) -C $(O) -f $(abs_srctree)/Makefile $(MAKECMDGOALS)
else
srctree := $(abs_srctree)
SRCARCH := $(ARCH)
VPATH := $(srctree)
export srctree SRCARCH VPATH
-include include/config/auto.conf
libs-y := lib/
include $(srctree)/arch/$(SRCARCH)/Makefile
export ARCH_CORE := $(core-y)
export ARCH_LIB := $(libs-y)
export ARCH_DRIVERS := $(drivers-y)
endif
)";

constexpr const char* kMakefileBuild = R"(
obj-y :=
obj-m :=
lib-y :=
-include include/config/auto.conf
include $(firstword $(wildcard $(srctree)/$(obj)/Kbuild $(srctree)/$(obj)/Makefile))
subdir-ym := $(addprefix $(obj)/,$(sort $(patsubst %/,%,$(filter %/,$(obj-y) $(obj-m)))))
parts = $(foreach m,$1,$(or $(strip $($(m:.o=-objs)) $($(m:.o=-y))),$m))
real-obj-y := $(addprefix $(obj)/,$(call parts,$(patsubst %/,%/built-in.a,$(obj-y))))
real-obj-m := $(addprefix $(obj)/,$(call parts,$(filter %.o,$(obj-m))))
lib-y := $(addprefix $(obj)/,$(lib-y))
)";

constexpr const char* kKconfig = R"(
mainmenu "small"
config MODULES
	bool "Modules"
	modules
config SMP
	bool "SMP"
config MMU
	def_bool y
config NET
	bool "Net"
config BLOCK
	bool "Block"
config OLD_NAME
	bool
	transitional
config SWAP
	bool "Swap"
	depends on BLOCK && !SMP
config EXT
	tristate "Ext"
	depends on BLOCK
	depends on NET if SMP
	select CRC
config EXT_ACL
	bool "Ext's lists"
	depends on EXT
config CRC
	tristate
config OTHER_CRC_USER
	bool "Needs much"
	depends on NET && PCI
	select CRC
config PCI
	bool "PCI"
config ALONE
	bool
config PART
	bool "Part"
config ONLY_MODULE
	tristate "Only a module"
	depends on m
choice
	prompt "Unwinder"
	default UNWIND_A
config UNWIND_A
	bool "A"
config UNWIND_B
	bool "B"
endchoice
config FOLLOWS
	def_bool y if PCI
)";

class SmallTree : public ::testing::Test {
 protected:
    SmallTree() {
        tree.put("Makefile", kMakefile);
        tree.put("scripts/Makefile.build", kMakefileBuild);
        tree.put("Kconfig", kKconfig);
        tree.put("Kbuild", "obj-y += mm/ fs/ arch/$(SRCARCH)/ $(ARCH_CORE) $(ARCH_LIB) "
                           "$(ARCH_DRIVERS)\nobj-$(CONFIG_NET) += net/\n");
        tree.put("mm/Makefile", "obj-y := always.o all.o\nobj-$(CONFIG_SWAP) += swap.o\n"
                                "obj-$(CONFIG_ALONE) += alone.o\n"
                                "obj-$(CONFIG_ONLY_MODULE) += module.o\n"
                                "ifdef CONFIG_MMU\nobj-y += mmu.o\nelse\nobj-y += nommu.o\nendif\n"
                                "ifeq ($(CONFIG_FOLLOWS),y)\nobj-y += follows.o\nendif\n"
                                "obj-m += always_module.o\n");
        tree.put("mm/all.c", "#ifdef CONFIG_PART\n#include \"part.c\"\n#endif\n");
        tree.put("fs/Makefile", "obj-$(CONFIG_EXT) += ext/\n");
        tree.put("fs/ext/Makefile", "obj-$(CONFIG_EXT) += ext.o\next-y := inode.o\n"
                                    "ext-$(CONFIG_EXT_ACL) += acl.o\n");
        tree.put("lib/Makefile", "lib-y := ctype.o\nobj-$(CONFIG_CRC) += crc.o\n"
                                 "obj-$(CONFIG_EXT) += either.o\nobj-$(CONFIG_PCI) += either.o\n");
        tree.put("net/Makefile", "obj-y := tcp.o\n");
        tree.put("arch/x86/Makefile", "drivers-$(CONFIG_PCI) += arch/x86/pci/\n");
        tree.put("arch/x86/Kbuild", "obj-$(CONFIG_UNWIND_B) += unwind_b.o\n");
        tree.put("arch/x86/pci/Makefile", "obj-y := common.o\n");
        for (const char* file :
             {"mm/always.c",           "mm/swap.c",          "mm/alone.c",
              "mm/module.c",           "mm/mmu.c",           "mm/nommu.c",
              "mm/follows.c",          "mm/always_module.c", "mm/part.c",
              "mm/nowhere.c",          "mm/inner.h",         "fs/ext/inode.c",
              "fs/ext/acl.c",          "lib/ctype.c",        "lib/crc.c",
              "lib/either.c",          "net/tcp.c",          "arch/x86/unwind_b.c",
              "arch/x86/pci/common.c", "arch/arm64/fault.c", "tools/tool.c",
              "odd dir/file.c"})
            tree.put(file, "");
    }

    DerivedOptions derive(std::vector<std::string> files, OptionRequests requests = {}) {
        auto derived = options_for(files, tree.path(), x86_64(), requests, context);
        EXPECT_TRUE(derived) << derived.error().message;
        if (!derived) return {};
        EXPECT_EQ(derived->files.size(), files.size());
        return *derived;
    }
    ObjectOptions one(const std::string& file, OptionRequests requests = {}) {
        auto derived = derive({file}, std::move(requests));
        return derived.files.empty() ? ObjectOptions{} : derived.files[0];
    }
    using Words = std::vector<std::string>;
    static Words words(const std::vector<OptionSetting>& settings) {
        Words all;
        for (const auto& one : settings)
            all.push_back(one.name + "=" + one.value);
        std::ranges::sort(all);
        return all;
    }
    Words needed(const std::string& file, OptionRequests requests = {}) {
        return words(one(file, std::move(requests)).needed);
    }

    testing::TempTree tree, cached;
    BoostCommandRunner runner;
    ArtifactCache cache{cached.path()};
    BuildContext context{cache, runner, Progress::silent(), 1};
};

TEST_F(SmallTree, WhatIsAlwaysCompiledNeedsNothing) {
    const auto derived = derive({"mm/always.c", "lib/ctype.c", "mm/mmu.c"});
    for (const auto& file : derived.files) {
        EXPECT_EQ(file.why_not, "") << file.file;
        EXPECT_TRUE(file.needed.empty()) << file.file;
    }
    EXPECT_EQ(derived.files[0].objects, Words{"mm/always.o"});
    EXPECT_TRUE(derived.together.empty());
}

TEST_F(SmallTree, AnOptionItsDependenciesAndItsFolder) {
    EXPECT_EQ(needed("mm/swap.c"), (Words{"BLOCK=y", "SWAP=y"}));
    const auto inode = one("fs/ext/inode.c");
    EXPECT_EQ(inode.options, Words{"CONFIG_EXT=y"});
    EXPECT_EQ(words(inode.needed), (Words{"BLOCK=y", "EXT=y"}));
    for (const auto& setting : inode.needed)
        EXPECT_EQ(setting.reason,
                  setting.name == "EXT" ? "compiles fs/ext/inode.o" : "EXT depends on it");
    EXPECT_EQ(needed("fs/ext/acl.c"), (Words{"BLOCK=y", "EXT=y", "EXT_ACL=y"}));
    EXPECT_EQ(needed("net/tcp.c"), Words{"NET=y"});
    EXPECT_EQ(needed("arch/x86/pci/common.c"), Words{"PCI=y"});
}

TEST_F(SmallTree, WhatIsRequestedIsNotNeededAgain) {
    EXPECT_EQ(needed("mm/swap.c", {{"BLOCK", {"y", "base.config:1"}}}), Words{"SWAP=y"});
    // A dependency that holds only if another option is set.
    EXPECT_EQ(needed("fs/ext/inode.c", {{"SMP", {"y", "base.config:1"}}}),
              (Words{"BLOCK=y", "EXT=y", "NET=y"}));
}

TEST_F(SmallTree, AHiddenOptionIsGotFromTheCheapestThatSelectsIt) {
    const auto crc = one("lib/crc.c");
    EXPECT_EQ(words(crc.needed), (Words{"BLOCK=y", "EXT=y"}));
    EXPECT_EQ(words(one("lib/crc.c", {{"NET", {"y", ""}}, {"PCI", {"y", ""}}}).needed),
              Words{"OTHER_CRC_USER=y"});
    ASSERT_FALSE(crc.needed.empty());
    EXPECT_NE(crc.needed[0].reason.find("selects CRC, which has no prompt"), std::string::npos);
    EXPECT_EQ(needed("mm/follows.c"), Words{"PCI=y"});
}

TEST_F(SmallTree, OneOfAChoiceTakesThePlaceOfTheOther) {
    EXPECT_EQ(needed("arch/x86/unwind_b.c"), Words{"UNWIND_B=y"});
    const auto replaced = one("arch/x86/unwind_b.c", {{"UNWIND_A", {"y", "base.config:9"}}});
    EXPECT_EQ(words(replaced.needed), (Words{"UNWIND_A=n", "UNWIND_B=y"}));
    EXPECT_EQ(replaced.needed[0].instead_of, "y");
}

TEST_F(SmallTree, OfTwoOptionsThatDoTheSmallerSetIsNamedAndTheOtherToo) {
    const auto either = one("lib/either.c");
    EXPECT_EQ(words(either.needed), Words{"PCI=y"});
    EXPECT_EQ(either.notes, Words{"also compiled with CONFIG_EXT=y"});
}

TEST_F(SmallTree, AnIncludedSourceNeedsTheOptionsAroundTheInclude) {
    const auto part = one("mm/part.c");
    EXPECT_EQ(part.objects, Words{"mm/all.o"});
    EXPECT_EQ(words(part.needed), Words{"PART=y"});
}

TEST_F(SmallTree, WhatIsAskedForIsOnlyReplacedByName) {
    const auto swap = one("mm/swap.c", {{"SMP", {"y", "base.config:3"}}});
    EXPECT_EQ(words(swap.needed), (Words{"BLOCK=y", "SMP=n", "SWAP=y"}));
    const auto smp = std::ranges::find(swap.needed, "SMP", &OptionSetting::name);
    ASSERT_NE(smp, swap.needed.end());
    EXPECT_EQ(smp->instead_of, "y");
}

TEST_F(SmallTree, WhatCannotBeDerivedIsNamedWithTheReason) {
    const std::pair<const char*, const char*> cases[] = {
        {"mm/nommu.c", "CONFIG_MMU=n cannot be reached: it is on because of its default"},
        {"mm/alone.c", "CONFIG_ALONE=y cannot be reached: it has no prompt, and nothing selects"},
        {"mm/module.c", "CONFIG_ONLY_MODULE=y cannot be reached"},
        {"mm/always_module.c", "builds mm/always_module.o only as part of a module"},
        {"mm/nowhere.c", "no Makefile builds mm/nowhere.o"},
        {"mm/absent.c", "the tree has no such file"},
        {"arch/arm64/fault.c", "belongs to arch/arm64, and this kernel is for arch/x86"},
        {"tools/tool.c", "tools/ is not linked into the kernel"},
        {"Kconfig", "a build file"},
        {"odd dir/file.c", "no Makefile builds odd dir/file.o"},
    };
    std::vector<std::string> files{"mm/inner.h"};
    for (const auto& [file, reason] : cases)
        files.emplace_back(file);
    const auto derived = derive(files);
    ASSERT_EQ(derived.files.size(), files.size());
    for (std::size_t i = 1; i < files.size(); ++i) {
        const auto& found = derived.files[i];
        EXPECT_NE(found.why_not.find(cases[i - 1].second), std::string::npos)
            << found.file << ": " << found.why_not;
        EXPECT_TRUE(found.needed.empty()) << found.file;
    }
    EXPECT_EQ(derived.files[0].why_not, "");
    EXPECT_EQ(derived.files[0].notes.size(), 1u);
}

TEST_F(SmallTree, AllFilesTogetherShareWhatTheyNeedOrConflict) {
    const auto both = derive({"mm/swap.c", "fs/ext/inode.c"});
    EXPECT_EQ(words(both.together), (Words{"BLOCK=y", "EXT=y", "SWAP=y"}));
    EXPECT_TRUE(both.conflicts.empty());
    tree.put("mm/Makefile", "obj-$(CONFIG_UNWIND_A) += swap.o\n");
    const auto against = derive({"mm/swap.c", "arch/x86/unwind_b.c"});
    ASSERT_EQ(against.conflicts.size(), 1u);
    EXPECT_NE(against.conflicts[0].find("arch/x86/unwind_b.c"), std::string::npos);
    EXPECT_NE(against.conflicts[0].find("mm/swap.c"), std::string::npos);
}

// ---- Lines

constexpr const char* kGuarded = R"(#ifndef GUARDED
#define GUARDED
#ifdef CONFIG_SWAP /* with a comment */
int swap;
#else
int no_swap;
#endif
/* #ifdef CONFIG_NOT_A_DIRECTIVE
 */
int always;
#if defined(CONFIG_ALONE) || (IS_ENABLED(CONFIG_PCI) && !defined CONFIG_NET)
int either;
#endif
int asked = IS_ENABLED(CONFIG_NET) && !IS_ENABLED(CONFIG_PART);
#if CONFIG_LEVELS > 3 && defined(CONFIG_BLOCK)
int levels;
#elif 0
int never;
#endif
#ifdef CONFIG_ELSEWHERE
int elsewhere;
#endif
#ifdef CONFIG_ALONE
int alone;
#endif
#endif
)";

class GuardedLines : public SmallTree {
 protected:
    GuardedLines() { tree.put("mm/always.c", kGuarded); }
    DerivedOptions of(TouchedLines lines, OptionRequests requests = {}) {
        auto derived = options_for({"mm/always.c"}, tree.path(), x86_64(), requests, context,
                                   {{"mm/always.c", std::move(lines)}});
        EXPECT_TRUE(derived) << derived.error().message;
        return derived ? *derived : DerivedOptions{};
    }
    Words set_for(std::vector<unsigned> lines) {
        const auto derived = of({std::move(lines), {}});
        EXPECT_TRUE(derived.files.at(0).notes.empty()) << derived.files[0].notes[0];
        return words(derived.together);
    }
    std::string note_for(std::vector<unsigned> lines, OptionRequests requests = {}) {
        const auto derived = of({std::move(lines), {}}, std::move(requests));
        const auto& notes = derived.files.at(0).notes;
        EXPECT_EQ(notes.size(), 1u);
        return notes.empty() ? "" : notes[0];
    }
};

TEST_F(GuardedLines, AskForTheOptionsOfTheirConditions) {
    EXPECT_EQ(set_for({4}), (Words{"BLOCK=y", "SWAP=y"}));
    EXPECT_EQ(set_for({3}), (Words{"BLOCK=y", "SWAP=y"})); // the #ifdef itself
    EXPECT_EQ(set_for({6}), Words{});                      // holds already
    EXPECT_EQ(set_for({8, 9, 10}), Words{});
    EXPECT_EQ(set_for({12}), Words{"PCI=y"}); // ALONE cannot be set, the other way can
    EXPECT_EQ(set_for({14}), Words{"NET=y"});
    const auto swap = of({{4}, {}});
    bool found = false;
    for (const auto& one : swap.together)
        found = found ||
                (one.name == "SWAP" && one.reason == "mm/always.c:4 is inside #ifdef CONFIG_SWAP");
    EXPECT_TRUE(found);
}

TEST_F(GuardedLines, APlaceWhereLinesWentIsGuardedToo) {
    EXPECT_EQ(words(of({{}, {4}}).together), (Words{"BLOCK=y", "SWAP=y"}));
    EXPECT_EQ(words(of({{}, {10}}).together), Words{});
}

TEST_F(GuardedLines, WhatIsNotSetIsNamedWithTheReason) {
    EXPECT_EQ(note_for({18}), "line 18 is inside #elif 0: no option compiles it");
    EXPECT_NE(note_for({16}).find("whether CONFIG_LEVELS > 3 holds is not derived"),
              std::string::npos);
    EXPECT_EQ(words(of({{16}, {}}).together), Words{"BLOCK=y"});
    EXPECT_EQ(note_for({21}), "line 21 is inside #ifdef CONFIG_ELSEWHERE: no Kconfig file of this "
                              "architecture has CONFIG_ELSEWHERE");
    EXPECT_NE(note_for({24}).find("it has no prompt, and nothing selects it"), std::string::npos);
    // Both sides of an #if: the one that is compiled anyway stays.
    EXPECT_NE(note_for({4, 6}).find("with its options mm/always.c:6 would not be compiled"),
              std::string::npos);
    // What is asked for is not taken back for a line.
    const auto note = note_for({6}, {{"BLOCK", {"y", ""}}, {"SWAP", {"y", ""}}});
    EXPECT_EQ(note, "line 6 is inside #else of #ifdef CONFIG_SWAP: CONFIG_SWAP=y is asked for");
}

TEST_F(SmallTree, ValuesAreThoseOfAConfiguration) {
    const auto values = kconfig_values(tree.path(), x86_64(),
                                       {{"BLOCK", {"y", ""}}, {"NOWHERE", {"y", ""}}}, context);
    ASSERT_TRUE(values) << values.error().message;
    EXPECT_EQ(values->at("BLOCK"), "y");
    EXPECT_EQ(values->at("MMU"), "y"); // without a prompt
    EXPECT_FALSE(values->contains("NET"));
    EXPECT_FALSE(values->contains("NOWHERE"));
}

TEST_F(SmallTree, ABrokenKconfigIsTheUsersFault) {
    tree.put("Kconfig", "config\n");
    const auto derived = options_for({"mm/always.c"}, tree.path(), x86_64(), {}, context);
    ASSERT_FALSE(derived);
    EXPECT_EQ(derived.error().fault_domain, FaultDomain::Spec);
    EXPECT_NE(derived.error().message.find("Kconfig:1"), std::string::npos)
        << derived.error().message;
}

TEST_F(SmallTree, ATreeWithoutAMakefileIsAnError) {
    fs::remove(tree / "Makefile");
    const auto derived = options_for({"mm/always.c"}, tree.path(), x86_64(), {}, context);
    ASSERT_FALSE(derived);
    EXPECT_EQ(derived.error().fault_domain, FaultDomain::Host);
}

TEST_F(SmallTree, ALinkedTreeHasThePatchedFilesOverTheOthers) {
    const Overlay overlay{{"mm/Makefile", "obj-$(CONFIG_NET) += fresh.o\n"},
                          {"mm/fresh.c", "int a;\n"},
                          {"new/deep/x.c", "int x;\n"},
                          {"fs/Makefile", std::nullopt}};
    testing::TempTree place;
    const auto into = place / "linked";
    ASSERT_TRUE(link_tree(tree.path(), overlay, into));
    EXPECT_TRUE(fs::is_symlink(into / "lib"));
    EXPECT_TRUE(fs::is_symlink(into / "mm/swap.c"));
    EXPECT_FALSE(fs::is_symlink(into / "mm/Makefile"));
    EXPECT_TRUE(fs::exists(into / "new/deep/x.c"));
    EXPECT_FALSE(fs::exists(into / "fs/Makefile"));
    EXPECT_TRUE(fs::exists(tree / "fs/Makefile"));
    const auto derived = options_for({"mm/fresh.c"}, into, x86_64(), {}, context);
    ASSERT_TRUE(derived) << derived.error().message;
    EXPECT_EQ(words(derived->files[0].needed), Words{"NET=y"});
}

TEST(Scripts, AreInTheProgram) {
    std::vector<std::string> names;
    for (const auto& script : scripts()) {
        names.emplace_back(script.name);
        EXPECT_TRUE(script.text.find("SPDX-License-Identifier") != std::string_view::npos);
        EXPECT_TRUE(script.text.ends_with('\n'));
    }
    EXPECT_EQ(names,
              (std::vector<std::string>{"kconfig_search.py", "kconfig_values.py",
                                        "kernel_options.py", "line_guards.py", "make_lists.py"}));
}

} // namespace
} // namespace rig
