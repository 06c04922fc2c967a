// SPDX-License-Identifier: GPL-2.0-or-later
// The benchmarks: what rig costs over the boots it makes. Figures are ratios measured in one run,
// interleaved, since the machines are noisy; nothing here passes or fails.
//
//   1. `rig boot` against a bare QEMU command line with the same kernel, initramfs, plan and
//   devices: pairs, median ratio
//   2. boot to agent-ready under TCG with 4 vCPUs, both clocks
//   3. a warm `rig compare` against the sum of its bare boots
//   4. second-arm build against a cold build: from the kernels' build.json, as `rig build --json`
//   reports it
#include "bench/programs.h"

#include <CLI/CLI.hpp>

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kSpec = "configs/batch-alloc-fail.toml";

std::vector<std::string> boot_of(const char* arm) {
    return {kSpec, "--arm", arm, "--clock", "virtual"};
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"benchmarks of rig"};
    unsigned pairs = 10, boots = 4;
    app.add_option("--pairs", pairs, "pairs of boots")->capture_default_str();
    app.add_option("--boots", boots, "boots per arm of the warm compare")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    std::setvbuf(stdout, nullptr, _IOLBF, 0); // a line as soon as it is known, into a file as well

    const json built = json_of(must_run({RIG_EXE, "--quiet", "--json", "build", kSpec}));
    for (const auto& kernel : built.at("kernels"))
        fmt::print("build {:<10} {:7.1f} s  {}\n", kernel.at("arm").get<std::string>(),
                   kernel.at("build_seconds").get<double>(),
                   kernel.at("incremental").get<bool>() ? "incremental" : "cold");
    const double cold = built.at("kernels").at(0).at("build_seconds"),
                 second = built.at("kernels").at(1).at("build_seconds");
    if (!built.at("kernels").at(0).at("incremental").get<bool>() && cold > 0)
        fmt::print("second arm / cold build: {:.3f} (want <= 0.05)\n", second / cold);

    const rig::Scratch scratch;
    const auto dir = folder_of(scratch);
    const auto bare = bare_argv(dir, boot_of("ipi"));
    const std::vector<std::string> ours{
        RIG_EXE, "--quiet", "--json",  "--results", (dir / "results").string(), "boot", kSpec,
        "--arm", "ipi",     "--clock", "virtual"};
    auto wall = ours;
    wall.back() = "wall";
    std::vector<double> ratios, bare_s, ours_s, ready_virtual, ready_wall;
    must_run(bare); // warms the page cache
    for (unsigned i = 0; i < pairs; ++i) {
        double b = 0, o = 0;
        const auto one_bare = [&] { b = must_run(bare).seconds; };
        const auto one_ours = [&] {
            const auto result = must_run(ours);
            o = result.seconds;
            ready_virtual.push_back(json_of(result).at("host").at("agent_ready_wall_s"));
        };
        if (i % 2)
            one_ours(), one_bare();
        else
            one_bare(), one_ours();
        ready_wall.push_back(json_of(must_run(wall)).at("host").at("agent_ready_wall_s"));
        ratios.push_back(o / b);
        bare_s.push_back(b);
        ours_s.push_back(o);
        fmt::print("pair {:2}: bare QEMU {:.3f} s, rig boot {:.3f} s, ratio {:.3f}\n", i + 1, b, o,
                   o / b);
    }
    fmt::print("rig boot / bare QEMU: median {:.3f} of {} pairs (want <= 1.05)\n",
               median_of(ratios), pairs);
    fmt::print("agent ready, 4 vCPUs, TCG: virtual clock median {:.2f} s, wall clock {:.2f} s "
               "(want <= 1.5)\n",
               median_of(ready_virtual), median_of(ready_wall));

    // Bare boots of both arms, one at a time, as a person with a shell script would make them.
    const auto other = bare_argv(dir, boot_of("reviewed"));
    double sum = 0;
    for (unsigned i = 0; i < boots; ++i)
        sum += must_run(bare).seconds + must_run(other).seconds;
    const double warm =
        must_run({RIG_EXE, "--quiet", "--results", (dir / "results").string(), "compare", kSpec,
                  "--clock", "virtual", "--boots", std::to_string(boots)})
            .seconds;
    const double serial =
        must_run({RIG_EXE, "--quiet", "--parallel", "1", "--results", (dir / "results").string(),
                  "compare", kSpec, "--clock", "virtual", "--boots", std::to_string(boots)})
            .seconds;
    const double two =
        must_run({RIG_EXE, "--quiet", "--parallel", "2", "--results", (dir / "results").string(),
                  "compare", kSpec, "--clock", "virtual", "--boots", std::to_string(boots)})
            .seconds;
    fmt::print("two boots at once / one at a time: {:.2f} s / {:.2f} s = {:.2f}\n", two, serial,
               two / serial);
    fmt::print("warm compare of 2 x {} boots: {:.2f} s side by side, {:.2f} s one at a time; its "
               "bare boots {:.2f} s: ratio {:.2f} and {:.2f} (want <= 2)\n",
               boots, warm, serial, sum, warm / sum, serial / sum);
}
