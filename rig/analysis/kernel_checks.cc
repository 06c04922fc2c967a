// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/analysis/kernel_checks.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {

std::string kernel_option(const KernelFacts& kernel, const std::string& name) {
    auto found = kernel.config.find(name);
    return found == kernel.config.end() ? "" : found->second;
}

namespace {

ValidityCheck check_config(const ArmEvidence& evidence) {
    ValidityCheck check{"config", "the final .config holds what compiles the changed line", true,
                        "", ""};
    const auto& kernel = evidence.kernel;
    std::vector<std::string> right, wrong;
    for (const auto& [name, want] : evidence.spec.target.config) {
        auto value = kernel_option(kernel, name);
        if (value.empty()) value = "unknown";
        if (kernel.config_known && value == want) {
            right.push_back(fmt::format("CONFIG_{}={}", name, value));
            continue;
        }
        wrong.push_back(fmt::format("CONFIG_{}={}, want {}", name, value, want));
        if (!check.reason.empty()) continue;
        if (!kernel.config_known)
            check.reason = "no .config came with this image: name it in the arm's key `config`";
        else if (const auto more = workload_hint(evidence, HintFor::ConfigDiffers, nullptr, name);
                 !more.empty())
            check.reason = more;
        else
            check.reason = fmt::format(
                "Kconfig changed {}: look for what it depends on, or what selects it", name);
    }
    check.passed = wrong.empty();
    check.found = fmt::format("{}", fmt::join(check.passed ? right : wrong, "; "));
    return check;
}

// verify_config() refused to build a kernel without them; this shows it of the kernel that booted.
ValidityCheck check_arm_options(const ArmEvidence& evidence) {
    ValidityCheck check{"arm_options", "the final .config holds the arm's own options", true, "",
                        ""};
    std::vector<std::string> right, wrong;
    for (const auto& [name, want] : evidence.arm.options) {
        const auto value = kernel_option(evidence.kernel, name);
        if (value == want)
            right.push_back(fmt::format("CONFIG_{}={}", name, value));
        else
            wrong.push_back(fmt::format("CONFIG_{}={}, want {}", name,
                                        value.empty() ? "unknown" : value, want));
    }
    check.passed = wrong.empty();
    check.found = fmt::format("{}", fmt::join(check.passed ? right : wrong, "; "));
    if (!check.passed) check.reason = "the kernel is not the one that [arm.options] describes";
    return check;
}

ValidityCheck check_symbols(const ArmEvidence& evidence) {
    ValidityCheck check{"symbols", "the functions under test are in System.map", true, "", ""};
    std::vector<std::string> names = {evidence.spec.target.function};
    for (const auto& name : {evidence.spec.target.sync_function, evidence.arm.marker})
        if (!name.empty()) names.push_back(name);
    for (const auto& function : evidence.spec.fault_functions())
        names.push_back(function);
    std::vector<std::string> missing;
    for (const auto& name : names) {
        auto found = evidence.kernel.symbols.find(name);
        auto symbol = found == evidence.kernel.symbols.end() ? "" : found->second;
        if (symbol == name) continue;
        missing.push_back(symbol.empty() ? name + " absent"
                                         : fmt::format("{} only as {}", name, symbol));
        const auto more = workload_hint(evidence, HintFor::SymbolMissing);
        check.reason =
            !symbol.empty()
                ? fmt::format("the compiler cloned {}: name {} in the experiment", name, symbol)
            : !more.empty()
                ? more
                : "not compiled in this configuration, inlined by the compiler, or misspelt";
    }
    check.passed = missing.empty();
    check.found = fmt::format("{}", fmt::join(check.passed ? names : missing, ", "));
    return check;
}

// A user names the .config of an image by hand. With a wrong one, detectors that were never
// compiled in would be reported as on.
ValidityCheck check_own_config(const ArmEvidence& evidence) {
    ValidityCheck check{
        "own_config",
        "the .config named is that of the image: it and System.map have the same detectors", true,
        "", ""};
    const auto& kernel = evidence.kernel;
    std::vector<std::string> agree, differ;
    for (const auto& [option, symbol] : detector_symbols()) {
        const auto found = kernel.symbols.find(symbol);
        const bool compiled = found != kernel.symbols.end() && !found->second.empty();
        const bool on = kernel_option(kernel, option) == "y";
        // Lock statistics alone also compile lockdep's functions.
        if (on == compiled || (compiled && option == "PROVE_LOCKING"))
            agree.push_back(option + (on ? " on" : " off"));
        else
            differ.push_back(fmt::format("CONFIG_{}={}, but System.map has {}{}()", option,
                                         kernel_option(kernel, option), on ? "no " : "", symbol));
    }
    check.passed = kernel.config_known && differ.empty();
    check.found = !kernel.config_known
                      ? "the image came without its .config, want it"
                      : fmt::format("{}", fmt::join(check.passed ? agree : differ, "; "));
    if (!check.passed)
        check.reason = kernel.config_known ? "it belongs to another build"
                                           : "name it in the arm's key `config`";
    return check;
}

ValidityCheck check_image_differs(const ArmEvidence& evidence) {
    ValidityCheck check{"image_differs", "the image differs from the baseline's", true, "", ""};
    const auto& own = evidence.kernel.image_sha256;
    const auto& base = evidence.baseline.image_sha256;
    check.passed = !own.empty() && !base.empty() && own != base;
    if (own.empty() || base.empty())
        check.found = "image hash unknown, want two different ones";
    else if (check.passed)
        check.found = fmt::format("sha256 {:.12}... against {:.12}...", own, base);
    else
        check.found = fmt::format("both sha256 {:.12}..., want two different ones", own);
    if (!check.passed)
        check.reason = evidence.arm.series.empty() && evidence.arm.options.empty()
                           ? "the arm has no series: it is the baseline under another name"
                       : evidence.arm.series.empty()
                           ? "the arm has no series, and the baseline's options already have the "
                             "values of its own"
                           : "the series changes only comments, or a file or branch that this "
                             "configuration does not compile";
    return check;
}

// The options in which an arm's kernel differs from the baseline's without a declaration.
std::vector<std::string> undeclared_differences(const Arm& arm, const Arm& baseline,
                                                const KernelFacts& kernel) {
    const auto declared = [&](const std::string& name) {
        if (arm.options.contains(name) || baseline.options.contains(name)) return true;
        return std::any_of(arm.config_differs.begin(), arm.config_differs.end(),
                           [&](const std::string& one) { return one == name || one == "*"; });
    };
    std::vector<std::string> out;
    for (const auto& [name, ignored] : kernel.config_differs)
        if (!declared(name)) out.push_back(name);
    return out;
}

// Kernels must not differ in more than the patch: KASAN in the baseline alone would make any series
// look fast.
ValidityCheck check_same_config(const ArmEvidence& evidence) {
    constexpr std::size_t max_named = 5;
    ValidityCheck check{"same_config", "the kernel is built with the baseline's options", true, "",
                        ""};
    const auto& kernel = evidence.kernel;
    if (!kernel.config_known || !evidence.baseline.config_known) {
        check.passed = false;
        check.found =
            fmt::format("{} came without its .config, want both",
                        kernel.config_known ? evidence.spec.arms.front().name : evidence.arm.name);
        check.reason = "nothing shows that the kernels differ in the patch alone: name it in the "
                       "arm's key `config`";
        return check;
    }
    const auto undeclared =
        undeclared_differences(evidence.arm, evidence.spec.arms.front(), kernel);
    check.passed = undeclared.empty();
    check.found = kernel.config_differs.empty()
                      ? "every one"
                      : fmt::format("all but the {} declared", kernel.config_differs.size());
    if (check.passed) return check;
    std::vector<std::string> named;
    for (const auto& name : undeclared)
        if (named.size() < max_named)
            named.push_back(fmt::format("{} {}", name, kernel.config_differs.at(name)));
    check.found = fmt::format("{}", fmt::join(named, ", "));
    if (undeclared.size() > named.size())
        check.found += fmt::format(" and {} more", undeclared.size() - named.size());
    check.reason = "what is measured is these options and the patch together: build both alike, or "
                   "name them in the arm's key `config_differs`";
    return check;
}

} // namespace

std::vector<ValidityCheck> check_kernel(const ArmEvidence& evidence) {
    std::vector<ValidityCheck> checks;
    // An empty [target.config] gets no line: nothing was checked.
    if (!evidence.spec.target.config.empty()) checks.push_back(check_config(evidence));
    if (!evidence.arm.options.empty()) checks.push_back(check_arm_options(evidence));
    checks.push_back(check_symbols(evidence));
    if (evidence.arm.prebuilt) checks.push_back(check_own_config(evidence));
    if (&evidence.arm != &evidence.spec.arms.front() &&
        evidence.arm.name != evidence.spec.arms.front().name) {
        // Two revisions of a history may be the same kernel, and a revision may change options.
        if (evidence.spec.target.revisions) return checks;
        for (const auto& check : {check_image_differs(evidence), check_same_config(evidence)})
            checks.push_back(check);
    }
    return checks;
}

} // namespace rig
