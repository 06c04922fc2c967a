#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""embed.py SCRIPT... OUTPUT: a C++ source that defines scripts() of rig/derive/scripts.h with the texts of all."""
import pathlib
import sys

PLAIN = set(range(0x20, 0x7F)) - set(b'"\\?')


def literal(content):
    # A line of the script each. Octal escapes: no digit behind one can join it.
    lines = ("".join(chr(b) if b in PLAIN else f"\\{b:03o}" for b in line) for line in content.splitlines(keepends=True))
    return "\n".join(f'     "{line}"' for line in lines)


with open(sys.argv[-1], "w", encoding="ascii") as out:
    out.write('// Made by rig/derive/embed.py.\n#include "rig/derive/scripts.h"\n\nnamespace rig {\n\n')
    out.write("const std::vector<Script>& scripts() {\n    static const std::vector<Script> all{\n")
    for name in sys.argv[1:-1]:
        out.write(f'    {{"{pathlib.Path(name).name}",\n{literal(pathlib.Path(name).read_bytes())}}},\n')
    out.write("    };\n    return all;\n}\n\n} // namespace rig\n")
