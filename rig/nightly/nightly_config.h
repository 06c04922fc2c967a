// SPDX-License-Identifier: GPL-2.0-or-later
// configs/nightly.toml: what an unattended night runs, its time budget, and who is notified.
// docs/reference/nightly-file.md explains every key.
//
//   name = "nightly"
//   budget_minutes = 240        # no cell starts that would not fit, by its last duration
//   first_run_minutes = 30      # the assumed duration of a cell that never ran
//   significance = 0.01         # of change points
//   min_effect = 0.005          # the smallest step to report
//   metrics_file = "/var/lib/prometheus/node-exporter/rig.prom"
//
//   [[experiment]]              # its cells: vcpus x variant
//   spec = "configs/batch-alloc-fail.toml"
//   tree = "6.12"               # for people: the kernel tree of the experiment
//   vcpus = [2, 4]              # instead of guest.vcpus of the experiment
//   # `set`: as --set
//   variant = [{ name = "plain" }, { name = "debug", set = ["kernel.options.DEBUG_VM=y"] }]
//   # kernel.source becomes the commit of this branch
//   git = { repository = "../linux", branch = "master", base = "v6.12" }
//   watch = ["sync_ipis", "target_latency"]   # metrics searched for change points
//   arms = ["reviewed"]         # in these arms; default: all
//   bisect = true               # needs `git`
//
//   [notify.file]
//   path = "results/nightly/messages.jsonl"
//
//   [notify.email]
//   to = ["maintainer@example.org"]
//   from = "rig@example.org"
//   sendmail = "/usr/sbin/sendmail"
//
//   [notify.webhook]
//   url = "https://ci.example.org/hook"
//   token_env = "RIG_WEBHOOK_TOKEN"   # or token_file; never the token itself
//   ca_file = "/etc/ssl/own-ca.pem"   # instead of the system's certificates
#pragma once

#include "rig/spec/spec.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

struct FollowedTree {
    std::filesystem::path repository; // relative to the project's top, or absolute
    std::string branch;
    std::string base; // becomes kernel.source.base; may be empty
};

// One experiment with one number of vCPUs in one variant. A night runs each cell once.
struct NightCell {
    // "batch-alloc-fail@6.12/v4/debug", unique in a night. The key of the stored state.
    std::string name;
    std::filesystem::path spec; // relative to the project's top
    std::string tree;
    // vCPUs and those of the variant; never the kernel.source of a followed tree.
    std::vector<SpecOverride> overrides;
    std::optional<FollowedTree> follow;
    std::vector<std::string> watch, arms; // `arms` empty: all
    bool bisect = false;
};

struct FileChannel {
    std::filesystem::path path; // relative to the project's top
};
struct EmailChannel {
    std::vector<std::string> to;
    std::string from;
    std::filesystem::path sendmail = "/usr/sbin/sendmail";
};
struct WebhookChannel {
    bool tls = false;
    std::string host, target = "/";
    std::uint16_t port = 80;
    std::string token_env;            // name of an environment variable that contains the token, or
    std::filesystem::path token_file; // a file whose first line is the token
    std::filesystem::path ca_file;
};
struct NotifyConfig {
    std::optional<FileChannel> file;
    std::optional<EmailChannel> email;
    std::optional<WebhookChannel> webhook;
    // The configured channels: "file", "email", "webhook".
    std::vector<std::string> channels() const;
};

struct NightConfig {
    std::filesystem::path file, top;
    std::string text;        // text of the file
    std::string deprecation; // one line if the file uses older names, else empty
    std::string name;
    unsigned budget_minutes = 240, first_run_minutes = 30;
    double significance = 0.01, min_effect = 0.005;
    std::vector<NightCell> cells; // at least one
    NotifyConfig notify;
    // Where night_metrics() are written, relative to `top` or absolute; empty: nowhere.
    std::filesystem::path metrics_file;
};

// Accepts a name that node_exporter's textfile collector reads: *.prom.
std::optional<std::string> metrics_file_name(const std::string& value);

// The index of the cell with this name in NightConfig::cells, or the number of cells if there is
// none.
std::size_t number_of(const NightConfig& config, const std::string& cell);

// Whether the text is a night's configuration, and neither an experiment nor a suite: it has the
// key `experiment` at its top.
bool is_night_config(std::string_view text);

// FaultDomain::Spec, "file:line:column: what was found; what is accepted". Files that it names must
// exist.
Result<NightConfig> parse_night_config(std::string_view text, const std::filesystem::path& file);
Result<NightConfig> load_night_config(const std::filesystem::path& file);

// The key of the override that sets a followed tree as the source.
inline constexpr const char* kFollowedKey = "kernel.source";
// All overrides of a run of this cell, with the followed tree at `commit`.
std::vector<SpecOverride> overrides_of(const NightCell& cell, const std::string& commit);

// Checks all experiments before the first run, since runs take hours: they load with the overrides
// of each of their cells, have at least two arms, measure what is watched, and have the named arms.
Status check_night_files(const NightConfig& config);

} // namespace rig
