// The loop over planned boots: read this first.
//
//   spec -> kernels (cached) -> image -> static facts -> schedule -> boots -> samples on disk -> proofs -> verdict -> report
//
// Blame decides what happens to a boot that is no sample:
//   Host    retried in its place with its seed, kHostRetries times, then the run stops: exit 3
//   Guest   the run stops: nothing was tested, exit 4
//   Kernel  the run stops: the arm broke, exit 1
// Under the virtual clock boots do not disturb one another's figures, so as many run side by side as the host's CPUs and memory hold;
// under the wall clock they run one at a time, or as many as were asked for on CPUs of their own (packing.h). An engine
// (engine.h) makes boots elsewhere; what becomes of each is decided here.
#pragma once

#include "rig/boot_places.h"
#include "rig/guest_run.h"
#include "rig/report/report.h"

#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

namespace rig {

inline constexpr unsigned kHostRetries = 2;

class Engine;

// Everything of the outside world, wired in main.cc.
struct World {
    ArtifactCache& cache;
    CommandRunner& runner;
    Hypervisor& hypervisor;
    Progress& progress;
    HostShare host = {};
    Engine* engine = nullptr; // who builds and boots for a comparison (engine.h); none: this process
};

// Kernels of all arms and the initramfs: what every command that boots needs.
struct Prepared {
    std::map<std::string, Kernel> kernels; // by arm
    std::filesystem::path image, perf;
    std::string perf_version;
};
Result<Prepared> prepare(const Spec& spec, const std::vector<Arm>& arms, const World& world);

struct ChosenMachine {
    Machine machine;
    std::string why;
};
// Clock and accelerator as spec.guest.clock asks; `auto` = wall if KVM boots this very kernel, else virtual. On another host only virtual:
// Blame::Spec for wall.
Result<ChosenMachine> choose_machine(const Spec& spec, const Prepared& prepared, const World& world, std::stop_token stop);

// take_places() on the host where the guests run.
Result<BootPlaces> place_boots(const BootNeed& need, unsigned parallel, const World& world, std::stop_token stop);

inline constexpr std::uintmax_t kDiskBudget = 8ull << 30; // a boot leaves some 400 KiB behind, one with KASAN's splats a MiB
inline constexpr std::uintmax_t kUsualBoot = 1u << 20;

struct ExperimentOptions {
    std::filesystem::path results;    // folder that holds runs
    unsigned parallel = 0;            // boots at once, see PackingWish
    std::vector<std::string> command; // what reproduces the run
    bool fresh = false;               // do not go on with an interrupted run
    std::uintmax_t disk_budget = kDiskBudget; // bytes of the run's folder: no boot is begun beyond it
    std::function<void(const std::string&)> warn = {}; // told what is worth knowing and no reason to fail
};

struct ExperimentResult {
    ReportInput report;
    std::filesystem::path dir;
};

// Goes on with the same run where one was interrupted or met a fault of the host (RunInfo::same_run): its boots are kept, and only
// those it lacks are made. A run that the kernel or the guest ended is over: to boot until nothing panics would flatter.
// A run is indexed when it is over, however it ended (index_folder.h); that it cannot be is a warning.
Result<ExperimentResult> run_experiment(const Spec& spec, const World& world, const ExperimentOptions& options, std::stop_token stop);

} // namespace rig
