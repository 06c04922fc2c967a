// SPDX-License-Identifier: GPL-2.0-or-later
// Tells QEMU's TCG plugin, if there is one, which window of the boot begins: see
// guest/protocol/window_marks.h. Without a plugin, and under KVM, a mark is a call that returns.
#pragma once

#include "guest/protocol/window_marks.h"

namespace rig::guest {

class WindowMarks {
 public:
    // Maps the page with the marks. If that fails, begin() does nothing, and the plugin's file then
    // shows that no window was begun.
    WindowMarks();
    ~WindowMarks();
    WindowMarks(const WindowMarks&) = delete;
    WindowMarks& operator=(const WindowMarks&) = delete;

    // RIG_WINDOW_...; any other number does nothing.
    void begin(unsigned window) const;

 private:
    void* page_ = nullptr;
};

// The window of the plan's pass: the count pass is its first, the latency pass its second; the
// workloads of further passes run in the rest.
constexpr unsigned window_of_pass(unsigned index) {
    return index + 1 < unsigned{RIG_WINDOWS} ? index + 1 : unsigned{RIG_WINDOW_REST};
}

} // namespace rig::guest
