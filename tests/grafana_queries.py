#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""grafana_queries.py RIG RUN DASHBOARD.json: runs every query of the Grafana dashboard.

The database is an index that rig builds from RUN. Prints TAP."""
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

rig, run, dashboard = sys.argv[1:]
tests = []


def check(name, ok, why=""):
    tests.append(ok)
    print(f"{'ok' if ok else 'not ok'} {len(tests)} - {name}{'' if ok else ': ' + why}")


def filled(sql, values):
    for name, value in values.items():
        sql = sql.replace(f"${name}", value)
    return sql


def answer(database, sql):
    try:
        cursor = database.execute(sql)
        return [column[0] for column in cursor.description], cursor.fetchall(), ""
    except sqlite3.Error as error:
        return [], [], str(error)


with open(dashboard, encoding="utf-8") as file:
    board = json.load(file)
with tempfile.TemporaryDirectory() as folder:
    shutil.copytree(run, os.path.join(folder, "results", os.path.basename(run)))
    made = subprocess.run([rig, "--results", os.path.join(folder, "results"), "index"], capture_output=True, text=True)
    check("rig index makes an index of the run", made.returncode == 0, made.stderr)
    database = sqlite3.connect(f"file:{os.path.join(folder, 'results', 'index.sqlite')}?mode=ro", uri=True)
    values = {"experiment": "All", "clock": "All", "metric": "sync_ipis"}
    for variable in board["templating"]["list"]:
        _, rows, error = answer(database, variable["query"])
        check(f"variable {variable['name']} has values", bool(rows), error or "no row")
    for panel in board["panels"]:
        for target in panel["targets"]:
            columns, rows, error = answer(database, filled(target["rawQueryText"], values))
            # The panel of host faults may be empty: a good run has none.
            check(f"panel {panel['title']} is answered", not error and (bool(rows) or "faults" in target["rawQueryText"]), error or "no row")
            if target["queryType"] == "time series":
                check(f"panel {panel['title']} is a time series", columns == ["time", "metric", "value"], str(columns))
            _, rows, error = answer(database, filled(target["rawQueryText"], {**values, "experiment": "no such experiment"}))
            if "$experiment" in target["rawQueryText"]:
                check(f"panel {panel['title']} is filtered", not error and not rows, error or f"{len(rows)} rows of another experiment")
            check(f"panel {panel['title']}: both texts are one", target["queryText"] == target["rawQueryText"], "they differ")
    # Runs that must not be compared are separate lines, and a run with a failed validity check is in
    # no line.
    writer = sqlite3.connect(os.path.join(folder, "results", "index.sqlite"))
    for number, change in enumerate(("clock = 'wall', host_boot = 'one'", "clock = 'wall', host_boot = 'two'", "vcpus = 8", "spec_sha256 = 'edited'", "accelerator = 'kvm'", "experiment = 'other'", "id = id")):
        for table, key in (("runs", "id"), ("arms", "run"), ("metrics", "run")):
            writer.execute(f"CREATE TEMP TABLE copy AS SELECT * FROM {table} WHERE {key} = (SELECT min({key}) FROM {table})")
            writer.execute(f"UPDATE copy SET {key} = 'z{number}'")
            if table == "runs":
                writer.execute(f"UPDATE copy SET {change}")
            if table == "arms" and change == "id = id":
                writer.execute("UPDATE copy SET proofs_failed = 1")
            writer.execute(f"INSERT INTO {table} SELECT * FROM copy")
            writer.execute("DROP TABLE copy")
    writer.commit()
    for panel in board["panels"]:
        for target in panel["targets"]:
            if target["queryType"] == "time series":
                _, rows, error = answer(database, filled(target["rawQueryText"], values))
                lines = {}
                for _, line, _ in rows:
                    lines[line] = lines.get(line, 0) + 1
                check(f"panel {panel['title']} has a line for each that is comparable", not error and len({line.split(': ', 1)[1] for line in lines}) == 7 and set(lines.values()) == {1}, error or str(lines))
    writer.close()
    _, _, error = answer(database, "SELECT no_such_column FROM runs")
    check("control: a query that is wrong is told", bool(error))
    try:
        database.execute("DELETE FROM runs")
        check("control: the index is open for reading only", False, "a row could be deleted")
    except sqlite3.OperationalError:
        check("control: the index is open for reading only", True)
print(f"1..{len(tests)}")
sys.exit(0 if all(tests) else 1)
