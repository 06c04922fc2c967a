// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/bisect/bisect_history.h"

#include "rig/host/git.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <sstream>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kShown = 12; // digits of a commit in its id

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        if (!line.empty()) out.push_back(line);
    return out;
}

} // namespace

SeriesHistory::SeriesHistory(std::vector<Patch> patches, std::string what)
    : patches_(std::move(patches)), what_(std::move(what)), search_(patches_.size()) {}

std::string SeriesHistory::description() const {
    return fmt::format("the {} patches of {}", patches_.size(), what_);
}

Revision SeriesHistory::revision(std::size_t number) const {
    return {fmt::format("r{:02}", number), number == 0
                                               ? "the tree before the series"
                                               : patches_[number - 1].file.filename().string()};
}

Result<std::optional<Revision>> SeriesHistory::next() {
    const auto number = search_.next();
    if (!number) return std::optional<Revision>();
    return std::optional(revision(*number));
}

Status SeriesHistory::mark(const Revision& revision, Mark mark) {
    search_.mark(patches_of(revision.id).size(), mark);
    return {};
}

std::vector<Revision> SeriesHistory::candidates() const {
    std::vector<Revision> out;
    for (auto k = search_.last_good() + 1; k <= search_.first_bad(); ++k)
        out.push_back(revision(k));
    return out;
}

std::vector<std::pair<Revision, Mark>> SeriesHistory::worth_a_look() const {
    std::vector<std::pair<Revision, Mark>> out;
    for (const auto& [k, mark] : search_.worth_a_look())
        out.emplace_back(revision(k), mark);
    return out;
}

std::vector<Revision> SeriesHistory::alone() const {
    std::vector<Revision> out;
    const auto low = search_.last_good();
    // The first candidate on the last good revision is the next one.
    out.push_back(revision(low + 1));
    for (auto k = low + 2; k <= search_.first_bad(); ++k)
        out.push_back({fmt::format("r{:02}-p{:02}", low, k),
                       fmt::format("{} on {}", revision(k).name, revision(low).name)});
    return out;
}

Revision SeriesHistory::without(std::size_t which) const {
    const auto k = search_.last_good() + 1 + which, high = search_.first_bad();
    return {fmt::format("r{:02}-x{:02}", high, k),
            fmt::format("{} without {}", revision(high).name, revision(k).name)};
}

std::vector<const Patch*> SeriesHistory::patches_of(const std::string& id) const {
    std::size_t prefix = 0, own = 0;
    char how = 0;
    std::sscanf(id.c_str(), "r%zu-%c%zu", &prefix, &how, &own);
    std::vector<const Patch*> out;
    for (std::size_t k = 1; k <= std::min(prefix, patches_.size()); ++k)
        if (how != 'x' || k != own) out.push_back(&patches_[k - 1]);
    if (how == 'p' && own > 0 && own <= patches_.size()) out.push_back(&patches_[own - 1]);
    return out;
}

// ---- git

Result<std::string> GitHistory::git(std::vector<std::string> words, bool may_fail) const {
    auto command = git_command(folder_, words);
    command.env["GIT_CONFIG_NOSYSTEM"] = "1";
    command.env["GIT_CONFIG_GLOBAL"] = "/dev/null";
    RIG_TRY(result, runner_.run(command));
    if (result.ok() || (may_fail && std::holds_alternative<Exited>(result.outcome)))
        return result.out;
    return fail(FaultDomain::Host, fmt::format("git {}: {}: {}", words[0], describe(result),
                                               result.out.substr(0, result.out.find('\n'))));
}

Result<Revision> GitHistory::named(const std::string& commit) {
    RIG_TRY(subject, git({"log", "-1", "--format=%s", commit}));
    const auto id = commit.substr(0, kShown);
    commits_[id] = commit;
    return Revision{id, fmt::format("{} {}", id, subject.substr(0, subject.find('\n')))};
}

Result<std::unique_ptr<GitHistory>> GitHistory::open(const fs::path& repository,
                                                     const std::string& good,
                                                     const std::string& bad, const fs::path& folder,
                                                     CommandRunner& runner) {
    std::error_code error;
    fs::remove_all(folder, error);
    auto made = std::unique_ptr<GitHistory>(new GitHistory(folder, runner));
    RIG_TRY(good_commit, rig::commit_of(runner, repository, good));
    RIG_TRY(bad_commit, rig::commit_of(runner, repository, bad));
    RIG_TRY(ancestor, is_ancestor(runner, repository, good_commit, bad_commit));
    if (good_commit == bad_commit || !ancestor)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: --good {} is {} --bad {}, want an ancestor of it",
                                repository.string(), good,
                                good_commit == bad_commit ? "the same as" : "no ancestor of", bad));
    const auto from = fs::absolute(repository, error), to = fs::absolute(folder, error);
    const auto clone = git_command(
        from, {"clone", "--quiet", "--bare", "--shared", "--no-tags", from.string(), to.string()});
    RIG_TRY(cloned, runner.run(clone));
    if (!cloned.ok())
        return fail(FaultDomain::Host, fmt::format("git clone {}: {}: {}", repository.string(),
                                                   describe(cloned), cloned.out));
    RIG_TRY(good_named, made->named(good_commit));
    RIG_TRY(bad_named, made->named(bad_commit));
    made->good_ = good_named;
    made->bad_ = bad_named;
    made->range_ = fmt::format("{}..{}", good, bad);
    RIG_TRY(count, made->git({"rev-list", "--count", good_commit + ".." + bad_commit}));
    made->answers_ = std::stoul(count);
    // A commit that exists only in the user's reflog is on no branch of the clone. Its objects are
    // shared nevertheless.
    RIG_TRY(started, made->git({"bisect", "start", "--no-checkout", bad_commit, good_commit}));
    made->marks_ = {{good_commit, Mark::Good}, {bad_commit, Mark::Bad}};
    RIG_CHECK(made->take_answer(started));
    return made;
}

std::string GitHistory::description() const {
    return fmt::format("the {} commits of {}", answers_, range_);
}

Status GitHistory::settle(std::vector<std::string> first_bad) {
    over_ = true;
    candidates_.clear();
    // git lists several candidates in the order of its search. Sort them by history.
    RIG_TRY(in_order, git({"rev-list", "--topo-order", "--reverse",
                           commits_.at(good_.id) + ".." + commits_.at(bad_.id)}));
    std::vector<std::string> sorted;
    for (const auto& commit : lines_of(in_order))
        if (std::find(first_bad.begin(), first_bad.end(), commit) != first_bad.end())
            sorted.push_back(commit);
    first_bad = std::move(sorted);
    for (const auto& commit : first_bad) {
        RIG_TRY(one, named(commit));
        candidates_.push_back(one);
    }
    if (candidates_.empty()) return {};
    // The first parent of the first candidate, if it was marked good. Otherwise no revision is
    // known to be right before it.
    RIG_TRY(parents, git({"rev-list", "--parents", "-1", first_bad.front()}));
    std::istringstream words(parents);
    std::string self, parent;
    words >> self >> parent;
    if (marks_.contains(parent) && marks_[parent] == Mark::Good) {
        RIG_TRY(before, named(parent));
        last_good_ = before;
    }
    // Spot checks: the middle of the longest untested stretch on either side.
    for (const auto& [range, side] :
         {std::pair{commits_.at(good_.id) + ".." + first_bad.front() + "^", Mark::Good},
          {first_bad.back() + ".." + commits_.at(bad_.id), Mark::Bad}}) {
        RIG_TRY(listed,
                git({"rev-list", "--ancestry-path", "--first-parent", "--reverse", range}, true));
        const auto commits = lines_of(listed);
        std::size_t begin = 0, best = 0, length = 0;
        for (std::size_t i = 0; i <= commits.size(); ++i) {
            if (i < commits.size() && is_commit(commits[i]) && !marks_.contains(commits[i]))
                continue;
            if (i - begin > length) best = begin, length = i - begin;
            begin = i + 1;
        }
        if (length == 0) continue;
        RIG_TRY(one, named(commits[best + length / 2]));
        worth_.emplace_back(one, side);
    }
    return {};
}

// Parses "COMMIT is the first bad commit", or the list after "The first bad commit could be any
// of:", or "Bisecting: ..." with BISECT_HEAD set.
Status GitHistory::take_answer(const std::string& out) {
    const auto lines = lines_of(out);
    std::vector<std::string> several;
    bool listing = false;
    for (const auto& line : lines) {
        if (is_commit(line.substr(0, 40)) && line.substr(40) == " is the first bad commit")
            return settle({line.substr(0, 40)});
        if (line.starts_with("The first bad commit could be any of:"))
            listing = true;
        else if (listing && is_commit(line))
            several.push_back(line);
    }
    if (listing) return settle(several);
    if (std::none_of(lines.begin(), lines.end(),
                     [](const auto& line) { return line.starts_with("Bisecting: "); }))
        return fail(FaultDomain::Host,
                    fmt::format("git bisect says what rig does not know: {}", out));
    return {};
}

Result<std::optional<Revision>> GitHistory::next() {
    if (over_) return std::optional<Revision>();
    RIG_TRY(head, git({"rev-parse", "--verify", "BISECT_HEAD"}));
    RIG_TRY(one, named(head.substr(0, head.find('\n'))));
    return std::optional(one);
}

Status GitHistory::mark(const Revision& revision, Mark mark) {
    const auto& commit = commits_.at(revision.id);
    marks_[commit] = mark;
    if (over_) return {};
    RIG_TRY(out, git({"bisect",
                      mark == Mark::Good  ? "good"
                      : mark == Mark::Bad ? "bad"
                                          : "skip",
                      commit},
                     true)); // exit code 2: only skipped revisions are left
    return take_answer(out);
}

Result<std::string> GitHistory::log() const {
    return git({"bisect", "log"});
}

} // namespace rig
