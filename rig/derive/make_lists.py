# SPDX-License-Identifier: GPL-2.0-or-later
"""What a kernel's Makefiles list for given values of options: make itself evaluates them.

Makefile.build reads a folder's Makefile and an auto.conf that is written here, in an empty object folder. Only whether
an object or a folder is listed is looked at."""
import os
import re
import subprocess

MOST_ALTERNATIVES = 4  # of one object
NAME = re.compile(r"\bCONFIG_(\w+)")


class Folder:
    """What a folder's Makefile lists for given values of options."""

    def __init__(self, makefiles, path):
        self.makefiles, self.path = makefiles, path
        self.listed = {}  # values -> names
        self.mentions = None

    def evaluate(self, values):
        known = frozenset((k, v) for k, v in values.items() if v != "n" and (self.mentions is None or k in self.mentions))
        if known not in self.listed:
            self.listed[known] = self.makefiles.run(self, dict(known))
        return self.listed[known]


class Makefiles:
    def __init__(self, request, arch):
        self.tree, self.make, self.arch = request["tree"], request["make"], arch
        self.folders = {}
        self.runs = 0

    def folder(self, path):
        if path not in self.folders:
            at = os.path.join(self.tree, path)
            has = any(os.path.exists(os.path.join(at, name)) for name in ("Kbuild", "Makefile"))
            self.folders[path] = Folder(self, path) if has else None
        return self.folders[path]

    def run(self, folder, values):
        self.runs += 1
        os.makedirs("include/config", exist_ok=True)
        with open("include/config/auto.conf", "w", encoding="utf-8") as out:
            out.writelines(f"CONFIG_{name}={value}\n" for name, value in sorted(values.items()))
        environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
        if folder.path == ".":
            environment.update(self.of_architecture(folder))
        show = "".join(f"$(info rig-{key} $({name}))" for key, name in (
            ("object", "real-obj-y"), ("object", "lib-y"), ("object", "always-y"), ("object", "extra-y"), ("module", "real-obj-m"),
            ("folder", "subdir-ym"), ("target", "targets"), ("read", "MAKEFILE_LIST")))
        ended = subprocess.run(
            ["make", "-r", "-R", "-s", "-f", f"{self.tree}/scripts/Makefile.build", f"obj={folder.path}", "need-builtin=1",
             "need-modorder=1", f"--eval=rig-print: ; @: {show}", "rig-print"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, check=False)
        result = {"object": set(), "module": set(), "folder": set(), "target": set(), "error": ""}
        read = set()
        for line in ended.stdout.splitlines():
            key, _, words = line.partition(" ")
            if key == "rig-read":
                read.update(words.split())
            elif key.startswith("rig-"):
                for word in words.split():
                    result[key[4:]].add(os.path.normpath(word))
        if ended.returncode:
            result["error"] = ended.stderr.strip().splitlines()[-1] if ended.stderr.strip() else f"make ended with {ended.returncode}"
        # Targets are written with their folder since Linux 5.x, and without it in some Makefiles.
        result["target"] |= {os.path.normpath(f"{folder.path}/{name}") for name in result["target"]}
        if folder.mentions is None:
            folder.mentions = set()
        for name in read:
            name = name if os.path.isabs(name) else os.path.join(self.tree, name)
            if name.startswith(self.tree) and not name.startswith(f"{self.tree}/scripts/"):
                folder.mentions.update(NAME.findall(text_of(name)))
        return result

    def of_architecture(self, folder):
        """The folders that arch/ARCH/Makefile adds to those of the top. Only the top Makefile reads it."""
        folder.mentions = (folder.mentions or set()) | set(NAME.findall(text_of(f"{self.tree}/arch/{self.arch}/Makefile")))
        # What make would derive from a .config, newer than it: it is not to derive it again.
        for name in (".config", "include/config/auto.conf.cmd", "include/generated/autoconf.h", "include/generated/rustc_cfg",
                     "include/config/auto.conf"):
            os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
            with open(name, "a", encoding="utf-8"):
                os.utime(name, (1, 1) if name == ".config" else None)
        # As a user would start it: what the make around this script exported would make it believe to be that one.
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        names = ("ARCH_CORE", "ARCH_LIB", "ARCH_DRIVERS")
        show = "".join(f"$(info rig-{name} $({name}))" for name in names)
        ended = subprocess.run([*self.make, f"--eval=rig-top: ; @: {show}", "rig-top"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, env=environment, check=False)
        return {line.split(" ", 1)[0][4:]: line.partition(" ")[2] for line in ended.stdout.splitlines() if line.startswith("rig-ARCH_")}


def text_of(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def smallest_change(test, base, goal_values):
    """The names whose values of `goal_values` in place of those of `base` make `test` hold: none can be left out."""
    names = sorted(name for name in goal_values if goal_values[name] != base.get(name, "n"))

    def holds(some):
        return test({**base, **{name: goal_values[name] for name in some}})

    if not holds(names):
        return None
    needed = []
    while not holds(needed):
        low, high = 0, len(names)  # holds(needed + names[:high]), not with names[:low]
        while high - low > 1:
            middle = (low + high) // 2
            if holds(needed + names[:middle]):
                high = middle
            else:
                low = middle
        needed.append(names[high - 1])
        names = names[: high - 1]
    for name in list(needed):
        if holds([other for other in needed if other != name]):
            needed.remove(name)
    return [(name, goal_values[name]) for name in sorted(needed)]


def changes_that_list(folder, kinds, name, base):
    """Each a list of (option, value) with which the folder's Makefile lists `name`; none: no values do."""

    def test(values):
        listed = folder.evaluate(values)
        return any(name in listed[kind] for kind in kinds)

    if test(base):
        return [[]]
    test({})
    for _ in range(3):  # a Makefile that is only included for some values mentions more options then
        count = len(folder.mentions)
        test({option: "y" for option in folder.mentions})
        if len(folder.mentions) == count:
            break
    found = []
    blocked = [frozenset()]
    while blocked and len(found) < MOST_ALTERNATIVES:
        without = blocked.pop(0)
        for value in "yn":
            goal = {option: value for option in folder.mentions if option not in without}
            change = smallest_change(test, base, goal)
            if change is not None:
                break
        if change is None or change in found:
            continue
        found.append(change)
        blocked += [without | {option} for option, _ in change]
    return found
