// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/series/series_source.h"

#include "rig/base/text.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr const char* kReadable =
    "a mail or mbox with patches, or a unified diff ('diff -u', 'git diff')";

tl::unexpected<Error> refused(const SeriesSource& source, const std::string& why) {
    return fail(FaultDomain::Spec, fmt::format("{}: {}", name_of(source), why));
}

// A path such as ../fix.mbox has two dots as well.
bool looks_like_range(const std::string& word) {
    const auto dots = word.find("..");
    return dots != std::string::npos && !word.starts_with("../") &&
           word.find("/../") == std::string::npos && !word.ends_with("/..") && word != "..";
}

} // namespace

std::string name_of(const SeriesSource& source) {
    switch (source.kind) {
    case SeriesSource::Kind::Stdin:
        return "standard input";
    case SeriesSource::Kind::Worktree:
        return "the work tree " + (source.directory.empty() ? "." : source.directory.string());
    case SeriesSource::Kind::File:
    case SeriesSource::Kind::Folder:
    case SeriesSource::Kind::Range:
        break;
    }
    return source.text;
}

Result<SeriesSource> series_source(const std::string& word, const fs::path& directory) {
    using Kind = SeriesSource::Kind;
    if (word == "-") return SeriesSource{Kind::Stdin, word, directory};
    std::error_code error;
    const auto status = fs::status(word, error);
    if (fs::is_directory(status)) return SeriesSource{Kind::Folder, word, directory};
    if (fs::exists(status)) return SeriesSource{Kind::File, word, directory};
    if (looks_like_range(word)) return SeriesSource{Kind::Range, word, directory};
    return fail(FaultDomain::Spec,
                fmt::format("'{}': {}, and no range of commits; accepted: a file (a mail or mbox "
                            "with patches, or a unified diff), a folder of patches, '-' for "
                            "standard input, or a range 'A..B' of a git repository",
                            word,
                            error && error != std::errc::no_such_file_or_directory
                                ? error.message()
                                : "no such file or folder"));
}

Result<std::string> read_source(const SeriesSource& source) {
    const bool own = source.kind != SeriesSource::Kind::Stdin;
    const int fd = own ? ::open(source.text.c_str(), O_RDONLY | O_CLOEXEC) : source.input;
    if (fd < 0) return refused(source, std::strerror(errno));
    struct Closer {
        int fd;
        ~Closer() {
            if (fd >= 0) ::close(fd);
        }
    } const closer{own ? fd : -1};
    if (!own && ::isatty(fd) == 1)
        return refused(
            source, fmt::format("it is a terminal, accepted: a pipe or file with {}", kReadable));
    std::string text, block(1 << 16, '\0');
    while (true) {
        const auto got = ::read(fd, block.data(), block.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused(source, std::strerror(errno));
        if (got == 0) break;
        text.append(block, 0, static_cast<std::size_t>(got));
        if (text.size() > kMostSeriesBytes)
            return refused(source, fmt::format("it is larger than {}, accepted: up to that",
                                               size_text(kMostSeriesBytes)));
    }
    if (text.find_first_not_of(" \t\r\n") == std::string::npos)
        return refused(source, fmt::format("nothing is in it, accepted: {}", kReadable));
    return text;
}

} // namespace rig
