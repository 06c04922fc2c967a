# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the Go benchmark format, which `rig export --format benchstat` writes.

It has two parsers: one by the grammar of the format, and the Go project's own."""
import functools
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple


class Benchmark(NamedTuple):
    line_name: str
    name: str
    keys: dict
    iterations: int
    pairs: list  # (figure, unit)


def benchfmt(data):
    """Reads what golang.org/x/perf/benchfmt reads without an error.

    It is stricter: lines that benchfmt silently ignores are errors, and so are names in lower case."""
    text = data.decode("utf-8")
    assert text.endswith("\n")
    config, units, results = {}, {}, []
    for line in text[:-1].split("\n"):
        fields = line.split()
        if line.startswith("Benchmark"):
            name = re.fullmatch(r"Benchmark([A-Z]\w*)((?:/[^/\s=]+=[^/\s]+)*)-(\d+)", fields[0])
            assert name, line
            assert re.fullmatch(r"\d+", fields[1]) and int(fields[1]) > 0, line
            assert len(fields) >= 4 and len(fields) % 2 == 0, line
            pairs = [(float(fields[i]), fields[i + 1]) for i in range(2, len(fields), 2)]
            assert all(unit in units for _, unit in pairs), line
            results.append(Benchmark(fields[0], name[1], dict(part.split("=") for part in name[2][1:].split("/")), int(fields[1]), pairs))
        elif fields[:1] == ["Unit"]:
            assert len(fields) > 2 and all(re.fullmatch(r"better=(higher|lower)|assume=(nothing|exact)", field) for field in fields[2:]), line
            assert fields[1] not in units, line
            units[fields[1]] = fields[2:]
        else:
            pair = re.fullmatch(r"([a-z][^\sA-Z:]*):[ \t]+(\S.*)", line)
            assert pair, line
            config[pair[1]] = pair[2]
    assert results
    return config, results


@functools.cache
def go_program():
    """Builds tests/benchmark_parse with Debian's Go packages.

    Uses neither the network nor the user's Go settings."""
    assert shutil.which("go"), "no program 'go': Debian has it in golang-go, and the parser in golang-golang-x-tools-dev"
    folder = tempfile.TemporaryDirectory()  # functools.cache keeps it until the process ends
    program = Path(folder.name, "benchmark_parse")
    env = {key: value for key, value in os.environ.items() if not key.startswith("GO")}
    env.update(GOPATH="/usr/share/gocode", GO111MODULE="off", GOPROXY="off", GOTOOLCHAIN="local", GOENV="off", GOCACHE=folder.name + "/cache")
    done = subprocess.run(["go", "build", "-o", program, Path(__file__).parent / "benchmark_parse/main.go"], env=env, capture_output=True, text=True,
                          timeout=240)
    assert done.returncode == 0, done.stderr
    return program, folder


def parsed_by_go(data):
    """Returns [(name, iterations, {unit: figure})] as golang.org/x/tools/benchmark/parse reads it.

    That parser skips all lines that it does not take for benchmarks."""
    done = subprocess.run([go_program()[0]], input=data, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return [(one["name"], one["n"], one["measured"]) for one in json.loads(done.stdout)]


def in_units_of_go(data):
    """Returns the export with every unit replaced by ns/op.

    The Go parser knows ns/op, MB/s, B/op and allocs/op. The export has ns and count."""
    return re.sub(rb"^(Benchmark.* )(?:ns|count)$", rb"\1ns/op", data, flags=re.M)


def agrees_with_go(data):
    """Asserts that both parsers find the same lines, iterations and figures, and returns them.

    The form is that of parsed_by_go(). ValueError for a line with two figures."""
    wanted = []
    for one in benchfmt(data)[1]:
        [(figure, _)] = one.pairs
        wanted.append((one.line_name, one.iterations, {"ns/op": figure}))
    found = parsed_by_go(in_units_of_go(data))
    assert found == wanted, [pair for pair in zip(found, wanted) if pair[0] != pair[1]][:1] or (len(found), len(wanted))
    return wanted
