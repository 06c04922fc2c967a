// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/system_call_names.h"

#include <charconv>
#include <sys/syscall.h>
#include <utility>

namespace rig::guest {
namespace {

#define RIG_CALL(name)                                                                             \
    { SYS_##name, #name }
constexpr std::pair<long, std::string_view> kCalls[] = {
    RIG_CALL(accept4),
    RIG_CALL(brk),
    RIG_CALL(clock_nanosleep),
    RIG_CALL(clone),
    RIG_CALL(clone3),
    RIG_CALL(close),
    RIG_CALL(connect),
    RIG_CALL(copy_file_range),
    RIG_CALL(delete_module),
    RIG_CALL(epoll_pwait),
    RIG_CALL(execve),
    RIG_CALL(exit),
    RIG_CALL(exit_group),
    RIG_CALL(fallocate),
    RIG_CALL(fcntl),
    RIG_CALL(fdatasync),
    RIG_CALL(finit_module),
    RIG_CALL(flock),
    RIG_CALL(fsync),
    RIG_CALL(ftruncate),
    RIG_CALL(futex),
    RIG_CALL(getdents64),
    RIG_CALL(getrandom),
    RIG_CALL(init_module),
    RIG_CALL(io_getevents),
    RIG_CALL(io_uring_enter),
    RIG_CALL(ioctl),
    RIG_CALL(kill),
    RIG_CALL(madvise),
    RIG_CALL(membarrier),
    RIG_CALL(mlock),
    RIG_CALL(mmap),
    RIG_CALL(mount),
    RIG_CALL(mprotect),
    RIG_CALL(mq_timedreceive),
    RIG_CALL(mq_timedsend),
    RIG_CALL(mremap),
    RIG_CALL(msgrcv),
    RIG_CALL(msgsnd),
    RIG_CALL(munmap),
    RIG_CALL(nanosleep),
    RIG_CALL(openat),
    RIG_CALL(perf_event_open),
    RIG_CALL(ppoll),
    RIG_CALL(prctl),
    RIG_CALL(pread64),
    RIG_CALL(preadv),
    RIG_CALL(pselect6),
    RIG_CALL(ptrace),
    RIG_CALL(pwrite64),
    RIG_CALL(pwritev),
    RIG_CALL(read),
    RIG_CALL(readv),
    RIG_CALL(recvfrom),
    RIG_CALL(recvmsg),
    RIG_CALL(rt_sigsuspend),
    RIG_CALL(rt_sigtimedwait),
    RIG_CALL(semtimedop),
    RIG_CALL(sendfile),
    RIG_CALL(sendmsg),
    RIG_CALL(sendto),
    RIG_CALL(splice),
    RIG_CALL(sync),
    RIG_CALL(syncfs),
    RIG_CALL(tee),
    RIG_CALL(umount2),
    RIG_CALL(unlinkat),
    RIG_CALL(unshare),
    RIG_CALL(userfaultfd),
    RIG_CALL(vmsplice),
    RIG_CALL(wait4),
    RIG_CALL(waitid),
    RIG_CALL(write),
    RIG_CALL(writev),
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
