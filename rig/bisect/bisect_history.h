// SPDX-License-Identifier: GPL-2.0-or-later
// The two histories that rig bisects: the patches of a quilt series, and the commits between two
// revisions of a git repository.
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

// Revision "r07": the first seven patches; "r06-p09": the first six and the ninth; "r09-x07": the
// first nine but the seventh.
class SeriesHistory : public History {
 public:
    // At least one patch. `what` is for people: the folder's name.
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

// Asks `git bisect` itself, in a repository of its own that shares the user's objects: that one's
// state, work tree and refs stay alone.
class GitHistory : public History {
 public:
    // `folder`: where the shared repository is made, anew. FaultDomain::Spec for a revision that is
    // none, and a good one that is no ancestor of the bad one, or the same.
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
    Result<std::string> log() const; // of git bisect, for `git bisect replay`

 private:
    GitHistory(std::filesystem::path folder, CommandRunner& runner)
        : folder_(std::move(folder)), runner_(runner) {}
    // In the repository of its own, whatever the user's configuration says.
    Result<std::string> git(std::vector<std::string> words, bool may_fail = false) const;
    Result<Revision> named(const std::string& commit);
    Status take_answer(const std::string& out); // of git bisect good, bad or skip
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
