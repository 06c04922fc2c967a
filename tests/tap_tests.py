# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests written in Python share: each test is a function, and the results are printed as TAP."""
import traceback


class Skip(Exception):
    """Why a test cannot run here."""


def run_all(tests):
    """Runs them in their order. Returns how many failed."""
    print(f"1..{len(tests)}")
    bad = 0
    for number, test in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {test.__name__}", flush=True)
        except Skip as why:
            print(f"ok {number} - {test.__name__} # SKIP {why}", flush=True)
        except Exception:
            bad += 1
            print(f"not ok {number} - {test.__name__}")
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), end="", flush=True)
    return bad
