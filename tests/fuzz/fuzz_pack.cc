// SPDX-License-Identifier: GPL-2.0-or-later
// A pack of somebody else: members with names of a pack within their bounds, all of them as the
// manifest lists them, or one error that blames the file. The first byte says what the rest is: 0,
// an archive; 1, a manifest; 2, members, NUL between a name and a content, which are put into an
// archive first.
#include "rig/pack/pack_file.h"
#include "tests/fuzz/fuzz.h"

#include <set>

using namespace rig;

namespace {
void check(const Error& error) {
    fuzz::promise(error.fault_domain == FaultDomain::Spec, "an error of another blame");
    fuzz::promise(!error.message.empty() && error.message.find('\n') == std::string::npos,
                  "an error that is not one line");
}

void check_name(const std::string& name) {
    fuzz::promise(most_bytes_of(name) > 0, "a member with a name that no pack has");
    fuzz::promise(name.front() != '/' && name.find("..") == std::string::npos &&
                      name.find("//") == std::string::npos,
                  "a name that leaves the folder");
}

void read(std::string_view archive) {
    std::size_t count = 0;
    const auto all = read_archive(archive, [&](PackMember member) -> Status {
        check_name(member.name);
        fuzz::promise(member.content.size() <= most_bytes_of(member.name), "a member too large");
        ++count;
        return {};
    });
    if (!all) check(all.error());
    std::set<std::string> names;
    const auto members = read_members(archive, [&](PackMember member) -> Status {
        fuzz::promise(names.insert(member.name).second, "a member twice");
        return {};
    });
    if (!members) return check(members.error());
    fuzz::promise(all.has_value() && count == names.size() + 1, "two readers, two answers");
    fuzz::promise(members->members.size() == names.size(), "not the members of the manifest");
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto rest = fuzz::view(data + 1, size - 1);
    if (data[0] == 0) {
        read(rest);
        if (const auto archive = unsealed(rest); !archive) check(archive.error());
        fuzz::promise(unsealed(sealed(std::string(rest))).has_value(), "a seal that does not fit");
    } else if (data[0] == 1) {
        const auto manifest = manifest_from_text(rest);
        if (!manifest) return check(manifest.error()), 0;
        for (const auto& member : manifest->members)
            check_name(member.name);
        fuzz::promise(manifest_from_text(manifest_text(*manifest)).has_value(),
                      "a manifest that does not round-trip");
    } else {
        std::vector<PackMember> members;
        for (std::size_t at = 0; at < rest.size();) {
            const auto name_end = std::min(rest.find('\0', at), rest.size());
            const auto from = std::min(name_end + 1, rest.size());
            const auto end = std::min(rest.find('\0', from), rest.size());
            members.push_back({std::string(rest.substr(at, name_end - at)),
                               std::string(rest.substr(from, end - from))});
            at = end + 1;
        }
        if (const auto archive = archive_of(members)) read(*archive);
    }
    return 0;
}
