#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""embed.py REPORT.js REPORT.css DASHBOARD.js DASHBOARD.css OUTPUT: a C++ source that defines what rig/html/web_assets.h declares, with the bytes of all."""
import sys


def literal(path):
    """String literals of at most 4 KiB of the file's bytes each, one a line. Octal escapes: no digit behind one can join it."""
    plain = {byte for byte in range(0x20, 0x7F)} - set(b'"\\?')
    with open(path, "rb") as file:
        content = file.read()
    if not content:
        sys.exit(f"embed.py: {path} is empty, want what the bundler wrote")
    # Browsers read other bytes than these, or the element ends too early: either way the page's policy would keep it from running.
    for bad in (b"\r", b"\0", b"</script", b"</style", b"<!--"):
        if bad in content.lower():
            sys.exit(f"embed.py: {path} holds {bad!r}, which cannot stand in a page")
    lines = []
    for start in range(0, len(content), 4096):
        chunk = content[start : start + 4096]
        lines.append('    "' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in chunk) + '"')
    return "\n".join(lines), len(content)


def definition(function, script, style):
    script_text, script_size = literal(script)
    style_text, style_size = literal(style)
    return f"""
const WebAssets* {function}() {{
    static constexpr char script[] =
{script_text};
    static constexpr char style[] =
{style_text};
    static constexpr WebAssets assets{{{{script, {script_size}}}, {{style, {style_size}}}}};
    return &assets;
}}
"""


with open(sys.argv[5], "w", encoding="ascii") as out:
    out.write('// Made by web/embed.py.\n#include "rig/html/web_assets.h"\n\nnamespace rig {\n')
    out.write(definition("web_assets", sys.argv[1], sys.argv[2]))
    out.write(definition("dashboard_assets", sys.argv[3], sys.argv[4]))
    out.write("\n} // namespace rig\n")
