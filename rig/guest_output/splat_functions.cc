// SPDX-License-Identifier: GPL-2.0-or-later
// Determines which function a splat is about. splat.cc implements the rest of splat.h.
#include "rig/base/text.h"
#include "rig/guest_output/function_lists.h"
#include "rig/guest_output/splat.h"

#include <algorithm>

namespace rig {
namespace {

bool symbol_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '$';
}

} // namespace

std::string symbol_in(std::string_view text) {
    text = stripped(text);
    std::size_t end = 0;
    while (end < text.size() && symbol_char(text[end]))
        ++end;
    auto symbol = text.substr(0, end);
    if (symbol.empty() || (symbol[0] >= '0' && symbol[0] <= '9') || symbol[0] == '.' ||
        symbol.size() > 128)
        return "";
    if (symbol.size() >= 8 && symbol.find_first_not_of("0123456789abcdef") == symbol.npos &&
        symbol.find_first_of("0123456789") != symbol.npos)
        return "";                                             // an address
    return std::string(symbol.substr(0, symbol.find('.', 1))); // "foo.isra.0" is foo
}

namespace {

// "net/core/dev.c:123", which scripts/decode_stacktrace.sh prints instead of an offset or after it.
bool is_position(std::string_view text) {
    text = text.substr(0, text.find(' '));
    const auto colon = text.find(':');
    return colon != text.npos && colon >= 3 && text[colon - 2] == '.' && colon + 1 < text.size() &&
           text[colon + 1] >= '0' && text[colon + 1] <= '9';
}

// Removes what older kernels print before a symbol: "<IRQ> ", and one or two of
// "[<ffffffff80004f04>]" or, on powerpc, "[c000000001bb3710]".
std::string_view without_addresses(std::string_view text) {
    text = stripped(text);
    for (const std::string_view mark : {"<IRQ> ", "<NMI> ", "<EOI> ", "<<EOE>> ", "<#DF> "})
        if (text.starts_with(mark)) text = stripped(text.substr(mark.size()));
    while (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == text.npos || end < 9 || end > 24 ||
            text.substr(1, end - 1).find_first_not_of("<>0123456789abcdef") != text.npos)
            break;
        text = stripped(text.substr(end + 1));
    }
    return text;
}

} // namespace

std::string trace_symbol(std::string_view text) {
    const bool addressed = stripped(text).starts_with('[');
    text = without_addresses(text);
    if (text.ends_with("(unreliable)")) return ""; // powerpc's form of "?"
    // arm: "[<80de0078>] (dump_backtrace) from [<80de0574>] (show_stack+0x28/0x2c)", newer:
    // "dump_backtrace from show_stack+0x28/0x2c".
    if (addressed && text.starts_with('(')) text.remove_prefix(1);
    std::size_t at = 0;
    while (at < text.size() && symbol_char(text[at]))
        ++at;
    auto rest = text.substr(at);
    if (at == 0) return "";
    if (rest.starts_with(" from ") || rest.starts_with(") from "))
        return rest.find("+0x") == rest.npos ? "" : symbol_in(text);
    if (rest.starts_with(' ')) // "dev_close net/core/dev.c:123 [inline]"
        return rest.ends_with(" [inline]") && is_position(stripped(rest)) ? symbol_in(text) : "";
    if (!rest.starts_with("+0x")) return "";
    // "+0x12/0x34", optionally followed by "[module]", a reliability mark and a source position.
    const auto slash = rest.find("/0x");
    if (slash == rest.npos || slash > 20) return "";
    auto end = slash + 3;
    while (end < rest.size() && symbol_char(rest[end]))
        ++end;
    if (const auto more = stripped(rest.substr(end));
        !more.empty() && more[0] != '[' && more[0] != '(' && !is_position(more))
        return "";
    return symbol_in(text);
}

std::string instruction_symbol(std::string_view text) {
    text = stripped(text);
    for (const std::string_view label :
         {"RIP: ", "EIP: ", "IP: ", "RIP ", "pc : ", "epc : ", "PC is at ", "EIP is at "}) {
        if (!text.starts_with(label)) continue;
        text.remove_prefix(label.size());
        if (const auto colon = text.find(':');
            label.find("IP") != label.npos && colon != text.npos && colon <= 4)
            text.remove_prefix(colon + 1);
        return trace_symbol(text);
    }
    return "";
}

bool is_machinery(SplatKind kind, std::string_view function) {
    if (listed(kReporting, function)) return true;
    switch (kind) {
    // might_sleep() annotates the function that calls it. mutex_lock(), for example, is what must
    // not be called in atomic context.
    case SplatKind::SleepInAtomic:
        return listed(kAtomicSleep, function);
    case SplatKind::SchedulingInAtomic:
        return listed(kSleeping, function) || listed(kLocking, function);
    case SplatKind::HungTask:
        return listed(kSleeping, function) || listed(kLocking, function);
    case SplatKind::Lockdep:
        return listed(kLocking, function) || listed(kSleeping, function);
    case SplatKind::RcuUsage:
        return listed(kRcu, function) || listed(kAtomicSleep, function);
    case SplatKind::RcuStall:
    case SplatKind::SoftLockup:
    case SplatKind::HardLockup:
    case SplatKind::WorkqueueLockup:
        return listed(kLowLevel, function) || listed(kCopying, function) ||
               listed(kLocking, function) || listed(kSleeping, function);
    case SplatKind::BadPage:
    case SplatKind::Slab:
    case SplatKind::Kasan:
    case SplatKind::Kfence:
        return listed(kCheckers, function) || listed(kAllocators, function) ||
               listed(kCopying, function);
    default:
        return listed(kCheckers, function) || listed(kCopying, function) ||
               listed(kLocking, function);
    }
}

} // namespace rig
