// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/git_changes.h"

#include "rig/base/files.h"
#include "rig/base/text.h"
#include "rig/host/git.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kShownDigits = 12, kShownFiles = 5;

// The answer of a command: its last line. Warnings come before it.
std::string line_of(std::string_view out) {
    while (out.ends_with('\n'))
        out.remove_suffix(1);
    return std::string(out.substr(out.rfind('\n') + 1));
}

std::vector<std::string> pieces(std::string_view text, char separator) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

// Why a command failed. Hints come behind it, warnings may come before it.
std::string reason_in(const std::string& out) {
    for (const auto& line : pieces(out, '\n'))
        if (line.starts_with("fatal: ") || line.starts_with("error: ")) return line;
    return out.substr(0, out.find('\n'));
}

class Repository {
 public:
    // `git` refuses a folder that does not exist with words of its own.
    Repository(const SeriesSource& source, fs::path scratch, CommandRunner& runner)
        : folder_(source.directory.empty() ? "." : source.directory), scratch_(std::move(scratch)),
          runner_(runner) {}

    Result<std::string> commit(const std::string& revision);
    Result<fs::path> top();
    // Runs git with the words. An exit code is git's reason to refuse what the user named.
    Result<std::string> git(std::vector<std::string> words) { return finish(command(words)); }
    Command command(std::vector<std::string> words) const {
        auto command = git_command(folder_, std::move(words));
        command.timeout = kGitPatience;
        return command;
    }
    Result<std::string> finish(const Command& command);
    // All of the output, which may be longer than what a CommandResult keeps.
    Result<std::string> whole(Command command);
    // The difference between two trees or commits as `git apply` reads it, whatever the user's
    // configuration says about diffs.
    Result<std::string> diff(const std::string& before, const std::string& after,
                             const std::map<std::string, std::string>& env = {});
    std::string shallow_hint();
    const fs::path& folder() const { return folder_; }
    fs::path scratch(const char* name) const { return fs::absolute(scratch_ / name); }

 private:
    fs::path folder_, scratch_;
    CommandRunner& runner_;
};

Result<std::string> Repository::commit(const std::string& revision) {
    std::error_code error;
    if (!fs::is_directory(folder_, error))
        return fail(FaultDomain::Spec, fmt::format("{}: no such folder", folder_.string()));
    auto found = commit_of(runner_, folder_, revision);
    if (!found && found.error().fault_domain == FaultDomain::Spec)
        found.error().message += shallow_hint();
    return found;
}

Result<fs::path> Repository::top() {
    RIG_TRY(inside, git({"rev-parse", "--is-inside-work-tree"}));
    const bool tree = line_of(inside) == "true";
    RIG_TRY(found, git({"rev-parse", tree ? "--show-toplevel" : "--absolute-git-dir"}));
    return fs::path(line_of(found));
}

Result<std::string> Repository::finish(const Command& command) {
    RIG_TRY(result, runner_.run(command));
    if (result.ok()) return result.out;
    std::size_t name = 3; // behind "git -C FOLDER" and settings
    while (command.argv[name] == "-c")
        name += 2;
    return fail(std::holds_alternative<Exited>(result.outcome) ? FaultDomain::Spec
                                                               : FaultDomain::Host,
                fmt::format("{}: git {}: {}", folder_.string(), command.argv[name],
                            std::holds_alternative<Exited>(result.outcome) && !result.out.empty()
                                ? reason_in(result.out)
                                : describe(result)));
}

Result<std::string> Repository::whole(Command command) {
    command.log = scratch("output");
    std::error_code error;
    fs::remove(command.log, error);
    RIG_CHECK(finish(command));
    return slurp(command.log);
}

Result<std::string> Repository::diff(const std::string& before, const std::string& after,
                                     const std::map<std::string, std::string>& env) {
    const auto file = scratch("diff");
    auto diff =
        command({"diff-tree", "-p", "-r", "-M", "--binary", "--full-index", "--src-prefix=a/",
                 "--dst-prefix=b/", "--no-relative", "--no-ext-diff", "--no-textconv", "--no-color",
                 "--submodule=short", "--ignore-submodules=none", "--unified=3",
                 "--output=" + file.string(), before, after});
    diff.env.insert(env.begin(), env.end());
    RIG_CHECK(finish(diff));
    std::error_code error;
    if (const auto size = fs::file_size(file, error); error || size > kMostSeriesBytes)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: the changes from {} to {} take {}, accepted: up to {}",
                                folder_.string(), before.substr(0, kShownDigits),
                                after.substr(0, kShownDigits), size_text(size),
                                size_text(kMostSeriesBytes)));
    return slurp(file);
}

std::string Repository::shallow_hint() {
    const auto shallow = git({"rev-parse", "--is-shallow-repository"});
    return shallow && line_of(*shallow) == "true"
               ? "; this clone is shallow, and 'git fetch --deepen=N' brings more of its history"
               : "";
}

// ---- A range

struct Ends {
    std::string older, newer; // as the user named them
};

Result<Ends> ends_of(const std::string& range) {
    const auto dots = range.find("..");
    const auto behind = dots == std::string::npos ? std::string() : range.substr(dots + 2);
    if (dots == std::string::npos || range == ".." || behind.find("..") != std::string::npos ||
        behind.starts_with("."))
        return fail(
            FaultDomain::Spec,
            fmt::format("'{}': accepted: a range 'A..B' of commits, 'A..' or '..B'", range));
    const auto older = range.substr(0, dots);
    return Ends{older.empty() ? "HEAD" : older, behind.empty() ? "HEAD" : behind};
}

struct Commit {
    std::string id;
    std::vector<std::string> parents;
    Mail mail; // without its patch
};

// Parses what `git log` printed in the format below: six fields, each with a zero byte behind it.
constexpr const char* kFormat = "%H%x00%P%x00%an <%ae>%x00%aD%x00%s%x00%b%x00";
constexpr std::size_t kFields = 6;

Result<std::vector<Commit>> parse_log(const std::string& out) {
    const auto fields = pieces(out, '\0');
    std::vector<Commit> commits;
    for (std::size_t at = 0; at + kFields <= fields.size(); at += kFields) {
        Commit commit;
        // A line end separates the commits; a warning of git may come before them.
        commit.id = fields[at].substr(fields[at].rfind('\n') + 1);
        if (!is_commit(commit.id))
            return fail(FaultDomain::Host,
                        fmt::format("git log: '{}' is no commit", fields[at].substr(0, 200)));
        commit.parents = pieces(fields[at + 1], ' ');
        commit.mail.author = fields[at + 2];
        commit.mail.date = fields[at + 3];
        commit.mail.subject = fields[at + 4];
        commit.mail.message = fields[at + 5];
        commit.mail.where = fmt::format("commit {} '{}'", commit.id.substr(0, kShownDigits),
                                        printable(commit.mail.subject));
        commit.mail.name = commit.mail.where;
        commits.push_back(std::move(commit));
    }
    return commits;
}

// Where the two histories meet.
Result<std::string> meeting_point(Repository& git, const std::string& range,
                                  const std::string& older, const std::string& newer) {
    const auto base = git.git({"merge-base", older, newer});
    if (base && is_commit(line_of(*base))) return line_of(*base);
    return fail(base ? FaultDomain::Host : base.error().fault_domain,
                fmt::format("{}: the two ends of {} have no commit in common{}",
                            git.folder().string(), range, git.shallow_hint()));
}

// The line of first parents from the base to the newest commit.
Result<std::vector<Commit>> line_of_commits(Repository& git, const std::string& range,
                                            const std::string& base, const std::string& newer) {
    const auto span = base + ".." + newer;
    RIG_TRY(counted, git.git({"rev-list", "--count", "--first-parent", span}));
    const auto count = whole_number(line_of(counted));
    if (!count || *count > kMostPatches)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: {} has {} commits, accepted: up to {}", git.folder().string(),
                                range, line_of(counted), kMostPatches));
    RIG_TRY(log,
            git.whole(git.command({"log", "--first-parent", "--reverse", "--no-patch", "--no-color",
                                   "--no-show-signature", "--no-notes", "--encoding=UTF-8",
                                   std::string("--format=") + kFormat, span, "--"})));
    RIG_TRY(commits, parse_log(log));
    if (commits.size() != *count)
        return fail(FaultDomain::Host,
                    fmt::format("{}: git counts {} commits in {} and lists {}",
                                git.folder().string(), *count, range, commits.size()));
    for (std::size_t i = 0; i < commits.size(); ++i) {
        const auto& one = commits[i];
        if (one.parents.empty())
            return fail(FaultDomain::Spec,
                        fmt::format("{} has no parent in this repository, accepted: a range that "
                                    "begins behind it{}",
                                    one.mail.where, git.shallow_hint()));
        if (one.parents[0] != (i ? commits[i - 1].id : base))
            return fail(FaultDomain::Spec,
                        fmt::format("{}: {} is no line of commits: {} comes after {}, accepted: a "
                                    "range whose begin is on the line of first parents of its end",
                                    git.folder().string(), range, one.mail.where,
                                    one.parents[0].substr(0, kShownDigits)));
    }
    return std::move(commits);
}

// ---- The work tree

// Refuses a merge whose conflicts are not resolved: `git add` would take the conflict markers.
Status no_conflicts(Repository& git) {
    RIG_TRY(unmerged,
            git.whole(git.command({"ls-files", "--unmerged", "-z", "--full-name", ":/"})));
    if (unmerged.empty()) return {};
    const auto first = pieces(unmerged, '\0')[0];
    return fail(FaultDomain::Spec,
                fmt::format("{}: '{}' has a conflict that is not resolved, accepted: a work tree "
                            "without conflicts",
                            git.folder().string(), first.substr(first.find('\t') + 1)));
}

Status remark_untracked(Repository& git, const fs::path& top, GitChanges& out) {
    RIG_TRY(listed, git.whole(git.command({"ls-files", "--others", "--exclude-standard", "-z",
                                           "--full-name", ":/"})));
    auto files = pieces(listed, '\0');
    if (files.empty()) return {};
    std::uintmax_t bytes = 0, largest = 0;
    std::string largest_file;
    for (const auto& file : files) {
        std::error_code error;
        if (!fs::is_regular_file(fs::symlink_status(top / file, error))) continue;
        const auto size = fs::file_size(top / file, error);
        if (error) continue;
        bytes += size;
        if (size > largest) largest_file = file;
        largest = std::max(largest, size);
    }
    if (bytes > kMostSeriesBytes)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: {} of untracked files, accepted: up to {}; the largest "
                                "is '{}' ({}), and .git/info/exclude can list what is no source",
                                top.string(), size_text(bytes), size_text(kMostSeriesBytes),
                                largest_file, size_text(largest)));
    const auto count = files.size();
    if (count > kShownFiles) files.resize(kShownFiles);
    out.remarks.push_back(fmt::format(
        "{} untracked file{} included: {}{}", count, count == 1 ? " is" : "s are",
        printable(fmt::format("{}", fmt::join(files, ", "))), count > kShownFiles ? ", ..." : ""));
    return {};
}

// Files whose changes git was told not to look for.
Status remark_assumed(Repository& git, GitChanges& out) {
    std::size_t assumed = 0;
    auto list = git.command({"ls-files", "-v", ":/"});
    list.on_line = [&](std::string_view line) {
        assumed += !line.empty() && std::islower(static_cast<unsigned char>(line[0])) != 0;
    };
    RIG_CHECK(git.finish(list));
    if (assumed)
        out.remarks.push_back(fmt::format("{} file{} marked 'assume unchanged': changes in {} are "
                                          "not seen",
                                          assumed, assumed == 1 ? " is" : "s are",
                                          assumed == 1 ? "it" : "them"));
    return {};
}

// One path as GIT_ALTERNATE_OBJECT_DIRECTORIES quotes it: a colon would separate two.
std::string as_alternate(const fs::path& path) {
    std::string out = "\"";
    for (const char c : path.string()) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

// The tree of what is in the work tree, written into the scratch folder.
Result<std::string> tree_of_worktree(Repository& git, const std::string& head,
                                     std::map<std::string, std::string>& env) {
    const auto index = git.scratch("index"), objects = git.scratch("objects");
    std::error_code error;
    fs::create_directories(objects, error);
    RIG_TRY(place, git.git({"rev-parse", "--path-format=absolute", "--git-path", "objects",
                            "--git-path", "index"}));
    const auto lines = pieces(place, '\n');
    if (lines.size() != 2) // such as with a line end in a name
        return fail(FaultDomain::Host, fmt::format("{}: git rev-parse --git-path: '{}'",
                                                   git.folder().string(), place));
    env = std::map<std::string, std::string>{
        {"GIT_INDEX_FILE", index.string()},
        {"GIT_OBJECT_DIRECTORY", objects.string()},
        {"GIT_ALTERNATE_OBJECT_DIRECTORIES", as_alternate(lines[0])}};
    const auto run = [&](std::vector<std::string> words) {
        // A split index would be written beside the user's; a hook may look at the index.
        words.insert(words.begin(), {"-c", "core.splitIndex=false", "-c", "core.fsmonitor=false",
                                     "-c", "core.hooksPath=/dev/null"});
        auto command = git.command(std::move(words));
        command.env.insert(env.begin(), env.end());
        command.timeout = std::chrono::minutes(30); // a first look at all files of a slow disk
        return git.finish(command);
    };
    // With a copy of the index git need not read every file. The copy keeps the index's time: git
    // compares files that are not older than the index by their content.
    if (fs::exists(lines[1], error)) {
        fs::copy_file(lines[1], index, fs::copy_options::overwrite_existing, error);
        if (!error) fs::last_write_time(index, fs::last_write_time(lines[1], error), error);
        if (error)
            return fail(FaultDomain::Host,
                        fmt::format("cannot copy {}: {}", lines[1], error.message()));
    } else {
        RIG_CHECK(run({"read-tree", head}));
    }
    RIG_CHECK(run({"add", "--all", ":/"}));
    RIG_TRY(tree, run({"write-tree"}));
    const auto written = pieces(tree, '\n');
    if (written.empty() || !is_commit(written.back()))
        return fail(FaultDomain::Host,
                    fmt::format("{}: git write-tree: '{}'", git.folder().string(), tree));
    return written.back();
}

} // namespace

Result<GitChanges> commits_of_range(const SeriesSource& source, const fs::path& scratch,
                                    CommandRunner& runner, Progress& progress) {
    Repository git(source, scratch, runner);
    const auto& range = source.text;
    RIG_TRY(ends, ends_of(range));
    RIG_TRY(older, git.commit(ends.older));
    RIG_TRY(newer, git.commit(ends.newer));
    RIG_TRY(base, meeting_point(git, range, older, newer));
    if (base == newer)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: no commit is in {}: {} has all of {}", git.folder().string(),
                                range, ends.older, ends.newer));
    RIG_TRY(commits, line_of_commits(git, range, base, newer));
    GitChanges out;
    RIG_TRY(top, git.top());
    out.base = {top, base};
    if (base != older)
        out.remarks.push_back(
            fmt::format("{} is no ancestor of {}: the base is where they meet, {}", ends.older,
                        ends.newer, base.substr(0, kShownDigits)));
    progress.start("reading commits of " + range, commits.size());
    std::size_t bytes = 0;
    for (auto& commit : commits) {
        RIG_TRY(patch, git.diff(commit.parents[0], commit.id));
        progress.advance(static_cast<std::uint64_t>(&commit - commits.data()) + 1);
        if (patch.empty()) {
            out.remarks.push_back(fmt::format("{} changes nothing", commit.mail.where));
            continue;
        }
        if (commit.parents.size() > 1)
            out.remarks.push_back(fmt::format("{} is a merge: its changes against its first parent "
                                              "are one patch",
                                              commit.mail.where));
        if ((bytes += patch.size()) > kMostSeriesBytes)
            return fail(FaultDomain::Spec,
                        fmt::format("{}: the patches of {} take more than {}, accepted: up to that",
                                    git.folder().string(), range, size_text(kMostSeriesBytes)));
        commit.mail.patch = std::move(patch);
        out.patches.push_back(std::move(commit.mail));
    }
    progress.finish();
    if (out.patches.empty())
        return fail(FaultDomain::Spec, fmt::format("{}: no commit of {} changes anything",
                                                   git.folder().string(), range));
    out.title = out.patches.size() == 1
                    ? out.patches[0].subject
                    : fmt::format("{} commits of {}", out.patches.size(), range);
    return out;
}

Result<GitChanges> changes_of_worktree(const SeriesSource& source, const fs::path& scratch,
                                       CommandRunner& runner) {
    Repository git(source, scratch, runner);
    auto head = git.commit("HEAD");
    if (!head && head.error().message.find("no commit 'HEAD'") != std::string::npos)
        return fail(FaultDomain::Spec, fmt::format("{}: its branch has no commit yet, accepted: a "
                                                   "work tree with a commit to compare with",
                                                   git.folder().string()));
    if (!head) return tl::unexpected(std::move(head.error()));
    RIG_TRY(inside, git.git({"rev-parse", "--is-inside-work-tree"}));
    if (line_of(inside) != "true")
        return fail(FaultDomain::Spec, fmt::format("{}: a bare repository, or inside one; "
                                                   "accepted: a work tree",
                                                   git.folder().string()));
    GitChanges out;
    RIG_TRY(top, git.top());
    out.base = {top, *head};
    RIG_CHECK(no_conflicts(git));
    if (git.git({"rev-parse", "--verify", "--quiet", "MERGE_HEAD"}))
        out.remarks.push_back("a merge is in progress: what it brings is part of the patch");
    RIG_CHECK(remark_untracked(git, top, out));
    RIG_CHECK(remark_assumed(git, out));
    std::map<std::string, std::string> env;
    RIG_TRY(tree, tree_of_worktree(git, *head, env));
    RIG_TRY(patch, git.diff(*head, tree, env));
    if (patch.empty())
        return fail(FaultDomain::Spec,
                    fmt::format("{}: nothing differs from HEAD ({}), accepted: a work tree with "
                                "changes, or a range of commits",
                                top.string(), head->substr(0, kShownDigits)));
    Mail mail;
    mail.subject = fmt::format("uncommitted changes on {}", head->substr(0, kShownDigits));
    mail.where = mail.name = name_of(source);
    mail.patch = std::move(patch);
    out.title = mail.subject;
    out.patches.push_back(std::move(mail));
    return out;
}

} // namespace rig
