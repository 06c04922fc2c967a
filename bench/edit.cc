// SPDX-License-Identifier: GPL-2.0-or-later
// From the edit of a patch to the verdict: one line of the default experiment's second arm changes,
// so that its kernel does, and `rig compare` runs in full. Everything was built before the edit.
// With --against the same for another revision of the project, in turn. Nothing here passes or
// fails.
#include "bench/programs.h"
#include "bench/revisions.h"
#include "rig/base/files.h"
#include "rig/host/git.h"

#include <ctime>

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kSeries = "kernel-patches/6.12/reviewed";
// Added by that series once, and again after each edit with another number.
constexpr const char* kLine = "+\ttlb_remove_table_sync_rcu();\n";
const std::vector<int> kAnyVerdict{0, 1, 4};

// The series' patch with the line as the revision has it, and where the line is.
struct Patch {
    fs::path file;
    std::string text;
    std::size_t at = 0;
};
Patch patch_of(const Side& side) {
    // An edit of an earlier call goes.
    must_run(rig::git_command(side.clone(), {"checkout", "--quiet", "--", kSeries}));
    std::vector<Patch> found;
    for (const auto& entry : fs::directory_iterator(side.clone() / kSeries)) {
        const auto text = rig::slurp(entry.path());
        for (auto at = text.find(kLine); at != text.npos; at = text.find(kLine, at + 1))
            found.push_back({entry.path(), text, at});
    }
    if (found.size() != 1)
        refuse(fmt::format("{}: {}: {} lines '{}', want one", side.label(), kSeries, found.size(),
                           std::string_view(kLine).substr(0, std::string_view(kLine).size() - 1)));
    return found.front();
}

// The line does nothing more than before, by an instruction that no kernel had: a long no-op with a
// number in it.
void edit(const Patch& patch, std::uint32_t number) {
    auto text = patch.text;
    text.insert(patch.at + std::string_view(kLine).size() - 1,
                fmt::format(" asm volatile(\".byte 0x0f, 0x1f, 0x80; .long {}\");", number));
    must(rig::write_atomically(patch.file, text));
}

// The run whose wall time is in the middle; of two, the faster. Its parts and objects are printed.
const RigRan& middle(std::vector<RigRan>& runs) {
    std::sort(runs.begin(), runs.end(),
              [](const RigRan& a, const RigRan& b) { return *a.measured.wall < *b.measured.wall; });
    return runs[(runs.size() - 1) / 2];
}

void measure(const RevisionOptions& options, unsigned runs, unsigned boots) {
    Revisions all(options);
    std::vector<Patch> patches;
    all.make_caches("cache", true);
    for (auto& side : all.sides()) {
        if (!side.built()) {
            say(side.label() + ": compiling rig (not measured)");
            side.compile(!options.no_web);
        }
        patches.push_back(patch_of(side));
        say(side.label() + ": building all that the edit leaves as it is (not measured)");
        side.run({"build", kSpec});
    }
    std::vector<std::string> words{"compare", kSpec, "--fresh"};
    if (boots) words.insert(words.end(), {"--boots", std::to_string(boots)});
    std::vector<std::vector<RigRan>> ran(all.sides().size());
    std::time_t number = 0;
    for (unsigned i = 0; i < runs; ++i) {
        std::vector<Measured> row(all.sides().size());
        for (std::size_t k = 0; k < row.size(); ++k) {
            const auto at = i % 2 ? row.size() - 1 - k : k; // each is first in every other run
            const auto& side = all.sides()[at];
            number = std::max(number + 1, std::time(nullptr));
            edit(patches[at], static_cast<std::uint32_t>(number));
            auto one = side.run(words, "cache", kAnyVerdict);
            if (one.measured.objects.value_or(0) == 0)
                refuse(fmt::format("{}: the patch was edited, and no line '  CC ' is in the logs "
                                   "of {}",
                                   side.label(), (side.cache() / "logs").string()));
            say(fmt::format("{}: exit code {}", side.label(), one.code));
            row[at] = one.measured;
            ran[at].push_back(std::move(one));
        }
        all.row(fmt::format("run {}", i + 1), row);
    }
    std::vector<Measured> medians;
    std::vector<RigRan> middles;
    for (auto& of_side : ran) {
        std::vector<double> wall, cpu;
        for (const auto& run : of_side) {
            wall.push_back(*run.measured.wall);
            cpu.push_back(*run.measured.cpu);
        }
        middles.push_back(middle(of_side));
        medians.push_back({median_of(wall), median_of(cpu), middles.back().measured.objects});
    }
    all.row(fmt::format("edit to verdict, median of {}", runs), medians);
    all.parts(middles);
    all.finish("edit");
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"from the edit of a patch to the verdict, on the default experiment"};
    RevisionOptions options;
    unsigned runs = 3, boots = 0;
    options.declare(app, "where clones and caches stay, and are taken from the next time, also "
                         "those of bench/cold --work (default: a folder in TMPDIR, which goes; the "
                         "kernels are then built first, which is not measured)");
    app.add_option("--runs", runs, "edits of each revision")
        ->capture_default_str()
        ->check(CLI::Range(1u, 1000u));
    app.add_option("--boots", boots, "boots per arm (default: the experiment's)")
        ->check(CLI::Range(1u, 1000u));
    CLI11_PARSE(app, argc, argv);
    try {
        measure(options, runs, boots);
    } catch (const json::exception& e) {
        refuse(fmt::format("what rig printed with --json: {}", e.what()));
    }
}
