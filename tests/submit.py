#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""submit.py RIG TOP: `rig submit` against a server on loopback that takes only what KCIDB's schema
accepts, with the right token. Controls: a server that refuses, a wrong token, and documents that the
server has to find wrong. Prints TAP."""
import http.server
import json
import os
import subprocess
import sys
import threading
import traceback
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema

RIG, TOP = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
RUN = TOP / "rig/testdata/runs/20261126-101046-batch-alloc-fail"
SCHEMA = json.loads((TOP / "rig/testdata/schemas/kcidb-5.3.json").read_text())
TOKEN = "a-token-that-nobody-sees"


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, open_to=TOKEN):
        super().__init__(("127.0.0.1", 0), Handler)
        self.open_to, self.taken, self.asked = open_to, [], 0
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/submit"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.asked += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, answer = 200, "ok"
        if self.headers["Authorization"] != f"Bearer {self.server.open_to}":
            status, answer = 401, "no such token"
        else:
            try:
                value = json.loads(body)
                jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(value)
                self.server.taken.append(value)
            except (ValueError, jsonschema.ValidationError) as error:
                status, answer = 422, f"invalid: {str(error)[:60]}"
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_):
        pass


def submit(server, *words, token=TOKEN, code=0):
    done = subprocess.run([RIG, "submit", RUN, "--kcidb", server.url, *words], cwd=TOP, capture_output=True, text=True, timeout=60, check=False,
                          env=dict(os.environ, RIG_KCIDB_TOKEN=token))
    assert done.returncode == code, (done.returncode, done.stdout[-500:], done.stderr[-500:])
    assert token not in done.stdout + done.stderr, "the token is printed"
    return done


def a_dry_run_sends_nothing():
    server = Server()
    done = submit(server)
    assert server.asked == 0 and "nothing was sent" in done.stderr, done.stderr
    assert json.loads(done.stdout)["version"] == {"major": 5, "minor": 3}


def what_is_sent_is_valid_and_what_the_dry_run_shows():
    server = Server()
    shown = json.loads(submit(server, "--origin", "my_lab").stdout)
    answer = json.loads(submit(server, "--origin", "my_lab", "--send", "--json").stdout)
    assert server.taken == [shown], "another document than the dry run's"
    assert answer["sent"] and answer["status"] == 200 and answer["tests"] == len(shown["tests"]), answer
    assert {one["origin"] for one in shown["checkouts"]} == {"my_lab"}


def a_server_that_refuses_is_a_fault():
    server = Server(open_to="another token")
    done = submit(server, "--send", code=3)
    assert server.asked == 1 and not server.taken
    assert "answered 401" in done.stderr and "no such token" in done.stderr, done.stderr


def the_server_finds_what_is_wrong():
    server = Server()
    valid = json.loads(submit(server).stdout)

    def post(value):
        request = urllib.request.Request(server.url, json.dumps(value).encode(), {"Authorization": f"Bearer {TOKEN}"})
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    for change in (lambda v: v["tests"][0].pop("id"), lambda v: v["checkouts"][0].update(git_commit_hash="v6.12"),
                   lambda v: v["checkouts"][0].update(message_id="none"), lambda v: v.pop("version")):
        value = json.loads(json.dumps(valid))
        change(value)
        assert post(value) == 422, "control: accepted"
    assert post(valid) == 200


def a_silent_server_is_a_fault():
    server = Server()
    server.shutdown()
    server.server_close()
    submit(server, "--send", code=3)


def main():
    tests = [a_dry_run_sends_nothing, what_is_sent_is_valid_and_what_the_dry_run_shows, a_server_that_refuses_is_a_fault, the_server_finds_what_is_wrong,
             a_silent_server_is_a_fault]
    print(f"TAP version 13\n1..{len(tests)}")
    failed = False
    for number, test in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} {test.__name__}")
        except Exception:  # pylint: disable=broad-except
            failed = True
            print(f"not ok {number} {test.__name__}")
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="")
    return 1 if failed else 0


sys.exit(main())
