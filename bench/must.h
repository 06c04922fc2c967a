// SPDX-License-Identifier: GPL-2.0-or-later
// For benchmarks: what fails ends them, with its message.
#pragma once

#include "rig/base/error.h"

#include <cstdlib>
#include <fmt/format.h>
#include <utility>

template<class T> T must(rig::Result<T> result) {
    if (result) return std::move(*result);
    fmt::print(stderr, "{}\n", result.error().message);
    std::exit(3);
}
inline void must(rig::Status status) {
    if (status) return;
    fmt::print(stderr, "{}\n", status.error().message);
    std::exit(3);
}
