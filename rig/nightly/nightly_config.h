// SPDX-License-Identifier: GPL-2.0-or-later
// configs/nightly.toml: what an unattended night runs, within which time, and whom it tells.
//
//   name = "nightly"
//   budget_minutes = 240                 # no cell is begun that would not fit by its last duration
//   first_run_minutes = 30               # what is taken for the duration of a cell that never ran
//   significance = 0.01                  # of change points, and
//   min_effect = 0.005                 # the smallest step worth telling
//   [[experiment]]                       # cells: vcpus x variant
//   spec = "configs/batch-alloc-fail.toml"
//   tree = "6.12"                        # a word for people: which kernel tree the experiment is
//   about vcpus = [2, 4]                       # in place of the experiment's guest.vcpus variant =
//   [{ name = "plain" }, { name = "debug", set = ["kernel.options.DEBUG_VM=y"] }]   # set: as --set
//   git = { repository = "../linux", branch = "master", base = "v6.12" }  # kernel.source is
//   replaced by the branch's commit watch = ["sync_ipis", "target_latency"]   # metrics whose
//   history is searched for change points arms = ["reviewed"]                  # of these arms;
//   without the key: of all bisect = true                        # needs git [notify.file] path =
//   "results/nightly/messages.jsonl" [notify.email] to = ["maintainer@example.org"] from =
//   "rig@example.org" sendmail = "/usr/sbin/sendmail" [notify.webhook] url =
//   "https://ci.example.org/hook" token_env = "RIG_WEBHOOK_TOKEN"      # or token_file; the token
//   itself never stands here ca_file = "/etc/ssl/own-ca.pem"      # in place of the system's
//   certificates
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
    std::string base; // handed on as kernel.source.base; may be empty
};

// One experiment on one number of CPUs in one variant: what is run once a night.
struct NightCell {
    std::string
        name; // "batch-alloc-fail@6.12/v4/debug", unique in a night: what state is kept under
    std::filesystem::path spec; // relative to the project's top
    std::string tree;
    std::vector<SpecOverride>
        overrides; // vCPUs and the variant's; never kernel.source of a followed tree
    std::optional<FollowedTree> follow;
    std::vector<std::string> watch, arms; // arms empty: all
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
    std::string token_env;            // the name of an environment variable, or
    std::filesystem::path token_file; // a file; the first line is the token
    std::filesystem::path ca_file;
};
struct NotifyConfig {
    std::optional<FileChannel> file;
    std::optional<EmailChannel> email;
    std::optional<WebhookChannel> webhook;
    std::vector<std::string>
    channels() const; // names of those there are: "file", "email", "webhook"
};

struct NightConfig {
    std::filesystem::path file, top;
    std::string text;        // as it was read
    std::string deprecation; // one line if the file uses older names, else empty
    std::string name;
    unsigned budget_minutes = 240, first_run_minutes = 30;
    double significance = 0.01, min_effect = 0.005;
    std::vector<NightCell> cells; // at least one
    NotifyConfig notify;
};

// The index of the cell of this name in NightConfig::cells; how many cells there are if none has
// it.
std::size_t number_of(const NightConfig& config, const std::string& cell);

// Has the text the key `experiment` at its top? Then it is a night's and neither an experiment nor
// a suite.
bool is_night_config(std::string_view text);

// FaultDomain::Spec, "file:line:column: what was found; what is accepted". Files named in it must
// be there.
Result<NightConfig> parse_night_config(std::string_view text, const std::filesystem::path& file);
Result<NightConfig> load_night_config(const std::filesystem::path& file);

// The override that puts a followed tree in the experiment's place.
inline constexpr const char* kFollowedKey = "kernel.source";
// What is in force in a run of this cell: with the followed tree at `commit`.
std::vector<SpecOverride> overrides_of(const NightCell& cell, const std::string& commit);

// Everything that can be wrong with the experiments, before the first of hours of runs: they load
// with the overrides of each of their cells, have two arms or more, measure what is watched, and
// have the arms named.
Status check_night_files(const NightConfig& config);

} // namespace rig
