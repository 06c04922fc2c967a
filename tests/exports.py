#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""exports.py RIG TOP: tests every format of `rig export` with a validator of that format.

The input is a real run from the test data, and copies of it that are edited to end in other ways.
As controls, each validator must refuse broken exports. Prints TAP. ktap_accepted.py does the same
with the kernel's own KTAP parser."""
import copy
import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema

from benchfmt import agrees_with_go, benchfmt, in_units_of_go, parsed_by_go

RIG, TOP = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
DATA = TOP / "rig/testdata"
BASE = DATA / "runs/20261126-101046-batch-alloc-fail"
HOSTILE = "WARNING: <&>\"' ]]> # SKIP 1..3 \u001b[31m \uffff reboot: System halted"


def run(*argv, stdin=None):
    return subprocess.run([str(word) for word in argv], cwd=TOP, input=stdin, capture_output=True, timeout=120)


# ---- The variants of the run: name -> (exit code of its report, folder)


def warp(change):
    """Copies the run and lets change(run.json, samples, folder) edit the copy."""
    folder = Path(tempfile.mkdtemp(dir=scratch)) / "20261126-101046-batch-alloc-fail"
    shutil.copytree(BASE, folder)
    info = json.loads((folder / "run.json").read_text())
    samples = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    change(info, samples, folder)
    (folder / "run.json").write_text(json.dumps(info))
    (folder / "samples.jsonl").write_text("".join(json.dumps(sample) + "\n" for sample in samples))
    return folder


def of_arm(samples, arm):
    return [sample for sample in samples if sample["id"]["arm"] == arm]


def regressed(_, samples, __):
    for sample in of_arm(samples, "reviewed"):
        sample["caller_latency_ns"] = [9 * value for value in sample["caller_latency_ns"]]


def unproven(_, samples, __):
    of_arm(samples, "reviewed")[3]["exposure"]["injections"] = 0


def splatted(_, samples, __):
    of_arm(samples, "reviewed")[2]["splats"] = [{"kind": "warning", "title": HOSTILE, "function": "f", "trace": [], "count": 2}]


def fault(folder, sample, attempt, text):
    place = folder / "boots" / "{order:04}-{arm}-{index}".format(**sample["id"])
    place.mkdir(parents=True, exist_ok=True)
    (place / f"fault-{attempt}.txt").write_bytes(text)


def host_failed(info, samples, folder):
    info["ended"] = ""
    lost = of_arm(samples, "reviewed")[-1]
    fault(folder, lost, 0, b"host: starved: no CPU \xff\x1b[31m <in> half of it\nList of all partitions: # x\n")
    fault(folder, of_arm(samples, "ipi")[0], 0, b"host: disk-full: no room\n")  # retried: its sample is there
    samples.remove(lost)


def retried(_, samples, folder):
    fault(folder, of_arm(samples, "reviewed")[1], 0, b"host: starved: no CPU in half of it\n")


def doubtful(info, samples, _):
    """Too few boots to decide, while the estimate is far beyond its bound."""
    info.update(boots=3, replays=[], spec_text=info["spec_text"].replace("at_most = 7500.0", "at_most = 2.0"))
    samples[:] = [sample for sample in samples if sample["id"]["index"] < 3]


def panicked(info, samples, folder):
    died = of_arm(samples, "reviewed")[-1]
    info["failure"] = "kernel: arm 'reviewed', boot 7: Kernel panic - not syncing: VFS: " + HOSTILE
    fault(folder, died, 0, b"kernel: panic: Kernel panic - not syncing: VFS: unable\n")
    samples.remove(died)


def no_boot(info, samples, _):
    info["ended"] = ""
    samples.clear()


VARIANTS = {
    "as measured": (0, lambda *_: None),
    "retried": (0, retried),
    "regressed": (1, regressed),
    "splatted": (1, splatted),
    "doubtful": (4, doubtful),
    "unproven": (4, unproven),
    "host failed": (4, host_failed),
    "panicked": (4, panicked),  # the report is inconclusive, but the kernel died, which is a failure
    "no boot": (4, no_boot),
}


def export(folder, form, *options):
    done = run(RIG, "export", folder, "--format", form, *options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


# ---- The validators. Each raises if its format is violated, and returns {status: number of results}


def ktap(data):
    """Checks the parts of Documentation/dev-tools/ktap.rst that rig uses.

    These are two levels, plans, numbers, directives and diagnostics."""
    lines = data.decode("utf-8").split("\n")
    assert lines.pop() == "", "no line break at the end"
    assert lines[0] == "KTAP version 1", lines[0]
    counts = {"pass": 0, "fail": 0, "skip": 0, "error": 0}
    levels = [{"plan": None, "seen": 0}]
    for line in lines[1:]:
        depth = len(levels) - 1
        assert not any(ord(c) < 32 for c in line), line
        assert not re.search(r"List of all partitions:|Kernel panic - not syncing: VFS:|reboot: System halted", line), line
        if line == "  " * (depth + 1) + "KTAP version 1":
            levels.append({"plan": None, "seen": 0, "statuses": set(), "held": False})
            continue
        if re.match(r" *# ", line):
            continue
        found = re.fullmatch(r"( *)(?:1\.\.(\d+)|(ok|not ok) (\d+) ([^#]+?)(?: # (?:(SKIP|ERROR)( |$))?(.*))?)", line)
        assert found, line
        if found[2]:
            assert len(found[1]) == 2 * depth and levels[-1]["plan"] is None, line
            levels[-1]["plan"] = int(found[2])
            continue
        level = levels[-1]
        if len(found[1]) == 2 * (depth - 1):  # the result line of the block that ends here
            assert level["seen"] == level["plan"], f"{line}: {level['seen']} of {level['plan']}"
            assert (found[3] == "not ok") == bool(level["statuses"] & {"fail", "error"}), line
            # Validity checks that pass, and a kernel without splats, are not expectations that hold.
            open_ = not level["statuses"] & {"fail", "error"} and not level["held"]
            assert (found[6] == "SKIP") == (open_ or "speaks against" in (found[8] or "")), line
            levels.pop()
            level = levels[-1]
        else:
            assert len(found[1]) == 2 * depth == 2, line
            status = {"SKIP": "skip", "ERROR": "error"}.get(found[6], "pass" if found[3] == "ok" else "fail")
            assert status != "error" or found[3] == "not ok", line
            counts[status] += 1
            level["statuses"].add(status)
            level["held"] |= status == "pass" and not found[5].startswith("proof.") and found[5] not in ("splats", "completed")
        level["seen"] += 1
        assert int(found[4]) == level["seen"], line
    assert len(levels) == 1 and levels[0]["seen"] == levels[0]["plan"], "the plan is not fulfilled"
    assert lines[-1] == "# Totals: pass:{pass} fail:{fail} xfail:0 xpass:0 skip:{skip} error:{error}".format(**counts), lines[-1]
    return counts


def junit(data):
    done = run("xmllint", "--noout", "--nonet", "--schema", DATA / "schemas/junit-10.xsd", "-", stdin=data)
    assert done.returncode == 0, done.stderr.decode()
    root = ET.fromstring(data)
    counts = {"pass": 0, "fail": 0, "skip": 0, "error": 0}
    for suite in root.iter("testsuite"):
        own = dict.fromkeys(counts, 0)
        for case in suite.iter("testcase"):
            children = [child.tag for child in case if child.tag != "system-out"]
            assert len(children) < 2, children
            own[{"failure": "fail", "error": "error", "skipped": "skip"}[children[0]] if children else "pass"] += 1
        for attribute, key in (("failures", "fail"), ("errors", "error"), ("skipped", "skip")):
            assert int(suite.get(attribute)) == own[key], (suite.get("name"), attribute)
        assert int(suite.get("tests")) == sum(own.values())
        for key, value in own.items():
            counts[key] += value
    assert (int(root.get("tests")), int(root.get("failures")), int(root.get("errors"))) == (sum(counts.values()), counts["fail"], counts["error"])
    return counts


SCHEMA = json.loads((DATA / "schemas/kcidb-5.3.json").read_text())
jsonschema.Draft7Validator.check_schema(SCHEMA)


def kcidb(data):
    value = json.loads(data.decode("utf-8"))
    jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(value)
    counts = {}
    for kind in ("checkouts", "builds", "tests"):
        ids = [one["id"] for one in value[kind]]
        assert len(set(ids)) == len(ids), f"{kind}: an ID is there twice"
        for one in value[kind]:
            assert one["id"].startswith(one["origin"] + ":"), one["id"]
    for build in value["builds"]:
        assert build["checkout_id"] in [one["id"] for one in value["checkouts"]], build
    for test in value["tests"]:
        assert test["build_id"] in [one["id"] for one in value["builds"]], test
        assert "number" not in test or test["status"] == "DONE", test
        counts[test["status"]] = counts.get(test["status"], 0) + 1
    return counts


def csv_rows(data):
    text = data.decode("utf-8")
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", ""), "a line that does not end with CR LF"
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert all(len(row) == len(rows[0]) for row in rows), "rows of different lengths"
    return [dict(zip(rows[0], row)) for row in rows[1:]]


# ---- The tests


def refused(validator, data, why):
    try:
        validator(data)
    except (AssertionError, jsonschema.ValidationError, csv.Error, ValueError):
        return
    raise AssertionError(f"control: {why}, and it is accepted")


def agrees_with_the_verdict(form, validator, bad):
    """An export must look clean if and only if the report says pass."""
    for name, (code, _) in VARIANTS.items():
        assert run(RIG, "report", folders[name]).returncode == code, name
        counts = validator(export(folders[name], form))
        print(f"# {form}, {name}: {counts}")
        assert any(counts.get(status) for status in bad) == (code != 0), (name, counts)
        assert code != 1 or counts.get("fail") or counts.get("FAIL"), (name, "the kernel's failure is not in it")
        # A fault of the host or the guest is no failure of the kernel.
        assert name not in ("doubtful", "unproven", "host failed", "no boot") or not (counts.get("fail") or counts.get("FAIL")), (name, counts)


def test_ktap_is_strict_ktap_and_agrees_with_the_verdict():
    agrees_with_the_verdict("ktap", ktap, ("fail", "error"))


def test_ktap_undecided_is_no_pass():
    text = export(folders["as measured"], "ktap").decode()
    assert re.search(r"^  not ok \d+ bystander_work_time # SKIP undecided", text, re.M), text
    assert not re.search(r"^  ok \d+ (target_latency|splats)", export(folders["unproven"], "ktap").decode(), re.M)


def test_ktap_controls():
    text = export(folders["as measured"], "ktap")
    for why, broken in (("a number is wrong", text.replace(b"  ok 1 verdict", b"  ok 2 verdict")),
                        ("a line is unknown", text.replace(b"  ok 1 verdict", b"  okay 1 verdict")),
                        ("the plan is wrong", text.replace(b"1..3\n", b"1..4\n")), ("an escape", text.replace(b"verdict\n", b"ver\x1bdict\n")),
                        ("the totals flatter", re.sub(rb"pass:\d+", b"pass:99", text)), ("the end is missing", text[: len(text) // 2])):
        refused(ktap, broken, why)


def test_junit_is_valid_and_agrees_with_the_verdict():
    agrees_with_the_verdict("junit", junit, ("fail", "error"))


def test_junit_keeps_a_guests_words_as_data():
    root = ET.fromstring(export(folders["splatted"], "junit"))
    said = "".join(out.text for out in root.iter("system-out"))
    assert "<&>\"' ]]> # SKIP 1..3 ?[31m ? reboot" in said, said


def test_junit_controls():
    text = export(folders["as measured"], "junit")
    for why, broken in (("an unknown attribute", text.replace(b" classname=", b" class=")), ("an unknown element", text.replace(b"system-out", b"stdout")),
                        ("a count that flatters", re.sub(rb'failures="0"', b'failures="1"', text, count=1)), ("it is cut", text[:-20])):
        refused(junit, broken, why)


def test_kcidb_is_valid_and_agrees_with_the_verdict():
    agrees_with_the_verdict("kcidb", kcidb, ("FAIL", "ERROR"))


def test_kcidb_statuses():
    tests = {test["id"].split("/", 1)[1]: test for test in json.loads(export(folders["host failed"], "kcidb"))["tests"]}
    retried_once = json.loads(export(folders["retried"], "kcidb"))["tests"]
    assert [test["status"] for test in retried_once if ".attempt-" in test["id"]] == ["MISS"]
    attempts = {id: test for id, test in tests.items() if ".attempt-" in id}
    assert len(attempts) == 2 and {test["status"] for test in attempts.values()} == {"MISS"}, attempts
    assert {test["path"] for test in attempts.values()} == {"rig.batch-alloc-fail.boot"}, attempts
    measured = {test["id"].split("/", 1)[1]: test for test in json.loads(export(folders["as measured"], "kcidb"))["tests"]}
    number = measured["reviewed/measure.target_latency"]["number"]
    assert number["unit"] == "s" and number["prefix"] == "metric" and 0.015 < number["value"] < 0.017, number
    assert measured["ipi/measure.sync_ipis"]["number"] == {"value": 240.0}
    assert measured["reviewed/expect.sync_ipis"]["status"] == "PASS"
    assert measured["reviewed/expect.bystander_work_time"]["status"] == "DONE"
    assert "reviewed/expect.tlb_flushes" not in measured and measured["reviewed/measure.tlb_flushes"]["status"] == "DONE"
    assert measured["reviewed/proof.injections"]["status"] == "DONE"
    empty = {test["id"].split("/", 1)[1]: test for test in json.loads(export(folders["no boot"], "kcidb"))["tests"]}
    assert empty["reviewed/expect.sync_ipis"]["status"] == "SKIP"
    assert {one["origin"] for one in json.loads(export(folders["as measured"], "kcidb", "--origin", "my_lab"))["tests"]} == {"my_lab"}


def test_kcidb_patchset_hash_is_the_schemas():
    def with_hashes(info, _, __):
        info["format"] = 6
        for kernel in info["kernels"]:
            kernel["patch_sha256"] = [hashlib.sha256((TOP / name).read_bytes()).hexdigest() for name in kernel["patches"]]
        info["kernels"][0].update(patches=[], patch_sha256=[])

    folder = warp(with_hashes)
    checkouts = json.loads(export(folder, "kcidb"))["checkouts"]
    patches = json.loads((folder / "run.json").read_text())["kernels"][1]["patches"]
    # KCIDB's schema gives this command for the hash.
    command = 'sha256sum "$@" | cut -c-64 | sha256sum | cut -c-64'
    wanted = subprocess.run(["sh", "-c", command, "sh", *patches], cwd=TOP, capture_output=True, text=True, check=True)
    assert len(patches) == 4
    assert checkouts[1]["patchset_hash"] == wanted.stdout.strip(), checkouts[1]
    assert checkouts[0]["patchset_hash"] == ""
    # A run that stored no hashes must export none: "" would mean that there was no patch.
    assert "patchset_hash" not in json.loads(export(BASE, "kcidb"))["checkouts"][1]


def test_kcidb_controls():
    whole = json.loads(export(folders["as measured"], "kcidb"))

    def broken(change):
        value = copy.deepcopy(whole)
        change(value)
        return json.dumps(value).encode()

    for why, change in (("no ID", lambda v: v["tests"][0].pop("id")), ("no build", lambda v: v["builds"][0].pop("checkout_id")),
                        ("an origin in capitals", lambda v: v["tests"][0].update(origin="Rig")),
                        ("an ID without origin", lambda v: v["tests"][0].update(id="x")),
                        ("an unknown status", lambda v: v["tests"][0].update(status="OK")), ("an unknown key", lambda v: v["tests"][0].update(waived=True)),
                        ("a bad path", lambda v: v["tests"][0].update(path="rig..x")),
                        ("a number without value", lambda v: v["tests"][1].update(number={"unit": "s"})),
                        ("an unknown prefix", lambda v: v["tests"][1].update(number={"value": 1, "prefix": "si"})),
                        ("a hash that is none", lambda v: v["checkouts"][0].update(patchset_hash="abc")),
                        ("another version", lambda v: v["version"].update(major=4)),
                        ("an ID twice", lambda v: v["tests"].append(v["tests"][0])), ("null", lambda v: v["tests"][0].update(comment=None)),
                        ("a test of no build", lambda v: v["tests"][0].update(build_id="rig:other"))):
        refused(kcidb, broken(change), why)


def test_csv_has_every_boot_and_value():
    samples = [json.loads(line) for line in (BASE / "samples.jsonl").read_text().splitlines()]
    rows = csv_rows(export(folders["as measured"], "csv"))
    sync = {(row["arm"], int(row["boot"])): float(row["value"]) for row in rows if row["metric"] == "sync_ipis"}
    assert sync == {(s["id"]["arm"], s["id"]["index"]): s["counts"]["sync_ipis"] for s in samples}
    assert {row["unit"] for row in rows} == {"count", "ns"} and {row["judged"] for row in rows} == {"yes"}
    raw = csv_rows(export(folders["as measured"], "csv", "--raw"))
    for sample in samples:
        of_boot = [row for row in raw if (row["arm"], int(row["boot"])) == (sample["id"]["arm"], sample["id"]["index"])]
        assert [int(row["value"]) for row in of_boot if row["metric"] == "target_latency"] == sample["caller_latency_ns"]
    assert [int(row["index"]) for row in raw[:3]] == [0, 1, 2]
    assert csv_rows(export(folders["no boot"], "csv")) == []


def test_csv_controls():
    data = export(folders["as measured"], "csv")
    for why, broken in (("LF alone", data.replace(b"\r\n", b"\n")), ("a row with a field more", data.replace(b"sync_ipis,", b"sync_ipis,,", 1)),
                        ("an open quote", data + b'"\r\n')):
        refused(csv_rows, broken, why)


def test_benchstat_has_a_line_per_boot():
    samples = [json.loads(line) for line in (BASE / "samples.jsonl").read_text().splitlines()]
    config, results = benchfmt(export(folders["as measured"], "benchstat"))
    assert config["verdict"].startswith("PASS"), config
    for arm in ("ipi", "reviewed"):
        found = [one.pairs for one in results if (one.name, one.keys) == ("SyncIpis", {"arm": arm})]
        assert found == [[(s["counts"]["sync_ipis"], "count")] for s in sorted(of_arm(samples, arm), key=lambda s: s["id"]["index"])]
    assert not any(one.name in ("Injections", "PredictedSync") for one in results)
    # A user of benchstat must see that a validity check failed.
    assert benchfmt(export(folders["unproven"], "benchstat"))[0]["verdict"].startswith("INCONCLUSIVE")


def test_benchstat_controls():
    data = export(folders["as measured"], "benchstat")
    for why, broken in (("no unit", data.replace(b"240 count", b"240", 1)),
                        ("no iterations", data.replace(b"-4 1 ", b"-4 ", 1)), ("no number", data.replace(b" 240 ", b" many ", 1)),
                        ("a name in small letters", data.replace(b"BenchmarkSync", b"Benchmarksync", 1)),
                        ("metadata without =", data.replace(b"better=lower", b"better", 1)),
                        ("a line that is nothing", b"hello world\n" + data)):
        refused(benchfmt, broken, why)


def test_benchstat_is_read_by_the_parser_of_the_go_project():
    for name, folder in folders.items():
        data = export(folder, "benchstat")
        if name == "no boot":
            assert parsed_by_go(data) == []
            continue
        lines = agrees_with_go(data)
        assert len(lines) == len(re.findall(rb"^Benchmark", data, re.M)), name
        # From the unchanged export Go's parser takes names and iterations; it knows neither unit
        # (docs/reference/export-formats.md).
        assert parsed_by_go(data) == [(line_name, iterations, {}) for line_name, iterations, _ in lines], name
        print(f"# benchstat, {name}: {len(lines)} lines")


def test_benchstat_controls_of_the_parser_of_the_go_project():
    data = in_units_of_go(export(folders["as measured"], "benchstat"))
    line = re.search(rb"^Benchmark.*\n", data, re.M)[0]
    name, _, figure, unit = line.split()
    whole = parsed_by_go(data)
    first = (name.decode(), 1, {"ns/op": float(figure)})
    assert whole[0] == first, whole[0]

    def with_instead(*words):
        return parsed_by_go(data.replace(line, b" ".join(words) + b"\n", 1))

    for why, words in (("another name", (b"x" + name, b"1", figure, unit)), ("iterations that are no number", (name, b"one", figure, unit)),
                       ("iterations that are no integer", (name, b"1.5", figure, unit)), ("a name alone", (name,)), ("no line", ())):
        assert with_instead(*words) == whole[1:], f"control: {why}, and it is accepted"
    for why, words in (("a figure that is none", (name, b"1", b"many", unit)), ("no unit", (name, b"1", figure)),
                       ("a unit that is none", (name, b"1", figure, b"ns/"))):
        assert with_instead(*words) == [(*first[:2], {})] + whole[1:], f"control: {why}, and the figure is accepted"
    for why, words in (("no iterations", (name, figure, unit)), ("another figure", (name, b"1", figure + b"1", unit))):
        assert with_instead(*words) != whole, f"control: {why}, and nothing differs"
    # A figure in digits that Python accepts and Go does not.
    plain = export(folders["as measured"], "benchstat")
    foreign = re.sub(rb"^(Benchmark\S+ 1 )\S+", lambda found: found[1] + "\u0661".encode(), plain, count=1, flags=re.M)
    assert benchfmt(foreign)[1][0].pairs[0][0] == 1
    refused(agrees_with_go, foreign, "a figure that only our own parser takes")
    # Input that Go's parser cannot read to the end must be an error, not a shorter list.
    try:
        parsed_by_go(data + b"verdict: " + b"x" * 70000 + b"\n")
    except AssertionError as error:
        assert "token too long" in str(error), error
    else:
        raise AssertionError("control: a line that is too long, and it is accepted")


def test_what_does_not_fit_is_one_clear_error():
    for options, wanted in ((["--format", "tap"], "ktap"), (["--format", "junit", "--raw"], "--raw with --format junit: it is for csv"),
                            (["--format", "csv", "--origin", "x"], "--origin with --format csv"),
                            (["--format", "kcidb", "--origin", "My Lab"], "--origin 'My Lab': accepted: "),
                            (["--format", "csv", "--out", scratch + "/none/x.csv"], "--out ")):
        done = run(RIG, "export", BASE, *options)
        assert done.returncode == 2 and wanted in done.stderr.decode() and not done.stdout, (options, done)
    assert run(RIG, "export", DATA, "--format", "csv").returncode == 2
    assert not Path(scratch, "none").exists()

    def bad_record(_, samples, folder):
        fault(folder, samples[0], 0, b"nobody is to blame\n")

    done = run(RIG, "export", warp(bad_record), "--format", "junit")
    assert done.returncode == 3 and "fault-0.txt:1: found 'nobody is to blame" in done.stderr.decode(), done.stderr


def counted():
    """The run with changed lines, which were counted in other boots of the same experiment."""
    folder = warp(lambda *_: None)
    lines = json.loads((DATA / "lines/changed-lines.json").read_text())
    counts = json.loads((DATA / "lines/line-counts.json").read_text())
    for name, content in (("changed-lines.json", lines), ("line-counts.json", counts)):
        (folder / name).write_text(json.dumps(content))
    return folder, lines, counts


def lcov_total(trace):
    """(hit, found) as lcov itself counts them; an AssertionError if it refuses the file."""
    file = Path(scratch, "trace.info")
    file.write_bytes(trace)
    done = run("lcov", "--summary", file)
    found = re.search(rb"lines\.*: [0-9.]+% \((\d+) of (\d+) lines?\)", done.stdout + done.stderr)
    assert done.returncode == 0 and found, done
    return int(found[1]), int(found[2])


def test_lcov_is_read_by_lcov():
    folder, lines, counts = counted()
    for arm in ("ipi", "reviewed"):
        places = {place for one in lines["maps"] if one["arm"] == arm
                  for place, line in enumerate(one["map"]["lines"]) if line["addresses"] and not line["border"] and line["reason"] != "merged"}  # of which only a bound is known
        assert places
        trace = export(folder, "lcov", "--arm", arm)
        assert lcov_total(trace) == (len(places), len(places)), trace
        text = trace.decode()
        boots = [boot for boot in counts["boots"] if boot["arm"] == arm]
        for place in places:
            line = next(one for one in lines["maps"] if one["arm"] == arm)["map"]["lines"][place]
            total = sum(sum(boot["lines"][0][place][:2]) for boot in boots)
            assert total and f"DA:{line['line']},{total}\n" in text, (line, total, text)
    assert export(folder, "lcov") == export(folder, "lcov", "--arm", "reviewed")


def test_lcov_controls():
    folder, _, _ = counted()
    trace = export(folder, "lcov")
    refused(lcov_total, re.sub(rb"DA:\d+", b"DA:x", trace), "")
    refused(lcov_total, b"", "")
    done = run(RIG, "export", BASE, "--format", "lcov")
    assert done.returncode == 2 and "no changed line of arm 'reviewed' was counted" in done.stderr.decode(), done
    done = run(RIG, "export", folder, "--format", "lcov", "--arm", "none")
    assert done.returncode == 2 and "--arm none: accepted: ipi, reviewed" in done.stderr.decode(), done


def test_out_is_what_stdout_is():
    for form in ("ktap", "junit", "kcidb", "csv", "benchstat"):
        file = Path(scratch, form)
        file.write_text("old")
        assert export(BASE, form, "--out", file) == b""
        assert file.read_bytes() == export(BASE, form)


with tempfile.TemporaryDirectory() as scratch:
    folders = {name: warp(change) for name, (_, change) in VARIANTS.items()}
    tests = [(name, test) for name, test in list(globals().items()) if name.startswith("test_")]
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name[5:].replace('_', ' ')}")
        except Exception:
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()) + f"not ok {number} - {name[5:].replace('_', ' ')}")
