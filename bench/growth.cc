// SPDX-License-Identifier: GPL-2.0-or-later
// What a sample costs, and how that grows: with the boots of a run, the vCPUs of a guest, the arms
// of an experiment. Beside each figure stands what the same boots cost without rig, from its own
// QEMU command lines, measured just before and after; both make one boot at a time. Last, what the
// judgement costs with many boots. Nothing here passes or fails.
#include "bench/programs.h"
#include "rig/run_index/run_reader.h"

#include <CLI/CLI.hpp>

namespace {

namespace fs = std::filesystem;

constexpr const char* kSpec = "configs/batch-alloc-fail.toml";
// A run's verdict is no matter here (sixteen vCPUs of an emulator may miss a bound on a latency);
// that every boot is a sample is.
const std::vector<int> kAnyVerdict{static_cast<int>(rig::Exit::Pass),
                                   static_cast<int>(rig::Exit::Fail),
                                   static_cast<int>(rig::Exit::Inconclusive)};

struct Point {
    std::string what;
    std::string spec = kSpec;
    std::vector<std::string> arms{"ipi", "reviewed"};
    unsigned boots = 4; // per arm
    unsigned vcpus = 4;
};

struct Cost {
    double seconds = 0, cpu_seconds = 0;
};

// One boot by each command line: the mean of them.
Cost mean_of_each(const std::vector<std::vector<std::string>>& lines) {
    Cost sum;
    for (const auto& line : lines) {
        const auto ran = must_run(line);
        sum.seconds += ran.seconds / static_cast<double>(lines.size());
        sum.cpu_seconds += ran.cpu_seconds / static_cast<double>(lines.size());
    }
    return sum;
}

void measure(const Point& point, const fs::path& dir) {
    const auto vcpus = fmt::format("guest.vcpus={}", point.vcpus);
    std::vector<std::vector<std::string>> bare;
    for (const auto& arm : point.arms)
        bare.push_back(
            bare_argv(dir, {point.spec, "--arm", arm, "--clock", "virtual", "--set", vcpus}));
    const auto before = mean_of_each(bare);
    const auto ran = must_run({RIG_EXE, "--quiet", "--json", "--parallel", "1", "--results",
                               (dir / "results").string(), "compare", point.spec, "--clock",
                               "virtual", "--boots", std::to_string(point.boots), "--set", vcpus},
                              kAnyVerdict);
    const auto after = mean_of_each(bare);
    const auto run = must(rig::load_run(must(rig::find_run(dir / "results", "latest"))));
    const auto wanted = point.boots * point.arms.size();
    if (run.samples.size() != wanted) {
        fmt::print(stderr, "{}: {} samples of {} boots\n", point.what, run.samples.size(), wanted);
        std::exit(3);
    }
    const auto samples = static_cast<double>(wanted),
               boots = samples + static_cast<double>(run.info.replays.size());
    const double bare_s = (before.seconds + after.seconds) / 2,
                 bare_cpu = (before.cpu_seconds + after.cpu_seconds) / 2;
    fmt::print("{:<9} {:7} samples {:8.1f} s {:7.2f} s a sample {:7.2f} s of CPU a boot; bare "
               "{:6.2f} s, {:6.2f} s of CPU; wall {:.2f}, CPU {:.3f} "
               "of the bare boots'\n",
               point.what, wanted, ran.seconds, ran.seconds / samples, ran.cpu_seconds / boots,
               bare_s, bare_cpu, ran.seconds / (boots * bare_s),
               ran.cpu_seconds / (boots * bare_cpu));
}

std::string replaced(std::string text, const std::string& old, const std::string& by) {
    const auto at = text.find(old);
    if (at == std::string::npos) {
        fmt::print(stderr, "{}: no '{}' in it\n", kSpec, old);
        std::exit(3);
    }
    return text.replace(at, old.size(), by);
}

// The experiment with more arms of the patch under review, in a file. Its folder has to be a
// project's, where its paths begin.
Point with_arms(unsigned number, const fs::path& dir) {
    Point point;
    point.what = fmt::format("{} arms", number);
    std::ifstream in(fs::path(RIG_TOP) / kSpec);
    std::string text(std::istreambuf_iterator<char>(in), {}), arms, values;
    for (unsigned i = 2; i < number; ++i) {
        point.arms.push_back(fmt::format("reviewed{}", i));
        arms += fmt::format("[[arm]]\nname = \"{}\"\nseries = "
                            "[\"kernel-patches/6.12/reviewed\"]\nmarker = \"synchronize_rcu\"\n\n",
                            point.arms.back());
        values += fmt::format(", {} = 0", point.arms.back());
    }
    text = replaced(text, "[guest]", arms + "[guest]");
    text = replaced(text, "reviewed = 0 }", "reviewed = 0" + values + " }");
    point.spec = (dir / fmt::format("arms-{}.toml", number)).string();
    std::ofstream(point.spec) << text;
    return point;
}

// `rig report` on a run with more boots than it made: its samples over and over under other seeds,
// the later ones a little slower than the one before, lest the statistics meet nothing but ties.
void judge(const rig::LoadedRun& run, unsigned boots, const fs::path& dir) {
    auto info = run.info;
    info.boots = boots;
    info.run_id = fmt::format("20260101-000000-judge-{}", boots);
    const auto folder = dir / info.run_id;
    fs::create_directories(folder);
    std::ofstream(folder / "run.json") << to_json(info).dump(2) << "\n";
    fs::copy_file(run.dir / "spec.toml", folder / "spec.toml");
    std::ofstream lines(folder / "samples.jsonl");
    unsigned order = 0;
    for (unsigned i = 0; i < boots; ++i)
        for (const auto& kernel : info.kernels) {
            const auto like =
                std::find_if(run.samples.begin(), run.samples.end(), [&](const rig::Sample& s) {
                    return s.id.arm == kernel.arm && s.id.index == i % run.info.boots;
                });
            if (like == run.samples.end()) {
                fmt::print(stderr, "{}: no boot {} of {}\n", run.dir.string(), i % run.info.boots,
                           kernel.arm);
                std::exit(3);
            }
            auto sample = *like;
            sample.id.index = i;
            sample.id.seed += i / run.info.boots;
            sample.id.order = order++;
            for (auto& ns : sample.target_latency_ns)
                ns += i;
            lines << to_json(sample).dump() << "\n";
        }
    lines.close();
    const auto ran =
        must_run({RIG_EXE, "--quiet", "--json", "report", folder.string()}, kAnyVerdict);
    fmt::print("judge     {:7} samples {:8.2f} s {:8.2f} s of CPU {:8.1f} µs of CPU a sample\n",
               order, ran.seconds, ran.cpu_seconds, 1e6 * ran.cpu_seconds / order);
    fs::remove_all(folder);
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"what a sample costs, and how that grows"};
    std::vector<unsigned> boots{1, 4, 16}, vcpus{2, 4, 8, 16}, arms{2, 4, 6}, judged{10, 100, 1000};
    app.add_option("--boots", boots, "boots per arm of a run")->capture_default_str();
    app.add_option("--vcpus", vcpus, "vCPUs of a guest, with two boots per arm")
        ->capture_default_str();
    app.add_option("--arms", arms, "arms of an experiment, with two boots each")
        ->check(CLI::Range(2, 100))
        ->capture_default_str();
    app.add_option("--judge", judged, "boots per arm of a run that is judged")
        ->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    fs::current_path(RIG_TOP); // whose patches the experiments name
    const rig::Scratch scratch;
    const auto dir = folder_of(scratch);
    for (const char* part : {"configs", "kernel-patches"})
        fs::create_directory_symlink(fs::path(RIG_TOP) / part, dir / part);
    must_run({RIG_EXE, "--quiet", "--results", (dir / "results").string(), "compare", kSpec,
              "--clock", "virtual", "--boots", "4"},
             kAnyVerdict); // builds, warms
    const auto run = must(rig::load_run(must(rig::find_run(dir / "results", "latest"))));

    for (const unsigned n : boots) {
        Point point;
        point.what = fmt::format("{} boots", n);
        point.boots = n;
        measure(point, dir);
    }
    for (const unsigned n : vcpus) {
        Point point;
        point.what = fmt::format("{} vCPUs", n);
        point.boots = 2;
        point.vcpus = n;
        measure(point, dir);
    }
    for (const unsigned n : arms) {
        auto point = with_arms(n, dir);
        point.boots = 2;
        measure(point, dir);
    }
    for (const unsigned n : judged)
        judge(run, n, dir);
}
