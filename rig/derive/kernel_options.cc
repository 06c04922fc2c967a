// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/derive/kernel_options.h"

#include "rig/base/files.h"
#include "rig/base/json_reader.h"
#include "rig/base/scratch_dir.h"
#include "rig/derive/scripts.h"
#include "rig/kernel/kernel_recipe.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostFiles = 100000; // of one answer, each list

Result<std::vector<OptionSetting>> settings_of(JsonReader& in, std::string_view key) {
    RIG_TRY(entries, in.objects(key, kMostFiles));
    std::vector<OptionSetting> settings;
    for (auto& entry : entries) {
        OptionSetting one;
        RIG_CHECK(entry.text("name", one.name));
        RIG_CHECK(entry.text("value", one.value));
        RIG_CHECK(entry.text("reason", one.reason));
        RIG_CHECK(entry.text("instead_of", one.instead_of));
        RIG_CHECK(entry.finish());
        settings.push_back(std::move(one));
    }
    return settings;
}

Result<DerivedOptions> read_answer(const std::string& text) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    RIG_TRY(in, JsonReader::open(json, "the answer of kernel_options.py"));
    DerivedOptions derived;
    RIG_TRY(files, in.objects("files", kMostFiles));
    for (auto& entry : files) {
        ObjectOptions one;
        RIG_CHECK(entry.text("file", one.file));
        RIG_CHECK(entry.texts("objects", one.objects, kMostFiles));
        RIG_CHECK(entry.texts("options", one.options, kMostFiles));
        RIG_TRY(needed, settings_of(entry, "needed"));
        one.needed = needed;
        RIG_CHECK(entry.texts("notes", one.notes, kMostFiles));
        RIG_CHECK(entry.text("why_not", one.why_not, 1 << 16));
        RIG_CHECK(entry.finish());
        derived.files.push_back(std::move(one));
    }
    RIG_TRY(together, settings_of(in, "together"));
    derived.together = together;
    RIG_CHECK(in.texts("conflicts", derived.conflicts, kMostFiles));
    RIG_CHECK(in.finish());
    return derived;
}

// What says most of a failure: the parser's message, or else the last line.
std::string reason_of(const std::string& out) {
    std::string last;
    std::size_t begin = 0;
    while (begin < out.size()) {
        const auto end = std::min(out.find('\n', begin), out.size());
        const auto line = out.substr(begin, end - begin);
        begin = end + 1;
        for (const char* mark : {"KconfigError: ", "rig: "})
            if (const auto at = line.find(mark); at != line.npos)
                return line.substr(at + std::string_view(mark).size());
        if (!line.empty() && !line.starts_with("make")) last = line;
    }
    return last;
}

// Runs a script of this folder as a rule of the kernel's own Makefile: so it has every variable
// that make exports. Returns its answer. `step`: for people; each "rig-file" line is one of
// `steps`.
Result<std::string> ask(const char* script_name, nlohmann::json request, const fs::path& tree,
                        const Arch& arch, const OptionRequests& requests, const std::string& step,
                        std::uint64_t steps, const BuildContext& context) {
    Scratch scratch;
    RIG_CHECK(scratch.made());
    const auto objects = scratch.dir() / "objects", asked = scratch.dir() / "request.json",
               answer = scratch.dir() / "answer.json";
    std::error_code error;
    fs::create_directories(objects, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot make {}: {}", objects.string(), error.message()));
    for (const auto& script : scripts())
        RIG_CHECK(put_file(scratch.dir() / script.name, TreeFile(script.text)));

    const std::vector<std::string> make{"make",
                                        "-s",
                                        "-C",
                                        tree.string(),
                                        "O=" + objects.string(),
                                        "ARCH=" + arch.kernel_arch,
                                        "CROSS_COMPILE=" + arch.cross};
    request["requests"] = nlohmann::json::array();
    for (const auto& [name, option] : requests)
        request["requests"].push_back({name, option.value});
    request["arch"] = arch.kernel_arch;
    request["tree"] = tree.string();
    request["make"] = make;
    RIG_CHECK(write_atomically(asked, request.dump()));
    Command command;
    command.argv = make;
    // A name with "config" needs no .config.
    command.argv.push_back(fmt::format("--eval=rig-config: ; +@python3 {} {} {}",
                                       (scratch.dir() / script_name).string(), asked.string(),
                                       answer.string()));
    command.argv.push_back("rig-config");
    command.env = build_environment(arch);
    command.env["PYTHONDONTWRITEBYTECODE"] = "1";
    context.progress.start(step, steps);
    std::uint64_t begun = 0;
    command.on_line = [&](std::string_view line) {
        if (!line.starts_with("rig-file ")) return;
        context.progress.advance(begun++);
        context.progress.note(std::string(line.substr(9)));
    };
    auto result = context.runner.run(command);
    if (!result || !result->ok()) context.progress.interrupt();
    if (!result) return tl::unexpected(result.error());
    if (!result->ok())
        return fail(result->out.find("KconfigError: ") == std::string::npos ? FaultDomain::Host
                                                                            : FaultDomain::Spec,
                    fmt::format("deriving the options of {}: {}", tree.string(),
                                result->out.empty() ? describe(*result) : reason_of(result->out)));
    context.progress.finish();
    return slurp(answer);
}

} // namespace

Result<DerivedOptions> options_for(const std::vector<std::string>& files, const fs::path& tree,
                                   const Arch& arch, const OptionRequests& requests,
                                   const BuildContext& context,
                                   const std::map<std::string, TouchedLines>& lines) {
    auto touched = nlohmann::json::object();
    for (const auto& [file, some] : lines)
        touched[file] = {some.changed, some.before_gaps};
    RIG_TRY(answer,
            ask("kernel_options.py", {{"files", files}, {"lines", touched}}, tree, arch, requests,
                "deriving the options that compile the changed files", files.size(), context));
    return read_answer(answer);
}

Result<std::map<std::string, std::string>> kconfig_values(const fs::path& tree, const Arch& arch,
                                                          const OptionRequests& requests,
                                                          const BuildContext& context) {
    RIG_TRY(answer, ask("kconfig_values.py", nlohmann::json::object(), tree, arch, requests,
                        "reading the tree's options", 0, context));
    const auto json = nlohmann::json::parse(answer, nullptr, false);
    RIG_TRY(in, JsonReader::open(json, "the answer of kconfig_values.py"));
    std::map<std::string, std::string> values;
    RIG_CHECK(in.map("values", values, kMostFiles));
    RIG_CHECK(in.finish());
    return values;
}

Status link_tree(const fs::path& tree, const Overlay& overlay, const fs::path& into) {
    std::error_code error;
    std::set<fs::path> folders{fs::path()};
    for (const auto& [file, content] : overlay)
        for (auto folder = fs::path(file).parent_path(); !folder.empty();
             folder = folder.parent_path())
            folders.insert(folder);
    // In this order a folder comes before those in it.
    for (const auto& folder : folders) {
        fs::create_directories(into / folder, error);
        if (error)
            return fail(FaultDomain::Host, fmt::format("cannot make {}: {}",
                                                       (into / folder).string(), error.message()));
        std::error_code absent; // a folder that the patches make
        for (fs::directory_iterator entry(tree / folder, absent), end; !absent && entry != end;
             entry.increment(absent)) {
            const auto name = folder / entry->path().filename();
            if (folders.contains(name) || overlay.contains(name.string())) continue;
            fs::create_symlink(entry->path(), into / name, error);
            if (error)
                return fail(FaultDomain::Host,
                            fmt::format("cannot link {} to {}: {}", (into / name).string(),
                                        entry->path().string(), error.message()));
        }
    }
    for (const auto& [file, content] : overlay)
        if (content) RIG_CHECK(put_file(into / file, *content));
    return {};
}

} // namespace rig
