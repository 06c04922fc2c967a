#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs.py TOP RIG [--write]: checks the Markdown pages of the project.

- Prose is at most 100 columns wide. Code fences, tables and lines with a URL are exempt.
- A cell of a table has at most eight words. Code, figures and links count as one word each.
- Every relative link points to a file, and its anchor to a heading of that file.
- docs/README.md has a glossary of at most 25 terms.
- docs/reference/cli.md is what RIG --help and the --help of each command print, and the keys in
  docs/reference/experiment-file.md are those of the program's table. With --write both pages are
  written instead.

As a control, each check has to find what is wrong in a page made for it."""
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse

WIDTH, CELL, TERMS = 100, 8, 25
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def prose(text):
    """Yields (line number, line) of what is in no code fence."""
    fence = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            fence = not fence
        elif not fence:
            yield number, line


def wide(text):
    return [(number, f"{len(line)} columns, want at most {WIDTH}") for number, line in prose(text)
            if len(line) > WIDTH and not line.lstrip().startswith("|") and "http" not in line]


def words(cell):
    cell = re.sub(r"`[^`]*`", "code", cell)
    cell = re.sub(r"\[([^\]]*)\]\([^)]*\)", "link", cell)
    return [word for word in cell.split() if re.search(r"[A-Za-z]", word)]


def crowded(text):
    out = []
    for number, line in prose(text):
        if not line.lstrip().startswith("|"):
            continue
        for cell in re.split(r"(?<!\\)\|", line.strip().strip("|")):
            if len(words(cell)) > CELL:
                out.append((number, f"a cell of {len(words(cell))} words, want at most {CELL}: {cell.strip()[:60]}"))
    return out


def anchors(text):
    """The anchors of headings, as GitHub makes them; the second of a name ends in -1."""
    found, seen = set(), {}
    for _, line in prose(text):
        heading = re.match(r"#+ (.*)", line)
        if heading:
            plain = re.sub(r"`|\*|\[([^\]]*)\]\([^)]*\)", r"\1", heading[1])
            anchor = re.sub(r"[^\w\- ]", "", plain.lower()).strip().replace(" ", "-")
            found.add(f"{anchor}-{seen[anchor]}" if anchor in seen else anchor)
            seen[anchor] = seen.get(anchor, 0) + 1
    return found


def dead(page, text):
    out = []
    for number, line in prose(text):
        for match in LINK.finditer(re.sub(r"`[^`]*`", "", line)):
            target = match[1] or match[2]
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            file = page.parent / urllib.parse.unquote(name) if name else page
            if not file.exists():
                out.append((number, f"link to {target}: no such file"))
            elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
                out.append((number, f"link to {target}: no such heading"))
    return out


def terms(text):
    glossary = re.search(r"^## Glossary$(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not glossary:
        return [(1, "no section '## Glossary'")]
    found = re.findall(r"^(?:- )?\*\*", glossary[1], re.M)
    if not 10 <= len(found) <= TERMS:
        return [(1, f"a glossary of {len(found)} terms, want 10 to {TERMS}")]
    return []


def help_of(rig, *command, option="--help"):
    env = dict(os.environ, COLUMNS="100", NO_COLOR="1")
    done = subprocess.run([rig, *command, option], capture_output=True, text=True, env=env, check=True)
    return done.stdout.replace(rig, "rig").rstrip() + "\n"


def cli_page(rig):
    whole = help_of(rig, option="--help-all")
    groups = re.findall(r"^(?:Experiments|Runs|Tools):\n(.*?)(?=^\S|\Z)", whole, re.M | re.S)
    names = [name for commands in groups for name in re.findall(r"^  ([a-z][a-z-]*)", commands, re.M)]
    assert len(names) > 10, whole
    parts = ["# Command line\n\nThis page is the output of `rig --help`, `rig --help-all` and `rig COMMAND --help`. A\ntest compares them; "
             "`tests/docs.py . build/rig/rig --write` renews the\npage.\n",
             f"## rig\n\n```text\n{help_of(rig)}```\n", f"## All options\n\n```text\n{whole}```\n"]
    parts += [f"## {name}\n\n```text\n{help_of(rig, name)}```\n" for name in names]
    return "\n".join(parts)


def key_page(rig, text):
    """The page of the experiment file with the keys of the program's table."""
    keys = subprocess.run([rig, "__keys"], capture_output=True, text=True, check=True).stdout
    begin, end = text.index("## Top level\n"), text.index("## Old names\n")
    return text[:begin] + keys + "\n" + text[end:]


def control():
    """Each check finds what is wrong, and only that."""
    page = pathlib.Path(__file__)
    bad = {
        "x" * 101: wide, "| " + "word " * 9 + "|": crowded, "[a](no-such-file.md)": lambda text: dead(page, text),
        "[a](../README.md#no-such-heading)": lambda text: dead(page, text), "## Glossary\n\n**a**: b\n": terms,
    }
    good = {
        "x" * 100: wide, "http://" + "x" * 200: wide, "```\n" + "x" * 200 + "\n```": wide, "| " + "word " * 8 + "|": crowded,
        "| " + "1 " * 20 + "|": crowded, "[a](../README.md)": lambda text: dead(page, text),
        "## Glossary\n\n" + "**a**: b\n\n" * 25: terms,
    }
    assert all(check(text) for text, check in bad.items()), "a control was not found"
    assert not any(check(text) for text, check in good.items()), "a good page was refused"


def main(top, rig, write):
    control()
    page = top / "docs/reference/cli.md"
    keys = top / "docs/reference/experiment-file.md"
    if write:
        page.write_text(cli_page(rig), encoding="utf-8")
        keys.write_text(key_page(rig, keys.read_text(encoding="utf-8")), encoding="utf-8")
    wrong = []
    listed = subprocess.run(["git", "-C", top, "ls-files", "-z", "--", "*.md"], capture_output=True, text=True)
    pages = [top / name for name in listed.stdout.split("\0") if name] if listed.returncode == 0 else sorted(top.glob("**/*.md"))
    for file in pages:
        if not file.exists():
            continue
        text = file.read_text(encoding="utf-8")
        found = wide(text) + dead(file, text)
        if file != page:
            found += crowded(text)
        if file == top / "docs/README.md":
            found += terms(text)
        wrong += [f"{file.relative_to(top)}:{number}: {what}" for number, what in sorted(found)]
    now = page.read_text(encoding="utf-8") if page.exists() else ""
    if now != cli_page(rig):
        wrong.append("docs/reference/cli.md: not what rig --help prints: tests/docs.py TOP RIG --write")
    if keys.read_text(encoding="utf-8") != key_page(rig, keys.read_text(encoding="utf-8")):
        wrong.append("docs/reference/experiment-file.md: not the keys of rig's table: tests/docs.py TOP RIG --write")
    print("\n".join(wrong) or f"{len(pages)} pages are in order")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], "--write" in sys.argv[3:]))
