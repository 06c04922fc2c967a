// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/checkout_origin.h"

#include "rig/base/files.h"
#include "rig/base/sha256.h"
#include "rig/base/text.h"
#include "rig/report/wording.h"

#include <algorithm>
#include <variant>

namespace rig {
namespace {

bool is_commit_hash(const std::string& text) {
    return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

bool is_key(std::string_view line, std::string_view key) {
    return line.size() > key.size() && line[key.size()] == ':' &&
           std::equal(key.begin(), key.end(), line.begin(), [](char a, char b) {
               return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b);
           });
}

// "local@host" of printable characters, which is what the schema takes.
bool is_address(std::string_view text) {
    const auto at = text.find('@');
    return at != text.npos && at > 0 && at + 1 < text.size() && text.size() <= 900 &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return c > ' ' && c < 0x7f && c != '<' && c != '>' && c != '"';
           });
}

} // namespace

std::string message_id_in(std::string_view patch) {
    for (std::size_t at = 0; at < patch.size();) {
        const auto end = std::min(patch.find('\n', at), patch.size());
        const auto line = patch.substr(at, end - at);
        if (line.empty() || line == "\r") break; // the end of the header
        at = end + 1;
        if (!is_key(line, "message-id")) continue;
        auto value = line.substr(line.find(':') + 1);
        // The value may be on a line of its own.
        if (stripped(value, " \t\r").empty() && at < patch.size() && patch[at] == ' ')
            value = patch.substr(at, std::min(patch.find('\n', at), patch.size()) - at);
        const auto id = stripped(value, " \t\r<>");
        return is_address(id) ? std::string(id) : "";
    }
    return "";
}

std::map<std::string, CheckoutOrigin> checkout_origins(const ReportInput& input,
                                                       const std::filesystem::path& top) {
    std::map<std::string, CheckoutOrigin> origins;
    const auto own = patch_lists(input).own;
    for (std::size_t i = 0; i < input.run.kernels.size(); ++i) {
        const auto& kernel = input.run.kernels[i];
        auto& origin = origins[kernel.arm];
        const auto* arm = input.spec.find_arm(kernel.arm);
        if (const auto* git = std::get_if<GitSource>(&input.spec.kernel.source)) {
            const auto& revision = arm && !arm->revision.empty() ? arm->revision : git->revision;
            if (is_commit_hash(revision)) origin.git_commit_hash = revision;
        }
        for (const auto& patch : own[i]) {
            const auto place = static_cast<std::size_t>(
                std::find(kernel.patches.begin(), kernel.patches.end(), patch) -
                kernel.patches.begin());
            if (place >= kernel.patch_sha256.size()) continue;
            const auto text = slurp(top / patch);
            if (text.empty() || sha256_hex(text) != kernel.patch_sha256[place]) continue;
            origin.message_id = message_id_in(text);
            if (!origin.message_id.empty()) break;
        }
    }
    return origins;
}

} // namespace rig
