// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/line_reason.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {
namespace {

struct Words {
    const char *key, *words;
};

Words words_for(LineReason reason) {
    switch (reason) {
    case LineReason::Mapped:
        return {"mapped", "has instructions"};
    case LineReason::Inlined:
        return {"inlined", "its call was inlined; counted at the inlined code"};
    case LineReason::Merged:
        return {"merged", "no instruction of its own; begins at one of another line"};
    case LineReason::Blank:
        return {"blank", "blank"};
    case LineReason::Comment:
        return {"comment", "comment"};
    case LineReason::Macro:
        return {"macro", "macro definition: counted where it is used"};
    case LineReason::BuildFile:
        return {"build-file", "Kconfig or Makefile"};
    case LineReason::Assembly:
        return {"assembly", "assembly"};
    case LineReason::Elsewhere:
        return {"not-in-vmlinux", "compiled, but not as an object of vmlinux"};
    case LineReason::Option:
        return {"option", "not compiled in this configuration"};
    case LineReason::IfdefOut:
        return {"ifdef", "left out by the preprocessor"};
    case LineReason::Declaration:
        return {"declaration", "declaration, type or initialiser"};
    case LineReason::OptimisedAway:
        return {"optimised-away", "optimised away"};
    case LineReason::Init:
        return {"init", "in memory that is freed after boot (__init)"};
    case LineReason::Discarded:
        return {"discarded", "discarded by the linker"};
    case LineReason::NoCode:
        return {"no-code", "no code"};
    }
    return {"no-code", "no code"};
}

} // namespace

const char* key_of(LineReason reason) {
    return words_for(reason).key;
}

std::optional<LineReason> reason_of_key(std::string_view key) {
    for (int i = 0; i <= static_cast<int>(LineReason::NoCode); ++i)
        if (const auto reason = static_cast<LineReason>(i); key == key_of(reason)) return reason;
    return std::nullopt;
}

const char* words_of(LineReason reason) {
    return words_for(reason).words;
}

SourceKind source_kind(std::string_view path) {
    const auto name = path.substr(path.rfind('/') + 1);
    if (name.starts_with("Kconfig") || name.starts_with("Makefile") || name == "Kbuild" ||
        name.starts_with("Kbuild."))
        return SourceKind::BuildFile;
    if (name.ends_with(".c") || name.ends_with(".h")) return SourceKind::C;
    if (name.ends_with(".S")) return SourceKind::Assembly;
    return SourceKind::Other;
}

LineVerdict explain_line(const LineFacts& facts) {
    const auto& [source, line, code, compiled, unlinked, assembly, elsewhere, why_no_object, kept,
                 place, declares, function_has_code, statement_has_code] = facts;
    if (code && !code->text.empty()) return {LineReason::Mapped, {}};
    if (code && !code->inlined.empty())
        return {LineReason::Inlined, fmt::format("{}()", fmt::join(code->callees, "(), "))};
    if (code && !code->init.empty()) return {LineReason::Init, {}};
    if (code && code->merged.empty()) return {LineReason::Discarded, {}};
    if (source == SourceKind::BuildFile) return {LineReason::BuildFile, {}};
    if (source == SourceKind::Assembly) return {LineReason::Assembly, {}};
    if (source == SourceKind::Other) return {LineReason::NoCode, "no source of C"};
    if (line.kind == LineKind::Blank) return {LineReason::Blank, {}};
    if (line.kind == LineKind::Comment) return {LineReason::Comment, {}};
    if (line.kind == LineKind::Macro) return {LineReason::Macro, {}};
    if (line.kind == LineKind::Directive) return {LineReason::NoCode, "preprocessor directive"};
    if (!compiled && !unlinked.empty())
        return {LineReason::Discarded, "no other part of vmlinux refers to " + unlinked};
    if (!compiled && !assembly.empty()) return {LineReason::Assembly, assembly};
    if (!compiled && !elsewhere.empty()) return {LineReason::Elsewhere, elsewhere};
    if (!compiled) return {LineReason::Option, why_no_object};
    if (!kept) return {LineReason::NoCode, "not examined in all objects that include it"};
    if (!*kept) return {LineReason::IfdefOut, {}};
    if (place.function.empty()) return {LineReason::Declaration, {}};
    if (!function_has_code)
        return {LineReason::OptimisedAway,
                fmt::format("this kernel has no code of {}()", place.function)};
    if (place.signature) return {LineReason::Declaration, fmt::format("of {}()", place.function)};
    if (line.marks_only) return {LineReason::NoCode, "only brackets or a label"};
    if (declares && !line.assigns) return {LineReason::Declaration, {}};
    if (code) return {LineReason::Merged, {}};
    if (place.statement != 0 && place.statement < place.last && !statement_has_code)
        return {LineReason::OptimisedAway, {}};
    return {LineReason::NoCode, fmt::format("part of the statement at line {}", place.statement)};
}

} // namespace rig
