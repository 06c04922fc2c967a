#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kernel_options.py REQUEST.json ANSWER.json: which Kconfig options compile files of a kernel tree?

Runs as the recipe of a rule that is added to the kernel's own Makefile, in an empty object folder, so that make has
exported what Makefile.build and Kconfig files need. Both are then asked, with values of rig's choice:

  make      Makefile.build evaluates a folder's Makefile for an auto.conf that is written here. Whether an object or
            a folder is listed is all that is looked at. Starting from values with which it is listed, the smallest
            change of the present configuration that lists it is found by halving.
  Kconfig   kconfiglib evaluates the tree's Kconfig files for `make allnoconfig` with the requested options. What has
            to be set so that an option gets a value is searched backwards: prompts, selects, defaults, choices.

REQUEST {"files": [path, ...], "lines": {path: [[line, ...], [place, ...]]}, "requests": [[name, value], ...], "arch": "x86",
         "tree": path, "make": [word, ...]}
ANSWER  {"files": [{"file", "objects", "options", "needed", "notes", "why_not"}, ...],
         "together": [setting, ...], "conflicts": [text, ...]}
        options: texts "CONFIG_X=y" of the Makefiles; setting: {"name", "value", "reason", "instead_of"}
"""
import json
import os
import re
import subprocess
import sys

from kconfig_search import Configuration, Underivable
from line_guards import guards_of
from make_lists import Makefiles, changes_that_list, text_of


def files_with(text, names, tree, under="."):
    """The files below a folder of the tree, of one of these names, that contain the text."""
    found = subprocess.run(["grep", "-rlFI", *(f"--include={name}" for name in names), "--", text, under], cwd=tree,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return sorted(os.path.normpath(path) for path in found.stdout.splitlines())


def including_lines(tree, file):
    """The .c files that include this .c file, with the options of the #if around it: [(path, goals, what else it asks)]."""
    folder, name = os.path.split(file)
    near = [f"{folder}/{entry}" for entry in sorted(os.listdir(os.path.join(tree, folder))) if entry.endswith((".c", ".S"))]
    directive = re.compile(rf'^\s*#\s*include\s+["<](?:[^">]*/)?{re.escape(name)}[">]', re.MULTILINE)
    candidates = [path for path in near if path != file and directive.search(text_of(os.path.join(tree, path)))]
    if not candidates:
        candidates = [path for path in files_with(f"/{name}", ("*.c", "*.S"), tree) if path != file]
    result = []
    for path in candidates:
        text = text_of(os.path.join(tree, path))
        for number, line in enumerate(text.splitlines(), 1):
            words = re.match(r"\s*#\s*include\b\s*(.*)", line)
            if not words or not directive.match(line) or included(tree, path, words[1].strip()) != file:
                continue
            guards = guards_of(text, path, [number], [])
            ways = guards[0].ways() if guards else [([], [])]
            for goals, unread in ways:
                result.append((path, goals, f"{path}:{number} is inside {', '.join(unread)}" if unread else ""))
    return result


def included(tree, path, rest):
    """The file that an #include in `path` names, or ''."""
    name = rest[1:].split(rest[0].replace("<", ">"), 1)[0]
    for base in (os.path.dirname(path), "include"):
        found = os.path.normpath(os.path.join(base, name))
        if os.path.exists(os.path.join(tree, found)):
            return found
    return ""


class Listing:
    """Values of options with which make lists an object, and where it lists it and the folders above."""

    def __init__(self, goals, checks):
        self.goals, self.checks = unique(goals), checks

    def missing(self, configuration):
        """What is not so with the whole configuration, or ''."""
        for name, value in self.goals:
            if configuration.value(name) != value:
                return f"CONFIG_{name} is {configuration.value(name)} with what else is set"
        for folder, kinds, name in self.checks:
            listed = folder.evaluate({option: configuration.value(option) for option in folder.mentions})
            if not any(name in listed[kind] for kind in kinds):
                return f"{folder.path}/Makefile does not list {name} with CONFIG options as Kconfig then has them"
        return ""


class Files:
    def __init__(self, makefiles, configuration, tree, arch):
        self.makefiles, self.configuration, self.tree, self.arch = makefiles, configuration, tree, arch
        self.chosen = {}  # file -> the Listing that compiles it
        self.architectures = {entry.name for entry in os.scandir(os.path.join(tree, "arch")) if entry.is_dir()}

    def base(self, folder):
        folder.evaluate({})
        return {name: value for name in folder.mentions for value in [self.configuration.value(name)] if value != "n"}

    def ways_to_list(self, folder, kinds, name):
        base = self.base(folder)
        found = changes_that_list(folder, kinds, name, base)
        if not found and len(self.base(folder)) > len(base):
            found = changes_that_list(folder, kinds, name, self.base(folder))
        return found

    def parents(self, path):
        while path not in ("", "."):
            path = os.path.dirname(path) or "."
            yield path

    def folder_ways(self, path):
        """[(goals)] so that make comes to a folder; and the Makefiles that say so."""
        if path == ".":
            return [Listing([], [])]
        for parent in self.parents(path):
            folder = self.makefiles.folder(parent)
            if not folder:
                continue
            found = self.ways_to_list(folder, ("folder",), path)
            if found:
                return [Listing(above.goals + own, [*above.checks, (folder, ("folder",), path)])
                        for above in self.folder_ways(parent)[:2] for own in found]
        raise Underivable(f"no Makefile descends into {path}/ to link what it builds into the kernel")

    def object_ways(self, item):
        """[(goals)] so that an object is linked into the kernel."""
        own = os.path.dirname(item)
        candidates = [path for path in [own, *self.parents(own)] if self.makefiles.folder(path)]
        others = self.folders_that_name(item)
        module_only = ""
        for path in candidates + [path for path in others if path not in candidates]:
            folder = self.makefiles.folder(path)
            if path == "." and own != ".":
                continue
            for kinds in (("object",), ("target",)):
                found = self.ways_to_list(folder, kinds, item)
                if found:
                    return [Listing(above.goals + own, [*above.checks, (folder, kinds, item)])
                            for above in self.folder_ways(path)[:2] for own in found]
            if any(item in listed["module"] for listed in folder.listed.values()):
                module_only = path
        if module_only:
            raise Underivable(f"{module_only}/Makefile builds {item} only as part of a module")
        raise Underivable(f"no Makefile builds {item} for the kernel, whatever the options are")

    def folders_that_name(self, item):
        """Folders elsewhere whose build files contain the object's name: arch/x86/kvm compiles virt/kvm."""
        folders = set()
        for path in files_with(os.path.basename(item), ("Makefile*", "Kbuild*"), self.tree):
            base = os.path.basename(path)
            if base not in ("Makefile", "Kbuild"):  # one that others include
                inner = files_with(base, ("Makefile", "Kbuild"), self.tree, f"arch/{self.arch}")
                folders.update(os.path.dirname(other) for other in inner)
            else:
                folders.add(os.path.dirname(path) or ".")
        return sorted(folder for folder in folders if not folder.startswith(("arch/", "tools/", "scripts/", "samples/")) or
                      folder.startswith(f"arch/{self.arch}/"))

    def foreign(self, file):
        words = file.split("/")
        if words[0] == "arch" and len(words) > 2 and words[1] in self.architectures and words[1] != self.arch:
            return words[1]
        return ""

    def alternatives(self, file):
        """(objects, [goals, ...], notes)"""
        item = re.sub(r"[.][^./]+$", ".o", file)
        direct = None
        try:
            return [item], self.object_ways(item), []
        except Underivable as error:
            direct = error
        objects, ways, notes = [], [], []
        for path, goals, unread in including_lines(self.tree, file):
            if self.foreign(path):
                continue
            try:
                inner = self.object_ways(re.sub(r"[.][^./]+$", ".o", path))
            except Underivable:
                continue
            objects.append(re.sub(r"[.][^./]+$", ".o", path))
            notes.append(f"{path} includes it")
            if unread:
                notes.append(f"{unread}: not derived")
            ways += [Listing(way.goals + goals, way.checks) for way in inner]
        if not objects:
            raise direct
        return objects, ways, notes

    def answer(self, file):
        result = {"file": file, "objects": [], "options": [], "needed": [], "notes": [], "why_not": ""}
        name = os.path.basename(file)
        foreign = self.foreign(file)
        if foreign:
            result["why_not"] = f"it belongs to arch/{foreign}, and this kernel is for arch/{self.arch}"
        elif not os.path.exists(os.path.join(self.tree, file)):
            result["why_not"] = "the tree has no such file"
        elif file.startswith(("tools/", "scripts/", "usr/", "samples/", "Documentation/")) and not file.startswith("usr/initramfs"):
            result["why_not"] = f"{file.split('/')[0]}/ is not linked into the kernel"
        elif file.endswith(".h"):
            result["notes"].append("a header: needs no option, every object that includes it is compiled from it")
        elif not re.search(r"[.](c|S|rs)$", name):
            build_file = re.match(r"(Kconfig|Makefile|Kbuild)", name) or name.endswith((".lds.S", ".mk"))
            result["why_not"] = ("a build file" if build_file else "no source of an object") + ": nothing is compiled from it"
        else:
            self.derive(file, result)
        return result

    def derive(self, file, result):
        try:
            result["objects"], ways, notes = self.alternatives(file)
        except Underivable as error:
            result["why_not"] = str(error)
            return
        result["notes"] += notes
        best, chosen, reasons = None, None, []
        for way in ways:
            try:
                names = self.configuration.reach(way.goals, f"compiles {result['objects'][0]}")
            except Underivable as error:
                reasons.append(str(error))
                continue
            missing, settings = way.missing(self.configuration), self.configuration.settings(names)
            self.configuration.forget(names)
            if missing:
                reasons.append(missing)
                continue
            rank = (sum(bool(s["instead_of"]) for s in settings), len(settings))
            if best is None or rank < best[0]:
                best, chosen = (rank, settings), way
        if best is None:
            result["why_not"] = "; ".join(unique(reasons))
            return
        others = unique([way.goals for way in ways if way.goals != chosen.goals])
        if others and best[1]:
            result["notes"].append("also compiled with " + " or with ".join(
                " and ".join(f"CONFIG_{n}={v}" for n, v in goals) or "nothing more" for goals in others))
        result["needed"] = best[1]
        self.chosen[file] = chosen
        result["options"] = [f"CONFIG_{name}={value}" for name, value in chosen.goals]


def unique(items):
    result = []
    for item in items:
        if item not in result:
            result.append(item)
    return result


def compile_lines(configuration, entries, reached):
    """Sets what the conditions around changed lines ask for, and notes what is not set, and why."""
    kept, wanted = [], []  # what may not be lost: (place, goals)

    def holds(goals):
        return all((configuration.value(name) != "n") == (value == "y") for name, value in goals)

    for entry in entries:
        for guard in entry.pop("guards", []):
            found = next((goals for goals, unread in guard.ways() if not unread and holds(goals)), None)
            place = f"{entry['file']}:{guard.where()}"
            if found is None:
                wanted.append((entry, guard, place))
            else:
                kept.append((place, found))
    for entry, guard, place in wanted:
        reasons = []
        for goals, unread in guard.ways():
            try:
                names = configuration.reach([goal for goal in goals if not holds([goal])], f"{place} is {guard.inside}")
            except Underivable as error:
                reasons.append(str(error))
                continue
            against = [f"CONFIG_{setting['name']}={setting['instead_of']}" for setting in configuration.settings(names) if setting["instead_of"]]
            lost = [file for file, way in reached if way.missing(configuration)] + [other for other, before in kept if not holds(before)]
            if against or lost:
                configuration.forget(names)
                reasons.append(f"{', '.join(against)} is asked for" if against else f"with its options {', '.join(lost[:4])} would not be compiled")
                continue
            kept.append((place, goals))
            reasons = [f"whether {', '.join(unread)} holds is not derived"] if unread else []
            break
        else:
            reasons = reasons or ["no option compiles it"]
        if reasons:
            entry["notes"].append(f"line {guard.where()} is {guard.inside}: {'; '.join(unique(reasons))}")


def main(request_file, answer_file):
    with open(request_file, encoding="utf-8") as file:
        request = json.load(file)
    if not os.environ.get("srctree"):
        sys.exit(f"rig: {request['tree']}: its Makefile is not a kernel's")
    sys.setrecursionlimit(20000)
    configuration = Configuration(request["requests"])
    files = Files(Makefiles(request, request["arch"]), configuration, request["tree"], request["arch"])
    answer = {"files": [], "together": [], "conflicts": []}
    for file in request["files"]:
        print(f"rig-file {file}", flush=True)
        answer["files"].append(files.answer(file))
    # All of them at once: what one file needs may serve the next, or stand against it.
    reached = []
    for file, way in files.chosen.items():
        try:
            names = configuration.reach(way.goals, f"compiles {file}")
        except Underivable as error:
            answer["conflicts"].append(f"{file}: not together with the others: {error}")
            continue
        lost = [other for other, before in reached if before.missing(configuration)]
        if lost:
            configuration.forget(names)
            answer["conflicts"].append(f"{file}: with its options {', '.join(lost)} would not be compiled")
        else:
            reached.append((file, way))
    for entry in answer["files"]:
        if not entry["why_not"]:
            entry["guards"] = guards_of(text_of(os.path.join(request["tree"], entry["file"])), entry["file"],
                                        *request["lines"].get(entry["file"], [[], []]))
    compile_lines(configuration, answer["files"], reached)
    answer["together"] = configuration.settings(list(configuration.set))
    with open(answer_file, "w", encoding="utf-8") as file:
        json.dump(answer, file, indent=1)


if __name__ == "__main__":
    main(*sys.argv[1:])
