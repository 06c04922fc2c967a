// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/kernel_build.h"

#include "rig/base/files.h"
#include "rig/base/sha256.h"
#include "rig/kernel/kernel_recipe.h"
#include "rig/kernel/worktree.h"

#include <chrono>
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

json build_record(const Kernel& kernel) {
    return {{"key", kernel.key},
            {"boot_image", kernel.boot_image.filename().string()},
            {"image_sha256", kernel.image_sha256},
            {"compiler", kernel.compiler},
            {"version", kernel.version},
            {"patches", kernel.patches},
            {"build_seconds", kernel.build_seconds},
            {"incremental", kernel.incremental}};
}

Status make_kernel(const Recipe& recipe, const std::string& arm, const BuildContext& context,
                   const fs::path& dir) {
    RIG_TRY(held, context.cache.lock("worktrees", recipe.worktree_key, [&] {
        context.progress.start("waiting for another rig's build");
    }));
    (void)held;
    RIG_TRY(tree, context.cache.worktree(recipe.worktree_key));
    std::error_code error;
    RIG_TRY(log, context.cache.new_log(fmt::format("{}-{}.log", arm, recipe.key.substr(0, 12))));
    const auto started = std::chrono::steady_clock::now();
    Worktree worktree(tree, recipe, context);
    context.progress.start(fmt::format("configuring {} {}", recipe.source.version, arm));
    auto status = worktree.prepare();
    if (status) {
        context.progress.start(fmt::format("building {} {}", recipe.source.version, arm),
                               worktree.had_objects() ? 0 : kColdLines);
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
    for (const auto& [name, sha256] : applied(recipe))
        kernel.patches.push_back(name);
    const auto image = worktree.image();
    kernel.boot_image = dir / fs::path(image).filename();
    std::map<std::string, fs::path> kept{{image, kernel.boot_image},
                                         {"vmlinux", dir / "vmlinux"},
                                         {"System.map", dir / "System.map"},
                                         {".config", dir / "config"}};
    for (const auto& [from, to] : kept) {
        fs::copy_file(worktree.obj() / from, to, error);
        if (error)
            return fail(FaultDomain::Host,
                        fmt::format("cannot keep {}: {}", from, error.message()));
    }
    RIG_TRY(hash, sha256_file(kernel.boot_image));
    kernel.image_sha256 = hash;
    kernel.build_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return put_file(dir / "build.json", build_record(kernel).dump(2) + "\n");
}

Result<Kernel> prebuilt_kernel(const Spec& spec, const Arm& arm, const BuildContext& context) {
    const auto& image = *arm.prebuilt;
    const auto absolute = [&](const fs::path& path) {
        return path.empty() ? path : spec.top / path;
    };
    Kernel kernel;
    kernel.boot_image = absolute(image.bzimage);
    kernel.vmlinux = absolute(image.vmlinux);
    kernel.system_map = absolute(image.system_map);
    kernel.config = absolute(image.config);
    kernel.version = "prebuilt";
    kernel.compiler = "unknown (prebuilt)";
    RIG_TRY(hash, sha256_file(kernel.boot_image));
    kernel.image_sha256 = hash;
    kernel.key = hash;
    kernel.from_cache = true;
    if (!kernel.system_map.empty()) return kernel;
    RIG_TRY(vmlinux_hash, sha256_file(kernel.vmlinux));
    RIG_TRY(dir, context.cache.get_or_make("kernels", sha256_hex("System.map of " + vmlinux_hash),
                                           "System.map of " + image.vmlinux.filename().string(),
                                           [&](const fs::path& into) -> Status {
                                               Command nm;
                                               nm.argv = {"nm", "-n", kernel.vmlinux.string()};
                                               nm.log = into / "System.map";
                                               RIG_TRY(result, context.runner.run(nm));
                                               if (!result.ok())
                                                   return fail(FaultDomain::Spec,
                                                               fmt::format("nm -n {}: {}",
                                                                           kernel.vmlinux.string(),
                                                                           describe(result)));
                                               return {};
                                           }));
    kernel.system_map = dir / "System.map";
    return kernel;
}

} // namespace

Result<Kernel> load_kernel(const fs::path& dir) {
    Kernel kernel;
    kernel.vmlinux = dir / "vmlinux";
    kernel.system_map = dir / "System.map";
    kernel.config = dir / "config";
    try {
        const json record = json::parse(slurp(dir / "build.json"));
        kernel.boot_image = dir / record.at("boot_image").get<std::string>();
        kernel.pvh = kernel.boot_image == kernel.vmlinux;
        record.at("key").get_to(kernel.key);
        record.at("image_sha256").get_to(kernel.image_sha256);
        record.at("compiler").get_to(kernel.compiler);
        record.at("version").get_to(kernel.version);
        record.at("patches").get_to(kernel.patches);
        record.at("build_seconds").get_to(kernel.build_seconds);
        record.at("incremental").get_to(kernel.incremental);
    } catch (const json::exception& e) {
        return fail(FaultDomain::Host, fmt::format("{}: {}: remove the folder, it is built again",
                                                   (dir / "build.json").string(), e.what()));
    }
    return kernel;
}

Result<Kernel> build_kernel(const Spec& spec, const Arm& arm, const BuildContext& context) {
    if (arm.prebuilt) return prebuilt_kernel(spec, arm, context);
    RIG_TRY(recipe, make_recipe(spec, arm, context));
    bool made = false;
    RIG_TRY(dir, context.cache.get_or_make("kernels", recipe.key,
                                           fmt::format("{} {}", recipe.source.id, arm.name),
                                           [&](const fs::path& into) {
                                               made = true;
                                               return make_kernel(recipe, arm.name, context, into);
                                           }));
    RIG_TRY(kernel, load_kernel(dir));
    kernel.from_cache = !made;
    kernel.source_warning = recipe.source.warning;
    // The artefact may have been built for a project in another folder, whose patches had other
    // names.
    kernel.patches.clear();
    for (const auto& [name, sha256] : applied(recipe)) {
        kernel.patches.push_back(name);
        kernel.patch_sha256.push_back(sha256);
    }
    return kernel;
}

Result<ObjectBuild> build_object(const Spec& spec, const Arm& arm, const std::string& object,
                                 const BuildContext& context) {
    if (arm.prebuilt)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: a prebuilt image has no source to build {} from",
                                spec.file.string(), object));
    RIG_TRY(recipe, make_recipe(spec, arm, context));
    RIG_TRY(held, context.cache.lock("worktrees", recipe.worktree_key, [&] {
        context.progress.start("waiting for another rig's build");
    }));
    (void)held;
    RIG_TRY(tree, context.cache.worktree(recipe.worktree_key));
    RIG_TRY(log, context.cache.new_log(
                     fmt::format("{}-{}-object.log", arm.name, recipe.key.substr(0, 12))));
    Worktree worktree(tree, recipe, context);
    context.progress.start(
        fmt::format("building {} of {} {}", object, recipe.source.version, arm.name));
    const auto started = std::chrono::steady_clock::now();
    RIG_CHECK(worktree.prepare());
    RIG_TRY(result, worktree.make_object(object, log));
    context.progress.finish();
    const auto out = slurp(log);
    if (!result.ok() && fault_domain_of(result, out) == FaultDomain::Host)
        return fail(
            FaultDomain::Host,
            fmt::format("make {}: {}: {}", object, describe(result), first_build_error(out)), log);
    return ObjectBuild{
        result.ok(), result.ok() ? std::string() : first_build_error(out),
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(), log};
}

} // namespace rig
