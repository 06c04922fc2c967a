// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/results/fault_record.h"

#include "rig/base/files.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <regex>
#include <tuple>

namespace rig {
namespace {

std::optional<unsigned> whole(const std::string& digits) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

std::optional<FaultDomain> fault_domain_named(std::string_view text) {
    for (const auto fault_domain :
         {FaultDomain::Spec, FaultDomain::Host, FaultDomain::Kernel, FaultDomain::Guest})
        if (text == name(fault_domain)) return fault_domain;
    return std::nullopt;
}

// Whether a later attempt completed the boot: there is a sample with this order, or a replay, which
// leaves no sample.
bool was_made(const FaultRecord& fault, const RunInfo& run, const std::vector<Sample>& samples) {
    const auto is_sample = [&](const Sample& s) {
        return s.id.arm == fault.arm && s.id.index == fault.index;
    };
    const auto sample = std::find_if(samples.begin(), samples.end(), is_sample);
    if (sample != samples.end() && sample->id.order == fault.order) return true;
    return std::any_of(run.replays.begin(), run.replays.end(), [&](const Replay& r) {
        return r.arm == fault.arm && r.index == fault.index;
    });
}

} // namespace

Result<FaultRecord> parse_fault(std::string_view folder, std::string_view file,
                                std::string_view text) {
    const auto where = fmt::format("boots/{}/{}", folder, file);
    static const std::regex folder_form(
        "([0-9]{4,9})-([a-z0-9][a-z0-9-]*)-([0-9]{1,9})(\\.cut-short-[0-9]+)?"),
        file_form("fault-([0-9]{1,9})\\.txt");
    std::smatch place, attempt;
    const std::string folder_name(folder), file_name(file);
    if (!std::regex_match(folder_name, place, folder_form))
        return fail(FaultDomain::Host, where + ": want a folder named ORDER-ARM-INDEX");
    if (!std::regex_match(file_name, attempt, file_form))
        return fail(FaultDomain::Host, where + ": want a file named fault-N.txt");
    FaultRecord fault;
    fault.folder = folder_name;
    fault.arm = place[2];
    const auto order = whole(place[1]), index = whole(place[3]), number = whole(attempt[1]);
    if (!order || !index || !number)
        return fail(FaultDomain::Host, where + ": a number that is too large");
    fault.order = *order;
    fault.index = *index;
    fault.attempt = *number;
    const auto first = text.find(": "),
               second = first == std::string_view::npos ? first : text.find(": ", first + 2);
    const auto fault_domain = fault_domain_named(text.substr(0, first));
    if (second == std::string_view::npos || !fault_domain)
        return fail(FaultDomain::Host,
                    fmt::format("{}:1: found '{}', want \"BLAME: ENDING: MESSAGE\" "
                                "with spec, host, kernel or guest to blame",
                                where, text.substr(0, 60)));
    fault.fault_domain = *fault_domain;
    fault.kind = text.substr(first + 2, second - first - 2);
    fault.message = text.substr(second + 2);
    if (fault.message.ends_with('\n')) fault.message.pop_back();
    return fault;
}

Result<std::vector<FaultRecord>> load_faults(const std::filesystem::path& run_dir,
                                             const RunInfo& run,
                                             const std::vector<Sample>& samples) {
    std::vector<FaultRecord> faults;
    const auto boots = run_dir / "boots";
    std::error_code error;
    if (!std::filesystem::exists(boots, error)) return faults;
    for (std::filesystem::recursive_directory_iterator entry(boots, error), end;
         !error && entry != end; entry.increment(error)) {
        const auto file = entry->path().filename().string();
        if (entry.depth() != 1 || !file.starts_with("fault-") || !file.ends_with(".txt")) continue;
        RIG_TRY(fault, parse_fault(entry->path().parent_path().filename().string(), file,
                                   slurp(entry->path())));
        fault.made_again = was_made(fault, run, samples);
        faults.push_back(std::move(fault));
    }
    if (error)
        return fail(FaultDomain::Host, fmt::format("{}: {}", boots.string(), error.message()));
    std::sort(faults.begin(), faults.end(), [](const FaultRecord& a, const FaultRecord& b) {
        return std::tie(a.order, a.folder, a.attempt) < std::tie(b.order, b.folder, b.attempt);
    });
    return faults;
}

} // namespace rig
