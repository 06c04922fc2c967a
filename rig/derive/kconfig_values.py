#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""kconfig_values.py REQUEST.json ANSWER.json: the options of `make allnoconfig` with requests.

Runs as the recipe of a rule that is added to the kernel's own Makefile (see kernel_options.py).

REQUEST {"requests": [[name, value], ...]}
ANSWER  {"values": {name: value as in a .config}}, without what is off
"""
import json
import sys

from kconfig_search import Configuration


def main(request_file, answer_file):
    with open(request_file, encoding="utf-8") as file:
        request = json.load(file)
    values = {}
    for symbol in Configuration(request["requests"]).kconfig.unique_defined_syms:
        name, equals, value = symbol.config_string.strip().partition("=")
        if equals and name.startswith("CONFIG_"):
            values[name[7:]] = value
    with open(answer_file, "w", encoding="utf-8") as file:
        json.dump({"values": values}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
