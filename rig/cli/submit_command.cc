// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/cli/submit_command.h"

#include "rig/base/text.h"
#include "rig/export/checkout_origin.h"
#include "rig/export/kcidb.h"
#include "rig/host/http_post.h"
#include "rig/run_index/run_reader.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {

Result<CommandOutput> submit_command(const SubmitOptions& options, const CommonOptions& common) {
    using nlohmann::json;
    const auto url = parse_http_url(options.url);
    if (!url) return fail(FaultDomain::Spec, "--kcidb: " + url.error().message);
    if (!url->tls && !url->loopback)
        return fail(FaultDomain::Spec,
                    fmt::format("--kcidb {}: want https: over http anybody on the way could read "
                                "the token",
                                url->where));
    const auto origin = options.origin.value_or("rig");
    if (const auto want = bad_origin(origin))
        return fail(FaultDomain::Spec, fmt::format("--origin '{}': accepted: {}", origin, *want));
    RIG_TRY(dir, find_run(common.results, options.run));
    RIG_TRY(run, load_run(dir));
    RIG_TRY(report, report_of(run));
    RIG_TRY(faults, load_faults(run.dir, run.info, run.samples));
    const auto submission = render_kcidb(report, faults, origin, checkout_origins(report, "."));
    if (!options.send) {
        if (common.warn)
            common.warn(fmt::format("nothing was sent; --send sends this to {}", url->where));
        return CommandOutput{submission.dump(2, ' ', false, json::error_handler_t::replace) + "\n",
                             Exit::Pass};
    }
    HttpPost post;
    RIG_TRY(token, read_token("submit", options.token_file.empty() ? options.token_env : "",
                              options.token_file));
    post.token = token;
    post.url = url->text;
    post.where = url->where;
    post.body = submission.dump(-1, ' ', false, json::error_handler_t::replace);
    post.ca_file = options.ca_file;
    post.want_text = true;
    RIG_TRY(answer, http_post("submit", post));
    // A server could send the token back.
    auto text = printable_ascii(answer.text, 500);
    for (auto at = text.find(token); at != text.npos; at = text.find(token))
        text.replace(at, token.size(), "(token)");
    if (answer.status < 200 || answer.status >= 300)
        return fail(FaultDomain::Host,
                    fmt::format("submit {}: answered {}, want 2xx{}{}", url->where, answer.status,
                                text.empty() ? "" : ": ", text));
    const auto count = [&](const char* key) { return submission.at(key).size(); };
    if (common.json)
        return CommandOutput{json{{"sent", true},
                                  {"server", url->where},
                                  {"status", answer.status},
                                  {"answer", text},
                                  {"checkouts", count("checkouts")},
                                  {"builds", count("builds")},
                                  {"tests", count("tests")}}
                                     .dump(2) +
                                 "\n",
                             Exit::Pass};
    return CommandOutput{
        fmt::format("sent to {}: {} checkouts, {} builds, {} tests; answered {}{}{}"
                    "\n",
                    url->where, count("checkouts"), count("builds"), count("tests"), answer.status,
                    text.empty() ? "" : ": ", text),
        Exit::Pass};
}

} // namespace rig
