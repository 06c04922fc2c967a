// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/export/kcidb.h"

#include "rig/base/sha256.h"
#include "rig/report/wording.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

using nlohmann::json;

constexpr std::size_t kMostExcerpt = 16384; // characters of log_excerpt

const char* status_of(const Check& check) {
    switch (check.outcome) {
    case CheckOutcome::Held:
        return check.kind == CheckKind::ValidityCheck ? "DONE" : "PASS";
    case CheckOutcome::Broken:
        return "FAIL";
    case CheckOutcome::Unproven:
    case CheckOutcome::Doubtful:
        return "ERROR";
    case CheckOutcome::Missed:
    case CheckOutcome::MadeAgain:
        return "MISS";
    case CheckOutcome::NotRun:
        return "SKIP";
    case CheckOutcome::Undecided:
    case CheckOutcome::Unseen:
    case CheckOutcome::NotJudged:
        return "DONE";
    }
    return "ERROR";
}

// A node of the test tree: letters, digits, '_', '-' and '.'. Other characters become '_'.
std::string node(std::string_view name) {
    std::string out(name);
    for (auto& c : out)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '.'))
            c = '_';
    return out;
}

std::string one_node(std::string_view name) {
    auto out = node(name);
    std::replace(out.begin(), out.end(), '.', '_');
    return out;
}

std::string excerpt(std::string_view text) {
    auto out = clean_line(text);
    if (out.size() <= kMostExcerpt) return out;
    out.resize(kMostExcerpt - 3);
    return clean_line(out); // for a character that was cut in two
}

class Export {
 public:
    Export(const ReportInput& input, const std::string& origin,
           const std::map<std::string, CheckoutOrigin>& origins)
        : input_(input), origin_(origin), origins_(origins) {}

    json render(const std::vector<CheckGroup>& groups) {
        for (const auto& group : groups)
            for (const auto& check : group.checks)
                proven_ = proven_ && (check.kind != CheckKind::ValidityCheck ||
                                      check.outcome == CheckOutcome::Held);
        for (const auto& group : groups)
            if (!group.name.empty()) add_arm(group);
        return {{"version", {{"major", 5}, {"minor", 3}}},
                {"checkouts", checkouts_},
                {"builds", builds_},
                {"tests", tests_}};
    }

 private:
    std::string id(const std::string& arm, const std::string& rest = "") const {
        return clean_line(fmt::format("{}:{}/{}{}{}", origin_, input_.run.run_id, arm,
                                      rest.empty() ? "" : "/", rest));
    }
    // An experiment's name is one node: a dot in it would split it.
    std::string path(const std::string& rest = "") const {
        return "rig." + one_node(input_.spec.name) + (rest.empty() ? "" : "." + node(rest));
    }

    json test(const std::string& arm, const std::string& where, const char* status,
              const std::string& comment) const {
        json out = {{"id", id(arm, where.empty() ? "all" : where)},
                    {"build_id", id(arm)},
                    {"origin", origin_},
                    {"path", path(where)},
                    {"status", status},
                    {"environment", environment()}};
        if (!comment.empty()) out["comment"] = clean_line(comment);
        if (!input_.run.started.empty()) out["start_time"] = input_.run.started;
        return out;
    }
    json environment() const {
        const auto& run = input_.run;
        return {{"comment", clean_line(fmt::format("{}, {} clock on {}, {} vCPUs", run.qemu_version,
                                                   run.clock, run.accelerator, run.vcpus))},
                {"misc",
                 {{"clock", run.clock},
                  {"accelerator", run.accelerator},
                  {"vcpus", run.vcpus},
                  {"rig", run.rig_version}}}};
    }

    void add_arm(const CheckGroup& group) {
        const auto& arm = group.name;
        json checkout = {{"id", id(arm)}, {"origin", origin_}, {"valid", true}},
             build = {{"id", id(arm)},
                      {"checkout_id", id(arm)},
                      {"origin", origin_},
                      {"architecture", arch_named(input_.spec.kernel.arch).kcidb}};
        if (!input_.run.started.empty()) checkout["start_time"] = input_.run.started;
        if (const auto* kernel = input_.run.find_kernel(arm)) {
            checkout["comment"] = clean_line(fmt::format(
                "Linux {}, arm {} of {}", kernel->facts.version, arm, input_.spec.name));
            checkout["misc"] = {{"patches", kernel->patches}};
            if (const auto hash = patchset_hash(*kernel)) checkout["patchset_hash"] = *hash;
            if (const auto known = origins_.find(arm); known != origins_.end()) {
                if (const auto& commit = known->second.git_commit_hash; !commit.empty())
                    checkout["git_commit_hash"] = commit;
                if (const auto& mail = known->second.message_id; !mail.empty())
                    checkout["message_id"] = mail;
            }
            // Without a compiler rig did not build the image, and does not report it as built.
            if (!kernel->compiler.empty()) {
                build["compiler"] = clean_line(kernel->compiler);
                build["status"] = "PASS"; // if a kernel does not build, there is no run
            }
            if (!kernel->config_file.empty())
                build["config_name"] = clean_line(kernel->config_file);
            build["misc"] = {{"image_sha256", kernel->facts.image_sha256}};
        }
        checkouts_.push_back(std::move(checkout));
        builds_.push_back(std::move(build));
        const std::string status = whole(group);
        const auto injected =
            status == "FAIL" || status == "ERROR" ? injected_faults(input_, arm) : "";
        tests_.push_back(
            test(arm, "", status.c_str(),
                 input_.comparison.closing + (injected.empty() ? "" : "; " + injected)));
        for (const auto& metric : input_.comparison.metrics)
            for (const auto& one : metric.arms)
                if (one.arm == arm && one.spread) tests_.push_back(measurement(metric, one));
        for (const auto& check : group.checks)
            if (check.outcome != CheckOutcome::NotJudged) tests_.push_back(judged(arm, check));
    }

    const char* whole(const CheckGroup& group) const {
        const auto any = [&](auto is) {
            return std::any_of(group.checks.begin(), group.checks.end(), is);
        };
        if (any([](const Check& c) { return c.outcome == CheckOutcome::Broken; })) return "FAIL";
        if (input_.comparison.exit == Exit::Inconclusive || any([](const Check& c) {
                return c.outcome == CheckOutcome::Unproven || c.outcome == CheckOutcome::Doubtful;
            }))
            return "ERROR";
        return any([](const Check& c) {
            return c.outcome == CheckOutcome::Held && c.kind != CheckKind::ValidityCheck;
        })
                   ? "PASS"
                   : "DONE";
    }

    json measurement(const MetricResult& metric, const ArmMetric& arm) const {
        auto out = test(arm.arm, "measure." + metric.info.name, "DONE",
                        metric.info.label + ": " + side_by_side(metric));
        const bool time = metric.info.unit == Unit::Nanoseconds;
        const auto scaled = [time](double value) { return time ? value / 1e9 : value; };
        out["number"] = {{"value", scaled(arm.spread->median)}};
        if (time) out["number"].update({{"unit", "s"}, {"prefix", "metric"}});
        if (metric.info.unit == Unit::PerSecond) out["number"]["unit"] = "1/s";
        json boots = json::array();
        for (const auto& boot : arm.boots)
            boots.push_back({{"boot", boot.boot}, {"value", scaled(boot.value)}});
        out["misc"] = {{"boots", boots},
                       {"number_is", "median over boots"},
                       {"proofs_hold", proven_},
                       {"min", scaled(arm.spread->min)},
                       {"max", scaled(arm.spread->max)}};
        if (!metric.info.per_boot.empty()) out["misc"]["per_boot"] = metric.info.per_boot;
        return out;
    }

    json judged(const std::string& arm, const Check& check) const {
        auto out = test(arm, (check.kind == CheckKind::Expectation ? "expect." : "") + check.name,
                        status_of(check), check.why);
        // One path for all attempts; the ID names the boot. Dots in a folder's name must not split
        // it.
        if (check.kind == CheckKind::Attempt) out["path"] = path("boot");
        std::string log;
        for (const auto& detail : check.details)
            log += (log.empty() ? "" : " | ") + detail;
        if (!log.empty()) out["log_excerpt"] = excerpt(log);
        return out;
    }

    const ReportInput& input_;
    const std::string& origin_;
    const std::map<std::string, CheckoutOrigin>& origins_;
    bool proven_ = true; // every validity check of every arm passed
    json checkouts_ = json::array(), builds_ = json::array(), tests_ = json::array();
};

} // namespace

std::optional<std::string> patchset_hash(const RunKernel& kernel) {
    if (kernel.patches.empty()) return "";
    if (kernel.patch_sha256.size() != kernel.patches.size()) return std::nullopt;
    std::string lines;
    for (const auto& hash : kernel.patch_sha256)
        lines += hash + "\n";
    return sha256_hex(lines);
}

std::optional<std::string> bad_origin(const std::string& origin) {
    const bool good = !origin.empty() && std::all_of(origin.begin(), origin.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
    return good ? std::nullopt
                : std::optional<std::string>("lower-case letters, digits and '_', at least one");
}

nlohmann::json render_kcidb(const ReportInput& input, const std::vector<FaultRecord>& faults,
                            const std::string& origin,
                            const std::map<std::string, CheckoutOrigin>& origins) {
    return Export(input, origin, origins).render(checks_of(input, faults));
}

} // namespace rig
