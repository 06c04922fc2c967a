# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests written in Python share: each test is a function, and the results are printed as TAP."""
import time
import traceback


class Skip(Exception):
    """Why a test cannot run here."""


def run_one(number, name, test):
    """Runs it and prints its line, with its seconds. Returns whether it failed."""
    begun = time.monotonic()
    try:
        test()
        print(f"ok {number} - {name} ({time.monotonic() - begun:.0f} s)", flush=True)
    except Skip as why:
        print(f"ok {number} - {name} # SKIP {why}", flush=True)
    except Exception:
        print(f"not ok {number} - {name}")
        print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), end="", flush=True)
        return True
    return False


def run_all(tests):
    """Runs them in their order. Returns how many failed."""
    print(f"1..{len(tests)}")
    return sum(run_one(number, test.__name__, test) for number, test in enumerate(tests, 1))
