// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/cpu_speed.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>

namespace rig {
namespace {

// Seconds that the loop below took (the best of ten) on the host where boot_deadline()'s constants
// were measured: two vCPUs of an AMD EPYC in a virtual machine. An unoptimised build takes longer
// and so gets longer limits, which do no harm.
constexpr double kReference = 0.021;

double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// A small interpreter. Its next step depends on data, similar to an emulator that looks up
// translated code block by block.
double interpret() {
    std::array<std::uint32_t, 4096> memory{};
    std::uint32_t state = 1;
    for (auto& word : memory)
        word = state = state * 1664525u + 1013904223u;
    const double from = cpu_seconds();
    std::uint32_t at = 0, value = 0;
    for (unsigned step = 0; step < 4'000'000; ++step) {
        const auto word = memory[at];
        switch (word >> 30) {
        case 0:
            value += word;
            break;
        case 1:
            value ^= value << 7;
            break;
        case 2:
            memory[(at + value) % memory.size()] ^= value | 1;
            break;
        default:
            value = (value >> 3) + at;
            break;
        }
        at = (word + value + step) % memory.size();
    }
    const double took = cpu_seconds() - from;
    return value == 0x5eed ? took + 1e-12
                           : took; // use the result, so that the loop is not optimised away
}

} // namespace

double host_slowdown_factor() {
    double best = interpret();
    for (int i = 0; i < 3; ++i)
        best = std::min(best, interpret());
    return std::max(1.0, best / kReference);
}

} // namespace rig
