// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/artifact_cache.h"

#include "rig/base/home.h"
#include "rig/host/cache_place.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <pwd.h>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <tuple>
#include <unistd.h>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr std::chrono::milliseconds kLockPoll{
    // Short compared with any build, long compared with a wake-up.
    50};
constexpr std::array kKinds{"sources", "deltas", "kernels",  "perf",     "lines",
                            "images",  "roots",  "packages", "worktrees"};

tl::unexpected<Error> host_error(std::string_view what, const fs::path& path,
                                 const std::string& why) {
    return fail(FaultDomain::Host,
                fmt::format("artefact cache: cannot {} {}: {}", what, path.string(), why));
}

std::string user_name(uid_t user) {
    const auto* entry = ::getpwuid(user);
    return entry ? entry->pw_name : fmt::format("with the number {}", user);
}

// If the folder belongs to another user: a message with the owner and two ways to fix it.
std::string whose(const fs::path& root, const fs::path& path) {
    struct stat info {};
    auto place = path;
    while (::stat(place.c_str(), &info) != 0 && place.has_relative_path())
        place = place.parent_path();
    const auto self = ::geteuid();
    if (info.st_uid == self) return "";
    const bool within = place.string().starts_with(root.string());
    return fmt::format(
        "; {} belongs to the user {}, and this is the user {}: {}set RIG_CACHE_DIR "
        "to a folder of your own",
        place.string(), user_name(info.st_uid), user_name(self),
        within ? fmt::format("'sudo chown -R {} {}' gives it to you, or ", self, root.string())
               : "");
}

tl::unexpected<Error> host_error(std::string_view what, const fs::path& path, int error,
                                 const fs::path& root) {
    return host_error(what, path,
                      std::strerror(error) +
                          (error == EACCES || error == EPERM ? whose(root, path) : std::string()));
}

// Work in progress is "KEY.tmp-PID-N", created under KEY's lock.
constexpr std::string_view kWork = ".tmp-";

std::uint64_t disk_usage(const fs::path& dir) {
    std::uint64_t bytes = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator it(dir, error), end; !error && it != end;
         it.increment(error)) {
        struct stat info {};
        // A file with several links (a worktree's sources) is counted only where it is the last
        // link left.
        if (::lstat(it->path().c_str(), &info) == 0 &&
            (info.st_nlink == 1 || S_ISDIR(info.st_mode)))
            bytes += static_cast<std::uint64_t>(info.st_blocks) * 512;
        else if (S_ISREG(info.st_mode))
            bytes += static_cast<std::uint64_t>(info.st_blocks) * 512 / info.st_nlink;
    }
    return bytes;
}

std::string first_line(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

std::int64_t mtime_of(const fs::path& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mtime : 0;
}

void mark_used(const fs::path& dir, const fs::path& root) {
    const int fd = ::open((dir / "used").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return; // a read-only cache is still usable
    ::futimens(fd, nullptr);
    // Despite the umask. Fails for another user's, which needs none.
    std::ignore = ::fchmod(fd, 0600 | (shared_permissions(root) & 066));
    ::close(fd);
}

// Makes the files of an artefact readable for those who can read the cache, despite the umask.
void open_to_readers(const fs::path& dir, const fs::path& root) {
    const auto shared = shared_permissions(root);
    const auto open = [shared](const fs::path& path) {
        struct stat info {};
        if (::lstat(path.c_str(), &info) != 0 || S_ISLNK(info.st_mode)) return;
        const auto mode = info.st_mode & 07777,
                   more = mode | (shared & 044) | (mode & S_IXUSR ? shared & 011 : 0);
        if (more != mode) ::chmod(path.c_str(), more);
    };
    if (!shared) return;
    open(dir);
    std::error_code error;
    for (fs::recursive_directory_iterator it(dir, error), end; !error && it != end;
         it.increment(error))
        open(it->path());
}

} // namespace

Result<std::vector<fs::path>> read_only_caches(const std::string& folders) {
    std::vector<fs::path> found;
    std::istringstream words(folders);
    for (std::string word; std::getline(words, word, ':');) {
        if (word.empty()) continue;
        std::error_code error;
        if (!fs::is_directory(word, error))
            return fail(FaultDomain::Host,
                        fmt::format("read-only cache {:?}: {}, want an existing folder", word,
                                    error ? error.message() : "it is not a folder"));
        found.push_back(fs::absolute(word, error));
    }
    return found;
}

fs::path default_cache_dir() {
    if (const char* dir = std::getenv("RIG_CACHE_DIR"); dir && *dir) return dir;
    if (const char* dir = std::getenv("XDG_CACHE_HOME"); dir && *dir) return fs::path(dir) / "rig";
    const auto home = home_folder();
    return home.empty() ? home : home / ".cache" / "rig";
}

ArtifactCache::ArtifactCache(fs::path root, std::stop_token stop, std::vector<fs::path> read_only)
    : root_(root.empty() ? root : fs::absolute(root)), stop_(std::move(stop)),
      read_only_(std::move(read_only)) {}

Status usable_cache(const fs::path& root) {
    if (root.empty())
        return fail(
            FaultDomain::Host,
            fmt::format("artefact cache: there is no place for it: HOME is not set, and the "
                        "user {} has no home in the passwd database; set RIG_CACHE_DIR to "
                        "a folder",
                        user_name(::geteuid())));
    for (const char c : root.string())
        if (c == ':' || std::isspace(static_cast<unsigned char>(c)))
            return fail(FaultDomain::Host,
                        fmt::format("artefact cache: {:?}: found {} in the path, and the kernel's "
                                    "makefiles accept neither blanks nor colons; set RIG_CACHE_DIR "
                                    "to a folder without",
                                    root.string(), c == ':' ? "a colon" : "a blank"));
    return {};
}

std::optional<fs::path> ArtifactCache::find(std::string_view kind, std::string_view key) const {
    std::error_code error;
    if (!root_.empty())
        if (auto dir = root_ / kind / key; fs::is_directory(dir, error)) {
            mark_used(dir, root_);
            return dir;
        }
    for (const auto& root : read_only_)
        if (auto dir = root / kind / key; fs::is_directory(dir, error)) return dir;
    return std::nullopt;
}

Status ArtifactCache::make_folder(std::string_view name) {
    std::error_code error;
    fs::create_directories(root_, error);
    if (error) return host_error("make", root_, error.value(), root_);
    const auto dir = root_ / name;
    if (::mkdir(dir.c_str(), 0777) == 0) {
        // Despite the umask. Keeps the bits that the folder inherits.
        struct stat info {};
        if (::stat(dir.c_str(), &info) == 0)
            std::ignore = ::chmod(dir.c_str(), (info.st_mode & 07700) | shared_permissions(root_));
        return {};
    }
    if (const int why = errno; why != EEXIST) return host_error("make", dir, why, root_);
    return {};
}

fs::path ArtifactCache::own_folder(std::string_view kind, std::string_view key) const {
    auto dir = root_ / kind / key;
    return of_another_user(dir) ? fs::path(fmt::format("{}-{}", dir.string(), ::geteuid())) : dir;
}

Result<FileLock> ArtifactCache::lock(std::string_view kind, std::string_view key,
                                     const std::function<void()>& waiting) {
    RIG_CHECK(usable_cache(root_));
    RIG_CHECK(make_folder("locks"));
    const auto file = root_ / "locks" / fmt::format("{}-{}", kind, key);
    const int fd = open_lock_file(file);
    if (fd < 0) return host_error("open", file, errno, root_);
    FileLock lock(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno == EWOULDBLOCK && waiting) waiting();
    // A blocking flock() would ignore Ctrl-C, and the other rig may build for minutes.
    while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return host_error("lock", file, errno, root_);
        if (stop_.stop_requested())
            return host_error("lock", file, "interrupted while another rig held it");
        std::this_thread::sleep_for(kLockPoll);
    }
    return lock;
}

Result<fs::path>
ArtifactCache::get_or_make(std::string_view kind, std::string_view key, std::string_view label,
                           const std::function<Status(const fs::path& dir)>& make) {
    if (auto found = find(kind, key)) return *found;
    RIG_TRY(held, lock(kind, key));
    (void)held;
    if (auto found = find(kind, key)) return *found; // another process created it while we waited
    static std::atomic<unsigned> counter{0};
    const auto dir = root_ / kind / key;
    const auto work = root_ / kind / fmt::format("{}.tmp-{}-{}", key, ::getpid(), counter++);
    std::error_code error;
    RIG_CHECK(make_folder(kind));
    fs::create_directories(work, error);
    if (error) return host_error("make", work, error.value(), root_);
    auto made = make(work);
    if (made) {
        std::ofstream(work / "label") << label << "\n";
        open_to_readers(work, root_);
        mark_used(work, root_);
        fs::rename(work, dir, error);
        if (!error) return dir;
        made = host_error("commit", dir, error.value(), root_);
    }
    std::error_code ignored;
    fs::remove_all(work, ignored);
    return tl::unexpected(made.error());
}

Result<fs::path> ArtifactCache::worktree(std::string_view key) {
    RIG_CHECK(usable_cache(root_));
    RIG_CHECK(make_folder("worktrees"));
    const auto dir = own_folder("worktrees", key);
    std::error_code error;
    fs::create_directories(dir, error);
    if (error) return host_error("make", dir, error.value(), root_);
    mark_used(dir, root_);
    return dir;
}

Result<fs::path> ArtifactCache::new_log(std::string_view name) {
    RIG_CHECK(make_folder("logs"));
    const auto log = own_folder("logs", name);
    std::error_code error;
    fs::remove(log, error);
    return log;
}

std::vector<CacheEntry> ArtifactCache::labels(std::string_view kind) const {
    std::vector<CacheEntry> entries;
    auto roots = read_only_;
    if (!root_.empty()) roots.insert(roots.begin(), root_);
    for (const auto& root : roots) {
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(root / kind, error))
            if (auto name = entry.path().filename().string(); name.find(kWork) == name.npos)
                entries.push_back({std::string(kind), name, entry.path(),
                                   first_line(entry.path() / "label"), 0,
                                   mtime_of(entry.path() / "used")});
    }
    return entries;
}

std::vector<CacheEntry> ArtifactCache::list() const {
    std::vector<CacheEntry> entries;
    if (root_.empty()) return entries;
    for (const char* kind : kKinds) {
        std::error_code error;
        for (const auto& entry : fs::directory_iterator(root_ / kind, error)) {
            const auto name = entry.path().filename().string();
            entries.push_back({kind, name, entry.path(), first_line(entry.path() / "label"),
                               disk_usage(entry.path()),
                               std::max(mtime_of(entry.path() / "used"), std::int64_t{0})});
        }
    }
    return entries;
}

std::vector<CacheEntry> ArtifactCache::prune(std::optional<std::uint64_t> max_bytes,
                                             std::optional<unsigned> max_age_days) {
    auto entries = list();
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.last_used < b.last_used; });
    std::uint64_t total = 0;
    for (const auto& entry : entries)
        total += entry.bytes;
    const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                                 std::chrono::system_clock::now().time_since_epoch())
                                 .count();
    std::vector<CacheEntry> removed;
    for (const auto& entry : entries) {
        std::error_code error;
        const auto work = entry.key.find(kWork);
        const bool leftover = work != std::string::npos;
        const bool old =
            max_age_days && now - entry.last_used > std::int64_t{*max_age_days} * 86400;
        const bool over = max_bytes && total > *max_bytes;
        if (!leftover && !old && !over) continue;
        if (::geteuid() != 0 && of_another_user(entry.dir)) continue;
        // Only the lock shows whether the owner is alive, not the pid in the name: pids are reused,
        // and a cache may be shared with a container that has other pids.
        auto key = entry.key.substr(0, work);
        if (entry.kind == "worktrees") key = key.substr(0, key.find('-')); // see own_folder()
        const auto file = root_ / "locks" / fmt::format("{}-{}", entry.kind, key);
        if (!make_folder("locks")) continue;
        const int fd = open_lock_file(file);
        const FileLock held(fd);
        if (fd < 0 || ::flock(fd, LOCK_EX | LOCK_NB) != 0) continue; // in use
        // Rename it first, so that nobody finds half an artefact.
        const auto dir = root_ / entry.kind / entry.key;
        const auto doomed =
            leftover ? dir : root_ / entry.kind / fmt::format("{}{}pruned", entry.key, kWork);
        if (!leftover) fs::rename(dir, doomed, error);
        if (!error) fs::remove_all(doomed, error);
        if (error) continue;
        total -= entry.bytes;
        removed.push_back(entry);
    }
    return removed;
}

} // namespace rig
