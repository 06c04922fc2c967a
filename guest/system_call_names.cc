// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/system_call_names.h"

#include "guest/protocol/system_call_list.h"

#include <charconv>
#include <sys/syscall.h>
#include <utility>

namespace rig::guest {
namespace {

#define RIG_CALL(name)                                                                             \
    { SYS_##name, #name }
#define RIG_CALL_COMMA(name) RIG_CALL(name),
constexpr std::pair<long, std::string_view> kCalls[] = {
    RIG_SYSTEM_CALLS(RIG_CALL_COMMA)
// Only on older architectures.
#ifdef SYS_accept
        RIG_CALL(accept),
#endif
#ifdef SYS_epoll_wait
    RIG_CALL(epoll_wait),
#endif
#ifdef SYS_fork
    RIG_CALL(fork),
#endif
#ifdef SYS_open
    RIG_CALL(open),
#endif
#ifdef SYS_pause
    RIG_CALL(pause),
#endif
#ifdef SYS_poll
    RIG_CALL(poll),
#endif
#ifdef SYS_select
    RIG_CALL(select),
#endif
#ifdef SYS_vfork
    RIG_CALL(vfork),
#endif
};
#undef RIG_CALL_COMMA
#undef RIG_CALL

} // namespace

std::string system_call_name(std::string_view number) {
    long value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error == std::errc() && end == number.data() + number.size())
        for (const auto& [known, name] : kCalls)
            if (known == value) return std::string(name);
    return std::string(number);
}

} // namespace rig::guest
