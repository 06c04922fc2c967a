// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/results/run_store.h"

#include "rig/base/file_lock.h"
#include "rig/base/files.h"
#include "rig/results/line_record.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace rig {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// A boot's stream is cut off at 256 MiB, and numbers take fewer bytes in a sample than in perf's
// text.
constexpr std::size_t max_line_bytes = 256u << 20;
constexpr std::uintmax_t max_info_bytes = 16u << 20;
constexpr unsigned max_same_second = 1000; // runs of one experiment that start within one second

Result<std::string> read_whole(const fs::path& file, std::uintmax_t limit) {
    std::error_code error;
    auto size = fs::file_size(file, error);
    if (error) return cannot("read", file, error.value());
    if (size > limit)
        return fail(FaultDomain::Host,
                    fmt::format("{}: {} bytes, want at most {}", file.string(), size, limit), file);
    std::ifstream in(file, std::ios::binary);
    std::string text(size, '\0');
    in.read(text.data(), static_cast<std::streamsize>(size));
    if (!in) return fail(FaultDomain::Host, fmt::format("cannot read {}", file.string()), file);
    return text;
}

// The message of a parse error without the library's prefix, and with a line number instead of a
// byte offset.
std::string parse_message(const json::parse_error& error) {
    std::string text = error.what();
    auto colon = text.find("; last read");
    auto start = text.find("syntax error");
    return start == std::string::npos
               ? text
               : text.substr(start, colon == std::string::npos ? colon : colon - start);
}

Result<RunInfo> load_info(const fs::path& file) {
    RIG_TRY(text, read_whole(file, max_info_bytes));
    try {
        auto info = run_info_from_json(json::parse(text));
        if (!info)
            return fail(FaultDomain::Host,
                        fmt::format("{}:1: {}", file.string(), info.error().message), file);
        return info;
    } catch (const json::parse_error& error) {
        auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(error.byte, text.size()));
        return fail(FaultDomain::Host,
                    fmt::format("{}:{}: {}", file.string(), 1 + std::count(text.begin(), end, '\n'),
                                parse_message(error)),
                    file);
    }
}

struct SampleFile {
    std::vector<Sample> samples;
    std::uintmax_t whole_bytes = 0; // up to the end of the last complete line
    std::vector<std::string> warnings;
};

// A line is complete if it ends with \n. append() writes a line and its newline at once, so only a
// crash leaves an incomplete line, and only at the end. Anything else that does not parse was not
// written by rig and is an error.
Result<SampleFile> load_samples(const fs::path& file) {
    std::error_code error;
    const bool regular = fs::is_regular_file(file, error); // a pipe would never end
    if (error) return cannot("read", file, error.value());
    if (!regular) return fail(FaultDomain::Host, fmt::format("{} is no file", file.string()), file);
    std::ifstream in(file, std::ios::binary);
    if (!in) return cannot("read", file, errno);
    SampleFile out;
    std::set<std::pair<std::string, unsigned>> seen;
    std::string line;
    for (unsigned number = 1; std::getline(in, line); ++number) {
        auto place = fmt::format("{}:{}", file.string(), number);
        if (in.eof()) {
            out.warnings.push_back(
                fmt::format("{}: torn line of {} bytes ignored (the run was killed while it was "
                            "written; that boot is missing)",
                            place, line.size()));
            break;
        }
        if (line.size() > max_line_bytes)
            return fail(
                FaultDomain::Host,
                fmt::format("{}: {} bytes, want at most {}", place, line.size(), max_line_bytes),
                file);
        try {
            auto sample = sample_from_json(json::parse(line));
            if (!sample)
                return fail(FaultDomain::Host, fmt::format("{}: {}", place, sample.error().message),
                            file);
            const auto& id = sample->id;
            if (!seen.emplace(id.arm, id.index).second)
                return fail(FaultDomain::Host,
                            fmt::format("{}: arm {} boot {} is there twice, want each boot once",
                                        place, id.arm, id.index),
                            file);
            out.samples.push_back(std::move(*sample));
        } catch (const json::parse_error& error) {
            return fail(FaultDomain::Host, fmt::format("{}: {}", place, parse_message(error)),
                        file);
        }
        out.whole_bytes += line.size() + 1;
    }
    if (in.bad())
        return fail(FaultDomain::Host, fmt::format("cannot read {}", file.string()), file);
    return out;
}

Result<fs::path> make_run_folder(const fs::path& results, std::string_view experiment,
                                 std::chrono::system_clock::time_point now) {
    std::error_code error;
    fs::create_directories(results, error);
    if (error) return cannot("create", results, error.value());
    auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
    auto id = fmt::format("{:%Y%m%d-%H%M%S}-{}",
                          fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), experiment);
    for (unsigned n = 1; n <= max_same_second; ++n) {
        auto dir = results / (n == 1 ? id : fmt::format("{}-{}", id, n));
        // mkdir(2) is atomic: if two rigs start at the same time, only one gets the name.
        if (fs::create_directory(dir, error)) return dir;
        if (error) return cannot("create", dir, error.value());
    }
    return fail(FaultDomain::Host, fmt::format("{}: {} runs of that name already",
                                               (results / id).string(), max_same_second));
}

} // namespace

Result<RunWriter> RunWriter::create(const fs::path& results, std::string_view experiment,
                                    RunInfo info, std::chrono::system_clock::time_point now) {
    RIG_TRY(dir, make_run_folder(results, experiment, now));
    RunWriter writer;
    writer.dir_ = dir;
    info.run_id = dir.filename().string();
    writer.info_ = info;
    RIG_CHECK(writer.open_files());
    RIG_CHECK(write_atomically(dir / "spec.toml", info.spec_text));
    RIG_CHECK(writer.save(info));
    RIG_CHECK(sync_folder(results));
    return writer;
}

Result<RunWriter> RunWriter::resume(const fs::path& dir) {
    std::error_code error;
    if (!fs::exists(dir / "run.json", error))
        return fail(FaultDomain::Spec,
                    fmt::format("{}: no run (it has no run.json)", dir.string()));
    RunWriter writer;
    writer.dir_ = dir;
    RIG_CHECK(writer.open_files());
    // The lock is held from here on.
    RIG_TRY(info, load_info(dir / "run.json"));
    RIG_TRY(file, load_samples(dir / "samples.jsonl"));
    writer.info_ = info;
    for (const auto& sample : file.samples)
        writer.done_.emplace(sample.id.arm, sample.id.index);
    writer.found_ = std::move(file.samples);
    if (::ftruncate(writer.samples_, static_cast<off_t>(file.whole_bytes)) != 0)
        return cannot("cut off the torn line of", dir / "samples.jsonl", errno);
    // Remove files of an interrupted write_atomically().
    for (const auto& entry : fs::directory_iterator(dir, error))
        if (entry.path().filename().string().find(".tmp-") != std::string::npos)
            fs::remove(entry.path(), error);
    return writer;
}

Result<std::optional<RunWriter>>
RunWriter::resume_like(const fs::path& results, std::string_view experiment, const RunInfo& info) {
    std::vector<fs::path> runs;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(results, error)) // no folder: no runs
        if (entry.path().filename().string().find(experiment) != std::string::npos &&
            fs::exists(entry.path() / "run.json", error))
            runs.push_back(entry.path());
    std::sort(runs.rbegin(), runs.rend());
    for (const auto& dir : runs) {
        const auto found = load_info(dir / "run.json");
        if (of_another_user(dir)) continue; // whose files cannot be written
        // A run of another version must not be resumed.
        if (!found || !found->ended.empty() || !info.same_run(*found)) continue;
        RIG_TRY(writer, resume(dir));
        auto again = writer.info();
        if (!again.ended.empty()) continue; // it ended in the meantime
        ++again.resumed;
        RIG_CHECK(writer.save(again));
        return std::optional<RunWriter>(std::move(writer));
    }
    return std::optional<RunWriter>();
}

Status RunWriter::open_files() {
    RIG_TRY(lock, lock_run(dir_));
    lock_ = lock;
    samples_ =
        ::open((dir_ / "samples.jsonl").c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (samples_ < 0) return cannot("open", dir_ / "samples.jsonl", errno);
    return {};
}

RunWriter::RunWriter(RunWriter&& other) noexcept
    : dir_(std::move(other.dir_)), info_(std::move(other.info_)), found_(std::move(other.found_)),
      done_(std::move(other.done_)), lock_(std::exchange(other.lock_, -1)),
      samples_(std::exchange(other.samples_, -1)) {}

RunWriter& RunWriter::operator=(RunWriter&& other) noexcept {
    std::swap(dir_, other.dir_);
    std::swap(info_, other.info_);
    std::swap(found_, other.found_);
    std::swap(done_, other.done_);
    std::swap(lock_, other.lock_);
    std::swap(samples_, other.samples_);
    return *this;
}

RunWriter::~RunWriter() {
    if (samples_ >= 0) ::close(samples_);
    if (lock_ >= 0) ::close(lock_); // releases the flock
}

Status RunWriter::append(const Sample& sample) {
    if (has(sample.id))
        return fail(FaultDomain::Host, fmt::format("{}: arm {} boot {} is already there",
                                                   dir_.string(), sample.id.arm, sample.id.index));
    auto file = dir_ / "samples.jsonl";
    auto before = ::lseek(samples_, 0, SEEK_END);
    auto status = write_all(samples_, to_json(sample).dump() + "\n", file);
    if (status && ::fdatasync(samples_) != 0) status = cannot("sync", file, errno);
    if (!status) {
        // After a partial write (disk full), remove the partial line: the next sample must not be
        // appended to it.
        if (before >= 0 && ::ftruncate(samples_, before) != 0)
            return cannot("cut off the half line of", file, errno);
        return status;
    }
    done_.emplace(sample.id.arm, sample.id.index);
    return {};
}

std::string boot_folder(const BootId& boot) {
    return fmt::format("{:04}-{}-{}", boot.order, boot.arm, boot.index);
}

Result<fs::path> RunWriter::boot_dir(const BootId& boot) {
    // The name becomes a path, so it must satisfy the rules of parse_spec(), wherever it came from.
    auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    if (boot.arm.empty() || !std::all_of(boot.arm.begin(), boot.arm.end(), fine))
        return fail(FaultDomain::Host,
                    fmt::format("bad arm name for a folder: {:?}, want [a-z0-9-]+", boot.arm));
    auto dir = folder_of(dir_, boot);
    std::error_code error;
    for (unsigned n = 1; fs::exists(dir, error); ++n)
        if (const auto kept = dir.string() + fmt::format(".cut-short-{}", n);
            !fs::exists(kept, error))
            fs::rename(dir, kept, error);
    if (!error) fs::create_directories(dir, error);
    if (error) return cannot("create", dir, error.value());
    return dir;
}

Status RunWriter::save(const RunInfo& info) {
    auto id = info_.run_id;
    info_ = info;
    info_.run_id = id;
    return write_atomically(dir_ / "run.json", to_json(info_).dump(2) + "\n");
}

Status RunWriter::save_report(std::string_view text, std::string_view report_json) {
    RIG_CHECK(write_atomically(dir_ / "report.txt", text));
    return write_atomically(dir_ / "report.json", report_json);
}

fs::path folder_of(const fs::path& run, const BootId& boot) {
    return run / "boots" / boot_folder(boot);
}

Result<LoadedRun> load_run(const fs::path& dir) {
    std::error_code error;
    if (!fs::exists(dir / "run.json", error))
        return fail(FaultDomain::Spec,
                    fmt::format("{}: no run (it has no run.json), want a folder results/<run-id>",
                                dir.string()));
    LoadedRun run;
    run.dir = dir;
    RIG_TRY(info, load_info(dir / "run.json"));
    run.info = std::move(info);
    RIG_TRY(file, load_samples(dir / "samples.jsonl"));
    run.samples = std::move(file.samples);
    run.warnings = std::move(file.warnings);
    RIG_TRY(lines, load_lines(dir, run.samples));
    run.lines = std::move(lines);
    if (run.info.ended.empty())
        run.warnings.push_back(fmt::format("{}: the run has not ended", dir.string()));
    return run;
}

} // namespace rig
