// SPDX-License-Identifier: GPL-2.0-or-later
// Command lines for Slurm's own commands, and parsers of their output. Pure. Formats: sbatch(1),
// squeue(1), scontrol(1), sacct(1), as of Slurm 22.05.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct SlurmUser { // options of rig compare
    std::string partition;
    std::vector<std::string> extra; // words for sbatch, placed after those of rig
};

// Splits --slurm-args at blanks. FaultDomain::Spec for an option that rig sets itself and depends
// on, and for a word that is not an option.
Result<std::vector<std::string>> slurm_extra(std::string_view text);

struct SlurmJob {
    std::string name; // common to all jobs of one comparison; finds and cancels them
    std::filesystem::path script, cwd;
    std::filesystem::path output;   // %A, %a and %j as in sbatch(1)
    std::vector<std::string> words; // arguments of the script
    unsigned tasks = 0;             // size of the array, indices 0..tasks-1; 0: no array
    std::optional<unsigned> after;  // a job that must have succeeded before
    bool whole_node = false;        // if false, `cpus` and `memory_mib` apply
    unsigned cpus = 1, memory_mib = 0;
    unsigned minutes = 0; // time limit; 0: that of the partition
};
std::vector<std::string> sbatch_words(const SlurmJob& job, const SlurmUser& user);

// CPUs of a boot. Under the virtual clock QEMU executes all vCPUs in one thread, so it keeps one
// CPU busy, however many vCPUs the guest has.
inline constexpr unsigned kCpusOfBoot = 1;
// Memory of a boot in addition to that of the guest, in MiB: rig (at most 26 MiB) and QEMU itself,
// mostly translated code. QEMU with a guest of 512 MiB used 190 MiB in total at its end. If the
// guest uses all its memory, this much remains for the rest.
inline constexpr unsigned kMemoryOfQemu = 512;

// Parses the output of sbatch --parsable: "123" or "123;cluster". Lines that begin with "sbatch: "
// are warnings of sbatch.
Result<unsigned> parse_job_id(std::string_view output);
// The fault domain of a refusal by sbatch: Spec if the command line names a partition, an option or
// resources that do not exist.
FaultDomain blame_of_refusal(std::string_view output);
// Whether sbatch refused because of the number of jobs. Fewer jobs at a time may then be accepted.
bool over_a_limit(std::string_view output);

// A job, or a task of an array, that has not ended.
struct SlurmTask {
    unsigned job = 0;              // id of the array if this is a task of one
    std::optional<unsigned> index; // in the array
    std::string state, node, reason;
    bool operator==(const SlurmTask&) const = default;

    // The task will never start: Slurm gave it up but keeps it in the queue.
    bool stuck() const;
};
std::vector<std::string> squeue_words(const std::string& name);
// Parses one line of squeue's output. nullopt: an error or a warning of squeue. FaultDomain::Host:
// neither a task nor such a line.
Result<std::optional<SlurmTask>> parse_squeue_line(std::string_view line);

// How a task ended that left no result.
struct SlurmEnd {
    std::string state;           // "NODE_FAIL", "OUT_OF_MEMORY", ...; empty: unknown to Slurm
    std::string node, exit_code; // exit_code: "0:9" is code and signal
    bool operator==(const SlurmEnd&) const = default;
};
// Parses scontrol -o show job ID[_INDEX]. nullopt if Slurm has forgotten the job.
std::optional<SlurmEnd> parse_scontrol_job(std::string_view output);
// Parses sacct -n -X -P -o State,ExitCode,NodeList. nullopt without accounting, or if the job does
// not exist.
std::optional<SlurmEnd> parse_sacct(std::string_view output);
std::string in_words(const SlurmEnd& end);

// Parses MaxArraySize from scontrol show config: the highest index of an array plus one.
Result<unsigned> parse_max_array_size(std::string_view output);

// For people: "2 running on n1, n2; 5 waiting (Resources)". Names up to three nodes, else prints
// their number.
std::string queue_text(const std::vector<SlurmTask>& tasks);

} // namespace rig
