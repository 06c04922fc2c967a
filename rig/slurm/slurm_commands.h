// SPDX-License-Identifier: GPL-2.0-or-later
// What rig says to Slurm's own commands, and what it reads from them. Pure. Formats: sbatch(1),
// squeue(1), scontrol(1), sacct(1), as of Slurm 22.05.
#pragma once

#include "rig/base/error.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct SlurmUser { // what the command line says
    std::string partition;
    std::vector<std::string> extra; // words for sbatch, after rig's own
};

// Words of --slurm-args, split at blanks. FaultDomain::Spec for an option that rig sets itself and
// depends on, and for a word that is none.
Result<std::vector<std::string>> slurm_extra(std::string_view text);

struct SlurmJob {
    std::string name; // of all jobs of one comparison: they are found and cancelled by it
    std::filesystem::path script, cwd;
    std::filesystem::path output;   // %A, %a and %j as in sbatch(1)
    std::vector<std::string> words; // of the script
    unsigned tasks = 0;             // of an array, 0..tasks-1; 0: no array
    std::optional<unsigned> after;  // a job that must have ended well
    bool whole_node = false;        // else:
    unsigned cpus = 1, memory_mib = 0;
    unsigned minutes = 0; // time limit; 0: the partition's
};
std::vector<std::string> sbatch_words(const SlurmJob& job, const SlurmUser& user);

// Of a boot. Under the virtual clock QEMU executes all vCPUs in one thread, so it keeps one CPU
// busy, however many vCPUs it has.
inline constexpr unsigned kCpusOfBoot = 1;
// On top of the guest's memory: rig (26 MiB at most) and QEMU's own, most of it translated code.
// QEMU with a guest of 512 MiB had 190 MiB in all at its end; a guest that uses all of its memory
// leaves this much for the rest.
inline constexpr unsigned kMemoryOfQemu = 512;

// "123" or "123;cluster" of sbatch --parsable. Lines that begin with "sbatch: " are its warnings.
Result<unsigned> parse_job_id(std::string_view output);
// Whose fault it is that sbatch refused: the command line's if it names a partition, an option or
// resources that do not exist.
FaultDomain blame_of_refusal(std::string_view output);
// Did it refuse for the number of jobs? Fewer at a time may do.
bool over_a_limit(std::string_view output);

// A job, or a task of an array, that has not ended.
struct SlurmTask {
    unsigned job = 0;              // of the array, if it is a task of one
    std::optional<unsigned> index; // in the array
    std::string state, node, reason;
    bool operator==(const SlurmTask&) const = default;

    // Will never start, whatever happens: Slurm gave it up but keeps it.
    bool stuck() const;
};
std::vector<std::string> squeue_words(const std::string& name);
// One line of that. nullopt: a line of squeue's own (an error or warning). FaultDomain::Host:
// neither.
Result<std::optional<SlurmTask>> parse_squeue_line(std::string_view line);

// How a task that left no result ended.
struct SlurmEnd {
    std::string state;           // "NODE_FAIL", "OUT_OF_MEMORY", ...; empty: Slurm does not know
    std::string node, exit_code; // "0:9": code and signal
    bool operator==(const SlurmEnd&) const = default;
};
// Of scontrol -o show job ID[_INDEX]; nullopt if it has forgotten the job.
std::optional<SlurmEnd> parse_scontrol_job(std::string_view output);
// Of sacct -n -X -P -o State,ExitCode,NodeList; nullopt where there is no accounting, or no such
// job.
std::optional<SlurmEnd> parse_sacct(std::string_view output);
std::string in_words(const SlurmEnd& end);

// MaxArraySize of scontrol show config: one more than the highest index an array may have.
Result<unsigned> parse_max_array_size(std::string_view output);

// For people: "2 running on n1, n2; 5 waiting (Resources)". Of at most three nodes the names, else
// their number.
std::string queue_text(const std::vector<SlurmTask>& tasks);

} // namespace rig
