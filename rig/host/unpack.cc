// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/unpack.h"

#include "rig/base/text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <sstream>
#include <system_error>

namespace rig {
namespace fs = std::filesystem;
namespace {

// Messages, in the C locale, of tar and of the decompressors that tar and dpkg-deb use.
constexpr std::array kDiskFull{"No space left on device", "Disk quota exceeded",
                               "Wrote only "}; // tar, if the beginning of a file still fitted
constexpr std::array kEndsEarly{"Unexpected end of input",   // xz
                                "unexpected end of file",    // gzip, dpkg-deb
                                "file ends unexpectedly",    // bzip2
                                "premature end",             // zstd
                                "Unexpected EOF in archive", // tar
                                "unexpected end of input",   // dpkg-deb's own xz
                                "unexpected end of archive member"};

// The error message: the first line that begins with the program's or its helper's name, with or
// without a path. (The last line only says that something failed.) All other lines are names of
// files.
std::string complaint(const std::string& out) {
    constexpr std::array<std::string_view, 6> programs{"tar",   "xz",   "gzip",
                                                       "bzip2", "zstd", "dpkg-deb"};
    std::istringstream lines(out);
    std::string last;
    for (std::string line; std::getline(lines, line);) {
        if (const auto colon = line.find(": "); colon != std::string::npos) {
            const auto name = fs::path(line.substr(0, colon)).filename().string();
            if (std::find(programs.begin(), programs.end(), name) != programs.end())
                return printable(line);
        }
        if (!line.empty()) last = line;
    }
    return printable(last);
}

template<class Words> bool says(const std::string& out, const Words& words) {
    return std::any_of(words.begin(), words.end(),
                       [&](const char* one) { return out.find(one) != std::string::npos; });
}

} // namespace

Status run_unpacker(const BuildContext& context, std::vector<std::string> argv,
                    const fs::path& archive, const fs::path& folder, FaultDomain fault_domain,
                    std::function<void(std::string_view)> on_line) {
    Command command;
    command.argv = std::move(argv);
    command.env = {{"LC_ALL", "C"}};
    command.on_line = std::move(on_line);
    RIG_TRY(result, context.runner.run(command));
    if (result.ok()) return {};
    const auto what = fmt::format("unpacking {}", archive.string());
    if (!std::holds_alternative<Exited>(result.outcome))
        return fail(FaultDomain::Host, fmt::format("{}: {} was {}, and nothing of it is kept", what,
                                                   command.argv.front(), describe(result)));
    if (says(result.out, kDiskFull)) {
        std::error_code error;
        const auto space = fs::space(folder, error);
        return fail(FaultDomain::Host,
                    fmt::format("{}: the disk is full: {} has room for {} MiB more, and the "
                                "archive's content wants more",
                                what, folder.string(), error ? 0 : space.available >> 20));
    }
    if (says(result.out, kEndsEarly))
        return fail(fault_domain,
                    fmt::format("{}: the archive ends early, as one does that was not "
                                "copied or fetched to its end",
                                what));
    return fail(fault_domain,
                fmt::format("{}: {}: {}", what, describe(result), complaint(result.out)));
}

} // namespace rig
