// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/line_build.h"

#include "rig/base/files.h"
#include "rig/kernel/changed_lines.h"
#include "rig/kernel/kernel_build.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sstream>
#include <thread>
#include <variant>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMakefile = "rig-lines.mk"; // in the object tree
constexpr const char* kFolder = "rig-lines";      // there, too: what the preprocessor printed

// make reads the commands and dependencies that the kernel's own build wrote for each object, so
// that nothing here needs to know how they are quoted. An object is compiled by the very command
// that made it, with -g added.
constexpr const char* kRules = R"(
pound := \#
SHELL := sh
include $(wildcard $(foreach o,$(rig_objects),$(dir $o).$(notdir $o).cmd))
rig_compiled := $(foreach o,$(rig_objects),$(if $(filter %.c,$(source_$o)),$o))
rig_plain = $(patsubst $(abspath ..)/%,../%,$(abspath $1))
rig_affected := $(foreach o,$(rig_compiled),$(if $(filter $(rig_changed),$(call rig_plain,$(source_$o) $(deps_$o))),$o))
rig_command = $(or $(savedcmd_$1),$(cmd_$1))
.PHONY: rig-list rig-debug $(addprefix rig-debug/,$(rig_affected)) $(addprefix rig-kept/,$(rig_affected))
rig-list:
	@$(foreach o,$(rig_affected),$(info rig: $o $(call rig_plain,$(source_$o)) $(filter $(rig_changed),$(call rig_plain,$(deps_$o))))) :
rig-debug: $(addprefix rig-debug/,$(rig_affected))
$(addprefix rig-debug/,$(rig_affected)): rig-debug/%:
	@$(subst -c -o $*,-g -c -o $*,$(call rig_command,$*))
$(addprefix rig-kept/,$(rig_affected)): rig-kept/%:
	@mkdir -p rig-lines/$(dir $*)
	@$(subst $(source_$*),$(source_$*) || exit 1; exit 0,$(subst -c -o $*,-E -fdirectives-only -o rig-lines/$*.i,$(call rig_command,$*)))
)";

} // namespace

Result<CommandResult> LineBuild::run(std::vector<std::string> argv, const fs::path& log) {
    auto command = worktree_.make_command({});
    command.argv = std::move(argv);
    command.cwd = obj();
    command.log = log;
    return context_.runner.run(command);
}

// An error unless it came to its end.
Status LineBuild::needs(const Result<CommandResult>& result, const std::string& what) const {
    if (!result) return tl::unexpected(result.error());
    if (result->ok()) return {};
    if (std::holds_alternative<Cancelled>(result->outcome))
        return fail(FaultDomain::Host, "interrupted while " + what);
    return fail(FaultDomain::Host,
                fmt::format("{}: {}: {}", what, describe(*result), first_build_error(slurp(log_))),
                log_);
}

// The kernel's tools are built with absolute names. Were these of another folder, make would build
// the tools again, and then every object that they check.
Status LineBuild::rename_tools(const fs::path& in, const fs::path& from) {
    std::error_code error;
    for (fs::recursive_directory_iterator entry(in / kObjects / "tools", error), end;
         !error && entry != end; entry.increment(error)) {
        const auto name = entry->path().filename().string();
        if (!name.ends_with(".cmd") && !name.ends_with(".d")) continue;
        auto text = slurp(entry->path());
        const auto old_name = from.string(), new_name = (dir_ / "src").string();
        bool changed = false;
        for (auto at = text.find(old_name); at != text.npos;
             at = text.find(old_name, at + new_name.size())) {
            text.replace(at, old_name.size(), new_name);
            changed = true;
        }
        if (changed) RIG_CHECK(write_atomically(entry->path(), text));
    }
    return {};
}

// Sources as links, which are replaced and never written through; objects as copies, because the
// build writes into those that are there.
Status LineBuild::copy_from(const fs::path& original) {
    std::error_code error;
    if (fs::exists(dir_ / "src", error) ||
        !fs::exists(original / "src" / kObjects / ".config", error))
        return {};
    context_.progress.start("copying the object tree");
    const auto into = dir_ / "src.tmp";
    fs::remove_all(into, error);
    fs::create_directories(into, error);
    std::vector<std::string> links{"cp", "-al", "-t", into.string(), "--"};
    for (fs::directory_iterator entry(original / "src", error), end; !error && entry != end;
         entry.increment(error))
        if (entry->path().filename() != kObjects) links.push_back(entry->path().string());
    for (auto& argv :
         {links, {"cp", "-a", "-t", into.string(), "--", (original / "src" / kObjects).string()}}) {
        Command copy;
        copy.argv = argv;
        copy.log = log_;
        RIG_CHECK(needs(context_.runner.run(copy), "copying the object tree"));
    }
    RIG_CHECK(rename_tools(into, original / "src"));
    for (const char* name : {"configured", "fragment", "overlay"})
        if (fs::exists(original / name, error))
            RIG_CHECK(write_atomically(dir_ / name, slurp(original / name)));
    RIG_CHECK(write_atomically(dir_ / "label",
                               "copy with debug information, " + slurp(original / "label")));
    fs::rename(into, dir_ / "src", error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot make {}: {}", (dir_ / "src").string(), error.message()));
    context_.progress.finish();
    return {};
}

Status LineBuild::compile() {
    RIG_CHECK(worktree_.prepare());
    context_.progress.start("compiling what differs from the copied objects");
    // compile_with_debug_information() links.
    RIG_CHECK(worktree_.compile(log_));
    context_.progress.finish();
    return {};
}

Result<CommandResult> LineBuild::rules(const std::string& goal) {
    const unsigned jobs =
        context_.jobs ? context_.jobs : std::max(1u, std::thread::hardware_concurrency());
    return run({"make", "-f", kMakefile, fmt::format("-j{}", jobs), goal}, log_);
}

Result<std::vector<AffectedObject>> LineBuild::affected(const std::set<std::string>& files) {
    // Members of the archives that vmlinux is linked from.
    objects_.clear();
    std::set<std::string> of_libraries;
    std::string changed;
    std::vector<fs::path> archives{"vmlinux.a"};
    for (const char* library : {"lib/lib.a", "arch/{}/lib/lib.a"})
        archives.emplace_back(fmt::format(fmt::runtime(library), recipe_.arch->kernel_arch));
    for (const auto& archive : archives) {
        std::error_code error;
        if (archive != "vmlinux.a" && !fs::exists(obj() / archive, error)) continue;
        RIG_TRY(members, run({recipe_.arch->cross + "ar", "t", archive.string()}, {}));
        RIG_CHECK(needs(members, "listing " + archive.string()));
        for (const auto name : split_lines(members.out)) {
            objects_.emplace(name);
            if (archive != "vmlinux.a") of_libraries.emplace(name);
        }
    }
    for (const auto& file : files)
        changed += " ../" + file;
    const auto write_rules = [&](const auto& objects) {
        return write_atomically(
            obj() / kMakefile,
            fmt::format("rig_objects := {}\nrig_changed :={}\n", fmt::join(objects, " "), changed) +
                kRules);
    };
    RIG_CHECK(write_rules(objects_));
    std::error_code error;
    const auto listed = obj() / "rig-lines.list";
    fs::remove(listed, error);
    RIG_TRY(result, run({"make", "-f", kMakefile, "rig-list"}, listed));
    RIG_CHECK(needs(result, "listing the objects of the changed files"));
    std::vector<AffectedObject> all;
    std::istringstream lines(slurp(listed));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word;
        if (!(words >> word) || word != "rig:") continue;
        AffectedObject one;
        words >> one.object;
        while (words >> word) { // names relative to the object tree: the source, and changed files
            const auto name = (obj() / word).lexically_normal().lexically_relative(tree()).string();
            if (one.source.empty()) one.source = name;
            if (files.contains(name)) one.files.insert(name);
        }
        one.of_library = of_libraries.contains(one.object);
        all.push_back(std::move(one));
    }
    // What follows is of these only: make takes seconds to read the commands of all objects.
    std::vector<std::string> compiled;
    for (const auto& one : all)
        compiled.push_back(one.object);
    RIG_CHECK(write_rules(compiled));
    return all;
}

Status LineBuild::compile_with_debug_information(const std::vector<AffectedObject>& affected) {
    context_.progress.start(
        fmt::format("compiling {} objects with debug information", affected.size()));
    RIG_CHECK(needs(rules("rig-debug"), "compiling with debug information"));
    context_.progress.finish();
    context_.progress.start("linking the kernel with debug information");
    // The objects are newer than what is linked from them, and their commands are as they were:
    // make compiles nothing.
    auto link = worktree_.make_command({"vmlinux"});
    link.log = log_;
    RIG_CHECK(needs(context_.runner.run(link), "linking with debug information"));
    context_.progress.finish();
    return {};
}

Result<std::optional<std::string>> LineBuild::preprocessed(const std::string& object) {
    const auto file = obj() / kFolder / (object + ".i");
    std::error_code error;
    fs::remove(file, error);
    RIG_TRY(result, rules("rig-kept/" + object));
    if (std::holds_alternative<Cancelled>(result.outcome))
        return fail(FaultDomain::Host, "interrupted while preprocessing");
    if (!result.ok()) return std::nullopt;
    auto text = slurp(file);
    fs::remove(file, error);
    return text;
}

} // namespace rig
