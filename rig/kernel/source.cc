// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/source.h"

#include "rig/base/files.h"
#include "rig/base/sha256.h"
#include "rig/base/text.h"
#include "rig/host/apt.h"
#include "rig/host/cache_place.h"
#include "rig/host/git.h"
#include "rig/host/unpack.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <mutex>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

// Unpacks an archive, without the first `strip` folders of each path. tar reports its progress
// after every `step` records.
Status unpack(const BuildContext& context, const fs::path& archive, const fs::path& tree,
              FaultDomain fault_domain = FaultDomain::Host, unsigned strip = 1) {
    std::error_code error;
    fs::create_directories(tree, error);
    // A kernel tarball has about 90,000 files; the progress bar needs only an estimate.
    constexpr std::uint64_t kFiles = 95000;
    context.progress.start("unpacking " + archive.filename().string(), kFiles);
    std::uint64_t files = 0;
    const auto unpacked =
        run_unpacker(context,
                     {"tar", "-x", "-v", "-f", archive.string(), "-C", tree.string(),
                      fmt::format("--strip-components={}", strip), "--no-same-owner"},
                     archive, tree, fault_domain, [&](std::string_view) {
                         if (++files % 500 == 0)
                             context.progress.advance(std::min(files, kFiles - 1));
                     });
    if (!unpacked) {
        context.progress.interrupt();
        return unpacked;
    }
    context.progress.finish();
    return {};
}

// Unpacks an archive from elsewhere: either it has one folder at its top, which becomes the tree,
// or it is itself the tree. (With --strip-components the contents of two folders would be mixed.)
Status unpack_tree(const BuildContext& context, const fs::path& archive, const fs::path& tree,
                   FaultDomain fault_domain = FaultDomain::Host) {
    const fs::path whole = tree.string() + ".unpacked";
    RIG_CHECK(unpack(context, archive, whole, fault_domain, 0));
    std::error_code error;
    std::vector<fs::path> tops;
    for (const auto& entry : fs::directory_iterator(whole, error))
        tops.push_back(entry.path());
    const bool one = tops.size() == 1 && fs::is_directory(fs::symlink_status(tops[0], error));
    if (!one && !fs::exists(whole / "Makefile", error))
        return fail(fault_domain,
                    fmt::format("unpacking {}: found {} entries at its top and no Makefile "
                                "among them, want one folder, or a kernel's tree",
                                archive.string(), tops.size()));
    fs::rename(one ? tops[0] : whole, tree, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot make {}: {}", tree.string(), error.message()));
    if (one) fs::remove(whole, error);
    return {};
}

// ---- Debian packages

// apt takes 0.6 s to report its candidate version; the answer is valid until its lists change.
std::string lists_stamp(const BuildContext& context, const DistroSource& source) {
    const fs::path lists = source.suite.empty()
                               ? fs::path("/var/lib/apt/lists")
                               : context.cache.own_folder("apt", source.suite) / "lists";
    struct stat info {};
    if (::stat(lists.c_str(), &info) != 0) return {};
    return fmt::format("{}.{:09}", info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

Result<std::string> candidate(const BuildContext& context, const Apt& apt,
                              const DistroSource& source);

Result<std::string> remembered_candidate(const BuildContext& context, const Apt& apt,
                                         const DistroSource& source) {
    const auto memo =
        context.cache.root() / "apt" / fmt::format("{}_{}.version", source.package, source.suite);
    std::ifstream in(memo);
    std::string stamp, version;
    if (in >> stamp >> version && stamp == lists_stamp(context, source)) return version;
    RIG_TRY(found, candidate(context, apt, source));
    if (!found.empty() && context.cache.make_folder("apt"))
        std::ofstream(memo) << lists_stamp(context, source) << " " << found << "\n";
    return found;
}

Result<std::string> candidate(const BuildContext& context, const Apt& apt,
                              const DistroSource& source) {
    RIG_TRY(policy, must_run(context, apt.command("apt-cache", {"policy", source.package})));
    auto version = candidate_version(policy);
    if (!version.empty() || !source.suite.empty()) return version;
    if (::geteuid() != 0)
        return fail(
            FaultDomain::Host,
            fmt::format("apt knows no package {}: run 'sudo apt-get update' once", source.package));
    context.progress.start("apt-get update");
    const auto updated = must_run(context, {"apt-get", "update"});
    context.progress.finish();
    if (!updated) return tl::unexpected(updated.error());
    RIG_TRY(again, must_run(context, apt.command("apt-cache", {"policy", source.package})));
    return candidate_version(again);
}

Status make_from_package(const BuildContext& context, const Apt& apt, const std::string& package,
                         const std::string& version, const fs::path& dir) {
    context.progress.start(fmt::format("downloading {} {}", package, version), kDownloadSteps);
    RIG_TRY(deb, download_package(context, apt, package + "=" + version, dir));
    std::error_code error;
    RIG_CHECK(
        run_unpacker(context, {"dpkg-deb", "-x", deb.string(), (dir / "deb").string()}, deb, dir));
    fs::path tarball;
    for (const auto& entry : fs::directory_iterator(dir / "deb/usr/src", error))
        if (entry.path().filename().string().find(".tar") != std::string::npos)
            tarball = entry.path();
    if (tarball.empty())
        return fail(FaultDomain::Spec,
                    fmt::format("package {} holds no kernel source under usr/src", package));
    RIG_CHECK(unpack_tree(context, tarball, dir / "tree"));
    fs::remove_all(dir / "deb", error);
    fs::remove(deb, error);
    return {};
}

// The newest version of the package that was unpacked before, as {id, folder}.
std::optional<std::pair<std::string, fs::path>> cached_package(const std::string& package,
                                                               const BuildContext& context) {
    std::optional<std::pair<std::string, fs::path>> newest;
    fs::file_time_type newest_time;
    std::error_code error;
    for (const auto& entry : context.cache.labels("sources")) {
        if (!entry.label.starts_with(package + "=") || entry.key != sha256_hex(entry.label))
            continue;
        // Versions in an archive only increase, so what was unpacked later is newer.
        const auto made = fs::last_write_time(entry.dir / "label", error);
        if (newest && made <= newest_time) continue;
        newest = {entry.label, entry.dir};
        newest_time = made;
    }
    return newest;
}

Result<fs::path> from_archive(const DistroSource& source, const BuildContext& context,
                              std::string& id) {
    Apt apt;
    if (!source.suite.empty()) {
        RIG_TRY(own, private_apt(context, source.suite));
        apt = own;
    }
    RIG_TRY(version, remembered_candidate(context, apt, source));
    if (version.empty())
        return fail(FaultDomain::Spec,
                    fmt::format("kernel.source: no package {} in {}", source.package,
                                source.suite.empty() ? "this host's package lists" : source.suite));
    id = source.package + "=" + version;
    return context.cache.get_or_make("sources", sha256_hex(id), id, [&](const fs::path& dir) {
        return make_from_package(context, apt, source.package, version, dir);
    });
}

// If the host is offline, or its lists are missing, a version that was unpacked before is used. The
// id, and with it the report, contains its number.
Result<fs::path> from_distro(const DistroSource& source, const BuildContext& context,
                             std::string& id) {
    auto dir = from_archive(source, context, id);
    // After Ctrl-C do not try another way.
    if (dir || dir.error().message.find(describe({Cancelled{}, {}, 0})) != std::string::npos)
        return dir;
    const auto cached = cached_package(source.package, context);
    if (!cached) return dir;
    const auto reason = dir.error().message.substr(0, dir.error().message.find('\n'));
    context.progress.start(fmt::format("apt cannot provide {} now ({}), using {} from the cache",
                                       source.package, reason, cached->first));
    context.progress.finish();
    id = cached->first;
    return cached->second;
}

// ---- tarballs and git

Result<fs::path> from_tarball(const fs::path& path, const std::string& sha256,
                              const BuildContext& context, std::string& id) {
    id = "tarball:" + sha256;
    const auto key = sha256_hex(id);
    if (auto found = context.cache.find("sources", key)) return *found;
    RIG_TRY(actual, sha256_file(path));
    if (actual != sha256)
        return fail(FaultDomain::Spec, fmt::format("{}: SHA-256 is {}, the experiment wants {}",
                                                   path.string(), actual, sha256));
    return context.cache.get_or_make(
        "sources", key, path.filename().string(), [&](const fs::path& dir) {
            return unpack_tree(context, path, dir / "tree", FaultDomain::Spec);
        });
}

Result<fs::path> from_git(const fs::path& repository, const std::string& revision,
                          const BuildContext& context, std::string& id) {
    RIG_TRY(commit, commit_of(context.runner, repository, revision));
    id = "git:" + commit;
    return context.cache.get_or_make(
        "sources", sha256_hex(id), fmt::format("git {} ({})", commit.substr(0, 12), revision),
        [&](const fs::path& dir) -> Status {
            const auto archive = dir / "tree.tar";
            RIG_TRY(out, must_run(context, git_command(repository,
                                                       {"archive", "--format=tar", "--prefix=tree/",
                                                        "-o", archive.string(), commit})));
            (void)out;
            RIG_CHECK(unpack(context, archive, dir / "tree"));
            std::error_code ignored;
            fs::remove(archive, ignored);
            return {};
        });
}

// rig builds the commit. A user who requests what is checked out, rather than a commit ID, may
// expect uncommitted edits to be built.
std::string warning_of_uncommitted(const Spec& spec, const GitSource& git,
                                   const BuildContext& context) {
    if (is_commit(git.revision)) return "";
    const auto repository = spec.top / git.repository;
    const auto& revision = git.revision;
    const auto commit = commit_of(context.runner, repository, revision),
               head = commit_of(context.runner, repository, "HEAD");
    if (!commit || !head || *commit != *head) return "";
    const auto files = uncommitted_files(context.runner, repository);
    if (files && *files == 0) return "";
    const auto text =
        files ? fmt::format("{}: {} file{} changed but not committed: '{}' is built "
                            "without {}",
                            git.repository.string(), *files, *files == 1 ? " is" : "s are",
                            revision, *files == 1 ? "it" : "them")
              : fmt::format("whether '{}' lacks uncommitted changes is unknown: {}", revision,
                            files.error().message);
    // Every arm and perf fetch the source, but the warning is shown once.
    static std::mutex mutex;
    static std::string last;
    const std::lock_guard lock(mutex);
    if (std::exchange(last, text) != text) context.progress.say("warning: " + text);
    return text;
}

// Number of paths on one command line, which has room for 2 MiB of paths and environment.
constexpr std::size_t kPathsAtOnce = 4000;
constexpr char kFile = 'F', kProgram = 'X', kRemoved = 'D';

// Parses `git diff --raw -z`: ":MODE MODE OBJECT OBJECT LETTER", a zero byte, the path, a zero
// byte. Returns lines "F path", "X path" or "D path".
Result<std::string> changes_of(std::string_view raw, const std::string& what) {
    std::string out;
    const auto next = [&raw] {
        const auto end = std::min(raw.find('\0'), raw.size());
        const std::string word(raw.substr(0, end));
        raw.remove_prefix(std::min(end + 1, raw.size()));
        return word;
    };
    while (!raw.empty()) {
        const auto head = next(), path = next();
        std::istringstream words(head);
        std::string before, after;
        words >> before >> after;
        if (!before.starts_with(':') || path.empty() || path.find('\n') != std::string::npos)
            return fail(FaultDomain::Host, fmt::format("git diff {}: '{}' '{}' is no line of --raw",
                                                       what, head, path));
        const auto plain = [](const std::string& mode) {
            return mode == "100644" || mode == "100755" || mode == "000000";
        };
        if (!plain(before.substr(1)) || !plain(after)) {
            if (path.starts_with("Documentation/")) continue; // not built
            return fail(FaultDomain::Spec,
                        fmt::format("{}: {} is or was a symbolic link or a submodule, which cannot "
                                    "be put on the base's tree; leave kernel.source.base out",
                                    what, path));
        }
        out += fmt::format("{} {}\n",
                           after == "000000"   ? kRemoved
                           : after == "100755" ? kProgram
                                               : kFile,
                           path);
    }
    return out;
}

// Adds the files in which the revision differs from the base, from the cache.
Status take_delta(const fs::path& repository, const GitSource& git, const BuildContext& context,
                  SourceTree& source) {
    RIG_TRY(base, commit_of(context.runner, repository, git.base));
    RIG_TRY(commit, commit_of(context.runner, repository, git.revision));
    if (base == commit) return {};
    const auto what = fmt::format("{}..{}", base.substr(0, 12), commit.substr(0, 12));
    RIG_TRY(dir,
            context.cache.get_or_make(
                "deltas", sha256_hex(fmt::format("delta 2\n{}\n{}\n", base, commit)), "git " + what,
                [&](const fs::path& into) -> Status {
                    RIG_TRY(listed,
                            must_run(context,
                                     git_command(repository, {"diff", "--raw", "-z", "--no-renames",
                                                              "--no-abbrev", "--no-ext-diff",
                                                              "--ignore-submodules=none",
                                                              "--output=" + (into / "raw").string(),
                                                              base, commit})));
                    (void)listed;
                    RIG_TRY(changes, changes_of(slurp(into / "raw"), what));
                    RIG_CHECK(write_atomically(into / "changes", changes));
                    // Take whole files, as the base's tree was made: patch(1) supports neither mode
                    // changes nor binary files nor empty files.
                    std::vector<std::string> paths{"Makefile"};
                    std::istringstream lines(changes);
                    for (std::string line; std::getline(lines, line);)
                        if (line[0] != kRemoved) paths.push_back(line.substr(2));
                    std::error_code ignored;
                    for (std::size_t from = 0; from < paths.size(); from += kPathsAtOnce) {
                        std::vector<std::string> archive{"archive",
                                                         "--format=tar",
                                                         "--prefix=files/",
                                                         "-o",
                                                         (into / "files.tar").string(),
                                                         commit,
                                                         "--"};
                        for (auto i = from; i < std::min(from + kPathsAtOnce, paths.size()); ++i)
                            archive.push_back(":(literal)" + paths[i]);
                        RIG_TRY(archived, must_run(context, git_command(repository, archive)));
                        (void)archived;
                        RIG_CHECK(unpack(context, into / "files.tar", into / "files"));
                        fs::remove(into / "files.tar", ignored);
                    }
                    fs::remove(into / "raw", ignored);
                    return {};
                }));
    source.version = kernel_version_of(slurp(dir / "files/Makefile"));
    SourceDelta delta{"git " + what, {}};
    std::istringstream lines(slurp(dir / "changes"));
    for (std::string line; std::getline(lines, line);) {
        const auto path = line.substr(2);
        if (line[0] == kRemoved)
            delta.files.emplace(path, std::nullopt);
        else if (std::error_code error; fs::is_regular_file(dir / "files" / path, error))
            delta.files.emplace(path, TreeFile(slurp(dir / "files" / path),
                                               line[0] == kProgram ? TreeFile::Kind::Program
                                                                   : TreeFile::Kind::Plain));
        // Excluded by export-ignore in .gitattributes, as in the base's tree.
        else
            continue;
    }
    if (!delta.files.empty()) source.delta = std::move(delta); // two commits can have the same tree
    return {};
}

} // namespace

std::string kernel_version_of(std::string_view makefile) {
    constexpr std::array fields{std::string_view("VERSION = "), std::string_view("PATCHLEVEL = "),
                                std::string_view("SUBLEVEL = ")};
    std::array<std::string, fields.size()> found;
    while (!makefile.empty()) {
        const auto line = makefile.substr(0, makefile.find('\n'));
        makefile.remove_prefix(std::min(line.size() + 1, makefile.size()));
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (found[i].empty() && line.starts_with(fields[i]))
                if (const auto number = whole_number(line.substr(fields[i].size())))
                    found[i] = std::to_string(*number);
    }
    if (std::any_of(found.begin(), found.end(), [](const auto& one) { return one.empty(); }))
        return {};
    return fmt::format("{}", fmt::join(found, "."));
}

Result<SourceTree> fetch_source(const Spec& spec, const BuildContext& context,
                                const std::string& revision) {
    RIG_CHECK(usable_cache(context.cache.root()));
    SourceTree source;
    Result<fs::path> dir =
        fail(FaultDomain::Spec, "kernel.source: prebuilt images have no source tree");
    if (const auto* distro = std::get_if<DistroSource>(&spec.kernel.source))
        dir = from_distro(*distro, context, source.id);
    else if (const auto* tarball = std::get_if<TarballSource>(&spec.kernel.source))
        dir = from_tarball(spec.top / tarball->path, tarball->sha256, context, source.id);
    std::optional<GitSource> git;
    if (const auto* named = std::get_if<GitSource>(&spec.kernel.source)) git = *named;
    if (git && !revision.empty()) git->revision = revision;
    if (git) source.warning = warning_of_uncommitted(spec, *git, context);
    if (git)
        dir = from_git(spec.top / git->repository, git->base.empty() ? git->revision : git->base,
                       context, source.id);
    if (!dir) return tl::unexpected(dir.error());
    source.tree = *dir / "tree";
    source.version = kernel_version_of(slurp(source.tree / "Makefile"));
    if (git && !git->base.empty())
        RIG_CHECK(take_delta(spec.top / git->repository, *git, context, source));
    if (source.version.empty())
        return fail(
            FaultDomain::Spec,
            fmt::format("kernel.source {}: no kernel version in its top Makefile", source.id));
    return source;
}

} // namespace rig
