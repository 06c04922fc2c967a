// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/slurm/slurm_client.h"

#include <condition_variable>
#include <fmt/format.h>
#include <mutex>

namespace rig {
namespace {

using namespace std::chrono_literals;

// How long a controller may be away: a restart or a failover takes less.
constexpr auto kControllerPatience = 10min;
// From scancel to the end of the last process. KillWait is 30 s by default.
constexpr auto kGone = 90s;
// sbatch itself retries for two minutes if the queue is full.
constexpr std::chrono::seconds kSubmitLimit{180};
// Allows for a slow controller. With a dead one the commands fail after some ten seconds.
constexpr std::chrono::seconds kAskLimit{30};

// Result and output of a failed Slurm command, on one line.
std::string words_of(const CommandResult& result) {
    std::string text;
    for (const char c : result.out)
        text += c == '\n' ? ' ' : c;
    while (!text.empty() && text.back() == ' ')
        text.pop_back();
    return fmt::format("{}: {}", describe(result), text.empty() ? "no word" : text.substr(0, 500));
}

} // namespace

void SlurmClient::wait(std::chrono::milliseconds duration, std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, duration, [] { return false; });
}

void SlurmClient::sleep(std::chrono::milliseconds duration, std::stop_token stop) {
    pause_(duration, stop);
    slept_ += duration;
}

Result<CommandResult>
SlurmClient::say_to_slurm(std::vector<std::string> words,
                          const std::function<void(std::string_view)>& on_line) {
    Command command;
    command.argv = std::move(words);
    command.on_line = on_line;
    command.timeout = command.argv.front() == "sbatch" ? kSubmitLimit : kAskLimit;
    auto result = runner_.run(command);
    // Time spent in a Slurm command counts towards kControllerPatience, like time spent sleeping.
    if (result)
        slept_ += std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::duration<double>(result->seconds));
    return result;
}

Result<unsigned> SlurmClient::max_array_size() {
    RIG_TRY(config, say_to_slurm({"scontrol", "show", "config"}));
    if (!config.ok())
        return fail(
            FaultDomain::Host,
            fmt::format("Slurm does not answer: scontrol show config: {}", words_of(config)));
    return parse_max_array_size(config.out);
}

Result<unsigned> SlurmClient::submit(const SlurmJob& job, const SlurmUser& user) {
    RIG_TRY(result, say_to_slurm(sbatch_words(job, user)));
    if (result.ok()) return parse_job_id(result.out);
    return fail(blame_of_refusal(result.out),
                fmt::format("sbatch refused a job: {}", words_of(result)));
}

Result<SlurmClient::Queue> SlurmClient::look() {
    std::vector<SlurmTask> tasks;
    Status status;
    RIG_TRY(result, say_to_slurm(squeue_words(name_), [&](std::string_view line) {
                auto task = parse_squeue_line(line);
                if (!task && status) status = tl::unexpected(task.error());
                if (task && *task) tasks.push_back(std::move(**task));
            }));
    if (result.ok()) {
        RIG_CHECK(status);
        last_answer_ = slept_;
        return Queue(std::move(tasks));
    }
    if (slept_ - last_answer_ < kControllerPatience) return Queue();
    return fail(FaultDomain::Host,
                fmt::format("Slurm's controller did not answer for {} minutes: squeue: {}",
                            kControllerPatience.count(), words_of(result)));
}

bool SlurmClient::cancel_all() {
    const auto until = slept_ + kGone;
    for (bool said = false; slept_ < until;) {
        const auto queue = look();
        if (queue && *queue && (*queue)->empty()) return true;
        if (!said || !queue || !*queue) {
            const auto result = say_to_slurm({"scancel", "--me", "--name=" + name_});
            said = result && result->ok();
        }
        sleep(kPoll, {});
    }
    return false;
}

Result<SlurmEnd> SlurmClient::end_of(const std::string& task) {
    RIG_TRY(shown, say_to_slurm({"scontrol", "-o", "show", "job", task}));
    if (const auto known = parse_scontrol_job(shown.out); shown.ok() && known) return *known;
    const auto accounted =
        say_to_slurm({"sacct", "-n", "-X", "-P", "-j", task, "-o", "State,ExitCode,NodeList"});
    if (accounted && accounted->ok()) return parse_sacct(accounted->out).value_or(SlurmEnd{});
    return SlurmEnd{};
}

} // namespace rig
