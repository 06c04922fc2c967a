// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/command.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {

Result<Spec> load_and_warn(const std::filesystem::path& file, const Overrides& overrides,
                           const CommonOptions& common) {
    RIG_TRY(spec, load_with_overrides(file, overrides));
    if (!spec.deprecation.empty() && common.warn) common.warn(spec.deprecation);
    return std::move(spec);
}

std::string error_json(const Error& error) {
    using nlohmann::json;
    return json{{"error",
                 {{"blame", name(error.fault_domain)},
                  {"kind", error.kind},
                  {"message", error.message},
                  {"log", error.log.string()}}}}
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string dumped(const nlohmann::json& value) {
    return value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string plural(std::size_t count, const char* thing) {
    return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

} // namespace rig
