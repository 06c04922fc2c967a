// SPDX-License-Identifier: GPL-2.0-or-later
// Points of the kernel that need a disk, a network or a server, which rig's guests have not. A
// search for ways to a function names them all the same.
#include "rig/fault_points/fault_point.h"

namespace rig {

const std::vector<FaultPoint>& other_fault_points() {
    static const std::vector<FaultPoint> points{
        {.name = "fail_make_request",
         .what = "requests to disks",
         .functions = {"submit_bio_noacct"}},
        {.name = "fail_io_timeout",
         .what = "ends of requests to disks",
         .functions = {"__blk_should_fake_timeout"}},
        {.name = "fail_skb_realloc",
         .what = "accesses to packets",
         .functions = {"skb_might_realloc"}},
        {.name = "fail_sunrpc", .what = "remote procedure calls", .functions = {"rpc_exit_task"}},
    };
    return points;
}

} // namespace rig
