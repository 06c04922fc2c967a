// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/boot/counts_file.h"

#include "plugin/counts_file.h"
#include "rig/base/files.h"
#include "rig/plan/count_keys.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace rig {
namespace {

Status fill(int fd, std::string_view head, std::uint64_t bytes, const std::filesystem::path& file) {
    // A store into a hole of a mapped file needs a block of the disk. On a full disk the kernel
    // answers it with SIGBUS, and QEMU would die in the middle of a boot.
    if (const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes)); error != 0)
        return cannot("allocate", file, error);
    return write_all(fd, head, file);
}

} // namespace

Status create_counts_file(const std::filesystem::path& file, const CountsLayout& layout) {
    RIG_TRY(image, counts_image(layout));
    return create_counters(file, image.head, image.bytes);
}

Status create_counters(const std::filesystem::path& file, std::string_view head,
                       std::uint64_t bytes) {
    // A new file, never the old one cut to 0: a QEMU of an attempt before may still map that.
    std::error_code none;
    std::filesystem::remove(file, none);
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return cannot("create", file, errno);
    const auto filled = fill(fd, head, bytes, file);
    const int closed = ::close(fd) == 0 ? 0 : errno;
    if (filled && closed == 0) return {};
    std::filesystem::remove(file, none); // a partial one would fill the disk further
    return filled ? cannot("write", file, closed) : filled;
}

Result<InstructionCounts> read_counts_file(const std::filesystem::path& file,
                                           const CountsLayout& expected) {
    std::error_code error;
    const auto size = std::filesystem::is_regular_file(file, error)
                          ? std::filesystem::file_size(file, error)
                          : UINTMAX_MAX;
    if (error) return cannot("read", file, error.value());
    if (size > RIG_COUNTS_MAX_BYTES)
        return fail(FaultDomain::Host,
                    fmt::format("{}: not a counters file: want a regular file of at most {} bytes",
                                file.string(), RIG_COUNTS_MAX_BYTES));
    auto counts = InstructionCounts::parse(slurp(file));
    if (!counts) {
        counts.error().message = fmt::format("{}: {}", file.string(), counts.error().message);
        return counts;
    }
    if (counts->layout() != expected)
        return fail(FaultDomain::Host,
                    fmt::format("{}: not the counters file of this boot: its ranges, its number of "
                                "vCPUs or its architecture is another",
                                file.string()));
    return counts;
}

Status add_instructions(Sample& sample, const InstructionCounting& counting,
                        const std::filesystem::path& file) {
    if (counting.functions.empty()) return {};
    RIG_TRY(counts, read_counts_file(file, counting.layout));
    if (!counts.exact() || !counts.windows_complete())
        return fail(FaultDomain::Host,
                    fmt::format("{}: the instructions of the count pass were not counted exactly",
                                file.string()));
    for (const auto& [metric, ranges] : counting.functions) {
        auto& sum = sample.counts[custom_count_key(metric)];
        for (const auto& range : ranges)
            for (auto at = range.start; at < range.start + range.length; at += counting.layout.step)
                sum += counts.total(CountWindow::CountPass, at).value_or(0);
    }
    return {};
}

} // namespace rig
