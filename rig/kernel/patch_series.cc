// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/patch_series.h"

#include "rig/base/files.h"
#include "rig/host/git.h"
#include "rig/kernel/patch_text.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>

namespace rig {
namespace fs = std::filesystem;
namespace {

// The file next to the scratch folder from which git reads the patch.
constexpr std::string_view kBesidePatch = ".patch";

// Removes CR line ends that a mail program or an editor added to every line. A mixture of line ends
// is left unchanged.
std::string with_plain_ends(const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find("\r\n", at);
        if (end == std::string::npos || text.find('\n', at) != end + 1) return text;
        out.append(text, at, end - at) += '\n';
        at = end + 2;
    }
    return out;
}

class Applier {
 public:
    Applier(const fs::path& tree, const fs::path& scratch, CommandRunner& runner,
            const Overlay& before)
        : tree_(tree), scratch_(scratch), input_(scratch.string() + std::string(kBesidePatch)),
          runner_(runner), before_(before) {}
    ~Applier() {
        std::error_code ignored;
        fs::remove(input_, ignored);
    }
    Applier(const Applier&) = delete;
    Applier& operator=(const Applier&) = delete;

    Result<PatchExtent> extent(const Patch& patch);
    Status apply(const Patch& patch);
    Result<Overlay> overlay() const;

 private:
    Result<CommandResult> git(const Patch& patch, std::vector<std::string> words);
    Result<PatchExtent> touched(const Patch& patch, std::size_t changes);
    Status bring(const Patch& patch, const std::string& file);
    Status no_way_out(const Patch& patch, const std::string& file) const;
    Result<std::string> reason(const Patch& patch, const std::string& out);

    const fs::path& tree_;
    const fs::path& scratch_;
    const fs::path input_;
    CommandRunner& runner_;
    const Overlay& before_;
    std::set<std::string> all_;
};

// Runs `git apply` with these words on the patch. If git was interrupted, killed or timed out:
// FaultDomain::Host.
Result<CommandResult> Applier::git(const Patch& patch, std::vector<std::string> words) {
    words.insert(words.end(), {"-p1", "--whitespace=nowarn", "--", fs::absolute(input_).string()});
    RIG_TRY(result, runner_.run(git_apply_command(scratch_, std::move(words))));
    if (!std::holds_alternative<Exited>(result.outcome))
        return fail(FaultDomain::Host,
                    fmt::format("applying {}: {}", patch.name, describe(result)));
    return result;
}

// Parses `git apply --numstat -z`: "ADDED TAB REMOVED TAB PATH" and a zero byte. It names files as
// they are after the patch; with -R, as they were before.
Result<PatchExtent> Applier::touched(const Patch& patch, std::size_t changes) {
    PatchExtent extent;
    for (const bool reversed : {false, true}) {
        std::vector<std::string> words{"--numstat", "-z"};
        if (reversed) words.insert(words.begin(), "-R");
        RIG_TRY(result, git(patch, std::move(words)));
        if (!result.ok()) {
            RIG_TRY(why, reason(patch, result.out));
            return fail(FaultDomain::Spec, why, patch.file);
        }
        std::size_t listed = 0;
        for (std::string_view rest = result.out; !rest.empty(); ++listed) {
            const auto end = rest.find('\0');
            const std::string record(rest.substr(0, end));
            static const std::regex counts("^([0-9]+|-)\t([0-9]+|-)\t");
            std::smatch match;
            if (end == std::string_view::npos || !std::regex_search(record, match, counts))
                return fail(FaultDomain::Host,
                            fmt::format("git apply --numstat {}: '{}' is none of its "
                                        "lines",
                                        patch.name, record.substr(0, 200)));
            rest.remove_prefix(end + 1);
            const auto path = match.suffix().str();
            const auto normal = fs::path(path).lexically_normal().string();
            if (path.empty() || path[0] == '/' || normal != path || path.starts_with("../") ||
                path == ".." || path == ".")
                return fail(
                    FaultDomain::Spec,
                    fmt::format("{}: changes '{}', which is outside the tree", patch.name, path),
                    patch.file);
            if (path.find('\n') != std::string::npos)
                return fail(
                    FaultDomain::Spec,
                    fmt::format("{}: changes '{}', whose name has a line break", patch.name, path),
                    patch.file);
            extent.paths.insert(path);
            if (reversed) continue;
            const auto lines = [&](std::size_t group) {
                return std::strtoul(match[group].str().c_str(), nullptr, 10); // "-" is none
            };
            extent.added += lines(1);
            extent.removed += lines(2);
        }
        extent.files = listed;
        if (listed != changes)
            return fail(FaultDomain::Spec,
                        fmt::format("{}: git reads changes of {} files in it, where it has lines "
                                    "that begin {}: a damaged header",
                                    patch.name, listed, changes),
                        patch.file);
    }
    return extent;
}

// Copies a file that the patch touches into the scratch folder; a link is copied as a link.
Status Applier::bring(const Patch& patch, const std::string& file) {
    if (!all_.insert(file).second) return {};
    std::error_code error;
    // Refuse changes through a symbolic link of the tree, or below a file of it.
    for (auto above = fs::path(file).parent_path(); !above.empty(); above = above.parent_path()) {
        if (all_.contains(above.string())) break; // in the state after the earlier patches
        const auto type = fs::symlink_status(tree_ / above, error).type();
        if (type == fs::file_type::not_found || type == fs::file_type::directory) continue;
        return fail(FaultDomain::Spec,
                    fmt::format("{}: changes '{}', but '{}' is {}", patch.name, file,
                                above.string(),
                                type == fs::file_type::symlink ? "a symbolic link" : "no folder"),
                    patch.file);
    }
    std::optional<TreeFile> now;
    if (const auto changed = before_.find(file); changed != before_.end()) {
        now = changed->second;
    } else if (fs::symlink_status(tree_ / file, error).type() == fs::file_type::directory) {
        return fail(FaultDomain::Spec,
                    fmt::format("{}: changes '{}', which is a folder", patch.name, file),
                    patch.file);
    } else {
        RIG_TRY(pristine, read_tree_file(tree_ / file));
        now = std::move(pristine);
    }
    return now ? put_file(scratch_ / file, *now) : Status{};
}

// A link must stay within the tree: ".." only at the beginning, and never above the top.
Status Applier::no_way_out(const Patch& patch, const std::string& file) const {
    std::error_code error;
    const auto type = fs::symlink_status(scratch_ / file, error).type();
    const auto inner = all_.lower_bound(file + "/");
    const bool folder = inner != all_.end() && inner->starts_with(file + "/");
    if (type == fs::file_type::directory && folder) return {}; // a file was replaced by a folder
    if (type == fs::file_type::directory)
        return fail(FaultDomain::Spec,
                    fmt::format("{}: makes '{}' a submodule, accepted: files and symbolic links",
                                patch.name, file),
                    patch.file);
    if (type != fs::file_type::symlink) return {};
    const auto target = fs::read_symlink(scratch_ / file, error);
    auto depth = std::count(file.begin(), file.end(), '/');
    bool down = false, inside = !target.empty() && target.is_relative();
    for (const auto& part : target) {
        if (part == ".") continue;
        down = down || part != "..";
        // After a name, which may itself be a link, ".." could lead anywhere.
        inside = inside && (part != ".." || (!down && --depth >= 0));
    }
    if (inside) return {};
    return fail(FaultDomain::Spec,
                fmt::format("{}: makes '{}' a symbolic link to '{}', accepted: a path inside the "
                            "tree that has '..' only in front",
                            patch.name, file, target.string()),
                patch.file);
}

// Turns git's error message into one of rig's.
Result<std::string> Applier::reason(const Patch& patch, const std::string& out) {
    std::smatch match;
    const auto says = [&](const char* words) {
        return std::regex_search(out, match, std::regex(words));
    };
    if (says("corrupt patch at (?:line |[^\n]*:)([0-9]+)"))
        return fmt::format("{}:{}: the patch is damaged: git cannot read it from here on",
                           patch.name, match[1].str());
    if (says("cannot apply binary patch to '([^\n]*)' without full index"))
        return fmt::format("{}: changes the binary file {} without its content; 'git diff "
                           "--binary' writes it",
                           patch.name, match[1].str());
    if (says("unable to find filename in patch at line ([0-9]+)"))
        return fmt::format("{}:{}: no folder stands in front of the file's name, accepted: "
                           "'--- a/FILE' and '+++ b/FILE' (patch -p1)",
                           patch.name, match[1].str());
    if (says("error: (?:patch failed: ([^\n]*):[0-9]+|([^\n]*): already exists in working)")) {
        const auto file = match[1].matched ? match[1].str() : match[2].str();
        const bool is_there = match[2].matched;
        RIG_TRY(reversed, git(patch, {"-R", "--check"}));
        if (reversed.ok()) return fmt::format("{}: it is already applied to {}", patch.name, file);
        if (is_there) return fmt::format("{}: creates {}, which is in the tree", patch.name, file);
        RIG_TRY(without_context, git(patch, {"--check", "--unidiff-zero"}));
        if (without_context.ok())
            return fmt::format("{}: its changes of {} have no lines around them that say where "
                               "they belong, accepted: three of them ('diff -U3')",
                               patch.name, file);
        // git names the failing hunk only when it applies the others (--reject). The results in
        // this folder are not used.
        RIG_TRY(hunks, git(patch, {"--reject", "--verbose"}));
        std::smatch hunk, place;
        if (std::regex_search(hunks.out, hunk, std::regex("Rejected hunk #([0-9]+)")) &&
            std::regex_search(hunks.out, place, std::regex("patch failed: ([^\n]*):([0-9]+)\n")))
            return fmt::format("{}: hunk {} (line {}) does not apply to {}", patch.name,
                               hunk[1].str(), place[2].str(), place[1].str());
    }
    if (says("error: ([^\n]*): (?:No such file or directory|does not exist in)"))
        return fmt::format("{}: changes {}, which is not in the tree", patch.name, match[1].str());
    if (says("error: ([^\n]*)")) return fmt::format("{}: {}", patch.name, match[1].str());
    return fmt::format("{}: {}", patch.name, out.substr(0, 400));
}

// Leaves the patch in input_, for git.
Result<PatchExtent> Applier::extent(const Patch& patch) {
    const auto text = with_plain_ends(patch.text);
    auto changes = changes_in(text, patch.name);
    if (!changes) {
        auto error = std::move(changes.error());
        error.log = patch.file;
        return tl::unexpected(std::move(error));
    }
    RIG_CHECK(put_file(input_, text));
    return touched(patch, changes->size());
}

Status Applier::apply(const Patch& patch) {
    RIG_TRY(touches, extent(patch));
    for (const auto& file : touches.paths)
        RIG_CHECK(bring(patch, file));
    RIG_TRY(result, git(patch, {}));
    if (!result.ok()) {
        RIG_TRY(why, reason(patch, result.out));
        return fail(FaultDomain::Spec, why, patch.file);
    }
    for (const auto& file : touches.paths)
        RIG_CHECK(no_way_out(patch, file));
    return {};
}

Result<Overlay> Applier::overlay() const {
    Overlay overlay;
    std::error_code error;
    for (const auto& file : all_) {
        if (fs::symlink_status(scratch_ / file, error).type() == fs::file_type::directory) {
            overlay.emplace(file, std::nullopt); // a folder with the same name replaces it
            continue;
        }
        RIG_TRY(content, read_tree_file(scratch_ / file));
        overlay.emplace(file, std::move(content));
    }
    return overlay;
}

} // namespace

Result<std::optional<TreeFile>> read_tree_file(const fs::path& file) {
    std::error_code error;
    const auto status = fs::symlink_status(file, error);
    if (status.type() == fs::file_type::not_found) return std::nullopt;
    if (status.type() == fs::file_type::symlink) {
        const auto target = fs::read_symlink(file, error);
        if (!error) return TreeFile(target.string(), TreeFile::Kind::Link);
    }
    if (status.type() == fs::file_type::regular) {
        std::ifstream in(file, std::ios::binary);
        std::string content((std::istreambuf_iterator<char>(in)), {});
        if (in && !in.bad())
            return TreeFile(std::move(content),
                            (status.permissions() & fs::perms::owner_exec) != fs::perms::none
                                ? TreeFile::Kind::Program
                                : TreeFile::Kind::Plain);
        return fail(FaultDomain::Host, fmt::format("cannot read {}", file.string()));
    }
    return fail(FaultDomain::Host,
                fmt::format("{}: {}", file.string(),
                            error ? error.message() : "neither a file nor a symbolic link"));
}

Result<std::vector<Patch>> read_series(const std::vector<fs::path>& folders, const fs::path& top) {
    std::vector<Patch> patches;
    for (const auto& folder : folders) {
        const auto dir = top / folder, series = dir / "series";
        std::ifstream in(series);
        if (!in)
            return fail(FaultDomain::Spec,
                        fmt::format("{}: no such file; a series folder lists its patches there",
                                    series.string()));
        unsigned number = 0;
        for (std::string line; std::getline(in, line);) {
            if (++number == 1 && line.starts_with("\xef\xbb\xbf"))
                return fail(FaultDomain::Spec,
                            fmt::format("{}:1: the file begins with a byte order "
                                        "mark, accepted: plain text",
                                        series.string()));
            line = line.substr(0, line.find('#'));
            const auto first = line.find_first_not_of(" \t\r");
            if (first == std::string::npos) continue;
            // quilt allows options such as -p1 after the name; -p1 is the only one that is
            // supported.
            std::istringstream words(line);
            std::string name;
            words >> name;
            for (std::string option; words >> option;)
                if (option != "-p1")
                    return fail(FaultDomain::Spec,
                                fmt::format("{}:{}: found option '{}', accepted: none or -p1",
                                            series.string(), number, option));
            const auto file = dir / name;
            std::error_code error;
            if (!fs::is_regular_file(file, error))
                return fail(FaultDomain::Spec,
                            fmt::format("{}:{}: no patch '{}' in this folder{}", series.string(),
                                        number, name,
                                        error && error != std::errc::no_such_file_or_directory
                                            ? ": " + error.message()
                                            : ""));
            patches.push_back({file, fs::proximate(file, top, error).string(), slurp(file)});
        }
    }
    return patches;
}

Status put_file(const fs::path& file, const TreeFile& content) {
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    const auto temporary = fs::path(file.string() + ".rig-tmp");
    fs::remove(temporary, error);
    bool written = true;
    if (content.kind == TreeFile::Kind::Link) {
        fs::create_symlink(content.content, temporary, error);
    } else {
        std::ofstream out(temporary, std::ios::binary);
        out << content.content;
        out.close();
        written = static_cast<bool>(out);
        // The build executes some scripts directly.
        constexpr auto run = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
        if (content.kind == TreeFile::Kind::Program)
            fs::permissions(temporary, run, fs::perm_options::add, error);
    }
    if (written && !error) fs::rename(temporary, file, error);
    if (!written || error)
        return fail(FaultDomain::Host, fmt::format("cannot write {}: {}", file.string(),
                                                   error ? error.message() : "disk full?"));
    return {};
}

Result<PatchExtent> patch_extent(const Patch& patch, const fs::path& scratch,
                                 CommandRunner& runner) {
    const Overlay none;
    return Applier(scratch, scratch, runner, none).extent(patch);
}

Result<Overlay> apply_patches(const std::vector<Patch>& patches, const fs::path& tree,
                              const fs::path& scratch, CommandRunner& runner,
                              const Overlay& before) {
    Applier applier(tree, scratch, runner, before);
    for (const auto& patch : patches)
        RIG_CHECK(applier.apply(patch));
    return applier.overlay();
}

} // namespace rig
