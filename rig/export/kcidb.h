// SPDX-License-Identifier: GPL-2.0-or-later
// KCIDB I/O 5.3, as kcidb_io/schema/v05_03.py of kernelci/kcidb-io defines it (its structure:
// testdata/schemas): one checkout and one build per arm, and per build
//   rig.<experiment>                the arm as a whole
//   rig.<experiment>.measure.*      one test per metric: DONE, with the median over boots as its
//   number (seconds, or a plain count) and
//                                   the boots' values in misc, and whether the run's proofs hold: a
//                                   number of an unproven run says nothing of the patch
//   rig.<experiment>.expect.*       what is declared of it
//   rig.<experiment>.proof.*, .splats, .boot
//
//   Held                  PASS; DONE for a proof, which says something of the test and nothing of
//   the kernel Broken                FAIL Unproven, Doubtful    ERROR: not carried out, or ended
//   with doubts; the status of the kernel is unknown Missed, MadeAgain     MISS: this attempt did
//   not run, for a failure of the host Undecided, Unseen     DONE: carried out, without saying
//   whether the kernel is as declared NotRun                SKIP NotJudged             no
//   expectation; the measurement is there
//
// The arm as a whole is FAIL if anything in it is; else ERROR if the run is inconclusive; else PASS
// if an expectation, or its splats, held; else DONE.
//
// An ID is "<origin>:<run>/<arm>/...". The checkout's patchset_hash is the schema's: the SHA-256
// over the SHA-256s of the patches in order, as hexadecimal, each with a newline; "" for none. It
// is left out where the run did not store them (RunKernel::patch_sha256). Enabling patches are
// among them: they were applied. Pure.
#pragma once

#include "rig/export/checks.h"

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace rig {

// `origin` is the name of the CI system that submits, [a-z0-9_]+.
nlohmann::json render_kcidb(const ReportInput& input, const std::vector<FaultRecord>& faults,
                            const std::string& origin);

// nullopt: not known.
std::optional<std::string> patchset_hash(const RunKernel& kernel);

// What is accepted, if `origin` is not: for messages about an option.
std::optional<std::string> bad_origin(const std::string& origin);

} // namespace rig
