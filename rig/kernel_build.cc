#include "rig/kernel_build.h"

#include "rig/base/sha256.h"
#include "rig/files.h"
#include "rig/kernel_config.h"
#include "rig/kernel_recipe.h"
#include "rig/source.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>
#include <unistd.h>

namespace rig {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

// Lines of output of a cold build of the shipped fragments (6.12.117: 1640, 7.3.4: 1840); only an ETA's first guess.
constexpr std::uint64_t kColdLines = 1700;

// By rename: a hard link to the pristine tree is replaced, never written through. The new file has a new mtime, which
// is what tells make.
Status put_file(const fs::path& file, std::string_view content) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    const auto temporary = fs::path(file.string() + ".rig-tmp");
    std::ofstream out(temporary, std::ios::binary);
    out << content;
    out.close();
    // The build runs some scripts by name.
    if (const auto old = fs::status(file, error); fs::exists(old)) fs::permissions(temporary, old.permissions(), error);
    error.clear();
    if (out) fs::rename(temporary, file, error);
    if (!out || error) return fail(Blame::Host, fmt::format("cannot write {}: {}", file.string(), error ? error.message() : "disk full?"));
    return {};
}

// Whose fault is it that make ended like this? Only an exit code speaks of the kernel, and not when the disk is full or
// the kernel's OOM killer took the compiler.
Blame blame_of(const CommandResult& result, const std::string& out) {
    if (!std::holds_alternative<Exited>(result.outcome)) return Blame::Host;
    for (const char* host : {"No space left on device", "Cannot allocate memory", "Killed signal terminated program", "virtual memory exhausted"})
        if (out.find(host) != std::string::npos) return Blame::Host;
    return Blame::Kernel;
}

// A source tree of hard links with an object tree beside it, shared by all arms; used under its lock only.
class Worktree {
 public:
    Worktree(fs::path dir, const Recipe& recipe, const BuildContext& context) : dir_(std::move(dir)), recipe_(recipe), context_(context) {}

    Status prepare();
    Status build(const fs::path& log);
    Result<CommandResult> build_object(const std::string& object, const fs::path& log) {
        // The object itself goes first: one that is there from another arm's same content would prove nothing new, but one
        // whose compilation failed halfway must not be taken for built.
        std::error_code error;
        fs::remove(obj() / object, error);
        return make({fmt::format("-j{}", context_.jobs ? context_.jobs : std::max(1u, std::thread::hardware_concurrency())), object}, log);
    }
    bool had_objects() const { return had_objects_; }
    fs::path obj() const { return dir_ / "obj"; }

 private:
    Status link_sources();
    Status apply_overlay();
    Status configure();
    Result<CommandResult> make(std::vector<std::string> words, const fs::path& log, std::function<void(std::string_view)> on_line = {});

    fs::path dir_;
    const Recipe& recipe_;
    const BuildContext& context_;
    bool had_objects_ = false;
    std::string patched_kconfig_; // names and contents of the Kconfig files that the series change
};

Status Worktree::link_sources() {
    std::error_code error;
    if (fs::exists(dir_ / "src", error)) return {};
    context_.progress.start("linking the source tree");
    fs::remove_all(dir_ / "src.tmp", error);
    Command command;
    command.argv = {"cp", "-al", recipe_.source.tree.string(), (dir_ / "src.tmp").string()};
    RIG_TRY(result, context_.runner.run(command));
    if (!result.ok()) return fail(Blame::Host, fmt::format("cannot link {}: {}: {}", recipe_.source.tree.string(), describe(result), result.out));
    fs::rename(dir_ / "src.tmp", dir_ / "src", error);
    if (error) return fail(Blame::Host, fmt::format("cannot make {}: {}", (dir_ / "src").string(), error.message()));
    std::ofstream(dir_ / "label") << "worktree of " << recipe_.source.id << "\n";
    context_.progress.finish();
    return {};
}

// Brings the sources to pristine + patches. Only files whose content differs are written: everything else keeps its
// mtime, and with it its objects. `overlay` lists what may differ from pristine, written before anything is changed.
Status Worktree::apply_overlay() {
    std::error_code error;
    const auto& overlay = recipe_.overlay;
    for (const auto& [file, content] : overlay)
        if (fs::path(file).filename().string().starts_with("Kconfig")) patched_kconfig_ += file + "\n" + content.value_or("(removed)");

    std::set<std::string> before, files;
    std::istringstream listed(slurp(dir_ / "overlay"));
    for (std::string line; std::getline(listed, line);) before.insert(line);
    for (const auto& [file, content] : overlay) files.insert(file);
    const auto list = [](const std::set<std::string>& names) {
        std::string text;
        for (const auto& name : names) text += name + "\n";
        return text;
    };
    std::set<std::string> either = before;
    either.insert(files.begin(), files.end());
    RIG_CHECK(put_file(dir_ / "overlay", list(either)));
    for (const auto& file : either) {
        const auto patched = overlay.find(file);
        std::optional<std::string> want;
        if (patched != overlay.end()) want = patched->second;
        else if (fs::exists(recipe_.source.tree / file, error)) want = slurp(recipe_.source.tree / file);
        const auto path = dir_ / "src" / file;
        const bool exists = fs::exists(path, error);
        if (!want) fs::remove(path, error);
        else if (!exists || slurp(path) != *want || (recipe_.programs.contains(file) && !executable(path))) RIG_CHECK(put_file(path, *want)); // never the link to the pristine one
        if (want && recipe_.programs.contains(file)) fs::permissions(path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add, error);
    }
    return put_file(dir_ / "overlay", list(files));
}

Result<CommandResult> Worktree::make(std::vector<std::string> words, const fs::path& log, std::function<void(std::string_view)> on_line) {
    Command command;
    command.argv = {"make", "-C", (dir_ / "src").string(), "O=" + obj().string()};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.env = build_environment(*recipe_.arch);
    command.log = log;
    command.on_line = std::move(on_line);
    command.timeout = std::chrono::hours(4);
    return context_.runner.run(command);
}

Status Worktree::configure() {
    std::error_code error;
    fs::create_directories(obj(), error);
    const auto fragment = dir_ / "fragment", fresh = obj() / "rig.config.new", made_from = dir_ / "configured";
    // A .config follows from what is asked for and from Kconfig; source and compiler are the worktree's own. An arm that
    // changes neither has the .config of the one before it, verified then.
    const auto from = render_fragment(recipe_.requests) + patched_kconfig_;
    if (fs::exists(made_from, error) && slurp(made_from) == from + slurp(obj() / ".config")) return {};
    fs::remove(made_from, error);
    RIG_CHECK(put_file(fragment, render_fragment(recipe_.requests)));
    fs::remove(fresh, error);
    RIG_TRY(result, make({"KCONFIG_ALLCONFIG=" + fragment.string(), "KCONFIG_CONFIG=" + fresh.string(), "allnoconfig"}, {}));
    if (!result.ok()) return fail(blame_of(result, result.out), fmt::format("make allnoconfig: {}: {}", describe(result), first_build_error(result.out)));
    const auto text = slurp(fresh);
    RIG_CHECK(verify_config(recipe_.requests, text, dir_ / "src", recipe_.arch->kernel_arch));
    // An unchanged .config keeps its mtime, so that nothing is reconfigured.
    if (slurp(obj() / ".config") != text) RIG_CHECK(put_file(obj() / ".config", text));
    return put_file(made_from, from + text);
}

Status Worktree::prepare() {
    std::error_code error;
    RIG_CHECK(require_build_tools(*recipe_.arch));
    RIG_CHECK(link_sources());
    had_objects_ = fs::exists(obj() / ".config", error); // also after a build that was interrupted
    RIG_CHECK(apply_overlay());
    return configure();
}

Status Worktree::build(const fs::path& log) {
    const unsigned jobs = context_.jobs ? context_.jobs : std::max(1u, std::thread::hardware_concurrency());
    const auto& image = recipe_.arch->image;
    std::uint64_t lines = 0, total = had_objects_ ? 0 : kColdLines;
    auto result = make({fmt::format("-j{}", jobs), image}, log, [&](std::string_view line) {
        ++lines;
        if (total) context_.progress.advance(std::min(lines, total - 1));
        else if (line.size() < 100) context_.progress.note(std::string(line));
    });
    if (!result) return tl::unexpected(result.error());
    if (std::holds_alternative<Cancelled>(result->outcome)) return fail(Blame::Host, "interrupted while building; what is compiled is kept", log);
    if (std::holds_alternative<Signalled>(result->outcome) || std::holds_alternative<TimedOut>(result->outcome))
        return fail(Blame::Host, fmt::format("make {}: {}", image, describe(*result)), log);
    if (!result->ok()) {
        const auto out = slurp(log);
        const auto blame = blame_of(*result, out);
        return fail(blame, fmt::format("{}: {}", blame == Blame::Kernel ? "the kernel does not build" : "the host ran out of room for the build", first_build_error(out)), log);
    }
    return {};
}

json build_record(const Kernel& kernel) {
    return {{"key", kernel.key}, {"image_sha256", kernel.image_sha256}, {"compiler", kernel.compiler}, {"version", kernel.version},
            {"patches", kernel.patches}, {"build_seconds", kernel.build_seconds}, {"incremental", kernel.incremental}};
}

Result<Kernel> load_kernel(const fs::path& dir, const Arch& arch) {
    Kernel kernel;
    kernel.bzimage = dir / arch.image;
    kernel.vmlinux = dir / "vmlinux";
    kernel.system_map = dir / "System.map";
    kernel.config = dir / "config";
    kernel.pvh = arch.pvh && slurp(kernel.config).find("\nCONFIG_PVH=y\n") != std::string::npos;
    try {
        const json record = json::parse(slurp(dir / "build.json"));
        record.at("key").get_to(kernel.key);
        record.at("image_sha256").get_to(kernel.image_sha256);
        record.at("compiler").get_to(kernel.compiler);
        record.at("version").get_to(kernel.version);
        record.at("patches").get_to(kernel.patches);
        record.at("build_seconds").get_to(kernel.build_seconds);
        record.at("incremental").get_to(kernel.incremental);
    } catch (const json::exception& e) {
        return fail(Blame::Host, fmt::format("{}: {}: remove the folder, it is built again", (dir / "build.json").string(), e.what()));
    }
    return kernel;
}

Status make_kernel(const Recipe& recipe, const std::string& arm, const BuildContext& context, const fs::path& dir) {
    RIG_TRY(held, context.cache.lock("worktrees", recipe.worktree_key, [&] { context.progress.start("waiting for another rig's build"); }));
    (void)held;
    RIG_TRY(tree, context.cache.worktree(recipe.worktree_key));
    std::error_code error;
    const auto log = context.cache.root() / "logs" / fmt::format("{}-{}.log", arm, recipe.key.substr(0, 12));
    fs::create_directories(log.parent_path(), error);
    fs::remove(log, error);
    const auto started = std::chrono::steady_clock::now();
    Worktree worktree(tree, recipe, context);
    context.progress.start(fmt::format("configuring {} {}", recipe.source.version, arm));
    auto status = worktree.prepare();
    if (status) {
        context.progress.start(fmt::format("building {} {}", recipe.source.version, arm), worktree.had_objects() ? 0 : kColdLines);
        status = worktree.build(log);
    }
    if (!status) {
        context.progress.interrupt();
        return status;
    }
    context.progress.finish();

    Kernel kernel;
    kernel.key = recipe.key;
    kernel.compiler = recipe.compiler;
    kernel.version = recipe.source.version;
    kernel.incremental = worktree.had_objects();
    for (const auto& [name, sha256] : applied(recipe)) kernel.patches.push_back(name);
    const auto& image = recipe.arch->image;
    for (const auto& [from, to] : {std::pair{"arch/" + recipe.arch->kernel_arch + "/boot/" + image, image}, {"vmlinux", "vmlinux"}, {"System.map", "System.map"}, {".config", "config"}}) {
        fs::copy_file(worktree.obj() / from, dir / to, error);
        if (error) return fail(Blame::Host, fmt::format("cannot keep {}: {}", from, error.message()));
    }
    RIG_TRY(hash, sha256_file(dir / image));
    kernel.image_sha256 = hash;
    kernel.build_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return put_file(dir / "build.json", build_record(kernel).dump(2) + "\n");
}

Result<Kernel> prebuilt_kernel(const Spec& spec, const Arm& arm, const BuildContext& context) {
    const auto& image = *arm.prebuilt;
    const auto absolute = [&](const fs::path& path) { return path.empty() ? path : spec.top / path; };
    Kernel kernel;
    kernel.bzimage = absolute(image.bzimage);
    kernel.vmlinux = absolute(image.vmlinux);
    kernel.system_map = absolute(image.system_map);
    kernel.config = absolute(image.config);
    kernel.version = "prebuilt";
    kernel.compiler = "unknown (prebuilt)";
    RIG_TRY(hash, sha256_file(kernel.bzimage));
    kernel.image_sha256 = hash;
    kernel.key = hash;
    kernel.from_cache = true;
    if (!kernel.system_map.empty()) return kernel;
    RIG_TRY(vmlinux_hash, sha256_file(kernel.vmlinux));
    RIG_TRY(dir, context.cache.get_or_make("kernels", sha256_hex("System.map of " + vmlinux_hash), "System.map of " + image.vmlinux.filename().string(), [&](const fs::path& into) -> Status {
        Command nm;
        nm.argv = {"nm", "-n", kernel.vmlinux.string()};
        nm.log = into / "System.map";
        RIG_TRY(result, context.runner.run(nm));
        if (!result.ok()) return fail(Blame::Spec, fmt::format("nm -n {}: {}", kernel.vmlinux.string(), describe(result)));
        return {};
    }));
    kernel.system_map = dir / "System.map";
    return kernel;
}

} // namespace

Result<Kernel> build_kernel(const Spec& spec, const Arm& arm, const BuildContext& context) {
    if (arm.prebuilt) return prebuilt_kernel(spec, arm, context);
    RIG_TRY(recipe, make_recipe(spec, arm, context));
    bool made = false;
    RIG_TRY(dir, context.cache.get_or_make("kernels", recipe.key, fmt::format("{} {}", recipe.source.id, arm.name), [&](const fs::path& into) {
        made = true;
        return make_kernel(recipe, arm.name, context, into);
    }));
    RIG_TRY(kernel, load_kernel(dir, *recipe.arch));
    kernel.from_cache = !made;
    // The cache may have been filled from a project in another folder, with the same texts under other names.
    kernel.patches.clear();
    for (const auto& [name, sha256] : applied(recipe)) {
        kernel.patches.push_back(name);
        kernel.patch_sha256.push_back(sha256);
    }
    return kernel;
}

Result<ObjectBuild> build_object(const Spec& spec, const Arm& arm, const std::string& object, const BuildContext& context) {
    if (arm.prebuilt) return fail(Blame::Spec, fmt::format("{}: a prebuilt image has no source to build {} from", spec.file.string(), object));
    RIG_TRY(recipe, make_recipe(spec, arm, context));
    RIG_TRY(held, context.cache.lock("worktrees", recipe.worktree_key, [&] { context.progress.start("waiting for another rig's build"); }));
    (void)held;
    RIG_TRY(tree, context.cache.worktree(recipe.worktree_key));
    const auto log = context.cache.root() / "logs" / fmt::format("{}-{}-object.log", arm.name, recipe.key.substr(0, 12));
    std::error_code error;
    fs::create_directories(log.parent_path(), error);
    fs::remove(log, error);
    Worktree worktree(tree, recipe, context);
    context.progress.start(fmt::format("building {} of {} {}", object, recipe.source.version, arm.name));
    const auto started = std::chrono::steady_clock::now();
    RIG_CHECK(worktree.prepare());
    RIG_TRY(result, worktree.build_object(object, log));
    context.progress.finish();
    const auto out = slurp(log);
    if (!result.ok() && blame_of(result, out) == Blame::Host) return fail(Blame::Host, fmt::format("make {}: {}: {}", object, describe(result), first_build_error(out)), log);
    // Files as in the tree, not where this machine keeps it.
    auto error_line = result.ok() ? std::string() : first_build_error(out);
    const auto prefix = (tree / "src").string() + "/";
    for (auto at = error_line.find(prefix); at != std::string::npos; at = error_line.find(prefix)) error_line.erase(at, prefix.size());
    return ObjectBuild{result.ok(), error_line, std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(), log};
}

} // namespace rig
