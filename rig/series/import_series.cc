// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/import_series.h"

#include "rig/base/files.h"
#include "rig/base/scratch_dir.h"
#include "rig/base/text.h"
#include "rig/kernel/patch_series.h"
#include "rig/kernel/patch_text.h"
#include "rig/series/arrange_mails.h"
#include "rig/series/mail.h"
#include "rig/series/series_folder.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <regex>
#include <set>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 5> kPatchEndings{".patch", ".diff", ".mbox", ".mbx", ".eml"};
constexpr std::size_t kShownNames = 8;

// What was read, before it is checked and written.
struct Gathered {
    std::vector<Mail> patches; // in order
    std::optional<Mail> cover;
    PatchVersion version;
    std::string title;
    std::optional<GitBase> base;
    std::vector<std::string> remarks;
    // Maintained by hand in a quilt folder: their diffstats may be old.
    bool by_hand = false;
};

class Importer {
 public:
    Importer(const SeriesSource& source, fs::path scratch, CommandRunner& runner,
             Progress& progress)
        : source_(source), name_(name_of(source)), scratch_(std::move(scratch)), runner_(runner),
          progress_(progress) {}
    Result<ImportedSeries> run(const fs::path& out_folder);

 private:
    Result<Gathered> gather();
    Result<Gathered> arranged(std::vector<Mail> mails, std::vector<std::string> remarks = {});
    Result<Gathered> from_folder();
    Result<Gathered> from_quilt();
    Result<std::vector<Mail>> from_file(const std::string& path);
    Result<PatchExtent> check(const Mail& mail);
    Status compare_with_diffstat(const Mail& mail, const PatchExtent& extent, Gathered& from);
    void take_base_commits(const Gathered& from, ImportedSeries& out);

    const SeriesSource& source_;
    const std::string name_;
    const fs::path scratch_;
    CommandRunner& runner_;
    Progress& progress_;
};

Result<std::vector<Mail>> Importer::from_file(const std::string& path) {
    RIG_TRY(text, read_source({SeriesSource::Kind::File, path, {}}));
    return read_mails(text, path, scratch_, runner_);
}

Result<Gathered> Importer::arranged(std::vector<Mail> mails, std::vector<std::string> remarks) {
    RIG_TRY(order, arrange_mails(mails, name_));
    Gathered out;
    out.version = order.version;
    out.remarks = std::move(remarks);
    out.remarks.insert(out.remarks.end(), order.remarks.begin(), order.remarks.end());
    if (order.cover) out.cover = mails[*order.cover];
    for (const auto i : order.patches)
        out.patches.push_back(std::move(mails[i]));
    return out;
}

Result<Gathered> Importer::from_quilt() {
    std::error_code error;
    RIG_TRY(listed, read_series({fs::absolute(source_.text, error)}, fs::current_path(error)));
    if (listed.empty())
        return fail(FaultDomain::Spec, fmt::format("{}: lists no patch",
                                                   (fs::path(source_.text) / "series").string()));
    if (listed.size() > kMostPatches)
        return fail(FaultDomain::Spec, fmt::format("{}: {} patches, accepted: up to {}", name_,
                                                   listed.size(), kMostPatches));
    Gathered out;
    out.by_hand = true;
    progress_.start("reading " + name_, listed.size());
    for (const auto& patch : listed) {
        RIG_TRY(mails, read_mails(patch.text, patch.name, scratch_, runner_));
        if (mails.size() != 1)
            return fail(FaultDomain::Spec,
                        fmt::format("{}: it has {} mails, accepted in a quilt folder: one patch",
                                    patch.name, mails.size()));
        RIG_TRY(one, arrange_mails(
                         [&] { // its number is the series file's matter
                             auto bare = mails;
                             bare[0].subject = parse_subject(bare[0].subject).title;
                             return bare;
                         }(),
                         patch.name));
        (void)one;
        out.patches.push_back(std::move(mails[0]));
        progress_.advance(out.patches.size());
    }
    progress_.finish();
    return out;
}

Result<Gathered> Importer::from_folder() {
    std::error_code error;
    const fs::path folder = source_.text;
    if (fs::exists(folder / "series", error)) return from_quilt();
    std::vector<std::string> files, others;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const auto name = entry.path().filename().string();
        const auto ending = entry.path().extension().string();
        std::error_code gone;
        const bool is_patch =
            entry.is_regular_file(gone) &&
            std::find(kPatchEndings.begin(), kPatchEndings.end(), ending) != kPatchEndings.end();
        (is_patch ? files : others).push_back(name);
    }
    if (error) return fail(FaultDomain::Spec, fmt::format("{}: {}", name_, error.message()));
    if (files.empty())
        return fail(FaultDomain::Spec,
                    fmt::format("{}: no file 'series' and no file {} is in it, accepted: a quilt "
                                "folder, or the output of 'git format-patch'",
                                name_, fmt::join(kPatchEndings, ", ")));
    // 2 comes before 10, as in `ls -v`.
    std::sort(files.begin(), files.end(),
              [](const auto& a, const auto& b) { return ::strverscmp(a.c_str(), b.c_str()) < 0; });
    std::sort(others.begin(), others.end());
    std::vector<std::string> remarks;
    if (const auto count = others.size(); count > 0) {
        if (count > kShownNames) others.resize(kShownNames);
        remarks.push_back(fmt::format("not patches by their names: {}{}",
                                      printable(fmt::format("{}", fmt::join(others, ", "))),
                                      count > kShownNames ? ", ..." : ""));
    }
    std::vector<Mail> mails;
    progress_.start("reading " + name_, files.size());
    for (std::size_t i = 0; i < files.size(); ++i) {
        RIG_TRY(some, from_file((folder / files[i]).string()));
        std::move(some.begin(), some.end(), std::back_inserter(mails));
        if (mails.size() > kMostPatches)
            return fail(
                FaultDomain::Spec,
                fmt::format("{}: more than {} mails, accepted: up to that", name_, kMostPatches));
        progress_.advance(i + 1);
    }
    progress_.finish();
    return arranged(std::move(mails), std::move(remarks));
}

Result<Gathered> Importer::gather() {
    const auto from_git = [](GitChanges& changes) {
        Gathered out;
        out.patches = std::move(changes.patches);
        out.title = changes.title;
        out.base = changes.base;
        out.remarks = std::move(changes.remarks);
        return out;
    };
    switch (source_.kind) {
    case SeriesSource::Kind::Folder:
        return from_folder();
    case SeriesSource::Kind::Range: {
        RIG_TRY(changes, commits_of_range(source_, scratch_, runner_, progress_));
        return from_git(changes);
    }
    case SeriesSource::Kind::Worktree: {
        progress_.start("comparing " + name_ + " with HEAD");
        RIG_TRY(changes, changes_of_worktree(source_, scratch_, runner_));
        progress_.finish();
        return from_git(changes);
    }
    case SeriesSource::Kind::File:
    case SeriesSource::Kind::Stdin:
        break;
    }
    RIG_TRY(text, read_source(source_));
    progress_.start("reading " + name_);
    RIG_TRY(mails, read_mails(text, name_, scratch_, runner_));
    progress_.finish();
    return arranged(std::move(mails));
}

// Absolute names, which git reads without their first slash, and submodules, of which a kernel tree
// has none. `changes`: the numbers of the lines at which a file's changes begin.
Status no_foreign_names(const std::string& text, const std::vector<unsigned>& changes,
                        const std::string& name) {
    static const std::regex submodule("(index [0-9a-f]+\\.\\.[0-9a-f]+|(old|new|deleted file|new "
                                      "file) mode) 160000");
    bool header = false;
    auto change = changes.begin();
    unsigned number = 1;
    for (std::size_t at = 0; at < text.size(); ++number) {
        const auto end = std::min(text.find('\n', at), text.size());
        const std::string_view line(text.data() + at, end - at);
        at = end + 1;
        if (change != changes.end() && number == *change) {
            header = true;
            ++change;
        }
        if (line.starts_with("@@ -")) header = false;
        if (!header) continue;
        const auto refuse = [&](const std::string& why) {
            return fail(FaultDomain::Spec, fmt::format("{}:{}: {}", name, number, why));
        };
        if (line.size() < 200 && line.ends_with(" 160000") &&
            std::regex_match(std::string(line), submodule))
            return refuse("changes a submodule, accepted: files and symbolic links");
        const bool named = line.starts_with("--- /") || line.starts_with("+++ /");
        const auto path = named ? line.substr(4, line.find('\t') - 4) : std::string_view();
        if (named && path != "/dev/null")
            return refuse(fmt::format("found the absolute path '{}', accepted: 'a/FILE' and "
                                      "'b/FILE', relative to the tree",
                                      path));
    }
    return {};
}

// Everything that can be found out about a patch without a tree.
Result<PatchExtent> Importer::check(const Mail& mail) {
    // Empty lines above it make the numbers of lines in messages those of the user's file.
    const Patch patch{source_.kind == SeriesSource::Kind::File ? fs::path(source_.text)
                                                               : fs::path(),
                      mail.name, std::string(mail.line, '\n') + mail.patch};
    RIG_TRY(changes, changes_in(patch.text, patch.name));
    RIG_CHECK(no_foreign_names(patch.text, changes, patch.name));
    const auto folder = scratch_ / "numstat";
    std::error_code error;
    fs::create_directories(folder, error);
    return patch_extent(patch, folder, runner_);
}

// A mail that was cut off behind a hunk has a diff that is in order. Its diffstat counts more.
Status Importer::compare_with_diffstat(const Mail& mail, const PatchExtent& extent,
                                       Gathered& from) {
    static const std::regex summary(" ([0-9]+) files? changed(?:, ([0-9]+) insertions?\\(\\+\\))?"
                                    "(?:, ([0-9]+) deletions?\\(-\\))?");
    std::smatch match;
    bool found = false;
    std::size_t at = 0;
    for (const auto& text = mail.notes; at < text.size() && !found;) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = text.substr(at, std::min<std::size_t>(end - at, 200));
        at = end + 1;
        if (!std::regex_match(line, match, summary)) continue;
        found = true;
        const auto count = [&](std::size_t group) {
            return std::strtoul(match[group].str().c_str(), nullptr, 10);
        };
        if (count(1) == extent.files && count(2) == extent.added && count(3) == extent.removed)
            return {};
        const auto differs = fmt::format("{} '{}': its diffstat counts {} files, {} insertions and "
                                         "{} deletions, its diff has {}, {} and {}",
                                         mail.where, printable(mail.subject), count(1), count(2),
                                         count(3), extent.files, extent.added, extent.removed);
        const bool cut =
            extent.files < count(1) || extent.added < count(2) || extent.removed < count(3);
        if (cut && !from.by_hand)
            return fail(FaultDomain::Spec,
                        differs + ": it was cut off or edited; accepted: all that the diffstat "
                                  "counts, or no diffstat");
        from.remarks.push_back(differs);
    }
    return {};
}

void Importer::take_base_commits(const Gathered& from, ImportedSeries& out) {
    const auto take = [&](const Mail& mail) {
        for (const auto& value : trailers(mail, "base-commit")) {
            const auto id = value.substr(0, value.find_first_not_of("0123456789abcdef"));
            if (id.size() < 7 || id == out.base_commit) continue;
            if (out.base_commit.empty())
                out.base_commit = id;
            else
                out.remarks.push_back(fmt::format("{} has another base-commit, {}; {} is used",
                                                  mail.where, id, out.base_commit));
        }
        for (const auto& value : trailers(mail, "prerequisite-patch-id"))
            out.prerequisite_patch_ids.push_back(value);
    };
    if (from.cover) take(*from.cover);
    for (const auto& mail : from.patches)
        take(mail);
}

Result<ImportedSeries> Importer::run(const fs::path& out_folder) {
    RIG_TRY(from, gather());
    ImportedSeries out;
    out.version = from.version;
    out.base = from.base;
    std::vector<std::pair<std::string, std::string>> files;
    progress_.start("checking the patches of " + name_, from.patches.size());
    for (const auto& mail : from.patches) {
        RIG_TRY(extent, check(mail));
        RIG_CHECK(compare_with_diffstat(mail, extent, from));
        SeriesPatch patch;
        patch.subject = parse_subject(mail.subject).title;
        patch.file = patch_file_name(out.patches.size() + 1, patch.subject);
        patch.author = mail.author;
        patch.paths.assign(extent.paths.begin(), extent.paths.end());
        files.emplace_back(patch.file, patch_file_text(mail));
        out.patches.push_back(std::move(patch));
        progress_.advance(out.patches.size());
    }
    progress_.finish();
    take_base_commits(from, out);
    out.remarks.insert(out.remarks.begin(), from.remarks.begin(), from.remarks.end());
    const auto& first = from.cover ? *from.cover : from.patches[0];
    out.message_id = first.message_id;
    if (from.cover) out.cover = from.cover->message + from.cover->notes;
    out.title = !from.title.empty() ? from.title : parse_subject(first.subject).title;
    RIG_CHECK(write_series_folder(out_folder, files, name_));
    return out;
}

} // namespace

Result<ImportedSeries> import_series(const SeriesSource& source, const fs::path& out_folder,
                                     CommandRunner& runner, Progress& progress) {
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    auto imported = Importer(source, scratch.dir(), runner, progress).run(out_folder);
    if (!imported) progress.interrupt();
    return imported;
}

Status touches_tree(const ImportedSeries& series, const fs::path& tree) {
    std::set<std::string> tops; // what earlier patches made
    std::error_code error;
    for (const auto& patch : series.patches) {
        const auto top_of = [](const fs::path& path) { return path.begin()->string(); };
        const auto known = [&](const std::string& path) {
            return path.find('/') == std::string::npos || tops.contains(top_of(path)) ||
                   fs::exists(fs::symlink_status(tree / top_of(path), error));
        };
        if (std::none_of(patch.paths.begin(), patch.paths.end(), known))
            return fail(FaultDomain::Spec,
                        fmt::format("{}: changes {}, but {} has no '{}'; accepted: files of this "
                                    "tree as a/FILE and b/FILE (patch -p1)",
                                    patch.file, patch.paths[0], tree.string(),
                                    top_of(patch.paths[0])));
        for (const auto& path : patch.paths)
            tops.insert(top_of(path));
    }
    return {};
}

} // namespace rig
