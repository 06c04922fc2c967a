#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""install.py TOP BUILD: installs rig into a temporary folder and runs it there, from another working
folder and with an empty folder mounted over the checkout. Prints TAP."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tap_tests import Skip, run_all

TOP, BUILD = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
WORK = Path(tempfile.mkdtemp(prefix="rig-install-"))


def options():
    listed = json.loads(subprocess.run(["meson", "introspect", "--buildoptions", BUILD], capture_output=True, text=True, check=True).stdout)
    return {option["name"]: option["value"] for option in listed}


OPTIONS = options()
ROOT = WORK / "root"
PREFIX = ROOT / OPTIONS["prefix"].lstrip("/")


def namespace():
    """What hides the checkout: a mount namespace of root's, or one of a user namespace."""
    for words in (["unshare", "-m"], ["unshare", "-r", "-m"]):
        if subprocess.run([*words, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode == 0:
            return words
    raise Skip("no mount namespace here")


def installed(*words, code=0):
    """Runs the installed rig where the checkout and its build folder cannot be seen."""
    place = WORK / "elsewhere"
    place.mkdir(exist_ok=True)
    hide = 'for folder in "$1" "$2"; do [ ! -d "$folder" ] || mount -t tmpfs none "$folder"; done; shift 2; exec "$@"'
    env = {**os.environ, "RIG_CACHE_DIR": str(WORK / "cache"), "NO_COLOR": "1"}
    for name in ("RIG_DATA_DIR", "RIG_AGENT", "RIG_PLUGINS"):
        env.pop(name, None)
    done = subprocess.run([*namespace(), "sh", "-c", hide, "sh", str(TOP), str(BUILD), *map(str, words)], cwd=place, env=env,
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code or code is None, (words, done.returncode, done.stdout[-800:], done.stderr[-800:])
    return done


def rig(*words, code=0):
    return installed(PREFIX / OPTIONS["bindir"] / "rig", *words, code=code)


def everything_is_installed():
    done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", ROOT], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    data, programs = PREFIX / OPTIONS["datadir"], PREFIX / OPTIONS["libdir"] / "rig"
    man = PREFIX / OPTIONS["mandir"]
    for file in (PREFIX / OPTIONS["bindir"] / "rig", programs / "rig-agent", programs / "libcount_ranges-api1.so",
                 programs / "libcount_ranges-api2.so", data / "rig/configs/batch-alloc-fail.toml", data / "rig/configs/kernel/base.config",
                 data / "rig/kernel-patches/6.12/reviewed/series", data / "rig/experiment.schema.json", man / "man1/rig.1",
                 man / "man1/rig-compare.1", man / "man5/rig.toml.5", data / "bash-completion/completions/rig", data / "zsh/site-functions/_rig",
                 data / "fish/vendor_completions.d/rig.fish", data / "doc/rig/LICENSE"):
        assert file.is_file() and file.stat().st_size > 0, file
    for file in (TOP / "configs").rglob("*"):
        assert not file.is_file() or (data / "rig/configs" / file.relative_to(TOP / "configs")).is_file(), file


def the_checkout_is_hidden():
    installed("test", "!", "-e", TOP / "meson.build")
    installed("test", "!", "-e", BUILD / "build.ninja")


def doctor_finds_the_installed_files():
    found = {one["name"]: one for one in json.loads(rig("doctor", "--json", code=None).stdout)}
    own = found["rig's own files"]
    assert own["state"] == "ok" and own["found"].startswith(str(PREFIX / OPTIONS["datadir"] / "rig")), own
    # Control: what is not there is missing.
    agent = PREFIX / OPTIONS["libdir"] / "rig/rig-agent"
    agent.rename(WORK / "agent")
    found = {one["name"]: one for one in json.loads(rig("doctor", "--json", code=3).stdout)}
    (WORK / "agent").rename(agent)
    assert found["rig's own files"]["state"] == "missing" and str(agent) in found["rig's own files"]["found"], found["rig's own files"]


def experiments_are_loaded():
    assert "Examples:" in rig("lines", "--help").stdout
    # The whole file is checked, with all files that it names, before the arm is looked for.
    share = PREFIX / OPTIONS["datadir"] / "rig/configs/batch-alloc-fail.toml"
    for spec in (share, "configs/batch-alloc-fail.toml"):
        assert "no arm 'none', accepted: ipi, reviewed" in rig("lines", spec, "--arm", "none", code=2).stderr, spec
    rig("init", "mine")
    assert "no arm 'none', accepted: base, patched" in rig("lines", "mine.toml", "--arm", "none", code=2).stderr
    # Control: without its series the shipped experiment is refused.
    series = PREFIX / OPTIONS["datadir"] / "rig/kernel-patches/6.12/reviewed"
    series.rename(WORK / "series")
    assert "reviewed does not exist" in rig("lines", share, "--arm", "none", code=2).stderr
    (WORK / "series").rename(series)


def main():
    tests = [everything_is_installed, the_checkout_is_hidden, doctor_finds_the_installed_files, experiments_are_loaded]
    bad = run_all(tests)
    shutil.rmtree(WORK)
    return 1 if bad else 0


sys.exit(main())
