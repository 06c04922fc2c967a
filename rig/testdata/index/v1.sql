-- An index of version 1 as its own SQLite made it (.dump), with the figures of the made-up run of rig/testing/run_fixture.h.
PRAGMA application_id = 1919510377;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE arms (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL, arm TEXT NOT NULL, kernel_version TEXT NOT NULL,
  image_sha256 TEXT NOT NULL, key TEXT NOT NULL, compiler TEXT NOT NULL, patches TEXT NOT NULL, proofs_held INTEGER NOT NULL, proofs_failed INTEGER NOT NULL,
  failed_proofs TEXT NOT NULL, PRIMARY KEY (run, position)) WITHOUT ROWID;
INSERT INTO "arms" VALUES('20260223-103248-batch-alloc-fail',0,'ipi','6.12.117','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','gcc 12.2.0','[]',19,0,'[]');
INSERT INTO "arms" VALUES('20260223-103248-batch-alloc-fail',1,'reviewed','6.12.117','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','gcc 12.2.0','[]',20,0,'[]');
CREATE TABLE metrics (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL, metric TEXT NOT NULL, arm TEXT NOT NULL, unit TEXT NOT NULL,
  per_boot TEXT NOT NULL, boots TEXT NOT NULL, minimum REAL, median REAL, maximum REAL, ratio REAL, ratio_low REAL, ratio_high REAL,
  difference REAL, difference_low REAL, difference_high REAL, direction TEXT NOT NULL, declared TEXT NOT NULL, verdict TEXT NOT NULL, why TEXT NOT NULL,
  PRIMARY KEY (run, position)) WITHOUT ROWID;
INSERT INTO "metrics" VALUES('20260223-103248-batch-alloc-fail',0,'sync_ipis','ipi','count','','[[0,240.0],[1,240.0]]',240.0,240.0,240.0,NULL,NULL,NULL,NULL,NULL,NULL,'','exactly predicted','as declared','');
INSERT INTO "metrics" VALUES('20260223-103248-batch-alloc-fail',1,'sync_ipis','reviewed','count','','[[0,0.0],[1,0.0]]',0.0,0.0,0.0,0.0,NULL,NULL,NULL,NULL,NULL,'fell','exactly 0','as declared','');
CREATE TABLE runs (
  id TEXT PRIMARY KEY, state TEXT NOT NULL, experiment TEXT NOT NULL, description TEXT NOT NULL, spec_file TEXT NOT NULL, spec_sha256 TEXT NOT NULL,
  overrides TEXT NOT NULL, command TEXT NOT NULL, started TEXT NOT NULL, ended TEXT NOT NULL, failure TEXT NOT NULL,
  clock TEXT NOT NULL, clock_why TEXT NOT NULL, accelerator TEXT NOT NULL, host_boot TEXT NOT NULL, arch TEXT NOT NULL,
  boots INTEGER NOT NULL, vcpus INTEGER NOT NULL, seed INTEGER NOT NULL,
  rig_version TEXT NOT NULL, program TEXT NOT NULL, qemu_version TEXT NOT NULL, libvirt_version TEXT NOT NULL, perf_version TEXT NOT NULL, image TEXT NOT NULL,
  source TEXT NOT NULL, revision TEXT NOT NULL, recomputed INTEGER NOT NULL, why_not TEXT NOT NULL,
  exit INTEGER, closing TEXT NOT NULL, held INTEGER NOT NULL, broken INTEGER NOT NULL, undecided INTEGER NOT NULL, doubtful INTEGER NOT NULL,
  inconclusive INTEGER NOT NULL, unseen INTEGER NOT NULL, samples INTEGER NOT NULL,
  verdict TEXT NOT NULL, mark TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "runs" VALUES('20260223-103248-batch-alloc-fail','ended','batch-alloc-fail','what a failed table batch costs','configs/batch-alloc-fail.toml','','[]','["./bootstrap","compare","configs/batch-alloc-fail.toml"]','2026-02-23T10:32:48Z','2026-02-23T10:32:59Z','','virtual','','tcg','','x86',8,4,1,'0.1.0','','','','','','linux-source-6.12','',1,'',0,'AS EXPECTED: 2 hold',2,0,0,0,0,0,16,'as-expected','1771842779.000000000:2048 1771842779.000000000:40960 - -');
CREATE TABLE splats (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL, arm TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
  function TEXT NOT NULL, boots INTEGER NOT NULL, count INTEGER NOT NULL, declared INTEGER NOT NULL, followed INTEGER NOT NULL,
  PRIMARY KEY (run, position)) WITHOUT ROWID;
CREATE INDEX runs_by_experiment ON runs (experiment, started);
CREATE INDEX runs_by_start ON runs (started);
CREATE INDEX arms_by_kernel ON arms (image_sha256);
CREATE INDEX metrics_by_name ON metrics (metric, arm);
COMMIT;
