// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/nightly/nightly_config.h"

#include "rig/base/files.h"
#include "rig/base/shipped_files.h"
#include "rig/guest_output/metric.h"
#include "rig/spec/older_keys.h"
#include "rig/spec/override.h"
#include "rig/spec/spec_parser.h"
#include "rig/spec/value_rules.h"
#include "rig/workloads/older_names.h"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rig {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_experiments = 64, max_variants = 16, max_texts = 64, max_cells = 512;
constexpr unsigned min_vcpus = 2, max_vcpus = 64; // same range as guest.vcpus

std::optional<std::string> address(const std::string& value) {
    // Accepts one addr-spec (RFC 5322). Refuses display names, and anything that could end a header
    // or add an address.
    const auto at = value.find('@');
    const auto fine = [](unsigned char c) {
        return c > ' ' && c < 0x7f &&
               std::string_view("<>,;:\"()[]\\").find(static_cast<char>(c)) ==
                   std::string_view::npos;
    };
    if (value.size() <= 254 && at != 0 && at != std::string::npos && at + 1 < value.size() &&
        value.find('@', at + 1) == std::string::npos && value[0] != '-' &&
        std::all_of(value.begin(), value.end(), fine))
        return std::nullopt;
    return "an address such as kernel@example.org";
}

std::optional<std::string> variable(const std::string& value) {
    const auto fine = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    if (!value.empty() && value.size() <= 64 && std::all_of(value.begin(), value.end(), fine) &&
        !(value[0] >= '0' && value[0] <= '9'))
        return std::nullopt;
    return "the name of an environment variable: 1..64 characters A-Z, 0-9 or '_' (never the token "
           "itself)";
}

Rule some_path() {
    return [](const std::string& value) -> std::optional<std::string> {
        if (!value.empty()) return std::nullopt;
        return "a path";
    };
}

Status path(const SpecTable& table, std::string_view key, fs::path& out, const Rule& rule) {
    std::string text;
    RIG_CHECK(table.text(key, text, rule));
    if (!text.empty()) out = fs::path(text).lexically_normal();
    return {};
}

Result<std::vector<unsigned>> read_vcpus(const SpecTable& table) {
    std::vector<unsigned> out;
    if (!table.has("vcpus")) return out;
    const auto wrong = [&] {
        return tl::unexpected(
            table.bad("vcpus", fmt::format("an array of different numbers {}..{}, e.g. [2, 4]",
                                           min_vcpus, max_vcpus)));
    };
    const auto* values = table.find("vcpus")->as_array();
    if (!values || values->empty()) return wrong();
    for (const auto& value : *values) {
        const auto number = value.value_exact<std::int64_t>();
        if (!number || *number < min_vcpus || *number > max_vcpus) return wrong();
        if (std::find(out.begin(), out.end(), static_cast<unsigned>(*number)) != out.end())
            return wrong();
        out.push_back(static_cast<unsigned>(*number));
    }
    return out;
}

struct Variant {
    std::string name;
    std::vector<SpecOverride> set;
};

Result<std::vector<Variant>> read_variants(const SpecTable& table) {
    std::vector<Variant> out;
    RIG_TRY(tables, table.tables("variant", max_variants));
    for (const auto& one : tables) {
        RIG_CHECK(one.only({"name", "set"}));
        RIG_CHECK(one.require("name", "a name such as \"plain\""));
        Variant variant;
        RIG_CHECK(one.text("name", variant.name, rules::arm_name));
        if (std::any_of(out.begin(), out.end(),
                        [&](const Variant& other) { return other.name == variant.name; }))
            return tl::unexpected(one.bad("name", "a name that no other variant here has"));
        std::vector<std::string> texts;
        RIG_CHECK(one.texts("set", texts, max_texts,
                            [](const std::string& value) -> std::optional<std::string> {
                                if (parse_override(value)) return std::nullopt;
                                return "KEY=VALUE as of --set, e.g. \"guest.boots=4\"";
                            }));
        for (const auto& text : texts)
            variant.set.push_back(*parse_override(text));
        out.push_back(std::move(variant));
    }
    return out;
}

Result<std::optional<FollowedTree>> read_follow(const SpecTable& table, const fs::path& top) {
    RIG_TRY(git, table.table("git", "{ repository = \"...\", branch = \"master\" }"));
    if (!git) return std::optional<FollowedTree>();
    RIG_CHECK(git->only({"repository", "branch", "base"}));
    RIG_CHECK(git->require("repository", "a local git repository"));
    RIG_CHECK(git->require("branch", "the branch that is followed"));
    FollowedTree tree;
    RIG_CHECK(path(*git, "repository", tree.repository, rules::existing_folder(top)));
    tree.repository = or_shipped(top, tree.repository);
    RIG_CHECK(git->text("branch", tree.branch, rules::revision));
    RIG_CHECK(git->text("base", tree.base, rules::revision));
    return std::optional(std::move(tree));
}

Status read_experiment(const SpecTable& table, NightConfig& config) {
    RIG_CHECK(table.only({"spec", "tree", "vcpus", "variant", "git", "watch", "arms", "bisect"}));
    RIG_CHECK(table.require("spec", "an experiment file, relative to the project's top"));
    NightCell cell;
    RIG_CHECK(path(table, "spec", cell.spec, rules::existing_file(config.top)));
    cell.spec = or_shipped(config.top, cell.spec);
    RIG_CHECK(table.text("tree", cell.tree, rules::experiment_name));
    RIG_TRY(follow, read_follow(table, config.top));
    cell.follow = follow;
    RIG_CHECK(table.texts("watch", cell.watch, max_texts, rules::metric_name));
    for (auto& metric : cell.watch)
        metric = older::metric(metric);
    RIG_CHECK(table.texts("arms", cell.arms, max_texts, rules::arm_name));
    RIG_CHECK(table.boolean("bisect", cell.bisect));
    if (cell.bisect && !cell.follow)
        return tl::unexpected(
            table.bad("bisect", "it left out, or git: without commits there is nothing to bisect"));
    RIG_TRY(vcpus, read_vcpus(table));
    RIG_TRY(variants, read_variants(table));
    // Without `vcpus` or `variant` there is one cell, without that part in its name.
    const auto stem = cell.spec.stem().string() + (cell.tree.empty() ? "" : "@" + cell.tree);
    for (std::size_t v = 0; v < std::max<std::size_t>(vcpus.size(), 1); ++v)
        for (std::size_t k = 0; k < std::max<std::size_t>(variants.size(), 1); ++k) {
            auto one = cell;
            one.name = stem;
            if (!vcpus.empty()) {
                one.name += fmt::format("/v{}", vcpus[v]);
                one.overrides.push_back({"guest.vcpus", std::to_string(vcpus[v])});
            }
            if (!variants.empty()) {
                one.name += "/" + variants[k].name;
                one.overrides.insert(one.overrides.end(), variants[k].set.begin(),
                                     variants[k].set.end());
            }
            if (std::any_of(config.cells.begin(), config.cells.end(),
                            [&](const NightCell& other) { return other.name == one.name; }))
                return tl::unexpected(table.wrong(
                    fmt::format("{}: a second cell {}, want another tree, vcpus or variant",
                                table.path(), one.name)));
            config.cells.push_back(std::move(one));
        }
    if (config.cells.size() > max_cells)
        return tl::unexpected(
            table.wrong(fmt::format("{}: more than {} cells in all", table.path(), max_cells)));
    return {};
}

std::optional<std::string> http_url(const std::string& value) {
    const auto url = boost::urls::parse_uri(value);
    if (url && (url->scheme() == "http" || url->scheme() == "https") && !url->host().empty() &&
        !url->has_userinfo() && !url->has_fragment() &&
        (!url->has_port() || url->port_number() > 0))
        return std::nullopt;
    return "http://HOST[:PORT]/PATH or https://..., without user, password and fragment (a token "
           "comes through token_env or token_file)";
}

bool is_loopback(const std::string& host) {
    return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

Status read_webhook(const SpecTable& table, WebhookChannel& out) {
    RIG_CHECK(table.only({"url", "token_env", "token_file", "ca_file"}));
    RIG_CHECK(table.require("url", "where messages are posted to"));
    std::string text;
    RIG_CHECK(table.text("url", text, http_url));
    const auto url = *boost::urls::parse_uri(text);
    out.tls = url.scheme() == "https";
    out.port = url.has_port() ? url.port_number() : out.tls ? 443 : 80;
    out.host = url.host();
    if (out.host.starts_with('[') && out.host.ends_with(']'))
        out.host = out.host.substr(1, out.host.size() - 2);
    const auto target = url.encoded_target();
    out.target = target.empty() || target[0] == '?'
                     ? "/" + std::string(target.data(), target.size())
                     : std::string(target.data(), target.size());
    RIG_CHECK(table.text("token_env", out.token_env, variable));
    RIG_CHECK(path(table, "token_file", out.token_file, some_path()));
    RIG_CHECK(path(table, "ca_file", out.ca_file, rules::existing_file("/")));
    if (!out.token_env.empty() && !out.token_file.empty())
        return tl::unexpected(
            table.bad("token_file", "it left out: token_env is there, and there is one token"));
    if (!out.tls && !is_loopback(out.host) && (!out.token_env.empty() || !out.token_file.empty()))
        return tl::unexpected(
            table.bad("url", "https: over http anybody on the way could read the token"));
    if (!out.tls && !out.ca_file.empty())
        return tl::unexpected(table.bad("ca_file", "it left out: http has no certificates"));
    return {};
}

Status read_notify(const SpecTable& root, NotifyConfig& out) {
    RIG_TRY(notify,
            root.table("notify", "tables [notify.file], [notify.email] or [notify.webhook]"));
    if (!notify) return {};
    RIG_CHECK(notify->only({"file", "email", "webhook"}));
    RIG_TRY(file, notify->table("file", "{ path = \"...\" }"));
    if (file) {
        RIG_CHECK(file->only({"path"}));
        RIG_CHECK(file->require("path", "the file that messages are appended to"));
        RIG_CHECK(path(*file, "path", out.file.emplace().path, some_path()));
    }
    RIG_TRY(email, notify->table("email", "{ to = [\"...\"], from = \"...\" }"));
    if (email) {
        RIG_CHECK(email->only({"to", "from", "sendmail"}));
        for (const char* key : {"to", "from"})
            RIG_CHECK(email->require(key, "an address such as kernel@example.org"));
        auto& channel = out.email.emplace();
        RIG_CHECK(email->texts("to", channel.to, max_texts, address));
        if (channel.to.empty()) return tl::unexpected(email->bad("to", "one address or more"));
        RIG_CHECK(email->text("from", channel.from, address));
        RIG_CHECK(path(*email, "sendmail", channel.sendmail, some_path()));
        // The program is not looked for here: a mailer that is missing tonight must not prevent the
        // runs.
        if (!channel.sendmail.is_absolute())
            return tl::unexpected(
                email->bad("sendmail", "an absolute path such as /usr/sbin/sendmail"));
    }
    RIG_TRY(webhook, notify->table("webhook", "{ url = \"...\" }"));
    if (webhook) RIG_CHECK(read_webhook(*webhook, out.webhook.emplace()));
    return {};
}

} // namespace

std::vector<std::string> NotifyConfig::channels() const {
    std::vector<std::string> out;
    if (file) out.emplace_back("file");
    if (email) out.emplace_back("email");
    if (webhook) out.emplace_back("webhook");
    return out;
}

std::size_t number_of(const NightConfig& config, const std::string& cell) {
    return static_cast<std::size_t>(
        std::find_if(config.cells.begin(), config.cells.end(),
                     [&](const NightCell& one) { return one.name == cell; }) -
        config.cells.begin());
}

std::optional<std::string> metrics_file_name(const std::string& value) {
    const fs::path file(value);
    if (file.extension() == ".prom" && file.has_stem()) return std::nullopt;
    return "a file whose name ends in .prom: node_exporter reads no other";
}

bool is_night_config(std::string_view text) {
    try {
        return toml::parse(text).contains("experiment");
    } catch (const toml::parse_error&) {
        return false; // the reader that is chosen then reports the mistake
    }
}

Result<NightConfig> parse_night_config(std::string_view text, const fs::path& file) {
    NightConfig config;
    config.file = file;
    config.text = text;
    RIG_TRY(parsed, parse_toml(text, file));
    std::vector<OlderKey> older;
    RIG_CHECK(rename_older_night_keys(parsed, older));
    config.deprecation = deprecation(older);
    RIG_TRY(top, project_top(file));
    config.top = top;
    const SpecTable root(parsed, "", file.string());
    RIG_CHECK(root.only({"name", "budget_minutes", "first_run_minutes", "significance",
                         "min_effect", "metrics_file", "experiment", "notify"}));
    RIG_CHECK(root.require("name", "the night's name"));
    RIG_CHECK(root.text("name", config.name, rules::experiment_name));
    RIG_CHECK(root.integer("budget_minutes", config.budget_minutes, 1, 7 * 24 * 60));
    config.first_run_minutes = std::min(config.first_run_minutes, config.budget_minutes);
    RIG_CHECK(root.integer("first_run_minutes", config.first_run_minutes, 1,
                           config.budget_minutes)); // more: nothing new would ever run
    RIG_CHECK(root.number("significance", config.significance, 0.005,
                          0.2)); // 199 permutations cannot show less
    RIG_CHECK(root.number("min_effect", config.min_effect, 0, 10));
    RIG_CHECK(path(root, "metrics_file", config.metrics_file, metrics_file_name));
    RIG_CHECK(
        root.require("experiment", fmt::format("1..{} tables: [[experiment]]", max_experiments)));
    RIG_TRY(experiments, root.tables("experiment", max_experiments));
    for (const auto& table : experiments)
        RIG_CHECK(read_experiment(table, config));
    RIG_CHECK(read_notify(root, config.notify));
    return config;
}

Result<NightConfig> load_night_config(const fs::path& file) {
    std::error_code error;
    if (!fs::is_regular_file(file, error))
        return fail(
            FaultDomain::Spec,
            fmt::format(
                "{}: no such file, want a night's configuration such as configs/nightly.toml",
                file.string()));
    return parse_night_config(slurp(file), file);
}

std::vector<SpecOverride> overrides_of(const NightCell& cell, const std::string& commit) {
    auto all = cell.overrides;
    if (!cell.follow) return all;
    const auto quoted = [](const std::string& text) {
        std::string out;
        for (const char c : text)
            out += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
        return "\"" + out + "\"";
    };
    auto source = fmt::format("{{ git = {}, revision = {}",
                              quoted(cell.follow->repository.string()), quoted(commit));
    if (!cell.follow->base.empty()) source += fmt::format(", base = {}", quoted(cell.follow->base));
    all.push_back({kFollowedKey, source + " }"});
    return all;
}

Status check_night_files(const NightConfig& config) {
    for (const auto& cell : config.cells) {
        RIG_TRY(spec, load_spec(config.top / cell.spec,
                                overrides_of(cell, cell.follow ? cell.follow->branch : "")));
        const auto wrong = [&](const std::string& what) {
            return fail(FaultDomain::Spec,
                        fmt::format("{}: cell {} {}", config.file.string(), cell.name, what));
        };
        if (spec.arms.size() < 2)
            return wrong(fmt::format("runs {}, which has one arm, want at least two to compare",
                                     cell.spec.string()));
        const auto infos = metric_infos(spec.metrics);
        for (const auto& watched : cell.watch)
            if (std::none_of(infos.begin(), infos.end(),
                             [&](const MetricInfo& info) { return info.name == watched; }))
                return wrong(fmt::format("watches '{}', which {} does not measure", watched,
                                         cell.spec.string()));
        for (const auto& arm : cell.arms)
            if (!spec.find_arm(arm))
                return wrong(fmt::format("watches arm '{}', which {} does not have", arm,
                                         cell.spec.string()));
    }
    return {};
}

} // namespace rig
