#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""help.py RIG TOP: tests what rig says about itself: --help on one screen, man pages, JSON schema,
completion, rig init. As controls, each check has to find what is wrong in something made for it.
Prints TAP."""
import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import jsonschema

from tap_tests import Skip, run_all

RIG, TOP = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
RUN = TOP / "rig/testdata/runs/20261126-101046-batch-alloc-fail"
WORK = Path(tempfile.mkdtemp(prefix="rig-help-"))


def run(*argv, cwd=TOP, code=0, **more):
    done = subprocess.run([str(word) for word in argv], cwd=cwd, capture_output=True, text=True, timeout=60, check=False, **more)
    assert done.returncode == code, (argv, done.returncode, done.stdout[-500:], done.stderr[-500:])
    return done


def commands():
    """By name, from the text that has a line on each."""
    text = run(RIG, "--help-all").stdout
    groups = re.findall(r"^(?:Experiments|Runs|Tools):\n((?:  .*\n)+)", text, re.M)
    assert len(groups) == 3, text
    return [name for group in groups for name in re.findall(r"^  ([a-z][a-z-]*) ", group, re.M)]


def fits(text):
    lines = text.splitlines()
    return len(lines) <= 24 and all(len(line) <= 80 for line in lines)


def help_is_one_screen():
    text = run(RIG, "--help").stdout
    assert fits(text), f"{len(text.splitlines())} lines, {max(map(len, text.splitlines()))} columns"
    names = commands()
    assert len(names) >= 24, names
    words = text.split()
    missing = [name for name in names if name not in words]
    assert not missing, f"not in rig --help: {missing}"
    assert not fits("x\n" * 25) and not fits("x" * 81), "control"


def complaints_of_man(page):
    done = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page, env=dict(os.environ, MANWIDTH="80", LC_ALL="C.UTF-8"))
    return done.stderr


def man_pages_are_clean():
    folder = WORK / "man"
    run(RIG, "__man", folder)
    pages = sorted(folder.glob("man*/*"))
    names = {page.name for page in pages}
    for name in commands():
        assert f"rig-{name}.1" in names, name
    assert {"rig.1", "rig.toml.5"} <= names and len(names) == len(commands()) + 2, names
    if not shutil.which("man") or not shutil.which("groff"):
        raise Skip("no man or groff here")
    broken = WORK / "broken.1"
    broken.write_text(pages[0].read_text(encoding="utf-8") + ".nosuchrequest\n", encoding="utf-8")
    assert complaints_of_man(broken), "control: a request that does not exist is not found"
    for page in pages:
        assert not complaints_of_man(page), (page.name, complaints_of_man(page))
    text = run("man", "-E", "UTF-8", "-l", "-Tutf8", folder / "man5/rig.toml.5", env=dict(os.environ, MANWIDTH="100", MANPAGER="cat")).stdout
    text = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", text)
    for part in ("Type: integer. Default: 4. Range: 2 to 64.", "[kernel.source]", "Example: vcpus = 8"):
        assert part in text, (part, text[:3000])


def experiments():
    for file in sorted((TOP / "configs").glob("*.toml")):
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        if "point" not in table and "experiment" not in table:
            yield file.name, table


def schema_accepts_what_rig_accepts():
    schema = json.loads(run(RIG, "schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    found = list(experiments())
    assert len(found) >= 15, len(found)
    for name, table in found:
        errors = [error.message for error in check.iter_errors(table)]
        assert not errors, (name, errors)
    name, good = next(one for one in found if one[0] == "batch-alloc-fail.toml")

    def refused(change):
        table = copy.deepcopy(good)
        change(table)
        assert not check.is_valid(table), "control: the schema accepts what it should not"

    refused(lambda table: table.pop("name"))
    refused(lambda table: table.update(nmae="x"))
    refused(lambda table: table.setdefault("guest", {}).update(vcpus=65))
    refused(lambda table: table.setdefault("guest", {}).update(clock="real"))
    refused(lambda table: table["arm"][0].update(witness="x"))
    refused(lambda table: table["arm"].clear())
    refused(lambda table: table["kernel"].update(source="linux"))
    refused(lambda table: table["metrics"]["sync_ipis"].pop("expect"))
    refused(lambda table: table["metrics"].update(mine={"expect": "report", "evnt": "a:b"}))


def bash_completes(*words, cwd=TOP):
    script = WORK / "rig.bash"
    script.write_text(run(RIG, "__completion", "bash").stdout, encoding="utf-8")
    quoted = " ".join("'" + word + "'" for word in words)
    done = run("bash", "--norc", "-c",
               f'source {script}; COMP_WORDS=({RIG} {quoted}); COMP_CWORD={len(words)}; _rig 2>/dev/null; printf "%s\\n" "${{COMPREPLY[@]}}"', cwd=cwd)
    return done.stdout.split("\n")[:-1] if done.stdout != "\n" else []


def bash_completion():
    complete = run("bash", "--norc", "-c", f"source /dev/stdin; complete -p rig", input=run(RIG, "__completion", "bash").stdout).stdout
    assert complete == "complete -F _rig rig\n", complete
    names = commands()
    assert sorted(bash_completes("")) == sorted(names), bash_completes("")
    assert bash_completes("comp") == ["compare"]
    assert "--arm" in bash_completes("lines", "--")
    assert "--results" in bash_completes("lines", "--r")
    assert bash_completes("export", "latest", "--format", "=", "k") == ["ktap", "kcidb"]
    assert bash_completes("export", "latest", "--format", "=") == ["ktap", "junit", "kcidb", "csv", "benchstat", "folded", "lcov"]
    assert "configs/faults.toml" in bash_completes("compare", "configs/f")
    assert bash_completes("lines", "configs/batch-alloc-fail.toml", "--arm", "") == ["ipi", "reviewed"]
    assert bash_completes("bisect", "configs/batch-alloc-fail.toml", "--metric", "sync") == ["sync_ipis"]
    runs = str(RUN.parent)
    assert bash_completes("--results", runs, "report", RUN.name[:10]) == [RUN.name]
    assert "target_latency" in bash_completes("--results", runs, "explain", RUN.name, "")
    # File names, with blanks too, where any file fits.
    place = WORK / "place"
    place.mkdir()
    (place / "a b.log").touch()
    assert bash_completes("triage", "a", cwd=place) == ["a b.log"]
    assert bash_completes("no-such-command", "") == [], "control"


def other_shells_read_their_scripts():
    found = [shell for shell in ("zsh", "fish") if shutil.which(shell)]
    if not found:
        raise Skip("no zsh and no fish here")
    for shell in found:
        script = WORK / f"rig.{shell}"
        script.write_text(run(RIG, "__completion", shell).stdout, encoding="utf-8")
        run(shell, "-n", script)
        broken = WORK / f"broken.{shell}"
        broken.write_text("if true\n", encoding="utf-8")
        assert subprocess.run([shell, "-n", broken], capture_output=True, check=False).returncode != 0, "control"


def init_writes_an_experiment():
    place = WORK / "init"
    place.mkdir()
    run(RIG, "init", "my-patch", cwd=place)
    # All of the file is checked before the arm is looked for.
    wrong = run(RIG, "lines", "my-patch.toml", "--arm", "none", cwd=place, code=2, env=dict(os.environ, RIG_CACHE_DIR=str(WORK / "cache")))
    assert "no arm 'none', accepted: base, patched" in wrong.stderr, wrong.stderr
    before = (place / "my-patch.toml").read_bytes()
    again = run(RIG, "init", "my-patch", cwd=place, code=2)
    assert "it exists" in again.stderr, again.stderr
    assert (place / "my-patch.toml").read_bytes() == before
    told = json.loads(run(RIG, "--json", "init", "other", cwd=place).stdout)
    assert told == {"file": "other.toml", "next": "rig compare other.toml"}, told


def main():
    tests = [help_is_one_screen, man_pages_are_clean, schema_accepts_what_rig_accepts, bash_completion, other_shells_read_their_scripts,
             init_writes_an_experiment]
    bad = run_all(tests)
    shutil.rmtree(WORK)
    return 1 if bad else 0


sys.exit(main())
