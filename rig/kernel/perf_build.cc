// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/files.h"
#include "rig/base/sha256.h"
#include "rig/host/apt.h"
#include "rig/kernel/kernel_build.h"
#include "rig/kernel/kernel_recipe.h"
#include "rig/kernel/perf_subset.h"
#include "rig/kernel/source.h"
#include "rig/kernel/worktree.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <thread>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPerfRecipe = "perf 2";
constexpr const char* kPerfVersion = "version"; // the file next to a perf for another architecture

// The label in the cache: "perf of linux-source-6.12=6.12.117-1"; "full perf of ..." with all
// subcommands; with the suffix " for arm64" for an architecture other than the host's.
constexpr const char* kFull = "full ";
std::string label(const std::string& source, const Arch& arch, bool full) {
    return (full ? kFull : "") + ("perf of " + source) +
           (arch.cross.empty() ? "" : " for " + arch.name);
}
std::string label_arch(const std::string& label) {
    const auto at = label.rfind(" for ");
    return at == label.npos ? kDefaultArch : label.substr(at + 5);
}

// The folders of Debian's libtraceevent for another architecture. Empty for the host's own, which
// the compiler finds by itself.
struct ForeignLibrary {
    fs::path include, lib;
    bool newer = false; // from a newer release than the libc that it is linked with
};

// A library compiled against glibc 2.38 or newer calls C23's versions of these functions, which
// also read "0b1" as a number. An older glibc only has the earlier versions. With these linker
// options, a library of a newer release needs nothing else from it: neither its libc, whose objects
// an older linker may not be able to relocate, nor compiling it from source, which not every mirror
// keeps for all releases.
constexpr const char* kNewerNames =
    " -Wl,--defsym=__isoc23_strtol=strtol -Wl,--defsym=__isoc23_strtoul=strtoul "
    "-Wl,--defsym=__isoc23_strtoll=strtoll"
    " -Wl,--defsym=__isoc23_strtoull=strtoull -Wl,--defsym=__isoc23_sscanf=__isoc99_sscanf";

std::vector<std::string> perf_arguments(const fs::path& source, const fs::path& out, unsigned jobs,
                                        const ForeignLibrary& library) {
    std::vector<std::string> argv{"make", "-C", (source / "tools/perf").string(),
                                  "O=" + out.string(), fmt::format("-j{}", jobs)};
    argv.push_back(library.lib.empty() ? "LDFLAGS=-static"
                                       : "LDFLAGS=-static -L" + library.lib.string() +
                                             (library.newer ? kNewerNames : ""));
    // perf's default is -O3: it takes half as long again to compile, and a guest's boot is not
    // faster.
    argv.push_back("EXTRA_CFLAGS=-O1" +
                   (library.include.empty() ? "" : " -I" + library.include.string()));
    // Turns off every optional feature: only perf stat, record and script on tracepoints and probes
    // are needed.
    for (const char* off : {"NO_JEVENTS",   "NO_LIBPYTHON", "NO_LIBPERL",
                            "NO_LIBELF",    "NO_LIBBPF",    "NO_SLANG",
                            "NO_LIBDW",     "NO_DWARF",     "NO_LIBDW_DWARF_UNWIND",
                            "NO_LIBUNWIND", "NO_LIBCRYPTO", "NO_LZMA",
                            "NO_LIBZSTD",   "NO_LIBCAP",    "NO_LIBNUMA",
                            "NO_LIBAUDIT",  "NO_AUXTRACE",  "NO_DEMANGLE",
                            "NO_SDT",       "NO_GTK2",      "NO_LIBBABELTRACE",
                            "NO_LIBPFM4",   "NO_RUST",      "NO_ZLIB",
                            "NO_LIBLLVM",   "NO_CAPSTONE",  "NO_SYSCALL_TABLE"})
        argv.push_back(std::string(off) + "=1");
    argv.insert(argv.end(), {"BUILD_BPF_SKEL=0", "WERROR=0", (out / "perf").string()});
    return argv;
}

Status make_perf(const SourceTree& source, const Arch& arch, bool full, const BuildContext& context,
                 const fs::path& dir) {
    auto environment = build_environment(arch);
    ForeignLibrary library;
    const auto foreign = dir / "foreign";
    std::error_code error;
    if (!arch.cross.empty()) {
        RIG_CHECK(require_build_tools(arch));
        RIG_TRY(root, foreign_package(context, arch, "libtraceevent-dev"));
        // Use a copy: the cache may be pruned while perf is built.
        fs::copy(root, foreign, fs::copy_options::recursive | fs::copy_options::copy_symlinks,
                 error);
        if (error)
            return fail(FaultDomain::Host, fmt::format("cannot copy {} to {}: {}", root.string(),
                                                       foreign.string(), error.message()));
        library = {foreign / "usr/include", foreign / "usr/lib" / arch.multiarch,
                   !arch.suite.empty()};
        environment["PKG_CONFIG_LIBDIR"] = (library.lib / "pkgconfig").string();
        environment["PKG_CONFIG_SYSROOT_DIR"] = foreign.string();
    }
    const auto scratch = dir / "scratch", out = dir / "out";
    fs::create_directories(out, error);
    const auto must =
        [&](std::vector<std::string> argv, const char* what,
            std::function<void(std::string_view)> on_line = {}) -> Result<std::string> {
        Command command;
        command.argv = std::move(argv);
        command.env = environment;
        command.on_line = std::move(on_line);
        RIG_TRY(result, context.runner.run(command));
        if (!result.ok())
            return fail(FaultDomain::Host, fmt::format("{}: {}: {}", what, describe(result),
                                                       first_build_error(result.out)));
        return result.out;
    };
    const auto without_tracepoints = [] {
        return fail(FaultDomain::Host,
                    "perf was built without libtraceevent, so without tracepoints: "
                    "install libtraceevent-dev");
    };
    const auto has_tracepoints = [&]() -> Status {
        if (!arch.cross.empty()) { // it cannot run on this host
            RIG_TRY(symbols, must({arch.cross + "nm", (out / "perf").string()}, "nm perf"));
            return symbols.find(" tep_alloc\n") == std::string::npos ? without_tracepoints()
                                                                     : Status();
        }
        RIG_TRY(options,
                must({(dir / "perf").string(), "version", "--build-options"}, "perf version"));
        const auto feature = options.find("libtraceevent:");
        if (feature == std::string::npos ||
            options.substr(feature, options.find('\n', feature) - feature).find("[ on") ==
                std::string::npos)
            return without_tracepoints();
        return {};
    };
    // perf's build writes generated files next to its sources. It gets its own tree of links, with
    // a real copy of tools/, where it might write into existing files.
    RIG_TRY(linked, must(copy_of_tree(source.tree, scratch), "linking the source tree"));
    (void)linked;
    fs::remove_all(scratch / "tools", error);
    RIG_TRY(copied,
            must({"cp", "-a", (source.tree / "tools").string(), (scratch / "tools").string()},
                 "copying tools/"));
    (void)copied;
    if (!full) RIG_CHECK(keep_perf_subset(scratch / "tools/perf"));
    const unsigned jobs =
        context.jobs ? context.jobs : std::max(1u, std::thread::hardware_concurrency());
    RIG_TRY(built, must(perf_arguments(scratch, out, jobs, library), "building perf",
                        [&](std::string_view line) {
                            context.progress.note(std::string(line.substr(0, 60)));
                        }));
    (void)built;
    RIG_TRY(stripped,
            must({arch.cross + "strip", "-o", (dir / "perf").string(), (out / "perf").string()},
                 "strip perf"));
    (void)stripped;
    RIG_CHECK(has_tracepoints());
    // The version that it would print, if it could run here.
    if (!arch.cross.empty())
        RIG_CHECK(
            write_atomically(dir / kPerfVersion, fmt::format("perf version {}\n", source.version)));
    for (const auto& folder : {scratch, out, foreign})
        fs::remove_all(folder, error);
    return {};
}

} // namespace

Result<fs::path> build_perf(const Spec& spec, const BuildContext& context) {
    const auto& arch = arch_named(spec.kernel.arch);
    if (std::holds_alternative<PrebuiltSource>(spec.kernel.source)) {
        const auto entries = context.cache.labels("perf");
        const CacheEntry* newest = nullptr;
        for (const auto& entry : entries)
            if (label_arch(entry.label) == arch.name &&
                entry.label.starts_with(kFull) == spec.full_perf &&
                (!newest || entry.last_used > newest->last_used))
                newest = &entry;
        if (!newest)
            return fail(FaultDomain::Host,
                        fmt::format("prebuilt kernels come without perf and the cache has none for "
                                    "{}: run 'rig build' once with an experiment that builds a "
                                    "kernel for it, such as those in configs/",
                                    arch.name));
        return newest->dir / "perf";
    }
    RIG_TRY(source, fetch_source(spec, context));
    RIG_TRY(compiler, compiler_identity(context.runner, arch));
    const auto key = sha256_hex(fmt::format("{}{}\n{}\n{}\n", spec.full_perf ? kFull : "",
                                            kPerfRecipe, source.id, compiler));
    if (auto found = context.cache.find("perf", key)) return *found / "perf";
    context.progress.start("building perf " + source.version);
    auto dir = context.cache.get_or_make(
        "perf", key, label(source.id, arch, spec.full_perf), [&](const fs::path& into) {
            return make_perf(source, arch, spec.full_perf, context, into);
        });
    if (!dir) {
        context.progress.interrupt();
        return tl::unexpected(dir.error());
    }
    context.progress.finish();
    return *dir / "perf";
}

Result<std::string> perf_version(const Arch& arch, const fs::path& perf, CommandRunner& runner) {
    auto said = slurp(perf.parent_path() / kPerfVersion);
    if (arch.cross.empty()) {
        Command version;
        version.argv = {perf.string(), "--version"};
        version.timeout = std::chrono::seconds(20);
        RIG_TRY(result, runner.run(version));
        said = result.out;
    }
    return said.substr(0, said.find('\n'));
}

} // namespace rig
