// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/line_reason.h"

#include <gtest/gtest.h>

namespace rig {
namespace {

// A statement in the body of a function that has code: optimised away.
LineFacts statement() {
    LineFacts facts;
    facts.line.kind = LineKind::Code;
    facts.compiled = true;
    facts.kept = true;
    facts.place = {"f", 10, 20, false, 12};
    facts.function_has_code = true;
    return facts;
}

TEST(LineReason, ALineOfTheLineTableNeedsNoOtherReason) {
    LineFacts facts; // of a blank line of a file that is no C
    facts.source = SourceKind::Other;
    LineCode code;
    facts.code = &code;
    code.discarded = true;
    EXPECT_EQ(explain_line(facts).reason, LineReason::Discarded);
    code.init.push_back({1, 2});
    EXPECT_EQ(explain_line(facts).reason, LineReason::Init);
    code.text.push_back({1, 2});
    EXPECT_EQ(explain_line(facts).reason, LineReason::Mapped);
}

TEST(LineReason, ACallThatWasInlined) {
    auto facts = statement();
    LineCode code;
    code.init.push_back({1, 2});
    code.inlined.push_back({3, 4});
    code.callees = {"g", "h"};
    facts.code = &code;
    const auto inlined = explain_line(facts);
    EXPECT_EQ(inlined.reason, LineReason::Inlined);
    EXPECT_EQ(inlined.detail, "g(), h()");
    EXPECT_TRUE(is_counted(inlined.reason));
    EXPECT_FALSE(is_bound(inlined.reason));
    code.text.push_back({5, 6}); // an instruction of its own is better
    EXPECT_EQ(explain_line(facts).reason, LineReason::Mapped);
}

TEST(LineReason, WhyNoObjectOfVmlinuxCompilesTheFile) {
    auto facts = statement();
    facts.compiled = false;
    facts.why_no_object = "it is the boot loader's";
    EXPECT_EQ(explain_line(facts).reason, LineReason::Option);
    EXPECT_EQ(explain_line(facts).detail, "it is the boot loader's");
    facts.elsewhere = "entry/clock.o";
    EXPECT_EQ(explain_line(facts).reason, LineReason::Elsewhere);
    EXPECT_EQ(explain_line(facts).detail, "entry/clock.o");
    facts.assembly = "lib/copy.o";
    EXPECT_EQ(explain_line(facts).reason, LineReason::Assembly);
    facts.unlinked = "lib/unused.o";
    EXPECT_EQ(explain_line(facts).reason, LineReason::Discarded);
    facts.compiled = true;
    EXPECT_EQ(explain_line(facts).reason, LineReason::OptimisedAway);
}

TEST(LineReason, AStatementThatBeginsAtAnotherLinesInstruction) {
    auto facts = statement();
    LineCode code;
    code.merged.push_back(1);
    facts.code = &code;
    EXPECT_EQ(explain_line(facts).reason, LineReason::Merged);
    facts.declares = true; // compilers have a row for "int a;", too
    EXPECT_EQ(explain_line(facts).reason, LineReason::Declaration);
}

TEST(LineReason, TheNameOfTheFile) {
    for (const char* path : {"mm/Kconfig", "lib/Kconfig.debug", "mm/Makefile", "Makefile",
                             "a/Kbuild", "scripts/Makefile.lib"})
        EXPECT_EQ(source_kind(path), SourceKind::BuildFile) << path;
    for (const char* path : {"mm/a.c", "include/linux/mm.h"})
        EXPECT_EQ(source_kind(path), SourceKind::C) << path;
    EXPECT_EQ(source_kind("arch/x86/entry/entry_64.S"), SourceKind::Assembly);
    for (const char* path :
         {"Documentation/mm/x.rst", "a.dts", "Kconfigs.c.txt.old", "MAINTAINERS"})
        EXPECT_NE(source_kind(path), SourceKind::C) << path;
    auto facts = statement();
    facts.source = SourceKind::BuildFile;
    EXPECT_EQ(explain_line(facts).reason, LineReason::BuildFile);
    facts.source = SourceKind::Assembly;
    EXPECT_EQ(explain_line(facts).reason, LineReason::Assembly);
    facts.source = SourceKind::Other;
    EXPECT_EQ(explain_line(facts).reason, LineReason::NoCode);
}

TEST(LineReason, TheLinesOwnCharacters) {
    auto facts = statement();
    facts.compiled = false; // and that would be the next reason
    for (const auto& [kind, reason] : {std::pair(LineKind::Blank, LineReason::Blank),
                                       {LineKind::Comment, LineReason::Comment},
                                       {LineKind::Macro, LineReason::Macro},
                                       {LineKind::Directive, LineReason::NoCode},
                                       {LineKind::Code, LineReason::Option}}) {
        facts.line.kind = kind;
        EXPECT_EQ(explain_line(facts).reason, reason);
    }
}

TEST(LineReason, WhatThePreprocessorLeftOut) {
    auto facts = statement();
    facts.kept = false;
    EXPECT_EQ(explain_line(facts).reason, LineReason::IfdefOut);
    facts.kept = std::nullopt; // kept by none of those that were examined
    const auto open = explain_line(facts);
    EXPECT_EQ(open.reason, LineReason::NoCode);
    EXPECT_NE(open.detail, "");
}

TEST(LineReason, Declarations) {
    auto facts = statement();
    facts.place = {};
    EXPECT_EQ(explain_line(facts).reason, LineReason::Declaration);
    facts = statement();
    facts.place.signature = true;
    EXPECT_EQ(explain_line(facts).reason, LineReason::Declaration);
    facts = statement();
    facts.declares = true;
    EXPECT_EQ(explain_line(facts).reason, LineReason::Declaration);
    facts.line.assigns = true; // "int a = f();" would have been code
    EXPECT_EQ(explain_line(facts).reason, LineReason::OptimisedAway);
}

TEST(LineReason, OptimisedAwayIsAStatementOfItsOwn) {
    auto facts = statement();
    EXPECT_EQ(explain_line(facts).reason, LineReason::OptimisedAway);
    facts.line.marks_only = true;
    EXPECT_EQ(explain_line(facts).reason, LineReason::NoCode);
    facts = statement();
    facts.statement_has_code = true; // the line in which it begins
    const auto part = explain_line(facts);
    EXPECT_EQ(part.reason, LineReason::NoCode);
    EXPECT_NE(part.detail.find("line 12"), std::string::npos) << part.detail;
}

TEST(LineReason, AFunctionOfWhichTheKernelHasNothing) {
    auto facts = statement();
    facts.function_has_code = false;
    facts.line.marks_only = true;
    facts.place.signature = true;
    const auto none = explain_line(facts);
    EXPECT_EQ(none.reason, LineReason::OptimisedAway);
    EXPECT_EQ(none.detail, "this kernel has no code of f()");
}

TEST(LineReason, EachHasAKeyAndWords) {
    for (int i = 0; i <= static_cast<int>(LineReason::NoCode); ++i) {
        const auto reason = static_cast<LineReason>(i);
        EXPECT_STRNE(key_of(reason), "");
        EXPECT_EQ(std::string(key_of(reason)) == "no-code", reason == LineReason::NoCode);
        EXPECT_STRNE(words_of(reason), "");
    }
}

} // namespace
} // namespace rig
