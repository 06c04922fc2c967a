#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ccache.py RIG TOP: tests kernel builds with and without ccache.

Builds the first arm of the default experiment three times, each time in an empty object tree:
without ccache, with an empty ccache, and with the ccache that the second build filled. The three
images must be the same, and the objects of the third must come from ccache. Then it adds one kernel
option and removes it again.

Prints TAP and the seconds of each build. Takes some ten minutes on two cores. If the user's cache
has the kernel source, it is taken from there by hard links."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RIG, TOP = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
user_cache = Path(os.environ.get("RIG_CACHE_DIR") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rig").resolve()
failed = number = 0


def check(name, good, why=""):
    global failed, number
    number += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {number} - {name}{'' if good else ': ' + why}", flush=True)


def build(cache, *options, ccache=True):
    """Builds the first arm. Returns (SHA-256 of the image, seconds)."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CCACHE_")}
    env["RIG_CACHE_DIR"] = str(cache)
    if not ccache:
        env["CCACHE_DISABLE"] = "1"
    begun = time.monotonic()
    done = subprocess.run([RIG, "--json", "build", "configs/batch-alloc-fail.toml", "--arm", "ipi", *options], cwd=TOP, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"Bail out! rig build: {done.stderr[-2000:]}")
    kernel = json.loads(done.stdout)["kernels"][0]
    assert not kernel["from_cache"], kernel
    return kernel["image_sha256"], time.monotonic() - begun


def hits(cache):
    said = subprocess.run(["ccache", "--print-stats"], env={**os.environ, "CCACHE_DIR": str(cache / "ccache")}, capture_output=True, text=True, check=True).stdout
    counts = {name: int(value) for name, value in re.findall(r"^(\S+)\t(\d+)$", said, re.M)}
    return counts["direct_cache_hit"] + counts["preprocessed_cache_hit"], counts["cache_miss"]


def forget(cache, *kinds):
    for kind in kinds:
        shutil.rmtree(cache / kind, ignore_errors=True)


print("1..5")
with tempfile.TemporaryDirectory(dir=user_cache if user_cache.is_dir() else None, prefix="ccache-test-") as scratch:
    cache = Path(scratch)
    if (user_cache / "sources").is_dir():
        subprocess.run(["cp", "-al", user_cache / "sources", cache / "sources"], check=True)
        shutil.copytree(user_cache / "apt", cache / "apt", symlinks=True) if (user_cache / "apt").is_dir() else None
    without, seconds = build(cache, ccache=False)
    print(f"# without ccache: {seconds:.0f} s, with perf and image")
    forget(cache, "kernels", "worktrees")
    empty, seconds = build(cache)
    _, compiled = hits(cache)
    print(f"# empty ccache: {seconds:.0f} s, {compiled} objects compiled")
    check("an image made with an empty ccache is that made without", empty == without, f"{empty} and {without}")
    forget(cache, "kernels", "worktrees")
    full, seconds = build(cache)
    found, missed = hits(cache)
    print(f"# another object tree: {seconds:.0f} s, {found} objects found, {missed - compiled} compiled")
    check("so is one from ccache's objects", full == without, f"{full} and {without}")
    check("which came from there", found > 0.95 * compiled, f"{found} found of {compiled}")
    other, seconds = build(cache, "--set", 'kernel.options.DETECT_HUNG_TASK="y"')
    print(f"# one option more: {seconds:.0f} s")
    check("another option is another image", other != without, other)
    forget(cache, "kernels")
    back, seconds = build(cache)
    print(f"# and back: {seconds:.0f} s")
    check("the option taken back, the image is that of before", back == without, f"{back} and {without}")
sys.exit(failed != 0)
