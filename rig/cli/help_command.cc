// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/help_command.h"

#include "rig/base/files.h"
#include "rig/help/completion_sources.h"
#include "rig/help/key_reference.h"
#include "rig/help/man_page.h"
#include "rig/help/sample_experiment.h"
#include "rig/spec/value_rules.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

// Writes a file that must not exist. A link to nowhere counts as existing.
Status write_new(const fs::path& file, const std::string& text) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: it exists, want the name of a new file", file.string()));
    if (fd < 0)
        return fail(errno == ENOENT || errno == ENOTDIR ? FaultDomain::Spec : FaultDomain::Host,
                    fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
    std::size_t done = 0;
    int why = 0;
    while (done < text.size() && why == 0) {
        const auto count = ::write(fd, text.data() + done, text.size() - done);
        if (count > 0)
            done += static_cast<std::size_t>(count);
        else if (count == 0 || errno != EINTR)
            why = count == 0 ? ENOSPC : errno;
    }
    if (::close(fd) != 0 && why == 0) why = errno;
    if (why == 0) return {};
    ::unlink(file.c_str()); // half an experiment is none
    return fail(FaultDomain::Host,
                fmt::format("cannot write {}: {}", file.string(), std::strerror(why)));
}

Result<CommandOutput> write_pages(const ProgramHelp& program, const fs::path& folder) {
    const auto pages = man_pages(program);
    std::error_code error;
    for (const char* section : {"man1", "man5"}) {
        fs::create_directories(folder / section, error);
        if (error)
            return fail(
                FaultDomain::Host,
                fmt::format("cannot make {}: {}", (folder / section).string(), error.message()));
        // Pages of commands that were removed.
        for (const auto& entry : fs::directory_iterator(folder / section, error)) {
            const auto name = entry.path().filename().string();
            if (name.starts_with(program.name) && !pages.contains(section + ("/" + name)))
                fs::remove(entry.path(), error);
        }
    }
    for (const auto& [name, text] : pages)
        RIG_CHECK(write_atomically(folder / name, text));
    return CommandOutput{};
}

} // namespace

Result<CommandOutput> init_command(const std::string& name, const CommonOptions& common) {
    fs::path file(name);
    if (file.extension() != ".toml") file += ".toml";
    const auto stem = file.stem().string();
    if (const auto want = rules::experiment_name(stem))
        return fail(FaultDomain::Spec,
                    fmt::format("rig init: bad name \"{}\", want {}", stem, *want));
    RIG_CHECK(write_new(file, sample_experiment(stem)));
    const auto next = fmt::format("rig compare {}", file.string());
    if (common.json)
        return CommandOutput{nlohmann::json{{"file", file.string()}, {"next", next}}.dump(2) + "\n",
                             Exit::Pass};
    return CommandOutput{fmt::format("written: {}\nedit it, then: {}\n", file.string(), next),
                         Exit::Pass};
}

Result<CommandOutput> schema_command() {
    return CommandOutput{schema_of_keys(), Exit::Pass};
}

std::optional<Result<CommandOutput>> hidden_help(const ProgramHelp& program,
                                                 const std::vector<std::string>& words) {
    if (words.empty() || !words[0].starts_with("__")) return std::nullopt;
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    if (words[0] == "__complete")
        return CommandOutput{completion_lines(complete(program, rest, completion_sources()))};
    if (words[0] == "__keys" && rest.empty()) return CommandOutput{reference_of_keys()};
    if (words[0] == "__man" && rest.size() == 1) return write_pages(program, rest[0]);
    if (words[0] == "__completion" && rest.size() == 1) {
        const auto scripts = completion_scripts(program);
        if (const auto script = scripts.find(rest[0]); script != scripts.end())
            return CommandOutput{script->second};
    }
    return fail(FaultDomain::Spec,
                fmt::format("{}: want __complete WORD..., __completion bash|zsh|fish, __man FOLDER "
                            "or __keys",
                            words[0]));
}

} // namespace rig
