// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/csv.h"

#include "rig/guest_output/sample.h"

#include <fmt/format.h>

namespace rig {
std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
    std::string out = "\"";
    for (const char c : text)
        out.append(c == '"' ? 2 : 1, c);
    return out + '"';
}

std::string render_csv(const ReportInput& input, const std::vector<Sample>& samples) {
    std::string out = "arm,boot,seed,order,judged,metric,unit,value\r\n";
    for (const auto& sample : samples)
        for (const auto& metric : input.comparison.metrics) {
            const auto value = metric_value(metric.info.name, sample, input.spec.target);
            out += fmt::format("{},{},{},{},{},{},{},{}\r\n", csv_field(sample.id.arm),
                               sample.id.index, sample.id.seed, sample.id.order,
                               is_warmup(input.spec, sample) ? "no" : "yes",
                               csv_field(metric.info.name), unit_name(metric.info.unit),
                               value ? fmt::format("{}", *value) : "");
        }
    return out;
}

std::string render_csv_raw(const ReportInput& input, const std::vector<Sample>& samples) {
    std::string out = "arm,boot,metric,unit,index,value\r\n";
    for (const auto& sample : samples)
        for (const auto& metric : input.comparison.metrics)
            if (const auto* values = metric_values(metric.info.name, sample))
                for (std::size_t i = 0; i < values->size(); ++i)
                    out += fmt::format("{},{},{},{},{},{}\r\n", csv_field(sample.id.arm),
                                       sample.id.index, csv_field(metric.info.name),
                                       unit_name(metric.info.unit), i, (*values)[i]);
    return out;
}

} // namespace rig
