// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/host/apt.h"

#include "rig/base/sha256.h"
#include "rig/host/unpack.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

namespace rig {
namespace fs = std::filesystem;
namespace {

constexpr std::chrono::hours kSuiteListsAge{
    24}; // lists of a private suite are fetched again after a day
constexpr const char* kKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

std::string last_lines(const std::string& text) {
    const std::size_t keep = 600;
    return text.size() > keep ? text.substr(text.size() - keep) : text;
}

} // namespace

Result<std::string> must_run(const BuildContext& context, std::vector<std::string> argv,
                             const fs::path& cwd, FaultDomain fault_domain,
                             std::function<void(std::string_view)> on_line) {
    Command command;
    command.argv = std::move(argv);
    command.cwd = cwd;
    command.env = {{"LC_ALL", "C"}};
    command.on_line = std::move(on_line);
    return must_run(context, command, fault_domain);
}

Result<std::string> must_run(const BuildContext& context, const Command& command,
                             FaultDomain fault_domain) {
    RIG_TRY(result, context.runner.run(command));
    if (!std::holds_alternative<Exited>(result.outcome)) fault_domain = FaultDomain::Host;
    if (!result.ok())
        return fail(fault_domain, fmt::format("{} {}: {}: {}", command.argv[0],
                                              command.argv.size() > 1 ? command.argv[1] : "",
                                              describe(result), last_lines(result.out)));
    return result.out;
}

std::vector<std::string> Apt::command(const char* program,
                                      std::initializer_list<std::string> words) const {
    std::vector<std::string> argv{program};
    argv.insert(argv.end(), options.begin(), options.end());
    argv.insert(argv.end(), words);
    return argv;
}

Result<Apt> private_apt(const BuildContext& context, const std::string& suite,
                        const std::string& architecture) {
    const auto what = suite + (architecture.empty() || suite.empty() ? "" : "-") + architecture;
    RIG_TRY(held, context.cache.lock("apt", what));
    (void)held;
    RIG_CHECK(context.cache.make_folder("apt"));
    const auto dir = context.cache.own_folder("apt", what);
    std::error_code error;
    for (const char* sub : {"lists/partial", "cache/archives/partial", "parts"})
        fs::create_directories(dir / sub, error);
    if (error)
        return fail(FaultDomain::Host,
                    fmt::format("cannot make {}: {}", dir.string(), error.message()));
    Apt apt;
    // By default root's downloads run as the user _apt, who may not be able to enter the cache
    // folder.
    for (const auto& option :
         {"Dir::Etc::sourcelist=" + (dir / "sources.list").string(),
          "Dir::Etc::sourceparts=" + (dir / "parts").string(),
          "Dir::State::lists=" + (dir / "lists").string(), "Dir::Cache=" + (dir / "cache").string(),
          std::string("Dir::State::status=/dev/null"), std::string("APT::Sandbox::User=root")})
        apt.options.insert(apt.options.end(), {"-o", option});
    if (!architecture.empty())
        for (const char* option : {"APT::Architecture=", "APT::Architectures="})
            apt.options.insert(apt.options.end(), {"-o", option + architecture});
    struct stat stamp {};
    const auto fetched = dir / "fetched";
    if (::stat(fetched.c_str(), &stamp) == 0 &&
        std::time(nullptr) - stamp.st_mtime < std::chrono::seconds(kSuiteListsAge).count())
        return apt;
    RIG_TRY(targets, must_run(context, {"apt-get", "indextargets", "--format",
                                        "$(CREATED_BY)|$(REPO_URI)|$(RELEASE)"}));
    const auto archive = archive_of(targets);
    if (archive.uri.empty())
        return fail(FaultDomain::Host, "apt knows no Debian archive to take " + what +
                                           " from: run 'apt-get update' once");
    std::ofstream(dir / "sources.list")
        << fmt::format("deb [signed-by={}] {} {} main\n", kKeyring, archive.uri,
                       suite.empty() ? archive.release : suite);
    context.progress.start("fetching the package lists of " + what);
    // Without --error-on=any, an update that fetched nothing has exit code 0.
    const auto updated = must_run(context, apt.command("apt-get", {"update", "--error-on=any"}));
    if (!updated) context.progress.interrupt();
    context.progress.finish();
    if (updated) std::ofstream(fetched) << "";
    // Offline, older lists are still usable.
    else if (!fs::exists(fetched, error))
        return tl::unexpected(updated.error());
    return apt;
}

Result<fs::path> download_package(const BuildContext& context, const Apt& apt,
                                  const std::string& package, const fs::path& dir) {
    // apt reports its progress in lines such as "dlstatus:1:42.5000:Retrieving file 1 of 1".
    auto words = apt.command("apt-get", {"-o", "APT::Sandbox::User=root", "-o", "APT::Status-Fd=1",
                                         "download", package});
    auto downloaded = must_run(context, words, dir, FaultDomain::Host, [&](std::string_view line) {
        if (!line.starts_with("dlstatus:")) return;
        const auto percent = line.substr(std::min(line.size(), line.find(':', 9) + 1));
        context.progress.advance(static_cast<std::uint64_t>(
            std::strtod(std::string(percent.substr(0, 8)).c_str(), nullptr) * kDownloadSteps /
            100));
    });
    if (!downloaded) {
        context.progress.interrupt();
        return tl::unexpected(downloaded.error());
    }
    context.progress.finish();
    std::error_code error;
    fs::path deb;
    for (const auto& entry : fs::directory_iterator(dir, error))
        if (entry.path().extension() == ".deb") deb = entry.path();
    if (deb.empty())
        return fail(FaultDomain::Host, fmt::format("apt-get download {} left no package in {}",
                                                   package, dir.string()));
    return deb;
}

namespace {

constexpr const char* kVersionsFile = "versions"; // next to the unpacked files

// Converts the file name that apt uses: "qemu-system-riscv_1%3a10.0.2+ds-2_amd64" becomes
// "qemu-system-riscv 1:10.0.2+ds-2".
std::string name_and_version(const std::string& file) {
    const auto version = file.find('_'), architecture = file.rfind('_');
    if (version == architecture) return file;
    auto text =
        file.substr(0, version) + " " + file.substr(version + 1, architecture - version - 1);
    if (const auto colon = text.find("%3a"); colon != std::string::npos)
        text.replace(colon, 3, ":");
    return text;
}

Result<fs::path> unpacked_packages(const BuildContext& context, const std::string& suite,
                                   const std::string& architecture, const std::string& names,
                                   const std::string& label) {
    return context.cache.get_or_make(
        "packages", sha256_hex("package 2\n" + label), label, [&](const fs::path& dir) -> Status {
            RIG_TRY(apt, private_apt(context, suite, architecture));
            std::istringstream words(names);
            for (std::string name; words >> name;) {
                context.progress.start(
                    fmt::format("downloading {}",
                                names == name ? label : fmt::format("{} ({})", name, label)),
                    kDownloadSteps);
                RIG_TRY(deb, download_package(context, apt, name, dir));
                std::ofstream versions(dir / kVersionsFile, std::ios::app);
                versions << name_and_version(deb.stem().string()) << '\n';
                versions.close();
                if (!versions)
                    return fail(FaultDomain::Host,
                                fmt::format("cannot write {}: {}", (dir / kVersionsFile).string(),
                                            std::strerror(errno)));
                RIG_CHECK(run_unpacker(context, {"dpkg-deb", "-x", deb.string(), dir.string()}, deb,
                                       dir));
                std::error_code ignored;
                fs::remove(deb, ignored);
            }
            return {};
        });
}

} // namespace

Result<FetchedPackages> fetched_packages(const BuildContext& context, const std::string& suite,
                                         const std::string& names) {
    FetchedPackages fetched;
    RIG_TRY(root,
            unpacked_packages(context, suite, "", names, fmt::format("{} of {}", names, suite)));
    fetched.root = root;
    std::ifstream lines(root / kVersionsFile);
    for (std::string line; std::getline(lines, line);)
        fetched.versions.push_back(line);
    if (fetched.versions.empty())
        return fail(FaultDomain::Host, fmt::format("cannot read {}: was the cache pruned just now?",
                                                   (root / kVersionsFile).string()));
    return fetched;
}

Result<fs::path> foreign_package(const BuildContext& context, const Arch& arch,
                                 const std::string& package) {
    return unpacked_packages(context, arch.suite, arch.debian, package,
                             fmt::format("{}:{}{}{}", package, arch.debian,
                                         arch.suite.empty() ? "" : " of ", arch.suite));
}

Archive archive_of(std::string_view indextargets) {
    std::istringstream lines{std::string(indextargets)};
    for (std::string line; std::getline(lines, line);) {
        const auto first = line.find('|'), second = line.find('|', first + 1);
        if (second == std::string::npos || line.substr(0, first) != "Packages") continue;
        const auto uri = line.substr(first + 1, second - first - 1),
                   release = line.substr(second + 1);
        const bool archive = uri.find("/debian/") != std::string::npos ||
                             uri.ends_with("/debian") ||
                             uri.ends_with("/debian.list"); // also mirror+file:
        if (archive && release.find('-') == std::string::npos)
            return {std::string(uri), std::string(release)};
    }
    return {};
}

std::string archive_uri(std::string_view indextargets) {
    return archive_of(indextargets).uri;
}

std::string candidate_version(std::string_view policy) {
    std::istringstream lines{std::string(policy)};
    for (std::string line; std::getline(lines, line);) {
        const auto at = line.find("Candidate: ");
        if (at == std::string::npos) continue;
        const auto version = line.substr(at + 11);
        return version == "(none)" ? std::string() : version;
    }
    return {};
}

} // namespace rig
