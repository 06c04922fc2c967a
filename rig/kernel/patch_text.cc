// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/patch_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <regex>

namespace rig {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

// Recognises from its first bytes a file that is not plain text.
const char* disguise(std::string_view text) {
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) return "is UTF-16 text";
    if (text.starts_with("\xef\xbb\xbf")) return "begins with a byte order mark";
    for (const char* magic : {"\x1f\x8b", "BZh",
                              "\xfd"
                              "7zXZ",
                              "\x28\xb5\x2f\xfd", "PK\x03\x04"})
        if (text.starts_with(magic)) return "is compressed";
    return nullptr;
}

class Reader {
 public:
    Reader(std::string_view text, const std::string& name) : name_(name) {
        while (!text.empty()) {
            const auto end = text.find('\n');
            lines_.push_back(text.substr(0, end));
            ended_ = end != std::string_view::npos;
            text.remove_prefix(ended_ ? end + 1 : text.size());
        }
    }

    Result<std::vector<unsigned>> read() {
        for (at_ = 0; at_ < lines_.size(); ++at_) {
            RIG_CHECK(outside());
            if (in_file_ && line().starts_with("@@ -")) RIG_CHECK(hunk());
        }
        if (changes_.empty()) return nothing();
        return changes_;
    }

 private:
    std::string_view line(std::size_t ahead = 0) const {
        return at_ + ahead < lines_.size() ? lines_[at_ + ahead] : std::string_view();
    }
    tl::unexpected<Error> refuse(std::size_t at, const std::string& why) const {
        return fail(FaultDomain::Spec, fmt::format("{}:{}: {}", name_, at + 1, why));
    }

    // Handles a line outside of hunks: the beginning of a change, or mail text around it.
    Status outside() {
        static const std::regex encoding(
            "content-transfer-encoding:\\s*\"?(quoted-printable|base64).*");
        std::match_results<std::string::const_iterator> match;
        if (const auto small = line().size() < 200 ? lower(line()) : std::string();
            std::regex_match(small, match, encoding))
            return refuse(at_, fmt::format("the mail is {} encoded, accepted: plain text "
                                           "('git mailinfo' decodes it)",
                                           match[1].str()));
        if (line().starts_with("Binary files ") && line().ends_with(" differ"))
            return refuse(at_, "a binary file is changed but its content is not in the patch; 'git "
                               "diff --binary' writes it");
        if (line().starts_with("Only in ") && line().find(": ") != std::string_view::npos)
            return refuse(at_, "a file that only one tree has is not in the patch; 'diff -N' "
                               "writes it");
        if (line().starts_with("*** ") && line(1).starts_with("--- "))
            return refuse(at_, "found a context diff, accepted: a unified diff ('diff -u')");
        if (line().starts_with("diff --git ")) {
            if (!says_something(line(1)))
                return refuse(at_, "found 'diff --git' with no change behind it");
            changes_.push_back(static_cast<unsigned>(at_ + 1));
            in_file_ = true;
            names_open_ = true;
        } else if (line().starts_with("--- ") && line(1).starts_with("+++ ")) {
            if (!line(2).starts_with("@@ -"))
                return refuse(at_ + 1, at_ + 2 < lines_.size()
                                           ? "found no '@@ -' behind '---' and '+++'"
                                           : "the patch ends early: behind '---' and '+++'");
            if (!names_open_) changes_.push_back(static_cast<unsigned>(at_ + 1));
            names_open_ = false;
            in_file_ = true;
        }
        return {};
    }

    static bool says_something(std::string_view next) {
        constexpr std::array<std::string_view, 14> words{
            "old mode ",    "new mode ",  "deleted file mode ", "new file mode ",
            "copy from ",   "copy to ",   "rename old ",        "rename new ",
            "rename from ", "rename to ", "similarity index ",  "dissimilarity index ",
            "index ",       "--- "};
        return std::any_of(words.begin(), words.end(),
                           [&](std::string_view word) { return next.starts_with(word); });
    }

    // Leaves at_ at the hunk's last line.
    Status hunk() {
        static const std::regex header("@@ -[0-9]+(,([0-9]+))? \\+[0-9]+(,([0-9]+))? @@.*");
        names_open_ = false;
        std::match_results<std::string_view::const_iterator> match;
        const auto head = line();
        // The text after the second "@@" may be long, and std::regex is recursive.
        const auto start = head.substr(0, std::min<std::size_t>(head.size(), 100));
        if (!std::regex_match(start.begin(), start.end(), match, header))
            return refuse(
                at_, fmt::format("found '{}', accepted: '@@ -LINE,COUNT +LINE,COUNT @@'", start));
        const auto count = [&](std::size_t group) {
            return match[group].matched ? std::strtoul(match[group].str().c_str(), nullptr, 10) : 1;
        };
        auto before = count(2), after = count(4);
        const auto begin = at_;
        while (before > 0 || after > 0) {
            if (at_ + 1 == lines_.size() || (at_ + 2 == lines_.size() && !ended_))
                return refuse(
                    at_ + 1 == lines_.size() ? at_ : at_ + 1,
                    fmt::format("the patch ends early: in the hunk of line {}", begin + 1));
            ++at_;
            const char kind = line().empty() ? ' ' : line()[0];
            if (kind == '\\') continue;
            if ((kind != ' ' && kind != '-' && kind != '+') || (kind != '+' && before == 0) ||
                (kind != '-' && after == 0))
                return refuse(at_,
                              fmt::format("found '{}' where the hunk of line {} goes on by its "
                                          "header; the patch is damaged",
                                          line().substr(0, 80), begin + 1));
            before -= kind != '+';
            after -= kind != '-';
        }
        if (line(1).starts_with("\\")) ++at_;
        // A signature ("-- ") and the next file's "---" do not belong to the hunk.
        const auto next = line(1);
        if (next.starts_with("+") || (next.starts_with("-") && next != "--" &&
                                      !next.starts_with("-- ") && !next.starts_with("---")))
            return refuse(at_ + 1, fmt::format("the hunk of line {} has more lines than its header "
                                               "counts: '{}'",
                                               begin + 1, next.substr(0, 80)));
        return {};
    }

    tl::unexpected<Error> nothing() const {
        for (std::size_t at = 0; at < lines_.size(); ++at) {
            const auto text = lower(lines_[at].substr(0, 200));
            if (text.find("<html") != std::string::npos ||
                text.find("<!doctype html") != std::string::npos)
                return refuse(at, "an HTML page, accepted: the patch as plain text (a 'raw' link)");
            if (text.find("\x1b[") != std::string::npos)
                return refuse(at, "colours of a terminal, accepted: plain text ('git diff "
                                  "--no-color')");
            if (text.starts_with("> diff --git ") || text.starts_with(">diff --git ") ||
                text.starts_with("> --- ") || text.starts_with("> +++ ") ||
                text.starts_with("> @@ -"))
                return refuse(at,
                              "a reply that quotes a patch with '> ', accepted: the patch's own "
                              "mail");
        }
        return fail(
            FaultDomain::Spec,
            fmt::format("{}:1: no 'diff --git' and no '--- a/file' with '+++ b/file' in it: "
                        "not a unified diff",
                        name_));
    }

    const std::string& name_;
    std::vector<std::string_view> lines_;
    bool ended_ = true;       // the last line has a line end
    bool in_file_ = false;    // hunks are allowed only within a file's change
    bool names_open_ = false; // after a "diff --git" whose "---" and "+++" are still to come
    std::size_t at_ = 0;
    std::vector<unsigned> changes_;
};

} // namespace

Result<std::vector<unsigned>> changes_in(std::string_view text, const std::string& name) {
    if (const char* what = disguise(text))
        return fail(FaultDomain::Spec,
                    fmt::format("{}:1: the file {}, accepted: plain text", name, what));
    return Reader(text, name).read();
}

} // namespace rig
