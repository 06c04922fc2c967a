// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/shipped_files.h"

#include <cstdlib>
#include <fmt/format.h>

// Meson's folders, below the prefix or absolute.
#ifndef RIG_BINDIR
#define RIG_BINDIR "bin"
#define RIG_DATADIR "share"
#define RIG_LIBDIR "lib"
#endif

namespace rig {
namespace {

namespace fs = std::filesystem;

bool has_data(const fs::path& folder) {
    std::error_code error;
    return fs::is_directory(folder / "kernel-patches", error) &&
           fs::is_directory(folder / "configs", error);
}

fs::path own_program() {
    std::error_code error;
    return fs::read_symlink("/proc/self/exe", error);
}

// Meson puts each program of rig into a folder of its build folder.
fs::path build_folder(const fs::path& program) {
    std::error_code error;
    const auto build = program.parent_path().parent_path();
    return fs::is_directory(build / "meson-info", error) ? build : fs::path();
}

// The prefix, by removing Meson's bindir from the program's folder. A bindir outside the prefix is
// absolute, and so are the other folders, or they are below the same prefix.
fs::path prefix_of(const fs::path& program) {
    auto folder = program.parent_path();
    for (const auto& part : fs::path(RIG_BINDIR))
        if (part != "/") folder = folder.parent_path();
    return folder;
}

} // namespace

Result<ShippedFiles> shipped_files(const fs::path& program, const char* data_dir) {
    std::error_code error;
    if (data_dir && *data_dir) {
        if (!has_data(data_dir))
            return fail(FaultDomain::Host,
                        fmt::format("RIG_DATA_DIR={}: it has no configs/ and kernel-patches/, want "
                                    "the folder with rig's own ones",
                                    data_dir));
        return ShippedFiles{fs::absolute(data_dir, error).lexically_normal(), false};
    }
    const auto build = build_folder(program);
    for (auto folder = build; !folder.empty(); folder = folder.parent_path()) {
        if (has_data(folder)) return ShippedFiles{folder, true};
        if (folder == folder.parent_path()) break;
    }
    const auto data = (prefix_of(program) / RIG_DATADIR / "rig").lexically_normal();
    if (has_data(data)) return ShippedFiles{data, false};
    return fail(FaultDomain::Host,
                fmt::format("rig's own configs/ and kernel-patches/ are neither in {} nor in a "
                            "checkout around {}; set RIG_DATA_DIR to the folder that has them",
                            data.string(), program.string()));
}

Result<ShippedFiles> shipped_files() {
    return shipped_files(own_program(), std::getenv("RIG_DATA_DIR"));
}

fs::path shipped_programs(std::string_view folder, const fs::path& program) {
    const auto build = build_folder(program);
    if (!build.empty()) return build / folder;
    return (prefix_of(program) / RIG_LIBDIR / "rig").lexically_normal();
}

fs::path shipped_programs(std::string_view folder) {
    return shipped_programs(folder, own_program());
}

fs::path or_shipped(const fs::path& top, const fs::path& path) {
    std::error_code error;
    if (path.empty() || path.is_absolute() || fs::exists(top / path, error)) return path;
    const auto shipped = shipped_files();
    return shipped && fs::exists(shipped->data / path, error) ? shipped->data / path : path;
}

std::string own_command() {
    const auto shipped = shipped_files();
    return shipped && !shipped->checkout ? "rig" : "./bootstrap";
}

std::string own_argument(const fs::path& file, const fs::path& top) {
    std::error_code error;
    if (own_command() == "./bootstrap") return fs::proximate(file, top).string();
    return fs::absolute(file, error).lexically_normal().string();
}

} // namespace rig
