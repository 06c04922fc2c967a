// SPDX-License-Identifier: GPL-2.0-or-later
// The tables of the index, as migration steps from one version to the next. A released step is
// never changed.
#include "rig/run_index/index.h"

#include <array>
#include <fmt/format.h>

namespace rig {
namespace {

// "rigi", PRAGMA application_id: distinguishes an index from other programs' files.
constexpr std::int64_t kApplication = 0x72696769;

constexpr std::array kSteps = {
    // Version 1
    R"(CREATE TABLE runs (
  id TEXT PRIMARY KEY, state TEXT NOT NULL, experiment TEXT NOT NULL, description TEXT NOT NULL, spec_file TEXT NOT NULL, spec_sha256 TEXT NOT NULL,
  overrides TEXT NOT NULL, command TEXT NOT NULL, started TEXT NOT NULL, ended TEXT NOT NULL, failure TEXT NOT NULL,
  clock TEXT NOT NULL, clock_why TEXT NOT NULL, accelerator TEXT NOT NULL, host_boot TEXT NOT NULL, arch TEXT NOT NULL,
  boots INTEGER NOT NULL, vcpus INTEGER NOT NULL, seed INTEGER NOT NULL,
  rig_version TEXT NOT NULL, program TEXT NOT NULL, qemu_version TEXT NOT NULL, libvirt_version TEXT NOT NULL, perf_version TEXT NOT NULL, image TEXT NOT NULL,
  source TEXT NOT NULL, revision TEXT NOT NULL, recomputed INTEGER NOT NULL, why_not TEXT NOT NULL,
  exit INTEGER, closing TEXT NOT NULL, held INTEGER NOT NULL, broken INTEGER NOT NULL, undecided INTEGER NOT NULL, doubtful INTEGER NOT NULL,
  inconclusive INTEGER NOT NULL, unseen INTEGER NOT NULL, samples INTEGER NOT NULL,
  verdict TEXT NOT NULL, mark TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX runs_by_experiment ON runs (experiment, started);
CREATE INDEX runs_by_start ON runs (started);
CREATE TABLE arms (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL, arm TEXT NOT NULL, kernel_version TEXT NOT NULL,
  image_sha256 TEXT NOT NULL, key TEXT NOT NULL, compiler TEXT NOT NULL, patches TEXT NOT NULL, proofs_held INTEGER NOT NULL, proofs_failed INTEGER NOT NULL,
  failed_proofs TEXT NOT NULL, PRIMARY KEY (run, position)) WITHOUT ROWID;
CREATE INDEX arms_by_kernel ON arms (image_sha256);
CREATE TABLE metrics (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL, metric TEXT NOT NULL, arm TEXT NOT NULL, unit TEXT NOT NULL,
  per_boot TEXT NOT NULL, boots TEXT NOT NULL, minimum REAL, median REAL, maximum REAL, ratio REAL, ratio_low REAL, ratio_high REAL,
  difference REAL, difference_low REAL, difference_high REAL, direction TEXT NOT NULL, declared TEXT NOT NULL, verdict TEXT NOT NULL, why TEXT NOT NULL,
  PRIMARY KEY (run, position)) WITHOUT ROWID;
CREATE INDEX metrics_by_name ON metrics (metric, arm);
CREATE TABLE splats (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL, arm TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
  function TEXT NOT NULL, boots INTEGER NOT NULL, count INTEGER NOT NULL, declared INTEGER NOT NULL, followed INTEGER NOT NULL,
  PRIMARY KEY (run, position)) WITHOUT ROWID;)",
    // Version 2: host faults, which the samples do not show. Rows of version 1 lack them, so every
    // run is read again.
    R"(CREATE TABLE faults (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL, blame TEXT NOT NULL, kind TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (run, position)) WITHOUT ROWID;
ALTER TABLE runs ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN boots_kept INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET mark = '';)",
    // Version 3: two metrics have new names. Every run is read again.
    "UPDATE runs SET mark = '';",
    // Version 4: verdicts are pass and fail, and a metric has a new name. Every run is read again.
    R"(UPDATE runs SET mark = '',
  verdict = CASE verdict WHEN 'as-expected' THEN 'pass' WHEN 'broken' THEN 'fail' ELSE verdict END,
  closing = CASE WHEN closing LIKE 'NOT AS EXPECTED:%' THEN 'FAIL:' || substr(closing, 17)
                 WHEN closing LIKE 'AS EXPECTED:%' THEN 'PASS:' || substr(closing, 13) ELSE closing END;)",
};

} // namespace

unsigned index_version() {
    return static_cast<unsigned>(kSteps.size());
}

Status migrate_index(Database& database, const std::string& name) {
    for (;;) {
        bool done = false;
        // Another rig may migrate at the same time, so read the version under the write lock of the
        // step.
        RIG_CHECK(database.transaction([&]() -> Status {
            RIG_TRY(version, database.number("PRAGMA user_version"));
            RIG_TRY(application, database.number("PRAGMA application_id"));
            RIG_TRY(tables, database.number("SELECT count(*) FROM sqlite_schema"));
            if (application != kApplication && (tables != 0 || version != 0))
                return fail(FaultDomain::Host,
                            fmt::format("{}: a database, but no index of rig's (application_id {}, "
                                        "want {}); move it away",
                                        name, application, kApplication),
                            name);
            if (version < 0 || version > static_cast<std::int64_t>(kSteps.size()))
                return fail(FaultDomain::Host,
                            fmt::format("{}: an index of version {}, want at most {}: a newer rig "
                                        "made it; use that one, or rebuild it with this "
                                        "one: rig index --rebuild",
                                        name, version, kSteps.size()),
                            name);
            done = version == static_cast<std::int64_t>(kSteps.size());
            if (done) return {};
            RIG_CHECK(database.execute(kSteps.at(static_cast<std::size_t>(version))));
            return database.execute(fmt::format(
                "PRAGMA application_id = {}; PRAGMA user_version = {}", kApplication, version + 1));
        }));
        if (done) return {};
    }
}

} // namespace rig
