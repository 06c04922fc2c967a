// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/series_folder.h"

#include "rig/base/files.h"
#include "rig/base/text.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMark = "# Imported by rig from ";
constexpr std::size_t kLongestSlug = 52;

// Whether there is a folder that may be replaced: an earlier one of ours.
Result<bool> replaceable(const fs::path& folder) {
    std::error_code error;
    if (!fs::exists(fs::symlink_status(folder, error)) || fs::is_empty(folder, error)) return false;
    if (fs::is_directory(fs::symlink_status(folder, error)) &&
        slurp(folder / "series").starts_with(kMark))
        return true;
    return fail(FaultDomain::Spec,
                fmt::format("{}: is there already, accepted: a new or empty folder, or one that "
                            "rig wrote a series to",
                            folder.string()));
}

} // namespace

std::string patch_file_name(std::size_t number, std::string_view title) {
    std::string slug;
    for (const char c : title) {
        const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_';
        if (plain && slug.size() < kLongestSlug)
            slug += c;
        else if (!slug.empty() && slug.back() != '-' && slug.size() < kLongestSlug)
            slug += '-';
    }
    while (!slug.empty() && (slug.back() == '-' || slug.back() == '.'))
        slug.pop_back();
    return fmt::format("{:04}-{}.patch", number, slug.empty() ? "patch" : slug);
}

Status write_series_folder(const fs::path& folder,
                           const std::vector<std::pair<std::string, std::string>>& files,
                           const std::string& origin) {
    std::error_code error;
    auto target = fs::absolute(folder, error).lexically_normal();
    if (!target.has_filename()) target = target.parent_path(); // "DIR/"
    RIG_TRY(replace, replaceable(target));
    fs::create_directories(target.parent_path(), error);
    std::string made = (target.parent_path() / ("." + target.filename().string() + ".XXXXXX"));
    if (!::mkdtemp(made.data())) return cannot("make", made, errno);
    struct Remover {
        const std::string& folder;
        ~Remover() {
            std::error_code ignored;
            fs::remove_all(folder, ignored);
        }
    } const remover{made};
    std::string series = std::string(kMark) + printable(origin) + "\n";
    for (const auto& [name, text] : files) {
        RIG_CHECK(write_atomically(fs::path(made) / name, text));
        series += name + "\n";
    }
    RIG_CHECK(write_atomically(fs::path(made) / "series", series));
    // mkdtemp() makes a folder that nobody else can read.
    fs::permissions(made,
                    fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read |
                        fs::perms::others_exec,
                    fs::perm_options::add, error);
    RIG_CHECK(sync_folder(made));
    if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, target.c_str(),
                    replace ? RENAME_EXCHANGE : 0) != 0)
        return cannot("make", target, errno);
    return sync_folder(target.parent_path());
}

} // namespace rig
