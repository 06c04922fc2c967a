// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/worktree.h"

#include "rig/base/files.h"
#include "rig/kernel/kernel_config.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <thread>
#include <utility>
#include <variant>

namespace rig {
namespace fs = std::filesystem;

FaultDomain fault_domain_of(const CommandResult& result, const std::string& out) {
    if (!std::holds_alternative<Exited>(result.outcome)) return FaultDomain::Host;
    for (const char* host : {"No space left on device", "Cannot allocate memory",
                             "Killed signal terminated program", "virtual memory exhausted"})
        if (out.find(host) != std::string::npos) return FaultDomain::Host;
    return FaultDomain::Kernel;
}

std::string boot_image(const Arch& arch, std::string_view config) {
    if (arch.pvh && config.find("\nCONFIG_PVH=y\n") != config.npos) return "vmlinux";
    return fmt::format("arch/{}/boot/{}", arch.kernel_arch, arch.image);
}

Status Worktree::link_sources() {
    std::error_code error;
    if (fs::exists(dir_ / "src", error)) return {};
    context_.progress.start("linking the source tree");
    fs::remove_all(dir_ / "src.tmp", error);
    Command command;
    command.argv = {"cp", "-al", recipe_.source.tree.string(), (dir_ / "src.tmp").string()};
    RIG_TRY(result, context_.runner.run(command));
    if (!result.ok())
        return fail(FaultDomain::Host,
                    fmt::format("cannot link {}: {}: {}", recipe_.source.tree.string(),
                                describe(result), result.out));
    fs::rename(dir_ / "src.tmp", dir_ / "src", error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot make {}: {}", (dir_ / "src").string(), error.message()));
    std::ofstream(dir_ / "label") << "worktree of " << recipe_.source.id << "\n";
    context_.progress.finish();
    return {};
}

// Brings the sources to pristine + patches. Only files whose content differs are written: all
// others keep their mtime, and with it their objects. The file `overlay` lists the files that may
// differ from pristine; it is written before anything is changed.
Status Worktree::apply_overlay() {
    std::error_code error;
    const auto& overlay = recipe_.overlay;
    for (const auto& [file, content] : overlay)
        if (fs::path(file).filename().string().starts_with("Kconfig"))
            patched_kconfig_ += file + "\n" + (content ? content->content : "(removed)");

    std::set<std::string> before, files;
    std::istringstream listed(slurp(dir_ / "overlay"));
    for (std::string line; std::getline(listed, line);)
        before.insert(line);
    for (const auto& [file, content] : overlay)
        files.insert(file);
    const auto list = [](const std::set<std::string>& names) {
        std::string text;
        for (const auto& name : names)
            text += name + "\n";
        return text;
    };
    std::set<std::string> either = before;
    either.insert(files.begin(), files.end());
    RIG_CHECK(put_file(dir_ / "overlay", list(either)));
    // First remove files, inner ones before outer ones: a file may get the name of a folder.
    std::map<std::string, TreeFile> wanted;
    for (auto file = either.rbegin(); file != either.rend(); ++file) {
        const auto patched = overlay.find(*file);
        std::optional<TreeFile> want;
        if (patched != overlay.end()) {
            want = patched->second;
        } else {
            RIG_TRY(pristine, read_tree_file(recipe_.source.tree / *file));
            want = pristine;
        }
        if (want)
            wanted.emplace(*file, std::move(*want));
        else
            fs::remove(dir_ / "src" / *file, error);
    }
    for (const auto& [file, want] : wanted) {
        const auto path = dir_ / "src" / file;
        // A folder with files that only another arm has: here it is a file.
        if (fs::symlink_status(path, error).type() == fs::file_type::directory)
            fs::remove_all(path, error);
        RIG_TRY(present, read_tree_file(path));
        if (present != want)
            // put_file() never writes through the link to the pristine file.
            RIG_CHECK(put_file(path, want));
    }
    return put_file(dir_ / "overlay", list(files));
}

Command Worktree::make_command(std::vector<std::string> words) const {
    Command command;
    command.argv = {"make", "-C", (dir_ / "src").string(), std::string("O=") + kObjects};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.env = build_environment(*recipe_.arch);
    if (const auto cached = compiler_cache(context_); !cached.empty()) {
        command.argv.push_back("CC=ccache " + recipe_.arch->cross + "gcc");
        command.env.insert(cached.begin(), cached.end());
    }
    // Kconfig only checks whether these are set, not their values.
    command.unset = {"KCONFIG_WERROR", "KCONFIG_WARN_UNKNOWN_SYMBOLS", "KCONFIG_OVERWRITECONFIG"};
    command.timeout = std::chrono::hours(4);
    return command;
}

Result<CommandResult> Worktree::make(std::vector<std::string> words, const fs::path& log,
                                     std::function<void(std::string_view)> on_line) {
    auto command = make_command(std::move(words));
    command.log = log;
    command.on_line = std::move(on_line);
    return context_.runner.run(command);
}

Status Worktree::configure() {
    std::error_code error;
    fs::create_directories(obj(), error);
    const auto fragment = dir_ / "fragment", fresh = obj() / "rig.config.new",
               made_from = dir_ / "configured";
    // A .config depends on the requested options and on the Kconfig files; source and compiler are
    // fixed for a worktree. An arm that changes neither options nor Kconfig files reuses the
    // previous .config, which was verified then.
    const auto from = render_fragment(recipe_.requests) + patched_kconfig_;
    config_ = slurp(obj() / ".config");
    if (fs::exists(made_from, error) && slurp(made_from) == from + config_) return {};
    fs::remove(made_from, error);
    RIG_CHECK(put_file(fragment, render_fragment(recipe_.requests)));
    fs::remove(fresh, error);
    RIG_TRY(result,
            make({"KCONFIG_ALLCONFIG=" + fragment.string(), "KCONFIG_CONFIG=" + fresh.string(),
                  "KCONFIG_WARN_UNKNOWN_SYMBOLS=1", "allnoconfig"},
                 {}));
    if (!result.ok())
        return fail(fault_domain_of(result, result.out),
                    fmt::format("make allnoconfig: {}: {}", describe(result),
                                first_build_error(result.out)));
    const auto text = slurp(fresh);
    RIG_CHECK(verify_config(recipe_.requests, text, dir_ / "src", recipe_.arch->kernel_arch,
                            kconfig_complaints(recipe_.requests, result.out, fragment.string())));
    // An unchanged .config keeps its mtime, so that nothing is rebuilt for it.
    if (config_ != text) RIG_CHECK(put_file(obj() / ".config", text));
    config_ = text;
    return put_file(made_from, from + text);
}

Status Worktree::prepare() {
    std::error_code error;
    RIG_CHECK(require_build_tools(*recipe_.arch));
    RIG_CHECK(link_sources());
    had_objects_ = fs::exists(obj() / ".config", error); // also true after an interrupted build
    RIG_CHECK(apply_overlay());
    return configure();
}

Status Worktree::build(const fs::path& log) {
    return make_goal(fs::path(image()).filename().string(), log);
}

Status Worktree::compile(const fs::path& log) {
    return make_goal("vmlinux_o", log);
}

Status Worktree::make_goal(const std::string& goal, const fs::path& log) {
    const unsigned jobs =
        context_.jobs ? context_.jobs : std::max(1u, std::thread::hardware_concurrency());
    std::uint64_t lines = 0, total = had_objects_ ? 0 : kColdLines;
    auto result = make({fmt::format("-j{}", jobs), goal}, log, [&](std::string_view line) {
        ++lines;
        if (total)
            context_.progress.advance(std::min(lines, total - 1));
        else if (line.size() < 100)
            context_.progress.note(std::string(line));
    });
    if (!result) return tl::unexpected(result.error());
    if (std::holds_alternative<Cancelled>(result->outcome))
        return fail(FaultDomain::Host, "interrupted while building; what is compiled is kept", log);
    if (std::holds_alternative<Signalled>(result->outcome) ||
        std::holds_alternative<TimedOut>(result->outcome))
        return fail(FaultDomain::Host, fmt::format("make {}: {}", goal, describe(*result)), log);
    if (!result->ok()) {
        const auto out = slurp(log);
        const auto fault_domain = fault_domain_of(*result, out);
        return fail(fault_domain,
                    fmt::format("{}: {}",
                                fault_domain == FaultDomain::Kernel
                                    ? "the kernel does not build"
                                    : "the host ran out of room for the build",
                                first_build_error(out)),
                    log);
    }
    return {};
}

Result<CommandResult> Worktree::make_object(const std::string& object, const fs::path& log) {
    // Remove the object first. An object from another arm with the same content would prove nothing
    // new, and one whose compilation failed halfway must not count as built.
    std::error_code error;
    fs::remove(obj() / object, error);
    return make(
        {fmt::format("-j{}", context_.jobs ? context_.jobs
                                           : std::max(1u, std::thread::hardware_concurrency())),
         object},
        log);
}

} // namespace rig
