// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/kernel_recipe.h"

#include "rig/base/files.h"
#include "rig/base/scratch_dir.h"
#include "rig/base/sha256.h"

#include <cstdlib>
#include <fmt/format.h>
#include <sstream>
#include <unistd.h>

namespace rig {
namespace fs = std::filesystem;
namespace {

// Increase it when the same inputs are built in another way.
constexpr const char* kRecipe = "kernel 3";

Result<std::string> first_line_of(CommandRunner& runner, std::vector<std::string> argv) {
    Command command;
    command.argv = std::move(argv);
    command.timeout = std::chrono::seconds(20);
    RIG_TRY(result, runner.run(command));
    if (!result.ok())
        return fail(FaultDomain::Host,
                    fmt::format("{} {}: {}", command.argv[0], command.argv[1], describe(result)));
    return result.out.substr(0, result.out.find('\n'));
}

Status apply(Recipe& recipe, const BuildContext& context) {
    const Scratch scratch;
    RIG_CHECK(scratch.made());
    const auto files = scratch.dir() / "files"; // next to the scratch folder's lock
    std::error_code error;
    fs::create_directories(files, error);
    const auto& delta = recipe.source.delta;
    RIG_TRY(patched, apply_patches(recipe.patches, recipe.source.tree, files, context.runner,
                                   delta ? delta->files : Overlay{}));
    if (delta)
        patched.insert(delta->files.begin(),
                       delta->files.end()); // adds the files that no patch touches
    for (auto& [file, content] : patched) {
        RIG_TRY(pristine, read_tree_file(recipe.source.tree / file));
        if (content != pristine) // skips a patch and its revert
            recipe.overlay.emplace(file, std::move(content));
    }
    return {};
}

// The packages to install for an architecture other than the host's.
std::string missing_packages(const Arch& arch) {
    return arch.packages.empty() ? std::string()
                                 : fmt::format(" (apt-get install {})", arch.packages);
}

bool in_path(const std::string& tool) {
    const char* inherited = std::getenv("PATH");
    std::istringstream path(inherited ? inherited : "/usr/bin:/bin");
    for (std::string dir; std::getline(path, dir, ':');)
        if (::access((fs::path(dir) / tool).c_str(), X_OK) == 0) return true;
    return false;
}

// The object tree is a subfolder of the sources, so make's messages about sources begin with this.
constexpr std::string_view kAbove = "../";

} // namespace

Result<std::string> compiler_identity(CommandRunner& runner, const Arch& arch) {
    return first_line_of(runner, {arch.cross + "gcc", "--version"});
}

std::map<std::string, std::string> build_environment(const Arch& arch) {
    // Fixed identity: the same inputs give the same image.
    return {{"KBUILD_BUILD_TIMESTAMP", "Thu Jan  1 00:00:00 UTC 1970"},
            {"KBUILD_BUILD_USER", "rig"},
            {"KBUILD_BUILD_HOST", "rig"},
            {"KBUILD_BUILD_VERSION", "1"},
            {"SOURCE_DATE_EPOCH", "0"},
            {"LC_ALL", "C"},
            // Values from the caller's environment would change the image but not its key.
            // MAKEFLAGS would pass a job server whose descriptors the runner has closed.
            {"ARCH", arch.kernel_arch},
            {"CROSS_COMPILE", arch.cross},
            {"KCFLAGS", ""},
            {"KAFLAGS", ""},
            {"KCPPFLAGS", ""},
            {"LLVM", ""},
            {"LOCALVERSION", ""},
            {"MAKEFLAGS", ""}};
}

std::map<std::string, std::string> compiler_cache(const BuildContext& context) {
    if (!in_path("ccache")) return {};
    const auto dir = context.cache.root() / "ccache";
    // A folder and settings of its own, so that neither the user's ccache.conf nor another
    // project's objects have an effect. A kernel takes some 20 MiB of it.
    std::error_code error;
    const bool group = (fs::status(context.cache.root(), error).permissions() &
                        fs::perms::group_write) != fs::perms::none;
    std::map<std::string, std::string> shared;
    if (group) shared = {{"CCACHE_UMASK", "002"}};
    shared.merge(std::map<std::string, std::string>{
        {"CCACHE_DIR", dir.string()},
        {"CCACHE_CONFIGPATH", (dir / "ccache.conf").string()},
        {"CCACHE_MAXSIZE", "2G"},
        // The compiler's own list of headers is the key. Without it ccache preprocesses each
        // source before it compiles it, which costs a first build a quarter more CPU; and an
        // option that changes is in every source's autoconf.h anyway.
        {"CCACHE_DEPEND", "1"}});
    return shared;
}

Status require_build_tools(const Arch& arch) {
    std::string missing;
    std::vector<std::string> tools{"make", "gcc", "ld", "flex", "bison", "bc", "perl", "cp"};
    if (!arch.cross.empty()) tools.insert(tools.end(), {arch.cross + "gcc", arch.cross + "ld"});
    for (const auto& tool : tools)
        if (!in_path(tool)) missing += fmt::format(" {}", tool);
    if (missing.empty()) return {};
    return fail(FaultDomain::Host,
                fmt::format("building a kernel needs programs that are not in PATH:{}{}", missing,
                            missing_packages(arch)));
}

std::string first_build_error(const std::string& out) {
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);)
        if (line.find("error:") != std::string::npos ||
            line.find("undefined reference") != std::string::npos ||
            line.find("*** ") != std::string::npos)
            return line.starts_with(kAbove) ? line.substr(kAbove.size()) : line;
    return "no error line in the output";
}

Result<Recipe> make_recipe(const Spec& spec, const Arm& arm, const BuildContext& context) {
    const auto& arch = arch_named(spec.kernel.arch);
    Recipe recipe;
    recipe.arch = &arch;
    RIG_TRY(source, fetch_source(spec, context, arm.revision));
    recipe.source = source;
    auto folders = spec.kernel.prerequisites;
    folders.insert(folders.end(), arm.series.begin(), arm.series.end());
    RIG_TRY(patches, read_series(folders, spec.top));
    recipe.patches = patches;
    RIG_TRY(requests, requested_options(spec, &arm));
    recipe.requests = requests;
    RIG_TRY(compiler, compiler_identity(context.runner, arch));
    recipe.compiler = compiler;
    // Stands for the assembler, too: both come in one package.
    RIG_TRY(linker, first_line_of(context.runner, {arch.cross + "ld", "--version"}));
    std::string identity = fmt::format("{}\n{}\n{}\n{}\nallnoconfig\n{}\n", kRecipe, source.id,
                                       compiler, linker, render_fragment(requests));
    RIG_CHECK(apply(recipe, context));
    for (const auto& [file, content] : recipe.overlay)
        identity +=
            fmt::format("file {} {}{}\n", file, content ? sha256_hex(content->content) : "removed",
                        !content                                   ? ""
                        : content->kind == TreeFile::Kind::Program ? " program"
                        : content->kind == TreeFile::Kind::Link    ? " link"
                                                                   : "");
    recipe.key = sha256_hex(identity);
    std::string family = fmt::format("worktree 2\n{}\n{}\n{}\n", source.id, compiler, linker);
    for (const auto& fragment : kernel_fragments(spec))
        family += slurp(spec.top / fragment);
    recipe.worktree_key = sha256_hex(family);
    return recipe;
}

std::vector<std::pair<std::string, std::string>> applied(const Recipe& recipe) {
    std::vector<std::pair<std::string, std::string>> out;
    if (const auto& delta = recipe.source.delta) {
        std::string files;
        for (const auto& [file, content] : delta->files)
            files +=
                fmt::format("{} {}\n", file, content ? sha256_hex(content->content) : "removed");
        out.emplace_back(delta->name, sha256_hex(files));
    }
    for (const auto& patch : recipe.patches)
        out.emplace_back(patch.name, sha256_hex(patch.text));
    return out;
}

} // namespace rig
