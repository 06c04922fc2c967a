// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/results/run_profiles.h"

#include "rig/base/files.h"
#include "rig/boot/profile_boot.h"
#include "rig/results/run_store.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {

Result<std::vector<BootProfile>> load_profiles(const std::filesystem::path& run_dir,
                                               const std::vector<Sample>& samples) {
    std::vector<BootProfile> out;
    for (const auto& sample : samples) {
        const auto file = run_dir / "boots" / boot_folder(sample.id) / kProfileFile;
        std::error_code none;
        if (!std::filesystem::exists(file, none)) continue;
        const auto wrong = [&](const std::string& what) {
            return fail(FaultDomain::Host, fmt::format("{}: {}", file.string(), what));
        };
        const auto json = nlohmann::json::parse(slurp(file), nullptr, false);
        if (json.is_discarded()) return wrong("no JSON, want a profile that rig wrote");
        auto profile = profile_from_json(json);
        if (!profile) return wrong(profile.error().message);
        if (const auto why = unusable(*profile); !why.empty()) return wrong(why);
        out.push_back({sample.id.arm, sample.id.index, std::move(*profile)});
    }
    return out;
}

} // namespace rig
