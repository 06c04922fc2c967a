// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/kernel_facts.h"

#include "rig/arch/arch.h"
#include "rig/workloads/workload.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rig {
namespace {

// Calls `visit` with every line, without its line end.
template<class Visit> void each_line(std::string_view text, Visit visit) {
    while (!text.empty()) {
        auto end = text.find('\n');
        auto line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        visit(line);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

// Options whose values explain why a path does not exist; looked up even if the spec does not name
// them.
std::vector<std::string> explaining_options() {
    std::vector<std::string> names = {"FAIL_PAGE_ALLOC", "FAULT_INJECTION",
                                      "FAULT_INJECTION_STACKTRACE_FILTER", "SMP"};
    for (const auto& name : hint_options())
        names.push_back(name);
    return names;
}

// All options that are set: name without CONFIG_ -> value as written.
std::map<std::string, std::string> all_options(std::string_view config_text) {
    std::map<std::string, std::string> values;
    each_line(config_text, [&](std::string_view line) {
        constexpr std::string_view prefix = "CONFIG_";
        auto equals = line.find('=');
        if (!line.starts_with(prefix) || equals == std::string_view::npos) return;
        values[std::string(line.substr(prefix.size(), equals - prefix.size()))] =
            line.substr(equals + 1);
    });
    return values;
}

} // namespace

const std::vector<std::string>& detector_options() {
    static const std::vector<std::string> names = {"BUG", "DEBUG_ATOMIC_SLEEP", "PROVE_LOCKING",
                                                   "PROVE_RCU", "KASAN"};
    return names;
}

const std::map<std::string, std::string>& detector_symbols() {
    static const std::map<std::string, std::string> symbols = {
        {"DEBUG_ATOMIC_SLEEP", "__might_sleep"},
        {"PROVE_LOCKING", "lock_acquire"},
        {"KASAN", "kasan_report"}};
    return symbols;
}

std::vector<std::string> muted_detectors(std::string_view cmdline) {
    // Prefixes of parameters that silence a detector or change what it finds, from
    // Documentation/admin-guide/kernel-parameters.txt and lib/, kernel/, mm/ of 6.12. sysctl.X sets
    // X in /proc/sys at boot.
    constexpr std::string_view mutes[] = {"lockdep.",
                                          "rcupdate.rcu_cpu_stall_suppress",
                                          "rcupdate.rcu_cpu_stall_timeout",
                                          "rcupdate.rcu_exp_cpu_stall",
                                          "rcupdate.rcu_task_stall",
                                          "rcutree.csd_lock_suppress_rcu_stall",
                                          "nosoftlockup",
                                          "nowatchdog",
                                          "nmi_watchdog=",
                                          "watchdog_thresh=",
                                          "workqueue.watchdog_thresh=",
                                          "kasan=",
                                          "kasan.",
                                          "kfence.",
                                          "kcsan.",
                                          "kmemleak=",
                                          "no_debug_objects",
                                          "slub_debug",
                                          "slab_debug",
                                          "debug_pagealloc",
                                          "hung_task",
                                          "sysctl.kernel.watchdog",
                                          "sysctl.kernel.soft_watchdog",
                                          "sysctl.kernel.nmi_watchdog",
                                          "sysctl.kernel.hung_task",
                                          "sysctl.kernel.prove_locking",
                                          "sysctl.kernel.lock_stat"};
    std::vector<std::string> found;
    while (!cmdline.empty()) {
        const auto end = std::min(cmdline.find_first_of(" \t\n\v\f\r\""),
                                  cmdline.size()); // the kernel removes quotes
        const auto word = cmdline.substr(0, end);
        cmdline.remove_prefix(std::min(end + 1, cmdline.size()));
        std::string name(word.substr(0, word.find('=')));
        std::replace(name.begin(), name.end(), '-', '_'); // the kernel treats both alike,
        std::replace(name.begin(), name.end(), '/', '.'); // and for sysctls also these two
        const auto plain = name + std::string(word.substr(std::min(name.size(), word.size())));
        if (std::any_of(std::begin(mutes), std::end(mutes),
                        [&](std::string_view mute) { return plain.starts_with(mute); }))
            found.emplace_back(word);
    }
    return found;
}

std::map<std::string, std::string> config_values(std::string_view config_text,
                                                 const std::vector<std::string>& names) {
    std::map<std::string, std::string> values;
    for (const auto& name : names)
        values[name] = "n"; // absent, or "# CONFIG_X is not set"
    for (const auto& [name, value] : all_options(config_text))
        if (auto found = values.find(name); found != values.end()) found->second = value;
    return values;
}

std::map<std::string, std::string> differing_options(std::string_view baseline,
                                                     std::string_view own) {
    const auto base = all_options(baseline), mine = all_options(own);
    const auto value = [](const auto& options, const std::string& name) {
        return options.contains(name) ? options.at(name) : "n";
    };
    std::map<std::string, std::string> differs;
    for (const auto* options : {&base, &mine})
        for (const auto& [name, ignored] : *options)
            if (const auto was = value(base, name), is = value(mine, name); was != is)
                differs[name] = was + " -> " + is;
    for (const char* label : {"LOCALVERSION", "BUILD_SALT"})
        differs.erase(label);
    return differs;
}

std::map<std::string, std::string> find_symbols(std::string_view system_map,
                                                const std::vector<std::string>& names) {
    std::map<std::string, std::string> found;
    for (const auto& name : names)
        found[name] = "";
    // Lines such as "ffffffff81234560 t free_one". The compiler's clones have a suffix:
    // "free_one.isra.0".
    each_line(system_map, [&](std::string_view line) {
        auto blank = line.rfind(' ');
        if (blank == std::string_view::npos) return;
        auto symbol = line.substr(blank + 1);
        auto entry = found.find(std::string(symbol.substr(0, symbol.find('.', 1))));
        if (auto exact = found.find(std::string(symbol)); exact != found.end())
            exact->second = symbol;
        else if (entry != found.end() && entry->second.empty())
            entry->second = symbol;
    });
    return found;
}

KernelFacts kernel_facts(const Spec& spec, std::string_view config_text,
                         std::string_view system_map, std::string version,
                         std::string image_sha256) {
    KernelFacts facts;
    facts.version = std::move(version);
    facts.image_sha256 = std::move(image_sha256);
    facts.config_known = !config_text.empty();
    if (facts.config_known) {
        auto names = explaining_options();
        names.insert(names.end(), detector_options().begin(), detector_options().end());
        names.push_back(arch_named(spec.kernel.arch).option);
        for (const auto* fault : spec.enabled_faults())
            for (const auto& option : fault->options())
                names.push_back(option);
        for (const auto& [name, value] : spec.target.config)
            names.push_back(name);
        for (const auto& [name, value] : spec.required.options)
            names.push_back(name);
        for (const auto& arm : spec.arms)
            for (const auto& [name, value] : arm.options)
                names.push_back(name);
        facts.config = config_values(config_text, names);
    }
    std::vector<std::string> symbols = {spec.target.function};
    if (!spec.target.sync_function.empty()) symbols.push_back(spec.target.sync_function);
    for (const auto& function : spec.fault_functions())
        symbols.push_back(function);
    for (const auto& arm : spec.arms)
        if (!arm.marker.empty()) symbols.push_back(arm.marker);
    for (const auto& [option, symbol] : detector_symbols())
        symbols.push_back(symbol);
    facts.symbols = find_symbols(system_map, symbols);
    return facts;
}

} // namespace rig
