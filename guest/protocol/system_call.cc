// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/protocol/system_call.h"

#include "guest/protocol/system_call_list.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <utility>

// The C library may be older than the kernel under test.
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

namespace rig::guest {
namespace {

constexpr std::pair<std::string_view, long> kCallsByName[] = {
#define RIG_CALL(name) {#name, SYS_##name},
    RIG_SYSTEM_CALLS(RIG_CALL)
#undef RIG_CALL
};

// Calls after which there is no next one by the same thread, or more threads than were declared.
constexpr std::pair<std::string_view, std::string_view> kNotLooped[] = {
    {"clone", "it starts another thread"},
    {"clone3", "it starts another thread"},
    {"execve", "it replaces the workload by another program"},
    {"execveat", "it replaces the workload by another program"},
    {"exit", "it ends the thread"},
    {"exit_group", "it ends the workload"},
    {"kexec_load", "it prepares another kernel"},
    {"kexec_file_load", "it prepares another kernel"},
    {"reboot", "it ends the guest"},
    {"restart_syscall", "it continues another call"},
    {"rt_sigreturn", "it needs a signal's frame on the stack"},
};

constexpr std::pair<std::string_view, std::int64_t> kFlags[] = {
#define RIG_FLAG(name)                                                                             \
    { #name, name }
    RIG_FLAG(AT_EMPTY_PATH),
    RIG_FLAG(AT_FDCWD),
    RIG_FLAG(AT_REMOVEDIR),
    RIG_FLAG(AT_SYMLINK_NOFOLLOW),
    RIG_FLAG(EFD_CLOEXEC),
    RIG_FLAG(EFD_NONBLOCK),
    RIG_FLAG(EFD_SEMAPHORE),
    RIG_FLAG(FALLOC_FL_KEEP_SIZE),
    RIG_FLAG(FALLOC_FL_PUNCH_HOLE),
    RIG_FLAG(FUTEX_WAIT),
    RIG_FLAG(FUTEX_WAIT_PRIVATE),
    RIG_FLAG(FUTEX_WAKE),
    RIG_FLAG(FUTEX_WAKE_PRIVATE),
    RIG_FLAG(MADV_COLD),
    RIG_FLAG(MADV_COLLAPSE),
    RIG_FLAG(MADV_DONTNEED),
    RIG_FLAG(MADV_DONTNEED_LOCKED),
    RIG_FLAG(MADV_FREE),
    RIG_FLAG(MADV_HUGEPAGE),
    RIG_FLAG(MADV_NOHUGEPAGE),
    RIG_FLAG(MADV_NORMAL),
    RIG_FLAG(MADV_PAGEOUT),
    RIG_FLAG(MADV_POPULATE_READ),
    RIG_FLAG(MADV_POPULATE_WRITE),
    RIG_FLAG(MADV_RANDOM),
    RIG_FLAG(MADV_SEQUENTIAL),
    RIG_FLAG(MADV_WILLNEED),
    RIG_FLAG(MAP_ANONYMOUS),
    RIG_FLAG(MAP_FIXED),
    RIG_FLAG(MAP_FIXED_NOREPLACE),
    RIG_FLAG(MAP_HUGETLB),
    RIG_FLAG(MAP_LOCKED),
    RIG_FLAG(MAP_NORESERVE),
    RIG_FLAG(MAP_POPULATE),
    RIG_FLAG(MAP_PRIVATE),
    RIG_FLAG(MAP_SHARED),
    RIG_FLAG(MEMBARRIER_CMD_FLAG_CPU),
    RIG_FLAG(MEMBARRIER_CMD_GLOBAL),
    RIG_FLAG(MEMBARRIER_CMD_GLOBAL_EXPEDITED),
    RIG_FLAG(MEMBARRIER_CMD_PRIVATE_EXPEDITED),
    RIG_FLAG(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ),
    RIG_FLAG(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE),
    RIG_FLAG(MEMBARRIER_CMD_QUERY),
    RIG_FLAG(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED),
    RIG_FLAG(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED),
    RIG_FLAG(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ),
    RIG_FLAG(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE),
    RIG_FLAG(MCL_CURRENT),
    RIG_FLAG(MCL_FUTURE),
    RIG_FLAG(MCL_ONFAULT),
    RIG_FLAG(MREMAP_DONTUNMAP),
    RIG_FLAG(MREMAP_FIXED),
    RIG_FLAG(MREMAP_MAYMOVE),
    RIG_FLAG(MS_ASYNC),
    RIG_FLAG(MS_INVALIDATE),
    RIG_FLAG(MS_SYNC),
    RIG_FLAG(O_APPEND),
    RIG_FLAG(O_CLOEXEC),
    RIG_FLAG(O_CREAT),
    RIG_FLAG(O_DIRECT),
    RIG_FLAG(O_DIRECTORY),
    RIG_FLAG(O_DSYNC),
    RIG_FLAG(O_EXCL),
    RIG_FLAG(O_NONBLOCK),
    RIG_FLAG(O_RDONLY),
    RIG_FLAG(O_RDWR),
    RIG_FLAG(O_SYNC),
    RIG_FLAG(O_TMPFILE),
    RIG_FLAG(O_TRUNC),
    RIG_FLAG(O_WRONLY),
    RIG_FLAG(PROT_EXEC),
    RIG_FLAG(PROT_NONE),
    RIG_FLAG(PROT_READ),
    RIG_FLAG(PROT_WRITE),
#undef RIG_FLAG
};

constexpr std::pair<std::string_view, int> kErrors[] = {
#define RIG_ERROR(name)                                                                            \
    { #name, name }
    RIG_ERROR(EACCES),  RIG_ERROR(EADDRINUSE), RIG_ERROR(EAGAIN),    RIG_ERROR(EBADF),
    RIG_ERROR(EBUSY),   RIG_ERROR(ECANCELED),  RIG_ERROR(ECHILD),    RIG_ERROR(EDEADLK),
    RIG_ERROR(EDOM),    RIG_ERROR(EDQUOT),     RIG_ERROR(EEXIST),    RIG_ERROR(EFAULT),
    RIG_ERROR(EFBIG),   RIG_ERROR(EINTR),      RIG_ERROR(EINVAL),    RIG_ERROR(EIO),
    RIG_ERROR(EISDIR),  RIG_ERROR(ELOOP),      RIG_ERROR(EMFILE),    RIG_ERROR(EMLINK),
    RIG_ERROR(ENODATA), RIG_ERROR(ENODEV),     RIG_ERROR(ENOENT),    RIG_ERROR(ENOEXEC),
    RIG_ERROR(ENOLCK),  RIG_ERROR(ENOMEM),     RIG_ERROR(ENOMSG),    RIG_ERROR(ENOSPC),
    RIG_ERROR(ENOSYS),  RIG_ERROR(ENOTDIR),    RIG_ERROR(ENOTEMPTY), RIG_ERROR(ENOTTY),
    RIG_ERROR(ENXIO),   RIG_ERROR(EOPNOTSUPP), RIG_ERROR(EOVERFLOW), RIG_ERROR(EPERM),
    RIG_ERROR(EPIPE),   RIG_ERROR(ERANGE),     RIG_ERROR(EROFS),     RIG_ERROR(ESPIPE),
    RIG_ERROR(ESRCH),   RIG_ERROR(ESTALE),     RIG_ERROR(ETIMEDOUT), RIG_ERROR(ETXTBSY),
    RIG_ERROR(EUSERS),  RIG_ERROR(EXDEV),
#undef RIG_ERROR
};

template<class T, std::size_t N>
std::optional<T> find(const std::pair<std::string_view, T> (&list)[N], std::string_view name) {
    for (const auto& [known, value] : list)
        if (known == name) return value;
    return std::nullopt;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const bool hex = text.starts_with("0x");
    if (hex) text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, hex ? 16 : 10);
    if (error != std::errc() || stop != end) return std::nullopt;
    if (!hex && value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    // An address or a mask may use all 64 bits.
    return static_cast<std::int64_t>(negative ? 0 - value : value);
}

std::optional<std::int64_t> flags(std::string_view text) {
    std::int64_t all = 0;
    for (;;) {
        const auto bar = text.find('|');
        const auto value = find(kFlags, text.substr(0, bar));
        if (!value) return std::nullopt;
        all |= *value;
        if (bar == std::string_view::npos) return all;
        text.remove_prefix(bar + 1);
    }
}

} // namespace

std::optional<long> system_call_number(std::string_view name) {
    return find(kCallsByName, name);
}

std::string why_not_looped(std::string_view name) {
    return std::string(find(kNotLooped, name).value_or(""));
}

std::optional<CallArgument> parse_call_argument(std::string_view text) {
    using Kind = CallArgument::Kind;
    constexpr std::string_view region = "@region", literal = "text:";
    constexpr std::pair<std::string_view, Kind> own[] = {{region, Kind::Region},
                                                         {"@file", Kind::File},
                                                         {"@cpu", Kind::Cpu},
                                                         {"@next_cpu", Kind::NextCpu},
                                                         {"@thread", Kind::Thread}};
    if (const auto kind = find(own, text)) return CallArgument{*kind};
    if (text.starts_with("@region+")) {
        const auto offset = whole_number(text.substr(region.size() + 1));
        if (!offset || *offset < 0) return std::nullopt;
        return CallArgument{Kind::Region, *offset};
    }
    if (text.starts_with(literal))
        return CallArgument{Kind::Text, 0, std::string(text.substr(literal.size()))};
    auto number = whole_number(text);
    if (!number) number = flags(text);
    return number ? std::optional(CallArgument{Kind::Number, *number}) : std::nullopt;
}

std::string call_argument_forms() {
    return "a whole number, flags such as \"O_RDWR|O_CREAT\", \"@region\", \"@region+OFFSET\", "
           "\"@file\", \"@cpu\", \"@next_cpu\", \"@thread\" or \"text:...\"";
}

std::optional<int> error_number(std::string_view name) {
    return find(kErrors, name);
}

std::string error_name(int number) {
    for (const auto& [name, known] : kErrors)
        if (known == number) return std::string(name);
    return std::to_string(number);
}

std::optional<std::vector<unsigned>> parse_cpu_list(std::string_view text) {
    constexpr std::int64_t last_cpu = 4095;
    const auto cpu = [](std::string_view digits) -> std::optional<unsigned> {
        if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos)
            return std::nullopt;
        const auto value = whole_number(digits);
        if (!value || *value > last_cpu) return std::nullopt;
        return static_cast<unsigned>(*value);
    };
    std::vector<unsigned> cpus;
    for (bool more = true; more;) {
        const auto comma = text.find(',');
        const auto part = text.substr(0, comma);
        const auto dash = part.find('-');
        const auto first = cpu(part.substr(0, dash)),
                   last = dash == std::string_view::npos ? first : cpu(part.substr(dash + 1));
        if (!first || !last || *last < *first) return std::nullopt;
        for (unsigned one = *first; one <= *last; ++one) {
            if (std::find(cpus.begin(), cpus.end(), one) != cpus.end()) return std::nullopt;
            cpus.push_back(one);
        }
        more = comma != std::string_view::npos;
        if (more) text.remove_prefix(comma + 1);
    }
    return cpus;
}

} // namespace rig::guest
