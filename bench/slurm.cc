// SPDX-License-Identifier: GPL-2.0-or-later
// What the Slurm engine costs with many boots: a real Slurm on this host (tests/slurm), whose tasks
// are this program and leave a made-up result at once. Nothing here passes or fails, but that each
// boot comes back once.
#include "bench/must.h"
#include "rig/base/files.h"
#include "rig/base/sha256.h"
#include "rig/experiment/environment.h"
#include "rig/host/boost_command_runner.h"
#include "rig/results/run_store.h"
#include "rig/slurm/slurm_engine.h"
#include "rig/testing/run_fixture.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

double since(Steady::time_point began) {
    return std::chrono::duration<double>(Steady::now() - began).count();
}

// Counts and times Slurm's commands, by name.
class Timed : public rig::CommandRunner {
 public:
    rig::Result<rig::CommandResult> run(const rig::Command& command) override {
        const auto began = Steady::now();
        auto result = runner_.run(command);
        auto& [count, seconds] = of[command.argv[0]];
        ++count;
        seconds += since(began);
        return result;
    }
    std::map<std::string, std::pair<unsigned, double>> of;

 private:
    rig::BoostCommandRunner runner_;
};

// CPU seconds of a process so far: utime and stime of proc(5).
double cpu_seconds(const std::string& pid) {
    const auto text = rig::slurp("/proc/" + pid + "/stat");
    std::istringstream in(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i)
        in >> skipped;
    double user = 0, system = 0;
    in >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}
double resident_mib(const std::string& pid) {
    const auto text = rig::slurp("/proc/" + pid + "/status");
    const auto at = text.find("VmRSS:");
    return at == std::string::npos ? 0 : std::stod(text.substr(at + 6)) / 1024;
}

rig::Spec spec_of(unsigned boots, std::uint64_t seed) {
    auto spec = rig::fixture::make_spec(boots);
    spec.guest.clock = rig::ClockChoice::Virtual;
    spec.guest.seed = seed;
    spec.top = RIG_TOP;
    spec.file = spec.top / "bench.toml";
    return spec;
}

// What a task does in the place of a boot.
void made_up_boot(const rig::SlurmSpool& spool, unsigned list) {
    const auto plan = must(rig::load_slurm_plan(spool.plan()));
    const auto order = must(rig::order_of(
        spool.list(list), static_cast<unsigned>(std::stoul(std::getenv("SLURM_ARRAY_TASK_ID")))));
    const auto schedule = rig::make_schedule(spec_of(plan.run.boots, plan.run.seed), false);
    const auto& planned = schedule.at(order);
    auto sample = rig::fixture::make_sample(planned.id.arm, planned.id.index % 8,
                                            planned.id.arm == "reviewed");
    sample.id = planned.id;
    sample.host["slurm_restarts"] = 0;
    const auto run = rig::fixture::make_run(spec_of(plan.run.boots, plan.run.seed));
    const rig::SlurmResult result{order,
                                  {plan.run.program, run.qemu_version,
                                   run.find_kernel(planned.id.arm)->facts.image_sha256, run.image,
                                   "n", "1_1", 0},
                                  sample};
    const auto folder = spool.making() / std::to_string(order);
    fs::create_directories(folder);
    must(rig::write_atomically(folder / rig::kResultFile, to_json(result).dump()));
    fs::rename(folder, spool.done(order));
}

void made_up_build(const rig::SlurmSpool& spool) {
    rig::SlurmPrepared there;
    for (const auto* arm : {"ipi", "reviewed"})
        there.prepared.kernels[arm].boot_image = "/proc/self/exe";
    there.prepared.image = "/proc/self/exe";
    must(rig::write_atomically(spool.prepared(), to_json(there).dump()));
}

std::string shell(const std::string& line) {
    rig::BoostCommandRunner runner;
    rig::Command command;
    command.argv = {"bash", "-c", line};
    return must(runner.run(command)).out;
}

void measure(unsigned number, const fs::path& top, const std::string& controller) {
    const auto began = Steady::now();
    const auto rig_began = std::clock();
    const double cpu_began = cpu_seconds(controller);
    Timed runner;
    const fs::path self = fs::read_symlink("/proc/self/exe");
    const auto results = top / fmt::format("results-{}", number);
    fs::create_directories(results);
    rig::SlurmEngine engine(
        {{}, results, {self.string(), "--build-task"}, {self.string(), "--boot-task"}},
        rig::SlurmClient(runner));
    // Half for each arm; the two replays are part of the plan.
    const auto spec = spec_of((number - 2) / 2, number);
    rig::ArtifactCache cache(top / "cache");
    rig::BoostCommandRunner world_runner;
    struct NoGuests : rig::Hypervisor {
        rig::Result<rig::GuestEnd> run(const rig::BootRequest&,
                                       const std::function<bool(std::string_view)>&,
                                       std::stop_token) override {
            return rig::fail(rig::FaultDomain::Host, "no guests");
        }
        rig::Result<std::string> version(const rig::Arch&) override { return std::string(); }
    } none;
    const rig::Environment environment{cache, world_runner, none, rig::Progress::silent()};
    must(engine.prepare(spec, environment, {}));
    const auto [submissions, submission] = runner.of["sbatch"];
    const double cpu_submitted = cpu_seconds(controller) - cpu_began;

    auto run = rig::fixture::make_run(spec);
    run.program = must(rig::sha256_file("/proc/self/exe"));
    auto writer =
        must(rig::RunWriter::create(results, spec.name, run, std::chrono::system_clock::now()));
    const auto schedule = rig::make_schedule(spec, false);
    std::vector<const rig::PlannedBoot*> boots;
    for (const auto& planned : schedule)
        boots.push_back(&planned);
    double collecting = 0, max_mib = 0;
    unsigned taken = 0;
    const auto take = [&](const rig::PlannedBoot& planned,
                          rig::BootResult made) -> rig::Result<rig::Engine::Disposition> {
        const auto from = Steady::now();
        if (!made.sample) return tl::unexpected(made.sample.error());
        RIG_TRY(dir, writer.boot_dir(planned.id));
        fs::rename(made.evidence, dir);
        if (!planned.replay) RIG_CHECK(writer.append(*made.sample));
        if (taken++ % 100 == 0) max_mib = std::max(max_mib, resident_mib(controller));
        collecting += since(from);
        return rig::Engine::Disposition::Done;
    };
    must(engine.boot(boots, writer.info(), take, environment, {}));
    if (taken != schedule.size() ||
        must(rig::load_run(writer.dir())).samples.size() != schedule.size() - 2) {
        fmt::print(stderr, "{} boots of {} came back\n", taken, schedule.size());
        std::exit(1);
    }
    const auto [looks, looking] = runner.of["squeue"];
    fmt::print("| {} | {} | {:.2f} | {} | {:.3f} | {:.1f} | {:.1f} | {:.2f} | {:.2f} | {:.0f} | "
               "{:.2f} |\n",
               schedule.size(), submissions - 1, submission, looks, looking / std::max(1u, looks),
               since(began), collecting, cpu_submitted, cpu_seconds(controller) - cpu_began,
               max_mib, static_cast<double>(std::clock() - rig_began) / CLOCKS_PER_SEC);
    fs::remove_all(results);
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"benchmark of the Slurm engine: submission, controller, collection"};
    std::vector<unsigned> numbers{10, 100, 1000};
    std::string spool, scratch = fs::temp_directory_path();
    unsigned list = 0, cpus = 8;
    bool build_task = false, boot_task = false;
    app.add_option("--boots", numbers, "how many (more than one may be given)")
        ->capture_default_str()
        ->check(CLI::Range(10u, 100000u));
    app.add_option("--cpus", cpus, "of each of the two nodes, as Slurm is told")
        ->capture_default_str();
    app.add_option("--in", scratch, "where to make a folder for the cluster and the results")
        ->capture_default_str();
    app.add_flag("--build-task", build_task, "be the task that builds");
    app.add_flag("--boot-task", boot_task, "be a task that boots");
    app.add_option("SPOOL", spool);
    app.add_option("--list", list);
    CLI11_PARSE(app, argc, argv);
    if (build_task) return made_up_build({spool}), 0;
    if (boot_task) return made_up_boot({spool}, list), 0;
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    std::string pattern = (fs::absolute(scratch) / "rig-bench-slurm-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) return 3;
    const fs::path top(pattern);
    const auto daemons = std::string(RIG_TOP) + "/tests/slurm ";
    const auto said =
        shell(daemons + "start " + (top / "cluster").string() + fmt::format(" 2 {} 2>&1", cpus));
    int code = 3;
    if (said.find("SLURM_CONF=") != std::string::npos) {
        ::setenv("SLURM_CONF", (top / "cluster/slurm.conf").c_str(), 1);
        auto pid = rig::slurp(top / "cluster/pid/slurmctld");
        pid.pop_back();
        fmt::print("| boots | arrays | sbatch, all, s | squeue, times | each, s | whole, s | "
                   "taking up, s | slurmctld's CPU, submission, s | whole, "
                   "s | its memory, MiB | rig's CPU, s |\n"
                   "|---|---|---|---|---|---|---|---|---|---|---|\n");
        for (const auto number : numbers)
            measure(number, top, pid);
        code = 0;
    } else {
        fmt::print(stderr, "{}", said);
    }
    shell(daemons + "stop " + (top / "cluster").string());
    fs::remove_all(top);
    return code;
}
