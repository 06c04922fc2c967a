// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/initramfs.h"

#include "guest/protocol/protocol.h"
#include "rig/base/sha256.h"
#include "rig/base/shipped_files.h"
#include "rig/base/text.h"
#include "rig/host/apt.h"
#include "rig/spec/value_rules.h"

#include <archive.h>
#include <archive_entry.h>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <sys/stat.h>

namespace rig {
namespace {

Result<std::string> read_binary(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    if (!in) return fail(FaultDomain::Host, fmt::format("cannot read {}", file.string()));
    return out.str();
}

// The interpreter in a script's first line; "" for anything but a script, and for a shell that
// every guest has.
Result<std::filesystem::path> interpreter_of(const std::filesystem::path& program) {
    std::ifstream in(program, std::ios::binary);
    std::string head(256, '\0'); // as much as the kernel reads
    in.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(in.gcount()));
    if (!head.starts_with("#!")) return std::filesystem::path();
    const auto line = stripped(std::string_view(head).substr(2, head.find('\n') - 2), " \t");
    const std::filesystem::path named(line.substr(0, line.find_first_of(" \t")));
    if (named == "/bin/sh" || named == "/bin/busybox") return std::filesystem::path();
    std::error_code error;
    const auto wrong = [&](const std::string& what) {
        return fail(FaultDomain::Spec,
                    fmt::format("{}:1 (in image.files): its interpreter '{}' {}, want "
                                "the absolute path of a program of this machine",
                                program.string(), named.string(), what));
    };
    if (!named.is_absolute()) return wrong("is no absolute path");
    if (!std::filesystem::is_regular_file(named, error))
        return wrong(error ? "cannot be had: " + error.message() : "is no file");
    if (const char* mount = rules::hidden_in_guest(named))
        return wrong(fmt::format("is below {}, where the guest's mount hides it", mount));
    return named;
}

std::vector<InitramfsFile> skeleton() {
    std::vector<InitramfsFile> files;
    for (const char* dir : {"dev", "proc", "sys", "tmp", "bin", "rig"})
        files.push_back({dir, S_IFDIR | 0755, "", 0, 0});
    // The kernel opens it for PID 1 before devtmpfs is mounted.
    files.push_back({"dev/console", S_IFCHR | 0600, "", 5, 1});
    return files;
}

} // namespace

Result<std::string> make_cpio(const std::vector<InitramfsFile>& files) {
    const std::unique_ptr<archive, int (*)(archive*)> writer(archive_write_new(),
                                                             archive_write_free);
    const auto broken = [&] {
        return fail(FaultDomain::Host,
                    fmt::format("cpio archive: {}", archive_error_string(writer.get())));
    };
    std::string out;
    const auto append = [](archive*, void* to, const void* data, std::size_t size) -> la_ssize_t {
        static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
        return static_cast<la_ssize_t>(size);
    };
    archive_write_set_format_cpio_newc(writer.get());
    archive_write_add_filter_none(writer.get());
    archive_write_set_bytes_in_last_block(writer.get(), 1);
    if (archive_write_open(writer.get(), &out, nullptr, append, nullptr) != ARCHIVE_OK)
        return broken();
    std::int64_t inode = 0;
    for (const auto& file : files) {
        const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                             archive_entry_free);
        archive_entry_set_pathname(entry.get(), file.path.c_str());
        archive_entry_set_mode(entry.get(), file.mode);
        archive_entry_set_ino(entry.get(), ++inode);
        archive_entry_set_nlink(entry.get(), 1);
        archive_entry_set_uid(entry.get(), 0);
        archive_entry_set_gid(entry.get(), 0);
        archive_entry_set_mtime(entry.get(), 0, 0);
        const bool link = S_ISLNK(file.mode);
        if (link) archive_entry_set_symlink(entry.get(), file.content.c_str());
        archive_entry_set_size(entry.get(),
                               link ? 0 : static_cast<la_int64_t>(file.content.size()));
        if (S_ISCHR(file.mode)) {
            archive_entry_set_rdevmajor(entry.get(), file.major);
            archive_entry_set_rdevminor(entry.get(), file.minor);
        }
        if (archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK) return broken();
        if (!link && !file.content.empty() &&
            archive_write_data(writer.get(), file.content.data(), file.content.size()) !=
                static_cast<la_ssize_t>(file.content.size()))
            return broken();
    }
    if (archive_write_close(writer.get()) != ARCHIVE_OK) return broken();
    out.resize((out.size() + 3) / 4 * 4); // the next archive must start at a multiple of four
    return out;
}

Result<std::vector<std::filesystem::path>>
with_libraries(const std::vector<std::filesystem::path>& programs, CommandRunner& runner) {
    std::set<std::filesystem::path> all(programs.begin(), programs.end());
    auto wanted = programs; // and the interpreters of scripts
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto program = wanted[i];
        RIG_TRY(interpreter, interpreter_of(program));
        if (!interpreter.empty() && all.insert(interpreter).second) wanted.push_back(interpreter);
        Command command;
        command.argv = {"ldd", program.string()};
        command.env = {{"LC_ALL", "C"}};
        command.timeout = std::chrono::seconds(20);
        RIG_TRY(result, runner.run(command));
        // Exit code 1 with one of these messages means a static program or a script.
        if (result.out.find("not a dynamic executable") != std::string::npos ||
            result.out.find("statically linked") != std::string::npos)
            continue;
        if (!result.ok())
            return fail(std::holds_alternative<Exited>(result.outcome) ? FaultDomain::Spec
                                                                       : FaultDomain::Host,
                        fmt::format("{} in image.files: ldd cannot tell its libraries, as of a "
                                    "program that is not whole: {}: {}",
                                    program.string(), describe(result),
                                    stripped(result.out, " \n")));
        std::istringstream lines(result.out);
        for (std::string line; std::getline(lines, line);) {
            // "libc.so.6 => /lib/... (0x...)", "/lib64/ld-linux-x86-64.so.2 (0x...)",
            // "linux-vdso.so.1 (0x...)", "x => not found"
            if (line.find("=> not found") != std::string::npos)
                return fail(FaultDomain::Spec,
                            fmt::format("{} in image.files: a library is missing:{}",
                                        program.string(), line));
            const auto slash = line.find('/'), end = line.find(" (0x");
            if (slash == std::string::npos || end == std::string::npos || slash >= end) continue;
            const std::filesystem::path library = line.substr(slash, end - slash);
            // The library would be in the image, but hidden: the program would fail to start.
            if (const char* mount = rules::hidden_in_guest(library))
                return fail(FaultDomain::Spec,
                            fmt::format("{} in image.files: its library {} is below {}, where the "
                                        "guest's mount hides it; want one elsewhere",
                                        program.string(), library.string(), mount));
            all.insert(library);
        }
    }
    return std::vector<std::filesystem::path>(all.begin(), all.end());
}

Result<std::filesystem::path> build_initramfs(const InitramfsInputs& inputs, ArtifactCache& cache) {
    std::string identity = "image 1\n"; // increase it when the layout below changes
    auto files = skeleton();
    for (const auto& [guest_path, host_path] : {std::pair{"init", inputs.agent},
                                                {"bin/perf", inputs.perf},
                                                {"bin/busybox", inputs.busybox}}) {
        RIG_TRY(content, read_binary(host_path));
        identity += fmt::format("{} {}\n", guest_path, sha256_hex(content));
        files.push_back({guest_path, S_IFREG | 0755, std::move(content), 0, 0});
    }
    files.push_back({"bin/sh", S_IFLNK | 0777, "busybox", 0, 0});
    std::set<std::string> folders{"bin"};
    for (const auto& program : inputs.programs) {
        const auto path = program.relative_path();
        for (auto folder = path.begin(),
                  up = std::filesystem::path::iterator(std::prev(path.end()));
             folder != up; ++folder) {
            std::filesystem::path whole;
            for (auto part = path.begin(); part != std::next(folder); ++part)
                whole /= *part;
            if (folders.insert(whole.string()).second)
                files.push_back({whole.string(), S_IFDIR | 0755, "", 0, 0});
        }
        RIG_TRY(content, read_binary(program));
        identity += fmt::format("{} {}\n", program.string(), sha256_hex(content));
        files.push_back({path.string(), S_IFREG | 0755, std::move(content), 0, 0});
    }
    RIG_TRY(dir,
            cache.get_or_make("images", sha256_hex(identity), "initramfs: agent, perf, busybox",
                              [&](const std::filesystem::path& into) -> Status {
                                  RIG_TRY(cpio, make_cpio(files));
                                  std::ofstream out(into / "initramfs.cpio", std::ios::binary);
                                  out << cpio;
                                  out.close();
                                  if (!out)
                                      return fail(FaultDomain::Host,
                                                  fmt::format("cannot write {}",
                                                              (into / "initramfs.cpio").string()));
                                  return {};
                              }));
    return dir / "initramfs.cpio";
}

Status initramfs_with_plan(const std::filesystem::path& image, std::string_view plan,
                           const std::filesystem::path& to) {
    RIG_TRY(archive, make_cpio({{std::string(guest::kPlanFile).substr(1), S_IFREG | 0644,
                                 guest::encode(guest::FrameType::Plan, plan), 0, 0}}));
    std::error_code error;
    std::filesystem::copy_file(image, to, std::filesystem::copy_options::overwrite_existing, error);
    if (error)
        return fail(FaultDomain::Host, fmt::format("cannot copy {} to {}: {}", image.string(),
                                                   to.string(), error.message()));
    std::ofstream out(to, std::ios::binary | std::ios::app);
    out << archive;
    out.close();
    if (!out) return fail(FaultDomain::Host, fmt::format("cannot write {}", to.string()));
    return {};
}

Result<std::filesystem::path> find_busybox(const BuildContext& context, const Arch& arch) {
    if (arch.cross.empty()) return std::filesystem::path("/bin/busybox");
    RIG_TRY(root, foreign_package(context, arch, "busybox-static"));
    // From trixie on /bin is a link to /usr/bin, and packages contain the latter.
    std::error_code error;
    const auto merged = root / "usr/bin/busybox";
    return std::filesystem::exists(merged, error) ? merged : root / "bin/busybox";
}

Result<std::filesystem::path> find_agent(const Arch& arch) {
    if (const char* agent = std::getenv("RIG_AGENT")) return std::filesystem::path(agent);
    std::error_code error;
    const auto agent =
        shipped_programs("guest") / (arch.cross.empty() ? "rig-agent" : "rig-agent-" + arch.name);
    if (!std::filesystem::exists(agent, error))
        return fail(
            FaultDomain::Host,
            fmt::format("no guest agent at {}: run ninja {}in the build folder, or set RIG_AGENT",
                        agent.string(),
                        arch.cross.empty() ? ""
                                           : fmt::format("guest/{} ", agent.filename().string())));
    return agent;
}

} // namespace rig
