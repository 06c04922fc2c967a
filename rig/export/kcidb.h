// SPDX-License-Identifier: GPL-2.0-or-later
// KCIDB I/O 5.3 as defined by kcidb_io/schema/v05_03.py of kernelci/kcidb-io (its structure:
// testdata/schemas). Each arm has one checkout and one build, and each build has these tests:
//
// - rig.<experiment>: the arm as a whole.
// - rig.<experiment>.measure.*: one test per metric. Its status is DONE and its number is the
//   median over boots (seconds, or a plain count). `misc` has the values of the boots, and whether
//   all validity checks of the run passed: if not, the number says nothing about the patch.
// - rig.<experiment>.expect.*: the expectations.
// - rig.<experiment>.proof.*, .splats, .boot.
//
// Outcomes become:
//
// - Held: PASS. For a validity check DONE, since it is about the test and not about the kernel.
// - Broken: FAIL.
// - Unproven, Doubtful: ERROR. The test was not carried out or ended with doubts, so the status of
//   the kernel is unknown.
// - Missed, MadeAgain: MISS. This attempt did not run because of a host failure.
// - Undecided, Unseen: DONE. Carried out, without a statement whether the kernel is as declared.
// - NotRun: SKIP.
// - NotJudged: no test under expect.*; the measurement is there.
//
// The arm as a whole is FAIL if anything in it is FAIL; else ERROR if the run is inconclusive or
// anything in the arm is ERROR; else PASS if an expectation, or its splats, held; else DONE.
//
// An ID is "<origin>:<run>/<arm>/...". patchset_hash of a checkout follows the schema: the SHA-256
// over the SHA-256s of the patches in order, in hexadecimal, each with a newline; "" without
// patches. It is left out if the run did not store the hashes (RunKernel::patch_sha256).
// Prerequisites are included, since they were applied. Pure.
#pragma once

#include "rig/export/checkout_origin.h"
#include "rig/export/checks.h"

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace rig {

// `origin` is the name of the submitting CI system, [a-z0-9_]+.
// Checkouts of arms in `origins` have git_commit_hash and message_id, as far as they are known.
nlohmann::json render_kcidb(const ReportInput& input, const std::vector<FaultRecord>& faults,
                            const std::string& origin,
                            const std::map<std::string, CheckoutOrigin>& origins = {});

// nullopt: unknown.
std::optional<std::string> patchset_hash(const RunKernel& kernel);

// nullopt if `origin` is valid; else a description of what is accepted, for messages about an
// option.
std::optional<std::string> bad_origin(const std::string& origin);

} // namespace rig
