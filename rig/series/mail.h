// SPDX-License-Identifier: GPL-2.0-or-later
// Text that may contain patches, as separate mails: `git mailsplit` and `git mailinfo` decode it.
#pragma once

#include "rig/host/command_runner.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// One mail, or one plain patch without a mail around it.
struct Mail {
    bool plain = false;
    std::string where;      // for messages: "fix.mbox: mail 2", or the file's name
    std::string subject;    // decoded, with its brackets; of a plain patch its first line of text
    std::string author;     // "Name <address>"; empty if unknown
    std::string date;       // as in the mail; may be empty
    std::string message_id; // without < and >; may be empty
    std::string message;    // the text above the patch
    std::string notes;      // between "---" and the first change: a diffstat, what changed since v1
    std::string patch;      // from the first change to the end; empty: there is none
    // Where `patch` is, for messages "NAME:LINE: ...": the file's name and the number of lines
    // above it, or for a mail that was encoded "fix.mbox: mail 2, decoded" and 0.
    std::string name;
    std::size_t line = 0;
    std::string unusable; // why the text could not be read as plain text ("is HTML"); empty: it was
};

// Whether it begins like an mbox or like a mail. Pure.
bool is_mail(std::string_view text);

// `name` is for messages, `scratch` a private folder. FaultDomain::Spec, with file:line, for a text
// that is compressed, UTF-16, or neither a mail nor a unified diff, and for more mails than
// kMostPatches. A mail without a patch is no error. CR line ends on every line are removed.
Result<std::vector<Mail>> read_mails(const std::string& text, const std::string& name,
                                     const std::filesystem::path& scratch, CommandRunner& runner);

// The values of lines "KEY: VALUE" in the message, the notes and behind the patch, in order. Pure.
std::vector<std::string> trailers(const Mail& mail, std::string_view key);

// What a file of a series folder contains: the mail's header, message, notes and patch, or the
// plain patch unchanged. Lines of prose that would be read as a part of a diff are indented by one
// blank. Pure.
std::string patch_file_text(const Mail& mail);

} // namespace rig
