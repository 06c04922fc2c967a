// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/pack/pack_archive.h"

#include "rig/base/sha256.h"
#include "rig/base/text.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <memory>
#include <regex>
#include <sys/stat.h>

namespace rig {
namespace {

using Archive = std::unique_ptr<archive, int (*)(archive*)>;

// A skippable frame: its magic number, the size of its content, and the content, all little-endian.
constexpr std::string_view kSealHead("\x52\x2a\x4d\x18\x50\x00\x00\x00rig pack sha256:", 24);
constexpr std::size_t kSealBytes = kSealHead.size() + 64;

struct Kind {
    std::regex name;
    std::uint64_t most_bytes;
};

const std::vector<Kind>& kinds() {
    constexpr std::uint64_t mib = 1 << 20;
    // Names of arms as experiment files have them, but bounded.
    const std::string arm = "[a-z0-9][a-z0-9-]{0,63}", folder = "[0-9]{4,6}-" + arm + "-[0-9]{1,6}";
    static const std::vector<Kind> all{
        {std::regex("manifest\\.json"), 64 * mib},
        {std::regex("initramfs"), 1024 * mib},
        {std::regex("kernels/" + arm + "/image"), 512 * mib},
        {std::regex("kernels/" + arm + "/System\\.map"), 64 * mib},
        {std::regex("patches/[0-9a-f]{64}\\.patch"), 16 * mib},
        {std::regex("run/(run\\.json|spec\\.toml|report\\.(txt|json|html))"), 64 * mib},
        {std::regex("run/(changed-lines|line-counts)\\.json"), 256 * mib},
        {std::regex("run/samples\\.jsonl"), 1024 * mib},
        {std::regex("run/kernels/" + arm + "\\.config"), 4 * mib},
        {std::regex("run/boots/" + folder + "/console\\.log"), 65 * mib},
        {std::regex("run/boots/" + folder + "/(splats|registers|fault-[0-9]{1,2})\\.txt"),
         16 * mib},
    };
    return all;
}

tl::unexpected<Error> bad_pack(std::string text) {
    return fail(FaultDomain::Spec, std::move(text));
}

tl::unexpected<Error> unreadable(archive* reader) {
    const char* why = archive_error_string(reader);
    return bad_pack(fmt::format("the archive cannot be read: {}", printable(why ? why : "")));
}

Result<std::string> content_of(archive* reader, std::string_view name, std::uint64_t bytes) {
    std::string content;
    char piece[64 * 1024];
    for (;;) {
        const auto got = archive_read_data(reader, piece, sizeof(piece));
        if (got < 0) return unreadable(reader);
        if (got == 0) break;
        content.append(piece, static_cast<std::size_t>(got));
        if (content.size() > bytes) break;
    }
    if (content.size() != bytes)
        return bad_pack(
            fmt::format("member {}: its size is not the {} bytes of its header", name, bytes));
    return content;
}

} // namespace

std::string image_member(std::string_view arm) {
    return fmt::format("kernels/{}/image", arm);
}

std::string map_member(std::string_view arm) {
    return fmt::format("kernels/{}/System.map", arm);
}

std::string patch_member(std::string_view sha256) {
    return fmt::format("patches/{}.patch", sha256);
}

std::uint64_t most_bytes_of(std::string_view name) {
    if (name.size() > 200) return 0;
    for (const auto& kind : kinds())
        if (std::regex_match(name.begin(), name.end(), kind.name)) return kind.most_bytes;
    return 0;
}

Result<std::string> archive_of(const std::vector<PackMember>& members) {
    std::string out; // outlives the writer, which writes what it holds when it is freed
    const Archive writer(archive_write_new(), archive_write_free);
    const auto append = [](archive*, void* to, const void* data, std::size_t size) -> la_ssize_t {
        static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
        return static_cast<la_ssize_t>(size);
    };
    const auto broken = [&] {
        return fail(FaultDomain::Host,
                    fmt::format("cannot pack: {}", archive_error_string(writer.get())));
    };
    if (archive_write_set_format_ustar(writer.get()) != ARCHIVE_OK ||
        archive_write_add_filter_zstd(writer.get()) != ARCHIVE_OK ||
        // Of the levels that take seconds for two kernels, the one that makes the smallest file.
        archive_write_set_filter_option(writer.get(), "zstd", "compression-level", "12") !=
            ARCHIVE_OK ||
        // No zeros behind the compressed data.
        archive_write_set_bytes_in_last_block(writer.get(), 1) != ARCHIVE_OK ||
        archive_write_open(writer.get(), &out, nullptr, append, nullptr) != ARCHIVE_OK)
        return broken();
    for (const auto& member : members) {
        const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                             archive_entry_free);
        archive_entry_set_pathname(entry.get(), member.name.c_str());
        archive_entry_set_mode(entry.get(), S_IFREG | 0644);
        archive_entry_set_uid(entry.get(), 0);
        archive_entry_set_gid(entry.get(), 0);
        archive_entry_set_mtime(entry.get(), 0, 0);
        archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.content.size()));
        if (archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK) return broken();
        if (!member.content.empty() &&
            archive_write_data(writer.get(), member.content.data(), member.content.size()) !=
                static_cast<la_ssize_t>(member.content.size()))
            return broken();
    }
    if (archive_write_close(writer.get()) != ARCHIVE_OK) return broken();
    return out;
}

Status read_archive(std::string_view bytes, const std::function<Status(PackMember)>& take) {
    const Archive reader(archive_read_new(), archive_read_free);
    archive_read_support_format_tar(reader.get());
    archive_read_support_filter_zstd(reader.get());
    if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK)
        return unreadable(reader.get());
    std::uint64_t total = 0;
    for (std::size_t count = 0;; ++count) {
        archive_entry* entry = nullptr;
        const auto status = archive_read_next_header(reader.get(), &entry);
        if (status == ARCHIVE_EOF) return {};
        if (status != ARCHIVE_OK) return unreadable(reader.get());
        if (count == kMostMembers)
            return bad_pack(fmt::format("more than {} members", kMostMembers));
        const char* path = archive_entry_pathname(entry);
        const std::string name = path ? path : "";
        const auto most = most_bytes_of(name);
        if (most == 0)
            return bad_pack(fmt::format("a member named '{}', want the names that rig pack gives",
                                        printable(name.substr(0, 100))));
        if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
            archive_entry_symlink(entry))
            return bad_pack(fmt::format("member {} is a link or another special file, want a "
                                        "regular file",
                                        name));
        const auto bytes_of_entry = archive_entry_size(entry);
        if (!archive_entry_size_is_set(entry) || bytes_of_entry < 0 ||
            static_cast<std::uint64_t>(bytes_of_entry) > most)
            return bad_pack(
                fmt::format("member {} has {} bytes, want at most {}", name, bytes_of_entry, most));
        total += static_cast<std::uint64_t>(bytes_of_entry);
        if (total > kMostUnpackedBytes)
            return bad_pack(fmt::format("more than {} to unpack", size_text(kMostUnpackedBytes)));
        RIG_TRY(content,
                content_of(reader.get(), name, static_cast<std::uint64_t>(bytes_of_entry)));
        RIG_CHECK(take({name, std::move(content)}));
    }
}

std::string sealed(std::string archive) {
    const auto hash = sha256_hex(archive);
    archive.append(kSealHead);
    return archive + hash;
}

Result<std::string_view> unsealed(std::string_view pack) {
    if (pack.size() < kSealBytes ||
        pack.substr(pack.size() - kSealBytes, kSealHead.size()) != kSealHead)
        return bad_pack("its end is not that of a pack: it is cut off, changed, or no file of rig "
                        "pack");
    const auto archive = pack.substr(0, pack.size() - kSealBytes);
    if (sha256_hex(archive) != pack.substr(pack.size() - 64))
        return bad_pack("its bytes are not those that were packed: the SHA-256 differs");
    return archive;
}

} // namespace rig
