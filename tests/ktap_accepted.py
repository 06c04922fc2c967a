#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ktap_accepted.py TREE FILE: checks that the kernel's own parser accepts the KTAP in FILE.

The parser is that of the kernel tree TREE (tools/testing/kunit). It must read FILE without an
error and count what the last line "# Totals: ..." has. As controls, it must refuse the same file
broken in several ways.

Exit code 0: all of this holds. 1: it does not, and the difference is printed. 2: wrong usage, or
TREE has no such parser."""
import inspect
import io
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path


def parse(parser, text):
    """Returns the parser's counts. The parser of 7.3 takes a printer as an argument, that of 6.12 does not."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        arguments = [text.splitlines(keepends=True)]
        if len(inspect.signature(parser.parse_run_tests).parameters) > 1:
            from kunit_printer import Printer
            arguments.append(Printer(print=False))
        test = parser.parse_run_tests(*arguments)
    return test.counts


def totals(text):
    last = text.rstrip("\n").rpartition("\n")[2]
    found = re.fullmatch(r"# Totals: pass:(\d+) fail:(\d+) xfail:0 xpass:0 skip:(\d+) error:(\d+)", last)
    if not found:
        sys.exit(f"the last line is {last!r}, want # Totals: ...")
    passed, failed, skipped, errors = map(int, found.groups())
    return {"passed": passed, "failed": failed + errors, "skipped": skipped, "crashed": 0, "errors": 0}


def counts_of(counts):
    return {name: getattr(counts, name) for name in ("passed", "failed", "skipped", "crashed", "errors")}


def broken_copies(text):
    """Yields broken copies, which must not be read as the same results."""
    lines = text.splitlines(keepends=True)
    results = [i for i, line in enumerate(lines) if re.match(r"  (not )?ok ", line)]
    yield "a result is missing", "".join(lines[: results[-1]] + lines[results[-1] + 1 :])
    yield "a number is wrong", "".join(lines[: results[0]] + [re.sub(r"ok 1 ", "ok 7 ", lines[results[0]])] + lines[results[0] + 1 :])
    yield "the plan asks for more", re.sub(r"^1\.\.(\d+)$", lambda m: f"1..{int(m[1]) + 1}", text, count=1, flags=re.M)
    yield "no version line", text.replace("KTAP version", "KTAP-version")
    yield "the end is missing", "".join(lines[: len(lines) // 2])
    yield "a guest's words end it", "".join(lines[: results[0]] + ["  # reboot: System halted\n"] + lines[results[0] :])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder = Path(sys.argv[1]) / "tools/testing/kunit"
    if not (folder / "kunit_parser.py").is_file():
        print(f"{folder}: no kunit_parser.py", file=sys.stderr)
        return 2
    sys.dont_write_bytecode = True  # keep the source tree clean
    sys.path.insert(0, str(folder))
    with redirect_stdout(io.StringIO()):  # older parsers keep the stream they find here, and print to it
        import kunit_parser

    text = Path(sys.argv[2]).read_text(encoding="utf-8")
    wanted, found = totals(text), counts_of(parse(kunit_parser, text))
    if found != wanted:
        print(f"{sys.argv[2]}: the kernel's parser counts {found}, the file says {wanted}", file=sys.stderr)
        return 1
    for why, broken in broken_copies(text):
        counts = counts_of(parse(kunit_parser, broken))
        if counts["errors"] == 0 and counts["crashed"] == 0:
            print(f"{sys.argv[2]}: control: {why}, and the parser reports no error: {counts}", file=sys.stderr)
            return 1
    print(f"{sys.argv[2]}: accepted, {found}; the controls are refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
