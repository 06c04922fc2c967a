// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/mail.h"

#include "rig/base/files.h"
#include "rig/base/text.h"
#include "rig/host/git.h"
#include "rig/kernel/patch_text.h"
#include "rig/series/series_source.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <regex>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

std::string_view first_line(std::string_view text) {
    return text.substr(0, text.find('\n'));
}

void drop_line(std::string_view& text) {
    text.remove_prefix(std::min(first_line(text).size() + 1, text.size()));
}

bool same_letters(std::string_view one, std::string_view other) {
    return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) ==
               std::tolower(static_cast<unsigned char>(b));
    });
}

// The name of a header line "Name: value"; empty for any other line.
std::string_view header_name(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return {};
    const auto name = line.substr(0, colon);
    const bool plain =
        std::all_of(name.begin(), name.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
    return plain ? name : std::string_view();
}

// "From " in prose is no beginning of an mbox: a time and a year are behind it.
bool is_mbox(std::string_view text) {
    static const std::regex line("From .*[0-9]{1,2}:[0-9]{2}.* [0-9]{4}.*");
    return text.starts_with("From ") &&
           std::regex_match(std::string(stripped(first_line(text), "\r")).substr(0, 200), line);
}

// The unfolded value of a header of the mail itself; empty if there is none.
std::string header(std::string_view mail, std::string_view wanted) {
    if (is_mbox(mail)) drop_line(mail);
    std::string value;
    bool found = false;
    for (; !mail.empty() && !first_line(mail).empty(); drop_line(mail)) {
        const auto line = first_line(mail);
        const bool goes_on = line.starts_with(' ') || line.starts_with('\t');
        if (found && !goes_on) break;
        if (found)
            value += " " + trimmed(line.substr(1));
        else if (!goes_on && same_letters(header_name(line), wanted)) {
            value = trimmed(line.substr(wanted.size() + 1));
            found = true;
        }
    }
    return value;
}

// Every line ends in CR LF, or the last one in nothing.
std::string without_carriage_returns(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        if (end == std::string::npos) return out.empty() ? text : out.append(text, at);
        if (end == at || text[end - 1] != '\r') return text;
        out.append(text, at, end - 1 - at) += '\n';
        at = end + 1;
    }
    return out;
}

bool binary_without_content(std::string_view line) {
    return line.starts_with("Binary files ") && line.ends_with(" differ") &&
           std::count(line.begin(), line.end(), ' ') == 5;
}

bool only_in(std::string_view line) {
    return line.starts_with("Only in ") && std::count(line.begin(), line.end(), ' ') == 3 &&
           line.find(": ") != std::string_view::npos;
}

// Where the first change begins, also one in a format that is refused later; npos: nowhere.
std::size_t first_change(std::string_view text) {
    for (auto rest = text; !rest.empty(); drop_line(rest)) {
        const auto line = first_line(rest);
        auto behind = rest;
        drop_line(behind);
        if (line.starts_with("diff --git ") || binary_without_content(line) || only_in(line) ||
            (line.starts_with("--- ") && behind.starts_with("+++ ")) ||
            (line.starts_with("*** ") && behind.starts_with("--- ")))
            return text.size() - rest.size();
    }
    return std::string_view::npos;
}

// Where HTML begins. A line of a diff never begins with '<'.
std::size_t html_in(std::string_view text) {
    for (auto rest = text; !rest.empty(); drop_line(rest))
        if (rest.size() > 1 && rest[0] == '<' &&
            (rest[1] == '!' || std::isalpha(static_cast<unsigned char>(rest[1]))))
            return text.size() - rest.size();
    return std::string_view::npos;
}

// Whether a mail has a part of this type. Boundaries are not followed: the line alone says it.
bool has_part(std::string_view mail, std::string_view type) {
    static const std::regex line("content-type:\\s*(\\S+)", std::regex::icase);
    for (; !mail.empty(); drop_line(mail)) {
        const auto here = std::string(first_line(mail).substr(0, 200));
        std::smatch match;
        if (std::regex_search(here, match, line, std::regex_constants::match_continuous) &&
            same_letters(match[1].str().substr(0, type.size()), type))
            return true;
    }
    return false;
}

std::string info(std::string_view out, std::string_view key) {
    std::string value;
    for (; !out.empty(); drop_line(out))
        if (first_line(out).starts_with(key)) {
            const auto more = trimmed(first_line(out).substr(key.size()));
            value += value.empty() ? more : " " + more;
        }
    return value;
}

std::size_t lines_before(std::string_view text, std::size_t at) {
    return static_cast<std::size_t>(
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

Result<std::string> run_git(CommandRunner& runner, const fs::path& scratch, const std::string& name,
                            std::vector<std::string> words, const fs::path& input = {}) {
    const auto what = words[0];
    auto command = git_command_without_repository(scratch, std::move(words));
    command.input = input;
    RIG_TRY(result, runner.run(command));
    if (result.ok()) return result.out;
    return fail(
        std::holds_alternative<Exited>(result.outcome) ? FaultDomain::Spec : FaultDomain::Host,
        fmt::format("{}: git {}: {}: {}", name, what, describe(result), first_line(result.out)));
}

// Decodes one mail of the file. `whole` is the file's text; `from` is where the mail begins there.
Result<Mail> decode(const std::string& raw, std::string_view whole, std::size_t from,
                    const std::string& name, const std::string& where, const fs::path& scratch,
                    CommandRunner& runner) {
    const auto in = scratch / "mail", message = scratch / "message", patch = scratch / "patch";
    RIG_CHECK(write_atomically(in, raw));
    RIG_TRY(out, run_git(runner, scratch, where,
                         {"mailinfo", "-k", "--encoding=UTF-8", "--quoted-cr=nowarn",
                          message.string(), patch.string()},
                         in));
    Mail mail;
    mail.where = where;
    mail.subject = info(out, "Subject: ");
    if (mail.subject.empty()) mail.subject = fs::path(name).filename().string();
    const auto who = info(out, "Author: "), address = info(out, "Email: ");
    mail.author = address.empty() || who == address ? who : fmt::format("{} <{}>", who, address);
    mail.date = info(out, "Date: ");
    mail.message_id = std::string(stripped(header(raw, "message-id"), " <>"));
    mail.message = without_carriage_returns(slurp(message));
    auto rest = without_carriage_returns(slurp(patch));
    if (mail.message.find('\0') != std::string::npos || rest.find('\0') != std::string::npos) {
        mail.unusable = "is UTF-16 or no text at all";
        return mail;
    }
    if (has_part(raw, "text/html")) {
        // Of text and the same as HTML, only the text counts. In HTML alone '<' is "&lt;", and
        // what looks like a diff is none.
        const auto html = html_in(rest);
        if (same_letters(header(raw, "content-type").substr(0, 9), "text/html") ||
            html_in(mail.message) != std::string::npos || html < first_change(rest)) {
            mail.unusable = "is HTML";
            return mail;
        }
        rest.resize(std::min(html, rest.size()));
    }
    const auto change = first_change(rest);
    mail.notes = rest.substr(0, change);
    if (change == std::string::npos) return mail;
    mail.patch = rest.substr(change);
    // A mail that was sent as it is has the same text in the file.
    const auto at = raw.find(mail.patch);
    mail.name = at == std::string::npos ? where + ", decoded" : name;
    mail.line = at == std::string::npos ? 0 : lines_before(whole, from + at);
    return mail;
}

// Lines above a patch that `git show`, diff and quilt write.
bool is_no_title(std::string_view line, std::string_view key) {
    constexpr std::array<std::string_view, 6> keys{"author",     "authordate", "commit",
                                                   "commitdate", "date",       "index"};
    constexpr std::array<std::string_view, 4> starts{"commit ", "diff ", "===", "#"};
    return std::any_of(keys.begin(), keys.end(),
                       [&](std::string_view one) { return same_letters(key, one); }) ||
           std::any_of(starts.begin(), starts.end(),
                       [&](std::string_view one) { return line.starts_with(one); });
}

Mail plain_patch(const std::string& text, const std::string& name) {
    Mail mail;
    mail.plain = true;
    mail.where = mail.name = name;
    mail.patch = text;
    // The first line of prose above the patch. `git show` puts a header of its own before it.
    for (std::string_view above(text.data(), std::min(first_change(text), text.size()));
         !above.empty(); drop_line(above)) {
        const auto line = first_line(above);
        const auto key = header_name(line);
        if (same_letters(key, "author")) mail.author = trimmed(line.substr(key.size() + 1));
        if (same_letters(key, "subject"))
            mail.subject = trimmed(line.substr(key.size() + 1));
        else if (mail.subject.empty() && !is_no_title(line, key))
            mail.subject = trimmed(line);
    }
    if (mail.subject.empty()) mail.subject = fs::path(name).filename().string();
    return mail;
}

// The output of `git log -p` has the newest commit first: in that order nothing applies.
Status no_log(const std::string& text, const std::string& name) {
    static const std::regex commit("commit [0-9a-f]{40,64}( .*)?");
    std::size_t number = 0, commits = 0;
    for (std::string_view rest = text; !rest.empty(); drop_line(rest)) {
        ++number;
        const auto line = std::string(first_line(rest).substr(0, 200));
        if (!line.starts_with("commit ") || !std::regex_match(line, commit) || ++commits < 2)
            continue;
        return fail(FaultDomain::Spec,
                    fmt::format("{}:{}: a second commit, as 'git log -p' prints them, newest "
                                "first; accepted: one, or the output of 'git format-patch'",
                                name, number));
    }
    return {};
}

bool misread_in_prose(std::string_view line) {
    static constexpr std::array<std::string_view, 8> words{
        "diff ", "--- ", "+++ ", "*** ", "@@ ", "Index: ", "GIT binary patch", "Binary files "};
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return line.starts_with(word); }) ||
           line.starts_with("Only in ") ||
           same_letters(header_name(line), "content-transfer-encoding");
}

std::string guarded(std::string_view prose) {
    std::string out;
    for (; !prose.empty(); drop_line(prose)) {
        if (misread_in_prose(first_line(prose))) out += ' ';
        out += std::string(first_line(prose)) + '\n';
    }
    return out;
}

} // namespace

bool is_mail(std::string_view text) {
    if (is_mbox(text)) return true;
    bool any = false;
    for (; !text.empty() && !first_line(text).empty(); drop_line(text)) {
        auto line = first_line(text);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) break;
        if (line.starts_with(' ') || line.starts_with('\t')) continue;
        const auto key = header_name(line);
        if (key.empty()) return false;
        any = any || same_letters(key, "subject") || same_letters(key, "from");
    }
    return any;
}

Result<std::vector<Mail>> read_mails(const std::string& text, const std::string& name,
                                     const fs::path& scratch, CommandRunner& runner) {
    const auto raw = without_carriage_returns(text);
    // An mbox may begin with empty lines.
    const auto start = std::min(raw.find_first_not_of("\r\n"), raw.size());
    if (!is_mail(std::string_view(raw).substr(start))) {
        RIG_CHECK(changes_in(raw, name));
        RIG_CHECK(no_log(raw, name));
        return std::vector<Mail>{plain_patch(raw, name)};
    }
    const auto folder = scratch / "split";
    std::error_code error;
    fs::remove_all(folder, error);
    fs::create_directories(folder, error);
    RIG_CHECK(write_atomically(scratch / "mbox", std::string_view(raw).substr(start)));
    RIG_TRY(said, run_git(runner, scratch, name,
                          {"mailsplit", "-b", "--keep-cr", "-d6", "-o" + folder.string(),
                           (scratch / "mbox").string()}));
    const auto count = whole_number(first_line(said));
    if (!count || *count == 0)
        return fail(FaultDomain::Host,
                    fmt::format("{}: git mailsplit says '{}', which is no number of mails", name,
                                first_line(said)));
    if (*count > kMostPatches)
        return fail(FaultDomain::Spec, fmt::format("{}: it has {} mails, accepted: up to {}", name,
                                                   *count, kMostPatches));
    std::vector<Mail> mails;
    std::size_t at = start;
    for (unsigned i = 1; i <= *count; ++i) {
        const auto one = slurp(folder / fmt::format("{:06}", i));
        const auto place = raw.find(one, at); // mailsplit copies the lines
        const auto from = place == std::string::npos ? at : place;
        const auto where = *count == 1 ? name : fmt::format("{}: mail {}", name, i);
        RIG_TRY(mail,
                decode(without_carriage_returns(one), raw, from, name, where, scratch, runner));
        mails.push_back(std::move(mail));
        at = place == std::string::npos ? at : place + one.size();
    }
    return mails;
}

std::vector<std::string> trailers(const Mail& mail, std::string_view key) {
    std::vector<std::string> found;
    for (const auto* part : {&mail.message, &mail.notes, &mail.patch})
        for (std::string_view rest = *part; !rest.empty(); drop_line(rest)) {
            const auto line = first_line(rest);
            if (line.starts_with(key) && line.substr(key.size()).starts_with(":"))
                found.push_back(std::string(stripped(line.substr(key.size() + 1), " \t\r")));
        }
    return found;
}

std::string patch_file_text(const Mail& mail) {
    if (mail.plain) return mail.patch;
    std::string out;
    const auto field = [&](const char* key, const std::string& value) {
        if (!value.empty()) out += fmt::format("{}: {}\n", key, printable(value));
    };
    field("From", mail.author);
    field("Date", mail.date);
    field("Subject", mail.subject);
    if (!mail.message_id.empty()) field("Message-ID", "<" + mail.message_id + ">");
    return out + "\n" + guarded(mail.message) + guarded(mail.notes) + mail.patch;
}

} // namespace rig
