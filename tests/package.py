#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""package.py TOP BUILD: builds the Debian package, installs it in a root file system of its own, runs
rig there as an ordinary user, and removes the package. Prints TAP.

A root has the smallest Debian, the packages that rig depends on, man and three shells; not the
checkout, and no network. It is made once from the host's own package source and kept in rig's cache
(kind `roots`, made and locked as rig/host/artifact_cache.h says); each run unpacks a copy. rig's
cache is the root's read-only cache. All mounts are made in a mount namespace, and go with it."""
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from tap_tests import Skip, run_one

TOP, BUILD = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
CACHE = Path(os.environ.get("RIG_CACHE_DIR") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rig")
TOOLS = ["man-db", "bash-completion", "zsh", "fish"]
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
USER, SHARED = "tester", "/srv/rig-cache"
KERNELS = {}  # by arm, of the first comparison: keys in the cache

# Runs in namespaces of its own: $1 root, $2 rig's cache, $3 user, then the command.
ENTER = r"""
set -e
root=$1 cache=$2 user=$3; shift 3
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --bind /sys "$root/sys"; mount -o remount,bind,ro "$root/sys"
mount -t tmpfs -o mode=755 dev "$root/dev"
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 pts "$root/dev/pts"; ln -s pts/ptmx "$root/dev/ptmx"
for one in null zero full random urandom tty kvm; do
  [ ! -e "/dev/$one" ] || { touch "$root/dev/$one"; mount --bind "/dev/$one" "$root/dev/$one"; }
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir -p "$root$SHARED"; mount --bind "$cache" "$root$SHARED"; mount -o remount,bind,ro "$root$SHARED"
home=/root; [ "$user" = root ] || home=/home/$user
exec chroot --userspec="$user:$user" "$root" env -i HOME="$home" PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C.UTF-8 MANPAGER=cat \
  NO_COLOR=1 DEBIAN_FRONTEND=noninteractive RIG_CACHE_RO="$SHARED" sh -c 'cd; exec "$@"' sh "$@"
"""


def run(*argv, **more):
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **more)


def must(*argv, **more):
    done = run(*argv, **more)
    assert done.returncode == 0, (argv, done.returncode, done.stdout[-1500:], done.stderr[-1500:])
    return done.stdout


def package():
    found = list((BUILD / "package").glob("rig_*.deb"))
    assert len(found) == 1, found
    return found[0]


def archives():
    """(address, release) of Debian's own archives in the host's apt configuration."""
    lines = must("apt-get", "indextargets", "--format", "$(CREATED_BY)|$(ORIGIN)|$(REPO_URI)|$(RELEASE)").splitlines()
    found = [tuple(line.split("|")[2:]) for line in lines if line.startswith("Packages|Debian|")]
    if not found:
        raise Skip("apt knows no Debian archive here (apt-get update)")
    return list(dict.fromkeys(found))


def candidate(name):
    found = re.search(r"Candidate: (\S+)", must("apt-cache", "policy", name, env={**os.environ, "LC_ALL": "C"}))
    return found.group(1) if found else "(none)"


class Root:
    """A Debian of one release; None is the host's."""

    def __init__(self, release=None):
        self.release, self.dir, self.lock = release, None, None

    def sources(self):
        known = archives()
        main = next(one for one in known if "-" not in one[1])
        wanted = known if not self.release else [(main[0], self.release)]
        return "".join(f"deb [signed-by={KEYRING}] {address} {release} main\n" for address, release in wanted), self.release or main[1]

    def make(self, into, key):
        """root.tar. Takes minutes, most of them for downloads."""
        sources, release = self.sources()
        options = into / "apt.conf"  # how to reach the source
        options.write_text("".join(line + "\n" for line in must("apt-config", "dump").splitlines() if line.startswith("Acquire::")), encoding="utf-8")
        base = into / "base"  # from here on a failure is the package's
        install = (f'touch {base} && cp {package()} "$1/tmp/rig.deb" && chroot "$1" apt-get install -q -y --no-install-recommends /tmp/rig.deb && '
                   f'chroot "$1" dpkg --purge rig && rm "$1/tmp/rig.deb" && chroot "$1" useradd -m {USER}')
        print(f"# making the root file system of {release}, some minutes the first time", flush=True)
        begun = time.monotonic()
        done = subprocess.run(["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", "--include=" + ",".join(TOOLS), f"--aptopt={options}",
                               "--dpkgopt=force-unsafe-io", f"--customize-hook={install}", release, str(into / "root.tar"), "-"],
                              input=sources, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            why = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("E:", "Err:"))] or done.stderr.splitlines()[-1:]
            assert not base.exists(), (release, done.stdout[-2000:], done.stderr[-2000:])
            raise Skip(f"cannot make a root of {release}: {' '.join(why)[:300]}")
        print(f"# made in {time.monotonic() - begun:.0f} s: {release} {key[:12]}", flush=True)
        for one in (options, base):
            one.unlink()
        (into / "label").write_text(f"root file system of {release} for the package's test\n", encoding="utf-8")

    def stored(self):
        """The folder in the cache with root.tar, whose lock is held until close()."""
        sources, release = self.sources()
        identity = ["root 1", sources, must("dpkg-deb", "-f", package(), "Depends"), *TOOLS]
        if not self.release:  # a kernel's key has the versions of these two
            identity += [candidate("gcc-12"), candidate("linux-source-6.12")]
        key = hashlib.sha256("\n".join(identity).encode()).hexdigest()
        folder = CACHE / "roots"
        for one in (folder, CACHE / "locks"):
            one.mkdir(parents=True, exist_ok=True)
        self.lock = (CACHE / "locks" / f"roots-{key}").open("a")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        for left in folder.glob(key + ".tmp-*"):  # of a run that was killed: its lock is free
            shutil.rmtree(left)
        work = folder / f"{key}.tmp-{os.getpid()}-0"
        if not (folder / key).is_dir():
            work.mkdir()
            try:
                self.make(work, key)
                work.rename(folder / key)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        (folder / key / "used").touch()
        return folder / key, work

    @contextmanager
    def copy(self):
        if os.geteuid() != 0:
            raise Skip("a root file system needs root's rights")
        if not shutil.which("mmdebstrap"):
            raise Skip("no mmdebstrap here")
        if run("unshare", "-m", "-p", "-n", "--fork", "mount", "-t", "tmpfs", "none", "/mnt").returncode != 0:
            raise Skip("no mount namespace here")
        stored, work = self.stored()
        try:
            work.mkdir()
            must("tar", "-xpf", stored / "root.tar", "-C", work, "--numeric-owner")
            self.dir = work
            yield self
        finally:
            self.dir = None
            shutil.rmtree(work, ignore_errors=True)
            self.lock.close()

    def call(self, *words, user=USER, timeout=120):
        return run("unshare", "-m", "-p", "-n", "--fork", "--kill-child", "sh", "-c", ENTER, "sh", self.dir, CACHE, user, *words, timeout=timeout,
                   env={**os.environ, "SHARED": SHARED})

    def inside(self, *words, code=0, **more):
        done = self.call(*words, **more)
        assert done.returncode == code, (words, done.returncode, done.stdout[-1500:], done.stderr[-1500:])
        return done.stdout

    def shell(self, script, **more):
        return self.inside("sh", "-c", script, **more)

    def files(self):
        """All but what dpkg, apt, man and the loader keep about themselves, and the homes of users."""
        changing = ("home", "root", "tmp", "proc", "sys", "dev", "run", "srv", "var/log", "var/lib/dpkg", "var/lib/apt", "var/cache", "etc/ld.so.cache")
        found = set()
        for folder, folders, names in os.walk(self.dir):
            here = Path(folder).relative_to(self.dir)
            folders[:] = [name for name in folders if str(here / name) not in changing]
            found.update(str(here / name) for name in folders + names if str(here / name) not in changing)
        return found


# ---- what is tested, in this order

class Tests:
    """Of the host's release."""

    def __init__(self, root):
        self.root, self.before = root, set()

    def the_checkout_is_not_there(self):
        self.root.inside("test", "!", "-e", TOP)
        self.root.inside("test", "!", "-e", "/usr/bin/rig")
        assert self.root.call("true").returncode == 0 and self.root.call("test", "-w", SHARED).returncode == 1, "the cache can be written"

    def apt_installs_it(self):
        self.before = self.root.files()
        assert len(self.before) > 5000, len(self.before)
        shutil.copy(package(), self.root.dir / "tmp/rig.deb")
        self.root.inside("apt-get", "install", "-q", "-y", "--no-install-recommends", "/tmp/rig.deb", user="root")
        (self.root.dir / "tmp/rig.deb").unlink()
        added = self.root.files() - self.before
        for file in ("usr/bin/rig", "usr/share/man/man1/rig.1.gz", "usr/share/man/man5/rig.toml.5.gz", "usr/share/rig/configs/batch-alloc-fail.toml",
                     "usr/lib/x86_64-linux-gnu/rig/rig-agent", "usr/lib/x86_64-linux-gnu/rig/libprofile-api2.so",
                     "usr/share/zsh/vendor-completions/_rig", "usr/share/doc/rig/copyright"):
            assert file in added, file
        assert all(file.startswith("usr/") for file in added), [file for file in added if not file.startswith("usr/")]

    def doctor_finds_everything(self):
        done = self.root.call("rig", "doctor", "--json")
        found = {one["name"]: one for one in json.loads(done.stdout)}
        missing = [one for one in found.values() if one["state"] == "missing"]
        assert not missing and done.returncode == 0, (missing, done.stderr)
        assert found["rig's own files"]["found"].startswith("/usr/share/rig"), found["rig's own files"]

    def man_pages(self):
        for page, text in (("rig", "A/B test rig"), ("rig.toml", "pages_per_table"), ("rig-compare", "--boots")):
            shown = self.root.inside("man", page)
            assert text in shown, (page, shown[:800])
        self.root.inside("man", "rig-nothing", code=16)  # control

    def bash_completes(self):
        script = ('source /usr/share/bash-completion/bash_completion; _completion_loader rig; COMP_WORDS=({}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1));'
                  ' COMP_LINE="${{COMP_WORDS[*]}}"; COMP_POINT=${{#COMP_LINE}}; _rig; echo "${{COMPREPLY[@]}}"')

        def completed(*words):
            return self.root.inside("bash", "-c", script.format(" ".join(f"'{word}'" for word in words))).split()

        assert completed("rig", "comp") == ["compare"], completed("rig", "comp")
        assert completed("rig", "lines", "configs/batch-alloc-fail.toml", "--arm", "") == ["ipi", "reviewed"]
        assert completed("rig", "zzz") == [], "control"

    def zsh_and_fish_complete(self):
        found = self.root.inside("zsh", "-f", "-c", 'autoload -Uz compinit && compinit -D -u && print "${_comps[rig]}" && autoload +X _rig && which _rig')
        assert found.startswith("_rig\n") and "__complete" in found, found[:500]
        found = self.root.inside("fish", "-c", 'complete -C "rig comp"')
        assert [line.split("\t")[0] for line in found.splitlines()] == ["compare"], found

    def a_user_compares(self):
        KERNELS.update({kernel["arm"]: kernel["key"] for kernel in self.answer("configs/batch-alloc-fail.toml")["kernels"]})
        own = self.root.dir / "home" / USER / ".cache/rig"
        for key in KERNELS.values():
            assert (own / "kernels" / key).exists() != (CACHE / "kernels" / key).exists(), "a kernel of the read-only cache was made again"

    def answer(self, experiment):
        """One boot of each arm. It decides little: what counts is that it ran, and that its exit code says what its report says."""
        done = self.root.call("rig", "--json", "compare", experiment, "--set", "guest.boots=1", timeout=1500)
        assert done.returncode in (0, 1, 4), (done.returncode, done.stdout[-1000:], done.stderr[-2000:])
        report = json.loads(done.stdout)
        assert report["verdict"]["exit"] == done.returncode, (report["verdict"], done.returncode)
        runs = list((self.root.dir / "home" / USER / "results").glob("*/run.json"))
        assert len(runs) == 1, runs
        samples = (runs[0].parent / "samples.jsonl").read_text(encoding="utf-8").splitlines()
        assert sorted(json.loads(line)["id"]["arm"] for line in samples) == ["ipi", "reviewed"], samples
        return json.loads(runs[0].read_text(encoding="utf-8"))

    def nothing_is_left(self):
        self.root.inside("apt-get", "purge", "-q", "-y", "rig", user="root")
        after = self.root.files()
        assert after == self.before, (sorted(after - self.before)[:20], sorted(self.before - after)[:20])
        known = self.root.inside("dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n")
        assert not re.search(r" rig$", known, re.M), "dpkg still knows rig"
        assert not list((self.root.dir / "var/lib/dpkg/info").glob("rig.*"))


PREBUILT = """name = "prebuilt"
description = "the kernels of the other release"
[kernel]
source = {{ prebuilt = true }}
{arms}
[guest]
clock = "virtual"
boots = 1
[workload]
name = "munmap"
iterations = 5
[fault]
function = "tlb_remove_table"
interval = 1
[target]
function = "tlb_remove_table_one"
sync_function = "tlb_remove_table_smp_sync"
[metrics.sync_ipis]
expect = "exactly"
values = {{ ipi = "predicted", reviewed = 0 }}
"""
MARKERS = {"ipi": "smp_call_function", "reviewed": "synchronize_rcu"}


class OfAnotherRelease(Tests):
    """The package that was made on the host's release. Its compiler would make other kernels: it boots those of the host's."""

    def a_user_compares(self):
        if not KERNELS:
            raise Skip("no root of the host's release: no kernel to boot")
        arms = ""
        for arm, key in KERNELS.items():
            found = CACHE / "kernels" / key
            if not found.is_dir():
                raise Skip(f"the first root made the kernel of {arm}, which went with it")
            files = f"{SHARED}/kernels/{key}"
            arms += (f'[[arm]]\nname = "{arm}"\nmarker = "{MARKERS[arm]}"\nbzimage = "{files}/vmlinux"\n'
                     f'system_map = "{files}/System.map"\nconfig = "{files}/config"\n')
        (self.root.dir / "home" / USER / "prebuilt.toml").write_text(PREBUILT.format(arms=arms), encoding="utf-8")
        self.answer("prebuilt.toml")


def build_dependencies_are_bootstraps():
    text = (TOP / "debian/control").read_text(encoding="utf-8")
    listed = re.search(r"^Build-Depends:\n((?: .*\n)+)", text, re.M).group(1)
    control = set(re.findall(r"^ ([a-z0-9.+-]+)", listed, re.M)) - {"debhelper-compat"}
    text = (TOP / "bootstrap").read_text(encoding="utf-8")
    wanted = set(re.search(r"^build_packages=\(\n(.*?)^\)", text, re.M | re.S).group(1).split()) - {"g++"}  # build-essential
    assert control == wanted, control ^ wanted


def bootstrap_makes_it():
    must(TOP / "bootstrap", "package", env={**os.environ, "RIG_BUILD": str(BUILD)})
    depends = must("dpkg-deb", "-f", package(), "Depends")
    for name in ("qemu-system-x86", "python3-kconfiglib", "libvirt0"):
        assert name in depends, depends
    assert "libgtest" not in depends, depends


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    names = [name for name in vars(Tests) if not name.startswith("_") and name != "answer"]
    first = [build_dependencies_are_bootstraps, bootstrap_makes_it]
    roots = [("Debian 12", None, Tests), ("Debian 13", "trixie", OfAnotherRelease)]
    print(f"1..{len(first) + len(names) * len(roots)}", flush=True)
    number = bad = 0

    def step(name, call):
        nonlocal number, bad
        number += 1
        bad += run_one(number, name, call)

    def skip(why):
        raise Skip(why)

    for call in first:
        step(call.__name__, call)
    if bad:
        return 1
    for label, release, kind in roots:
        try:
            with Root(release).copy() as root:
                tests = kind(root)
                for name in names:
                    step(f"{label}: {name}", getattr(tests, name))
        except Skip as why:
            for name in names:
                step(f"{label}: {name}", lambda reason=why: skip(reason))
        except Exception as why:  # of making the root
            step(f"{label}: its root", lambda reason=why: (_ for _ in ()).throw(reason))
        if bad:
            break
    return 1 if bad else 0


sys.exit(main())
