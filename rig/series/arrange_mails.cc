// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/arrange_mails.h"

#include "rig/base/text.h"
#include "rig/kernel/patch_text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>

namespace rig {
namespace {

class Arranger {
 public:
    Arranger(const std::vector<Mail>& mails, const std::string& name) : mails_(mails), name_(name) {
        for (const auto& mail : mails)
            subjects_.push_back(parse_subject(mail.subject));
    }
    Result<Arrangement> arrange();

 private:
    tl::unexpected<Error> no_patch(std::size_t i) const;
    Status sort_out();
    Status choose_version();
    Status order_by_number();
    void count_what_is_apart();
    std::string called(std::size_t i) const {
        return fmt::format("{} '{}'", mails_[i].where, printable(mails_[i].subject));
    }
    tl::unexpected<Error> refuse(const std::string& why) const {
        return fail(FaultDomain::Spec, why);
    }
    const PatchSubject& of(std::size_t i) const { return subjects_[i]; }

    const std::vector<Mail>& mails_;
    const std::string& name_;
    std::vector<PatchSubject> subjects_;
    std::vector<std::size_t> covers_, replied_patches_, others_;
    std::size_t replies_ = 0;
    std::string hint_; // for errors: other versions that were found
    Arrangement out_;
};

// Why this mail, which should have a patch, has none.
tl::unexpected<Error> Arranger::no_patch(std::size_t i) const {
    if (!mails_[i].unusable.empty())
        return refuse(
            fmt::format("{}: its text {}, accepted: plain text", called(i), mails_[i].unusable));
    // Such as a quoted patch, or one in the colours of a terminal.
    const auto why = changes_in(mails_[i].message + mails_[i].notes, called(i) + ", decoded");
    return refuse(why ? called(i) + ": no patch is in it" : why.error().message);
}

Status Arranger::sort_out() {
    for (std::size_t i = 0; i < mails_.size(); ++i) {
        const bool has_patch = !mails_[i].patch.empty();
        if (of(i).reply)
            has_patch ? replied_patches_.push_back(i) : void(++replies_);
        else if (of(i).number && of(i).number->at == 0)
            covers_.push_back(i);
        else if (has_patch)
            out_.patches.push_back(i);
        else if (!of(i).patch)
            others_.push_back(i);
        else
            return no_patch(i);
    }
    // A patch that was sent as "Re:" only is one; a reply with a correction beside the patch itself
    // is not part of the series.
    if (out_.patches.empty()) {
        out_.patches.swap(replied_patches_);
        if (!out_.patches.empty())
            out_.remarks.push_back(fmt::format("{} is a reply; its patch is taken, as there is no "
                                               "other",
                                               called(out_.patches[0])));
    }
    for (const auto i : replied_patches_)
        out_.remarks.push_back(
            fmt::format("{} is a reply with a patch of its own, which is not applied", called(i)));
    if (!out_.patches.empty()) return {};
    if (mails_.size() == 1) return no_patch(0);
    return refuse(fmt::format("{}: none of its {} mails has a patch, accepted: mails with unified "
                              "diffs",
                              name_, mails_.size()));
}

Status Arranger::choose_version() {
    std::map<PatchVersion, std::vector<std::size_t>> versions;
    std::set<std::string> titles;
    bool numbered = false;
    for (const auto i : out_.patches) {
        versions[of(i).version].push_back(i);
        titles.insert(of(i).title);
        numbered = numbered || of(i).number;
    }
    out_.version = versions.rbegin()->first;
    if (versions.size() == 1) return {};
    std::vector<std::string> found;
    for (const auto& [version, patches] : versions)
        found.push_back(fmt::format("{} ({} patch{})", version.text(), patches.size(),
                                    patches.size() == 1 ? "" : "es"));
    const auto list = fmt::format("{}", fmt::join(found, ", "));
    // Without numbers these could be different patches, which only differ in how often each was
    // sent.
    if (!numbered && titles.size() > 1)
        return refuse(fmt::format("{}: patches without numbers, of {}: '{}' is {} and '{}' is {}; "
                                  "accepted: one version",
                                  name_, list, of(versions.begin()->second[0]).title,
                                  versions.begin()->first.text(),
                                  of(versions.rbegin()->second[0]).title, out_.version.text()));
    out_.patches = versions.rbegin()->second;
    hint_ = fmt::format("; {} has {}, and the highest is taken", name_, list);
    out_.remarks.push_back(fmt::format("{} are there; {} is taken", list, out_.version.text()));
    return {};
}

// All patches are numbered, with one total; each number is there once.
Status Arranger::order_by_number() {
    const auto& patches = out_.patches;
    const auto numbered = [&](std::size_t i) { return of(i).number.has_value(); };
    const auto first = std::find_if(patches.begin(), patches.end(), numbered);
    if (first == patches.end()) return {};
    const auto bare = std::find_if_not(patches.begin(), patches.end(), numbered);
    if (bare != patches.end())
        return refuse(fmt::format("{}: has no number 'I/N', but {} has one; accepted: all or none",
                                  called(*bare), called(*first)));
    const auto total = of(*first).number->total;
    std::map<unsigned, std::size_t> by_number;
    for (const auto i : patches) {
        const auto number = *of(i).number;
        if (number.total != total)
            return refuse(fmt::format("{}: is of a series of {}, but {} is of a series of {}; "
                                      "accepted: one series{}",
                                      called(i), number.total, called(*first), total, hint_));
        if (number.at > total)
            return refuse(fmt::format("{}: number {} of {}", called(i), number.at, total));
        if (const auto [at, fresh] = by_number.emplace(number.at, i); !fresh)
            return refuse(fmt::format("{}: patch {}/{} is there twice, first as {}; accepted: once",
                                      called(i), number.at, total, called(at->second)));
    }
    std::vector<std::string> missing;
    // A total of 4000000000 must not be counted up to.
    for (unsigned at = 1; at <= total && missing.size() < 10; ++at)
        if (!by_number.contains(at)) missing.push_back(fmt::format("{}/{}", at, total));
    if (!missing.empty())
        return refuse(fmt::format("{}: {} missing, accepted: every patch of the series, or a patch "
                                  "without a number in its subject{}",
                                  name_,
                                  fmt::format("{}{} {}", fmt::join(missing, ", "),
                                              missing.size() == 10 ? ", ..." : "",
                                              missing.size() == 1 ? "is" : "are"),
                                  hint_));
    out_.patches.clear();
    for (const auto& [number, i] : by_number)
        out_.patches.push_back(i);
    return {};
}

void Arranger::count_what_is_apart() {
    for (const auto i : covers_) {
        if (of(i).version != out_.version || out_.cover) continue;
        out_.cover = i;
        if (!mails_[i].patch.empty())
            out_.remarks.push_back(
                fmt::format("{} is a cover letter; the patch in it is not applied", called(i)));
    }
    const auto count = [](std::size_t n, const char* one, const char* more) {
        return n == 0 ? std::string() : fmt::format("{} {}", n, n == 1 ? one : more);
    };
    std::vector<std::string> apart;
    for (const auto& text :
         {count(covers_.size(), "cover letter", "cover letters"),
          count(replies_, "reply", "replies"),
          count(others_.size(), "other mail without a patch", "other mails without a patch")})
        if (!text.empty()) apart.push_back(text);
    if (!apart.empty())
        out_.remarks.push_back(fmt::format("set apart: {}", fmt::join(apart, ", ")));
    for (const auto i : others_)
        out_.remarks.push_back(fmt::format("{} has no patch", called(i)));
    if (out_.patches.size() > 1 && !of(out_.patches[0]).number)
        out_.remarks.push_back("the subjects have no numbers: the patches are applied in the order "
                               "in which they were found");
}

Result<Arrangement> Arranger::arrange() {
    RIG_CHECK(sort_out());
    RIG_CHECK(choose_version());
    RIG_CHECK(order_by_number());
    count_what_is_apart();
    return out_;
}

} // namespace

Result<Arrangement> arrange_mails(const std::vector<Mail>& mails, const std::string& name) {
    return Arranger(mails, name).arrange();
}

} // namespace rig
