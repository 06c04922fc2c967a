#!/usr/bin/env python3
"""embed.py SCRIPT STYLE OUTPUT: a C++ source that defines rig::web_assets() with the bytes of both (rig/web_assets.h)."""
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


script, script_size = literal(sys.argv[1])
style, style_size = literal(sys.argv[2])
with open(sys.argv[3], "w", encoding="ascii") as out:
    out.write(
        f"""// Made by web/embed.py.
#include "rig/web_assets.h"

namespace rig {{
namespace {{

constexpr char script[] =
{script};
constexpr char style[] =
{style};
constexpr WebAssets assets{{{{script, {script_size}}}, {{style, {style_size}}}}};

}} // namespace

const WebAssets* web_assets() {{ return &assets; }}

}} // namespace rig
"""
    )
