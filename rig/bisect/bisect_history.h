// SPDX-License-Identifier: GPL-2.0-or-later
// The two kinds of history that rig bisects: the patches of a quilt series, and the commits between
// two revisions of a git repository.
#pragma once

#include "rig/bisect/bisect.h"
#include "rig/host/command_runner.h"
#include "rig/kernel/patch_series.h"
#include "rig/spec/spec.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace rig {

// Ids of revisions: "r07" is the first seven patches; "r06-p09" the first six and the ninth;
// "r09-x07" the first nine without the seventh.
class SeriesHistory : public History {
 public:
    // Needs at least one patch. `what` is for people: the folder's name.
    SeriesHistory(std::vector<Patch> patches, std::string what);

    std::string description() const override;
    Revision good() const override { return revision(0); }
    Revision bad() const override { return revision(patches_.size()); }
    std::size_t answers() const override { return patches_.size(); }
    Result<std::optional<Revision>> next() override;
    Status mark(const Revision& revision, Mark mark) override;
    std::vector<Revision> candidates() const override;
    Revision last_good() const override { return revision(search_.last_good()); }
    std::vector<std::pair<Revision, Mark>> worth_a_look() const override;
    std::vector<Revision> alone() const override;
    Revision without(std::size_t which) const override;

    // The patches of a revision of this history, in order.
    std::vector<const Patch*> patches_of(const std::string& id) const;

 private:
    Revision revision(std::size_t number) const;
    std::vector<Patch> patches_;
    std::string what_;
    SeriesSearch search_;
};

// Lets `git bisect` itself choose. It runs in a repository of its own that shares the objects of
// the user's repository, whose state, work tree and refs do not change.
class GitHistory : public History {
 public:
    // `folder`: where the shared repository is created; an old one is removed. FaultDomain::Spec if
    // a revision does not exist, or if the good one is not a proper ancestor of the bad one.
    static Result<std::unique_ptr<GitHistory>> open(const std::filesystem::path& repository,
                                                    const std::string& good, const std::string& bad,
                                                    const std::filesystem::path& folder,
                                                    CommandRunner& runner);

    std::string description() const override;
    Revision good() const override { return good_; }
    Revision bad() const override { return bad_; }
    std::size_t answers() const override { return answers_; }
    Result<std::optional<Revision>> next() override;
    Status mark(const Revision& revision, Mark mark) override;
    std::vector<Revision> candidates() const override { return candidates_; }
    Revision last_good() const override { return last_good_; }
    std::vector<std::pair<Revision, Mark>> worth_a_look() const override { return worth_; }
    std::vector<Revision> alone() const override { return {}; }
    Revision without(std::size_t) const override { return {}; }

    std::string commit_of(const std::string& id) const { return commits_.at(id); } // 40 digits
    Result<std::string> log() const; // output of git bisect log, for `git bisect replay`

 private:
    GitHistory(std::filesystem::path folder, CommandRunner& runner)
        : folder_(std::move(folder)), runner_(runner) {}
    // Runs git in the shared repository and ignores the user's configuration.
    Result<std::string> git(std::vector<std::string> words, bool may_fail = false) const;
    Result<Revision> named(const std::string& commit);
    Status take_answer(const std::string& out); // parses the output of git bisect good, bad or skip
    Status settle(std::vector<std::string> first_bad);

    std::filesystem::path folder_;
    CommandRunner& runner_;
    Revision good_, bad_, last_good_;
    std::size_t answers_ = 0;
    std::string range_;
    std::map<std::string, std::string> commits_; // by id
    std::vector<Revision> candidates_;
    std::vector<std::pair<Revision, Mark>> worth_;
    std::map<std::string, Mark> marks_; // by commit
    bool over_ = false;
};

} // namespace rig
