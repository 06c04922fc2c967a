// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/workloads/workload.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace rig::guest {

bool complain(WorkloadReport& report, const char* what) {
    std::snprintf(report.error, sizeof report.error, "%s: %s", what, std::strerror(errno));
    return false;
}

std::uint64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(now.tv_nsec);
}

void sleep_until_ns(std::uint64_t deadline) {
    timespec at{};
    at.tv_sec = static_cast<time_t>(deadline / 1'000'000'000u);
    at.tv_nsec = static_cast<long>(deadline % 1'000'000'000u);
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR) {
    }
}

} // namespace rig::guest
