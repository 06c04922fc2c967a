// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/changed_lines.h"

#include "rig/base/files.h"
#include "rig/base/scratch_dir.h"
#include "rig/base/text.h"
#include "rig/host/git.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>
#include <variant>

namespace rig {
namespace fs = std::filesystem;
namespace {

// A difference that is larger than this is no patch that somebody wants to see line by line.
constexpr std::uintmax_t kLargestDiff = 64u << 20;

Result<std::optional<TreeFile>> file_of(const Overlay& overlay, const fs::path& tree,
                                        const std::string& path) {
    if (const auto file = overlay.find(path); file != overlay.end()) return file->second;
    return read_tree_file(tree / path);
}

// Takes "12,3" or "12" off the front of `text`: one line if it does not say how many.
std::optional<LineSpan> take_span(std::string_view& text) {
    const auto number = [&]() -> std::optional<unsigned> {
        const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
        text.remove_prefix(digits.size());
        return whole_number(digits);
    };
    const auto first = number();
    if (!first) return std::nullopt;
    LineSpan span{*first, 1};
    if (!text.starts_with(",")) return span;
    text.remove_prefix(1);
    const auto count = number();
    if (!count) return std::nullopt;
    span.count = *count;
    return span;
}

// Of "@@ -12,3 +12 @@ what git takes for the function".
std::optional<Hunk> hunk_of(std::string_view line) {
    Hunk hunk;
    for (auto [sign, span] : {std::pair("@@ -", &hunk.removed), {" +", &hunk.added}}) {
        if (!line.starts_with(sign)) return std::nullopt;
        line.remove_prefix(std::string_view(sign).size());
        const auto taken = take_span(line);
        if (!taken) return std::nullopt;
        *span = *taken;
    }
    if (!line.starts_with(" @@")) return std::nullopt;
    return hunk;
}

std::optional<std::string> text_of(const std::optional<TreeFile>& file) {
    return file ? std::optional(file->content) : std::nullopt;
}

} // namespace

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

Result<std::vector<Hunk>> hunks_of(std::string_view diff, std::string_view before,
                                   std::string_view after) {
    std::vector<Hunk> hunks;
    // Lines of a hunk begin with '+', '-' or '\'; those before the first hunk with other words.
    for (const auto line : split_lines(diff)) {
        if (!line.starts_with("@@ ")) continue;
        const auto hunk = hunk_of(line);
        if (!hunk)
            return fail(FaultDomain::Host,
                        fmt::format("git diff: '{}' is no hunk", printable(line.substr(0, 80))));
        hunks.push_back(*hunk);
    }
    // What is between the hunks must be the same on both sides, line by line.
    const auto a = split_lines(before), b = split_lines(after);
    std::size_t at_a = 0, at_b = 0; // lines that are compared
    const auto wrong = [] {
        return fail(FaultDomain::Host,
                    "git diff: its hunks do not turn the one file into the other");
    };
    const auto same_until = [&](std::size_t end_a, std::size_t end_b) {
        if (end_a < at_a || end_b < at_b || end_a > a.size() || end_b > b.size() ||
            end_a - at_a != end_b - at_b)
            return false;
        for (; at_a < end_a; ++at_a, ++at_b)
            if (a[at_a] != b[at_b]) return false;
        return true;
    };
    for (const auto& [removed, added] : hunks) {
        const auto start = [](const LineSpan& span) {
            return std::size_t{span.first} - (span.count && span.first ? 1 : 0);
        };
        if (!same_until(start(removed), start(added))) return wrong();
        at_a += removed.count;
        at_b += added.count;
    }
    if (!same_until(a.size(), b.size())) return wrong();
    return hunks;
}

Result<std::vector<ChangedFile>> changed_lines(const Overlay& before, const Overlay& after,
                                               const fs::path& tree, CommandRunner& runner) {
    std::set<std::string> paths;
    for (const auto* overlay : {&before, &after})
        for (const auto& [path, file] : *overlay)
            paths.insert(path);
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    const auto log = scratch.dir() / "diff";
    std::vector<ChangedFile> files;
    for (const auto& path : paths) {
        RIG_TRY(old_file, file_of(before, tree, path));
        RIG_TRY(new_file, file_of(after, tree, path));
        ChangedFile file{path, text_of(old_file), text_of(new_file), {}};
        if (file.before == file.after) continue;
        RIG_CHECK(write_atomically(scratch.dir() / "a", file.before.value_or("")));
        RIG_CHECK(write_atomically(scratch.dir() / "b", file.after.value_or("")));
        std::error_code error;
        fs::remove(log, error);
        auto command = git_command_without_repository(
            scratch.dir(), {"diff", "--no-index", "--no-color", "--no-ext-diff", "--no-textconv",
                            "--text", "--no-renames", "--unified=0", "--", "a", "b"});
        command.log = log; // the result has only the last part of a long output
        RIG_TRY(result, runner.run(command));
        const auto* exited = std::get_if<Exited>(&result.outcome);
        if (!exited || exited->code > 1) // 1: they differ
            return fail(FaultDomain::Host,
                        fmt::format("git diff of {}: {}: {}", path, describe(result),
                                    printable(result.out.substr(0, 200))));
        if (fs::file_size(log, error) > kLargestDiff)
            return fail(FaultDomain::Spec, fmt::format("the arms differ in more than {} MiB of {}",
                                                       kLargestDiff >> 20, path));
        RIG_TRY(hunks, hunks_of(slurp(log), file.before.value_or(""), file.after.value_or("")));
        file.hunks = std::move(hunks);
        if (!file.hunks.empty()) files.push_back(std::move(file));
    }
    return files;
}

} // namespace rig
