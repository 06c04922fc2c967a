// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel of some files, built by make, gcc and ld as the real one is: with commands and
// dependencies written for each object, thin archives, and relative names.
#include "rig/kernel/line_map.h"

#include "rig/base/sha256.h"
#include "rig/host/boost_command_runner.h"
#include "rig/kernel/kernel_build.h"
#include "rig/testing/fake_command_runner.h"
#include "rig/testing/temp_tree.h"

#include <algorithm>
#include <map>

namespace rig {
namespace {

namespace fs = std::filesystem;
using testing::exits;
using testing::FakeCommandRunner;
using testing::TempTree;

// Kbuild in small. An object is compiled again if a file that it includes changed. What objtool is
// to the kernel is here a program that refuses an object it has seen.
constexpr const char* kKbuild = R"mk(VERSION = 6
PATCHLEVEL = 12
SUBLEVEL = 117
ifneq ($(O),)
vmlinux vmlinux_o: ; $(MAKE) -C $(O) -f ../Makefile O= $@
else
objects := init/main.o mm/a.o gen.o
libs := lib/l.o lib/unused.o
others := vdso/v.o
include $(wildcard $(foreach o,$(objects) $(libs) $(others),$(dir $o).$(notdir $o).cmd))
.PHONY: vmlinux_o
vmlinux_o: $(objects) $(libs)
	rm -f vmlinux.a lib/lib.a
	ar cDPrST vmlinux.a $(objects)
	ar cDPrsT lib/lib.a $(libs)
vmlinux: vmlinux_o ../script
	ld --build-id -T ../script -o $@ --whole-archive vmlinux.a --no-whole-archive lib/lib.a
	nm -n $@ >System.map
options := -nostdinc -I../include -D__KERNEL__ -DNAME='"$$HOME"' -ffreestanding -fno-pic \
  -fno-asynchronous-unwind-tables -fcf-protection=none -O2
source = $(if $(filter gen.o,$1),gen.c,../$(1:.o=.c))
command = gcc -Wp,-MMD,$(dir $1).$(notdir $1).d $(options) -c -o $1 $(call source,$1) ; \
  sh ../check $1
gen.c: vdso/v.o
	printf '%s\n' '#include <h.h>' 'int gen(void) { return shared(9); }' >$@
	printf '%s\n' 'savedcmd_gen.c := embed vdso/v.o >gen.c' >.gen.c.cmd
gen.o: gen.c
$(filter-out gen.o,$(objects) $(libs) $(others)): %.o: ../%.c
$(objects) $(libs) $(others):
	mkdir -p $(dir $@)
	$(call command,$@)
	printf '%s\n' 'savedcmd_$@ := $(subst ','\'',$(subst $$,$$$$,$(call command,$@)))' '' \
	  'source_$@ := $(call source,$@)' '' 'deps_$@ := \' >$(dir $@).$(notdir $@).cmd
	grep -o '\.\./[^ ]*\.h' $(dir $@).$(notdir $@).d | sed 's/.*/  & \\/' >>$(dir $@).$(notdir $@).cmd || :
	printf '%s\n' '' '$@: $$(deps_$@)' '' '$$(deps_$@):' >>$(dir $@).$(notdir $@).cmd
endif
)mk";
constexpr const char* kCheck =
    "objdump -h $1 | grep -q rig-checked && exit 1\nobjcopy --add-section .rig-checked=$0 $1\n";

constexpr const char* kScript = "ENTRY(start)\nPHDRS { text PT_LOAD; note PT_NOTE; }\n"
                                "SECTIONS { . = 0xffffffff81000000; .text : { *(.text) } :text\n"
                                ".note.gnu.build-id : { *(.note.gnu.build-id) } :text :note\n"
                                ".data : { *(.data) } :text\n.init.text : { *(.init.text) } :text\n"
                                "/DISCARD/ : { *(.comment) *(.note.GNU-stack) } }\n";

constexpr const char* kA = "#include <h.h>\n"         // 1
                           "volatile int cell = 1;\n" // 2
                           "int a(int x)\n"           // 3
                           "{\n"                      // 4
                           "\tcell = x;\n"            // 5
                           "\treturn shared(x);\n"    // 6
                           "}\n";                     // 7

// What the patched arm adds has one line of each kind.
constexpr const char* kPatchedA = "#include <h.h>\n"                           // 1
                                  "volatile int cell = 1;\n"                   // 2
                                  "\n"                                         // 3
                                  "/* a comment */\n"                          // 4
                                  "#define TWICE(x) ((x) + (x))\n"             // 5
                                  "static int unused(int x)\n"                 // 6
                                  "{\n"                                        // 7
                                  "\treturn x + 1;\n"                          // 8
                                  "}\n"                                        // 9
                                  "int a(int x)\n"                             // 10
                                  "{\n"                                        // 11
                                  "\tint y;\n"                                 // 12
                                  "#ifdef CONFIG_C\n"                          // 13
                                  "\tx = 3;\n"                                 // 14
                                  "#endif\n"                                   // 15
                                  "\tcell = TWICE(x);\n"                       // 16
                                  "\tif (0) {\n"                               // 17
                                  "\t\tcell = unused(x);\n"                    // 18
                                  "\t}\n"                                      // 19
                                  "\ty = cell;\n"                              // 20
                                  "\treturn shared(y);\n"                      // 21
                                  "}\n"                                        // 22
                                  "__attribute__((section(\".init.text\")))\n" // 23
                                  "void setup(void)\n"                         // 24
                                  "{\n"                                        // 25
                                  "\tcell = 5;\n"                              // 26
                                  "}\n";                                       // 27

class LineMapping : public ::testing::Test {
 protected:
    LineMapping()
        : cache(dir / "cache"), runner(&real), context{cache, runner, Progress::silent(), 1} {
        dir.put("pack/linux/Makefile", kKbuild);
        dir.put("pack/linux/script", kScript);
        dir.put("pack/linux/check", kCheck);
        dir.put("pack/linux/Kconfig", "# none\n");
        dir.put("pack/linux/include/h.h", "extern volatile int cell;\n"       // 1
                                          "static inline int shared(int x)\n" // 2
                                          "{\n"                               // 3
                                          "\treturn cell + x;\n"              // 4
                                          "}\n");                             // 5
        dir.put("pack/linux/init/main.c", "#include <h.h>\nint a(int); int l(int);\n"
                                          "int start(void) { return shared(a(1)) + l(2); }\n");
        dir.put("pack/linux/mm/a.c", kA);
        dir.put("pack/linux/mm/b.c", "#include <h.h>\nint b(void) { return shared(7); }\n");
        dir.put("pack/linux/lib/l.c", "int l(int x) { return x * 3; }\n");
        dir.put("pack/linux/lib/unused.c", "int unused(int x) { return x * 3; }\n");
        dir.put("pack/linux/vdso/v.c", "int v(int x) { return x * 3; }\n");
        Command tar;
        tar.argv = {"tar",  "-cf", (dir / "linux.tar").string(), "-C", (dir / "pack").string(),
                    "linux"};
        EXPECT_TRUE(real.run(tar)->ok());
        dir.put("base.config", "CONFIG_PVH=y\n");
        spec.file = "x.toml";
        spec.top = dir.path();
        spec.kernel.source = TarballSource{"linux.tar", *sha256_file(dir / "linux.tar")};
        spec.kernel.fragments = {"base.config"};
        base.name = "base";
        patched.name = "patched";
        patched.series = {"patched"};
        runner.on({"make", "allnoconfig"}, [](const Command& command) {
            std::ofstream(FakeCommandRunner::value(command, "KCONFIG_CONFIG"))
                << "# all\n"
                << testing::read_text(FakeCommandRunner::value(command, "KCONFIG_ALLCONFIG"));
            return exits(0);
        });
        patch({{"mm/a.c", kPatchedA}});
    }
    // Makes of the tree what `files` are, in one patch.
    void patch(const std::map<std::string, std::string>& files) {
        std::string text;
        for (const auto& [path, content] : files) {
            dir.put("new/" + path, content);
            Command diff;
            diff.argv = {"git",           "diff",          "--no-index", "--no-color",
                         "--src-prefix=", "--dst-prefix=", "--",         "pack/linux/" + path,
                         "new/" + path};
            diff.cwd = dir.path();
            diff.env = {{"GIT_DIR", "/dev/null"}};
            auto one = real.run(diff)->out;
            for (const auto& [from, to] :
                 {std::pair<std::string, std::string>("pack/linux/", "a/"), {"new/", "b/"}})
                for (auto at = one.find(from + path); at != one.npos; at = one.find(from + path))
                    one.replace(at, from.size(), to);
            text += one;
        }
        dir.put("patched/series", "1.patch\n");
        dir.put("patched/1.patch", text);
    }
    LineMap must_map(const Arm& arm, TreeSide side) {
        const auto changes = changes_between(spec, base, patched, context);
        EXPECT_TRUE(changes) << changes.error().message;
        const auto kernel = build_kernel(spec, arm, context);
        EXPECT_TRUE(kernel) << kernel.error().message;
        if (!changes || !kernel) return {};
        booted = *kernel;
        if (before_mapping) before_mapping();
        auto map = map_lines(spec, arm, *kernel, *changes, side, context);
        EXPECT_TRUE(map) << map.error().message << testing::read_text(map.error().log);
        return map.value_or(LineMap{});
    }
    static std::map<unsigned, std::string> reasons(const LineMap& map, const std::string& file) {
        std::map<unsigned, std::string> keys;
        for (const auto& line : map.lines)
            if (line.file == file)
                keys[line.line] = key_of(line.reason) + std::string(line.border ? "*" : "");
        return keys;
    }
    static const MappedLine& line_of(const LineMap& map, const std::string& file, unsigned number) {
        static const MappedLine none;
        for (const auto& line : map.lines)
            if (line.file == file && line.line == number) return line;
        return none;
    }

    TempTree dir;
    ArtifactCache cache;
    BoostCommandRunner real;
    FakeCommandRunner runner;
    BuildContext context;
    Spec spec;
    Arm base, patched;
    Kernel booted;
    std::function<void()> before_mapping;
};

TEST_F(LineMapping, EachAddedLineHasItsAddressesOrAReason) {
    const auto map = must_map(patched, TreeSide::After);
    EXPECT_EQ(map.why_not, "");
    EXPECT_EQ(map.objects, std::vector<std::string>{"mm/a.o"});
    const auto keys = reasons(map, "mm/a.c");
    const std::map<unsigned, std::string> some{
        {3, "blank"},          {4, "comment"},      {5, "macro"},           {6, "optimised-away"},
        {8, "optimised-away"}, {12, "declaration"}, {13, "no-code"},        {14, "ifdef"},
        {15, "no-code"},       {16, "mapped"},      {18, "optimised-away"}, {19, "no-code"},
        {20, "mapped"},        {26, "init"}};
    for (const auto& [line, reason] : some) {
        ASSERT_TRUE(keys.contains(line)) << line;
        EXPECT_EQ(keys.at(line), reason) << line;
    }
    for (const auto& line : map.lines)
        EXPECT_EQ(line.addresses.empty(),
                  line.reason != LineReason::Mapped && line.reason != LineReason::Merged &&
                      line.reason != LineReason::Inlined && line.reason != LineReason::Init)
            << line.line;
    const auto& mapped = line_of(map, "mm/a.c", 16);
    EXPECT_EQ(mapped.text, "\tcell = TWICE(x);");
    EXPECT_EQ(mapped.addresses[0].function, "a");
    EXPECT_GE(mapped.addresses[0].start, 0xffffffff81000000u);
}

TEST_F(LineMapping, TheBaselineHasTheRemovedLinesAndTheBordersOfWhatIsAdded) {
    const auto map = must_map(base, TreeSide::Before);
    EXPECT_EQ(map.why_not, "");
    const auto keys = reasons(map, "mm/a.c");
    // Lines 5 and 6 were replaced. Near the lines that were added between 2 and 3 there is no code
    // but that of another change.
    const std::map<unsigned, std::string> all{{5, "mapped"}, {6, "inlined"}};
    EXPECT_EQ(keys, all);
}

TEST_F(LineMapping, AHeaderIsFoundInAllObjectsThatIncludeIt) {
    patch({{"include/h.h", "extern volatile int cell;\nstatic inline int shared(int x)\n{\n"
                           "\treturn cell - x;\n}\nstatic inline int never(int x)\n{\n"
                           "\treturn x;\n}\n"}});
    const auto map = must_map(patched, TreeSide::After);
    EXPECT_EQ(map.why_not, "");
    auto objects = map.objects;
    std::sort(objects.begin(), objects.end());
    // The source of one of them is generated.
    EXPECT_EQ(objects, (std::vector<std::string>{"gen.o", "init/main.o", "mm/a.o"}));
    const auto& line = line_of(map, "include/h.h", 4);
    EXPECT_EQ(line.reason, LineReason::Mapped);
    std::set<std::string> functions;
    for (const auto& at : line.addresses)
        functions.insert(at.function);
    EXPECT_EQ(functions, (std::set<std::string>{"a", "gen", "start"}));
    EXPECT_EQ(line_of(map, "include/h.h", 8).detail, "this kernel has no code of never()");
}

TEST_F(LineMapping, AFileThatIsNotCompiledAndOneThatIsNoSource) {
    patch({{"mm/b.c", "#include <h.h>\n/* new */\nint b(void) { return shared(8); }\n"},
           {"Kconfig", "# some\n"},
           {"lib/l.c", "int l(int x) { return x * 5; }\n"}});
    const auto map = must_map(patched, TreeSide::After);
    EXPECT_EQ(map.why_not, "");
    EXPECT_EQ(map.objects, std::vector<std::string>{"lib/l.o"}); // from a library
    EXPECT_EQ(reasons(map, "mm/b.c"),
              (std::map<unsigned, std::string>{{2, "comment"}, {3, "option"}}));
    EXPECT_EQ(reasons(map, "Kconfig"), (std::map<unsigned, std::string>{{1, "build-file"}}));
    EXPECT_EQ(reasons(map, "lib/l.c"), (std::map<unsigned, std::string>{{1, "mapped"}}));
}

TEST_F(LineMapping, WhatIsCompiledForSomethingElseThanVmlinux) {
    patch({{"lib/unused.c", "int unused(int x) { return x * 5; }\n"},
           {"vdso/v.c", "int v(int x) { return x * 5; }\n"}});
    const auto map = must_map(patched, TreeSide::After);
    EXPECT_EQ(map.why_not, "");
    const auto& unused = line_of(map, "lib/unused.c", 1);
    EXPECT_EQ(unused.reason, LineReason::Discarded);
    EXPECT_EQ(unused.detail, "no other part of vmlinux refers to lib/unused.o");
    const auto& vdso = line_of(map, "vdso/v.c", 1);
    EXPECT_EQ(vdso.reason, LineReason::Elsewhere);
    EXPECT_EQ(vdso.detail, "vdso/v.o");
}

TEST_F(LineMapping, ACallThatWasInlinedIsAtTheInlinedCode) {
    patch({{"mm/a.c", "#include <h.h>\nvolatile int cell = 1;\n" // 1, 2
                      "static void set(int x)\n"                 // 3
                      "{\n"                                      // 4
                      "\tcell = x ^ 9;\n"                        // 5
                      "}\n"                                      // 6
                      "int a(int x)\n"                           // 7
                      "{\n"                                      // 8
                      "\tset(x);\n"                              // 9
                      "\treturn x;\n"                            // 10
                      "}\n"}});                                  // 11
    const auto map = must_map(patched, TreeSide::After);
    EXPECT_EQ(map.why_not, "");
    const auto &call = line_of(map, "mm/a.c", 9), &body = line_of(map, "mm/a.c", 5);
    EXPECT_EQ(call.reason, LineReason::Inlined);
    EXPECT_EQ(call.detail, ""); // the text of the line has the name
    EXPECT_EQ(body.reason, LineReason::Mapped);
    ASSERT_EQ(call.addresses.size(), body.addresses.size());
    ASSERT_FALSE(call.addresses.empty());
    EXPECT_EQ(call.addresses[0].start, body.addresses[0].start);
    EXPECT_EQ(call.addresses[0].end, body.addresses[0].end);
    EXPECT_EQ(call.addresses[0].function, "a");
}

TEST_F(LineMapping, AnotherKernelThanTheOneThatIsBootedMapsNothing) {
    before_mapping = [&] {
        auto bytes = testing::read_text(booted.vmlinux);
        constexpr std::size_t at = 0x1000; // where ld puts the first segment
        bytes[at] = static_cast<char>(bytes[at] ^ 1);
        std::ofstream(booted.vmlinux, std::ios::binary) << bytes;
    };
    const auto map = must_map(patched, TreeSide::After);
    EXPECT_NE(map.why_not.find("another kernel: they differ at address 0x"), std::string::npos)
        << map.why_not;
    for (const auto& line : map.lines)
        EXPECT_TRUE(line.addresses.empty());
}

TEST_F(LineMapping, TheTreeThatBuiltTheKernelIsOnlyRead) {
    const auto kernel = build_kernel(spec, base, context);
    ASSERT_TRUE(kernel) << kernel.error().message;
    const auto tree = *fs::directory_iterator(dir / "cache/worktrees");
    const auto before = testing::fingerprint(tree.path() / "src");
    must_map(base, TreeSide::Before);
    EXPECT_EQ(testing::fingerprint(tree.path() / "src"), before);
    // The copy is kept for the next time: nothing but the objects of the change is compiled.
    const auto again = must_map(base, TreeSide::Before);
    EXPECT_EQ(again.why_not, "");
}

TEST_F(LineMapping, ArmsWithoutACommonSourceAreRefused) {
    Arm image = patched;
    image.prebuilt = PrebuiltImage{};
    const auto changes = changes_between(spec, base, image, context);
    ASSERT_FALSE(changes);
    EXPECT_EQ(changes.error().fault_domain, FaultDomain::Spec);
}

} // namespace
} // namespace rig
