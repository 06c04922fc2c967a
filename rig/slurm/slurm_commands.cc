// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/slurm/slurm_commands.h"

#include "rig/base/text.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace rig {
namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> out;
    for (std::size_t from = 0;;) {
        const auto end = text.find(at, from);
        out.push_back(text.substr(from, end == std::string_view::npos ? end : end - from));
        if (end == std::string_view::npos) return out;
        from = end + 1;
    }
}

bool is_number(std::string_view text) {
    return whole_number(text).has_value();
}

// The value of KEY=VALUE among words separated by blanks.
std::string value_of(std::string_view text, const std::string& key) {
    for (const auto word : split(text, ' '))
        if (word.starts_with(key + "=")) {
            const auto value = std::string(word.substr(key.size() + 1));
            return value == "(null)" ? "" : value;
        }
    return {};
}

} // namespace

Result<std::vector<std::string>> slurm_extra(std::string_view text) {
    // Long and short options of sbatch(1). sbatch accepts an abbreviated long option, so any prefix
    // of one of these counts as the option.
    static const std::vector<std::string> own{"--array",
                                              "--dependency",
                                              "--job-name",
                                              "--output",
                                              "--error",
                                              "--open-mode",
                                              "--parsable",
                                              "--wrap",
                                              "--wait",
                                              "--no-requeue",
                                              "--requeue",
                                              "--chdir",
                                              "--kill-on-invalid-dep",
                                              "--nodes",
                                              "--ntasks",
                                              "--test-only",
                                              "--hold",
                                              "--input",
                                              "--clusters"};
    static const std::string own_short = "adJoeWDNnHiM"; // -d is --dependency, -D --chdir
    std::vector<std::string> words;
    std::istringstream in{std::string(text)};
    for (std::string word; in >> word;)
        words.push_back(word);
    for (const auto& word : words) {
        const auto name = word.substr(0, word.find('='));
        const bool long_one = name.starts_with("--");
        const bool taken =
            long_one
                ? name.size() > 2 && std::any_of(own.begin(), own.end(),
                                                 [&](const std::string& one) {
                                                     return one == name || (name.size() > 5 &&
                                                                            one.starts_with(name));
                                                 })
                : name.size() > 1 && name[0] == '-' && own_short.find(name[1]) != std::string::npos;
        if (taken)
            return fail(FaultDomain::Spec,
                        fmt::format("--slurm-args: '{}' is rig's own to set; accepted: options of "
                                    "sbatch that choose where jobs run, "
                                    "such as --account=A --qos=Q --constraint=C",
                                    word));
    }
    if (!words.empty() && !words.front().starts_with('-'))
        return fail(
            FaultDomain::Spec,
            fmt::format(
                "--slurm-args: '{}' is no option; want options of sbatch, such as --account=A",
                words.front()));
    return words;
}

std::vector<std::string> sbatch_words(const SlurmJob& job, const SlurmUser& user) {
    std::vector<std::string> words{
        "sbatch",
        "--parsable",
        "--job-name=" + job.name,
        "--chdir=" + job.cwd.string(),
        "--output=" + job.output.string(),
        "--open-mode=append", // keeps the output of an attempt whose node was lost
        "--requeue",
        "--nodes=1",
        "--ntasks=1"};
    if (job.tasks) words.push_back(fmt::format("--array=0-{}", job.tasks - 1));
    if (job.after)
        words.insert(words.end(), {fmt::format("--dependency=afterok:{}", *job.after),
                                   "--kill-on-invalid-dep=yes"});
    if (job.whole_node)
        words.insert(words.end(), {"--exclusive", "--mem=0"});
    else
        words.insert(words.end(), {fmt::format("--cpus-per-task={}", job.cpus),
                                   fmt::format("--mem={}M", job.memory_mib)});
    if (job.minutes) words.push_back(fmt::format("--time={}", job.minutes));
    if (!user.partition.empty()) words.push_back("--partition=" + user.partition);
    words.insert(words.end(), user.extra.begin(), user.extra.end());
    words.push_back(job.script.string());
    words.insert(words.end(), job.words.begin(), job.words.end());
    return words;
}

Result<unsigned> parse_job_id(std::string_view output) {
    for (const auto line : split(output, '\n')) {
        if (line.empty() || line.starts_with("sbatch: ")) continue;
        if (const auto id = whole_number(line.substr(0, line.find(';')))) return *id;
        return fail(FaultDomain::Host,
                    fmt::format("sbatch printed '{}', want a job id", line.substr(0, 100)));
    }
    return fail(FaultDomain::Host, "sbatch printed no job id");
}

FaultDomain blame_of_refusal(std::string_view output) {
    for (const auto* words :
         {"invalid partition", "unrecognized option", "invalid option", "Invalid --",
          "Invalid account", "Invalid qos", "Invalid feature specification",
          "Invalid generic resource", "Requested node configuration is not available",
          "Invalid reservation", "Requested partition configuration not available",
          "Requested time limit is invalid"})
        if (output.find(words) != std::string_view::npos) return FaultDomain::Spec;
    return FaultDomain::Host;
}

bool over_a_limit(std::string_view output) {
    for (const auto* words :
         {"Job violates accounting/QOS policy", "temporarily unable to accept job",
          "Job array size", "job submit limit"})
        if (output.find(words) != std::string_view::npos) return true;
    return false;
}

bool SlurmTask::stuck() const {
    for (const auto* gone :
         {"DependencyNeverSatisfied", "JobHoldMaxRequeue", "launch failed requeued held"})
        if (reason.find(gone) != std::string::npos) return true;
    return state == "REQUEUE_HOLD" || state == "SPECIAL_EXIT";
}

// -r: one line per task of an array, also for waiting tasks. %F: id of the array. %K: index in the
// array.
std::vector<std::string> squeue_words(const std::string& name) {
    return {"squeue", "--me", "--name=" + name, "-h", "-r", "-o", "%F|%K|%T|%N|%r"};
}

Result<std::optional<SlurmTask>> parse_squeue_line(std::string_view line) {
    if (line.empty() || line.starts_with("squeue: ") || line.starts_with("slurm_"))
        return std::optional<SlurmTask>();
    const auto fields = split(line, '|');
    const auto job = whole_number(fields[0]);
    if (fields.size() != 5 || !job || !(is_number(fields[1]) || fields[1] == "N/A") ||
        fields[2].empty())
        return fail(FaultDomain::Host,
                    fmt::format("squeue printed '{}', want \"JOB|INDEX|STATE|NODE|REASON\"",
                                line.substr(0, 200)));
    return std::optional(SlurmTask{*job, whole_number(fields[1]), std::string(fields[2]),
                                   std::string(fields[3]), std::string(fields[4])});
}

std::optional<SlurmEnd> parse_scontrol_job(std::string_view output) {
    // Use the last line: a requeued job may be listed more than once.
    std::optional<SlurmEnd> end;
    for (const auto line : split(output, '\n'))
        if (line.starts_with("JobId="))
            end = SlurmEnd{value_of(line, "JobState"), value_of(line, "NodeList"),
                           value_of(line, "ExitCode")};
    if (end && end->state.empty()) return std::nullopt;
    return end;
}

std::optional<SlurmEnd> parse_sacct(std::string_view output) {
    static const std::regex state("[A-Z_]+( by [0-9]+)?");
    std::optional<SlurmEnd> end;
    for (const auto line : split(output, '\n')) {
        const auto fields = split(line, '|');
        if (fields.size() != 3 || !std::regex_match(std::string(fields[0]), state)) continue;
        end = SlurmEnd{std::string(fields[0]), std::string(fields[2]), std::string(fields[1])};
    }
    return end;
}

std::string in_words(const SlurmEnd& end) {
    if (end.state.empty()) return "how, Slurm does not know any more";
    return fmt::format("{}{}{}", end.state,
                       end.exit_code.empty() ? "" : fmt::format(", exit {}", end.exit_code),
                       end.node.empty() ? "" : " on " + end.node);
}

Result<unsigned> parse_max_array_size(std::string_view output) {
    static const std::regex form("MaxArraySize *= *([0-9]+)");
    std::match_results<std::string_view::const_iterator> found;
    for (const auto line : split(output, '\n'))
        if (std::regex_search(line.begin(), line.end(), found, form)) {
            const auto size = whole_number(std::string_view(found[1].first, found[1].second));
            if (size && *size > 1) return *size;
            return fail(
                FaultDomain::Host,
                fmt::format("Slurm's {}: rig boots through job arrays, want at least 2", line));
        }
    return fail(FaultDomain::Host, "scontrol show config names no MaxArraySize");
}

std::string queue_text(const std::vector<SlurmTask>& tasks) {
    std::set<std::string> nodes;
    std::map<std::string, unsigned> reasons;
    unsigned running = 0, waiting = 0;
    for (const auto& task : tasks) {
        if (task.state == "PENDING") {
            ++waiting;
            ++reasons[task.reason];
        } else {
            ++running;
            if (!task.node.empty()) nodes.insert(task.node);
        }
    }
    std::string text;
    if (running)
        text = fmt::format("{} running on {}", running,
                           nodes.size() <= 3 ? fmt::format("{}", fmt::join(nodes, ", "))
                                             : fmt::format("{} nodes", nodes.size()));
    if (!waiting) return text;
    const auto most =
        std::max_element(reasons.begin(), reasons.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    return fmt::format("{}{}{} waiting ({})", text, text.empty() ? "" : "; ", waiting, most->first);
}

} // namespace rig
