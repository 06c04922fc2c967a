// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/pack/pack_file.h"

#include "rig/base/files.h"
#include "rig/base/sha256.h"
#include "rig/base/text.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> bad_pack(const fs::path& file, const std::string& why) {
    return fail(FaultDomain::Spec, fmt::format("{}: {}", file.string(), why));
}

// Fails if there is anything of that name: each member is written once, and through no link.
Status create_file(const fs::path& file, std::string_view content) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    if (error) return cannot("create", file.parent_path(), error.value());
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return cannot("create", file, errno);
    const auto status = write_all(fd, content, file);
    ::close(fd);
    return status;
}

// Some hundred KB of zeros, compressed, would fill a disk. Packs of rig's become five times as
// large.
Status is_of_a_usual_size(const PackManifest& manifest, std::size_t packed) {
    constexpr std::uint64_t free = std::uint64_t{64} << 20, most_ratio = 200;
    std::uint64_t total = 0;
    for (const auto& member : manifest.members)
        total += member.bytes;
    if (total <= free || total / most_ratio <= packed) return {};
    return fail(
        FaultDomain::Spec,
        fmt::format("{} bytes would become {}: no pack of rig's is that dense", packed, total));
}

} // namespace

Result<PackManifest> read_members(std::string_view archive,
                                  const std::function<Status(PackMember)>& take) {
    std::optional<PackManifest> manifest;
    std::size_t next = 0;
    RIG_CHECK(read_archive(archive, [&](PackMember member) -> Status {
        if (!manifest) {
            if (member.name != kManifestMember)
                return fail(FaultDomain::Spec, fmt::format("its first member is {}, want {}",
                                                           member.name, kManifestMember));
            RIG_TRY(read, manifest_from_text(member.content));
            RIG_CHECK(is_of_a_usual_size(read, archive.size()));
            manifest = std::move(read);
            return {};
        }
        if (next == manifest->members.size() || manifest->members[next].name != member.name)
            return fail(
                FaultDomain::Spec,
                fmt::format("member {} is not the one that the manifest has here ({})", member.name,
                            next == manifest->members.size() ? "none"
                                                             : manifest->members[next].name));
        const auto& listed = manifest->members[next++];
        if (listed.bytes != member.content.size() || listed.sha256 != sha256_hex(member.content))
            return fail(FaultDomain::Spec,
                        fmt::format("member {} is not the one that was packed: its size or "
                                    "SHA-256 differs from the manifest's",
                                    member.name));
        return take(std::move(member));
    }));
    if (!manifest) return fail(FaultDomain::Spec, "no members");
    if (next != manifest->members.size())
        return fail(FaultDomain::Spec,
                    fmt::format("member {} is missing", manifest->members[next].name));
    return std::move(*manifest);
}

bool names_pack(const std::string& word) {
    std::error_code error;
    return fs::is_regular_file(word, error);
}

Result<OpenedPack> unpack(const fs::path& file, const fs::path& folder, bool run_only) {
    std::error_code error;
    const auto bytes = fs::file_size(file, error);
    if (error) return bad_pack(file, "no pack: " + error.message());
    if (bytes > kMostPackBytes)
        return bad_pack(
            file, fmt::format("{}, want at most {}", size_text(bytes), size_text(kMostPackBytes)));
    const auto pack = slurp(file);
    const auto archive = unsealed(pack);
    if (!archive) return bad_pack(file, archive.error().message);
    // The run's ID is in the manifest, which has been read by then.
    const auto run = folder / "run";
    auto manifest = read_members(*archive, [&](PackMember member) -> Status {
        if (run_only && !member.name.starts_with(kRunPrefix)) return {};
        return create_file(folder / member.name, member.content);
    });
    if (!manifest && manifest.error().fault_domain != FaultDomain::Spec)
        return tl::unexpected(manifest.error());
    if (!manifest) return bad_pack(file, manifest.error().message);
    fs::create_directories(folder / "results", error);
    if (!error) fs::rename(run, folder / "results" / manifest->run_id, error);
    if (error) return cannot("move", run, error.value());
    return OpenedPack{std::move(*manifest), bytes};
}

} // namespace rig
