// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/files.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rig {

namespace fs = std::filesystem;

tl::unexpected<Error> cannot(std::string_view what, const fs::path& file, int error) {
    return fail(FaultDomain::Host,
                fmt::format("cannot {} {}: {}", what, file.string(), std::strerror(error)), file);
}

Status write_all(int fd, std::string_view bytes, const fs::path& file) {
    while (!bytes.empty()) {
        auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return cannot("write", file, errno);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Status sync_folder(const fs::path& folder) {
    int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return cannot("open", folder, errno);
    int error = ::fsync(fd) != 0 ? errno : 0;
    ::close(fd);
    if (error) return cannot("sync", folder, error);
    return {};
}

Status write_atomically(const fs::path& file, std::string_view content) {
    auto temporary = file.string() + ".tmp-XXXXXX";
    int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
    if (fd < 0) return cannot("create", temporary, errno);
    auto status = write_all(fd, content, temporary);
    if (status && (::fchmod(fd, 0644) != 0 || ::fsync(fd) != 0))
        status = cannot("sync", temporary, errno);
    ::close(fd);
    if (status && ::rename(temporary.c_str(), file.c_str()) != 0)
        status = cannot("replace", file, errno);
    if (!status) {
        ::unlink(temporary.c_str());
        return status;
    }
    return sync_folder(file.parent_path().empty() ? fs::path(".") : file.parent_path());
}

} // namespace rig
