// SPDX-License-Identifier: GPL-2.0-or-later
// A console: the same splats however its bytes arrive, all of them bounded and printable.
#include "rig/guest_output/console_triage.h"
#include "tests/fuzz/fuzz.h"

#include <algorithm>

using namespace rig;

namespace {
bool printable(const std::string& text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c == '\n' || (c >= 0x20 && c <= 0x7e); });
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = fuzz::view(data, size);
    ConsoleTriage at_once, pieces;
    at_once.feed(bytes);
    at_once.finish();
    fuzz::in_pieces(bytes, [&](std::string_view piece) { pieces.feed(piece); });
    pieces.finish();
    fuzz::promise(at_once.splats().size() == pieces.splats().size() &&
                      at_once.overflow() == pieces.overflow(),
                  "pieces make a difference");
    fuzz::promise(at_once.heard() == pieces.heard() &&
                      at_once.asked_to_end() == pieces.asked_to_end() &&
                      at_once.tail() == pieces.tail(),
                  "pieces make other words");
    fuzz::promise(at_once.splats().size() <= kMaxSplats, "more splats than are kept");
    fuzz::promise(printable(at_once.tail()), "a tail that is not printable");
    for (std::size_t i = 0; i < at_once.splats().size(); ++i) {
        const auto &one = at_once.splats()[i], &same = pieces.splats()[i];
        fuzz::promise(one.title == same.title && one.function == same.function &&
                          one.count == same.count && one.fatal == same.fatal &&
                          one.guilty == same.guilty,
                      "pieces make another splat");
        fuzz::promise(!one.title.empty() && one.title.size() <= 160 && printable(one.title),
                      "a title that is none");
        fuzz::promise(one.excerpt.size() <= kMaxExcerpt + 4 * kMaxConsoleLine &&
                          printable(one.excerpt),
                      "an excerpt beyond its bound");
        fuzz::promise(one.trace.size() <= kMaxTrace, "a trace beyond its bound");
    }
    return 0;
}
