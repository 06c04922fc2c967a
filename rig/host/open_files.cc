// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/open_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/resource.h>

namespace rig {

Status enough_open_files(unsigned least) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return fail(FaultDomain::Host,
                    fmt::format("cannot read the limit of open files: {}", std::strerror(errno)));
    if (limit.rlim_cur >= least) return {};
    const auto found = limit.rlim_cur;
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, least);
    if (limit.rlim_cur >= least && ::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
    return fail(FaultDomain::Host,
                fmt::format("the limit of open files is {} ('ulimit -n'; the hard one is {}), want "
                            "at least {}",
                            found, limit.rlim_max, least));
}

} // namespace rig
