// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/html/live_page.h"

namespace rig {

std::string_view live_page() {
    return R"PAGE(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>rig: what runs now</title>
<style>
:root { color-scheme: light dark; --line: #8888; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem; }
progress { width: 100%; height: 1.2rem; }
article { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem 1rem; margin: 1rem 0; }
h2 { font-size: 1.1rem; overflow-wrap: anywhere; }
pre { max-height: 24rem; overflow: auto; border: 1px solid var(--line); padding: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
button { font: inherit; margin: .1rem; }
</style>
</head>
<body>
<h1>rig: what runs now</h1>
<p id="state" role="status">Asking.</p>
<main id="runs"></main>
<section aria-labelledby="console-title" hidden id="console-box"><h2 id="console-title"></h2><pre id="console" tabindex="0"></pre></section>
<script>
"use strict";
const make = (tag, text) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; return e; };
let watched = null, seen = 0, asked = false;
const kMost = 2 << 20; // of a console's characters kept on the page
const firstSeen = new Map();

function left(run, done) {
  if (!firstSeen.has(run.id)) firstSeen.set(run.id, { done, at: Date.now() });
  const since = firstSeen.get(run.id), boots = done - since.done;
  if (run.state !== "running" || boots < 1) return "";
  const seconds = (Date.now() - since.at) / 1000 / boots * (run.planned - done);
  return `, about ${seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`} left`;
}

function show(runs) {
  document.getElementById("runs").replaceChildren(...runs.map((run) => {
    const box = make("article"), done = Object.values(run.done).reduce((a, b) => a + b, 0);
    box.dataset.state = run.state;
    box.append(make("h2", run.id));
    const bar = make("progress");
    bar.max = Math.max(run.planned, 1); bar.value = done;
    bar.setAttribute("aria-label", `${run.id}: boots done`);
    box.append(bar, make("p", `${run.state}: ${done} of ${run.planned} boots (${Object.entries(run.done).map(([arm, n]) => `${arm} ${n}`).join(", ") || "none yet"})${left(run, done)}; ${run.clock} clock, since ${run.started}`));
    if (run.failure) box.append(make("p", run.failure));
    if (run.closing && run.state !== "running") box.append(make("p", run.closing));
    if (run.page) { const a = make("a", "report"); a.href = `/report/${encodeURIComponent(run.id)}`; box.append(a); }
    if (run.boots) {
      const list = make("p", "Consoles: ");
      for (const boot of run.boots) {
        const button = make("button", boot.name);
        button.type = "button";
        button.onclick = () => { watched = `${encodeURIComponent(run.id)}/${encodeURIComponent(boot.name)}`; seen = 0; document.getElementById("console").textContent = ""; document.getElementById("console-title").textContent = `Console of ${boot.name}, ${run.id}`; document.getElementById("console-box").hidden = false; follow(); };
        list.append(button);
      }
      box.append(list);
    }
    return box;
  }));
  document.getElementById("state").textContent = runs.length ? `${runs.filter((run) => run.state === "running").length} running; the newest runs:` : "There is no run yet.";
}

async function follow() {
  if (!watched || asked) return; // one question at a time: two with the same `seen` would show a piece twice
  asked = true;
  try {
    const mine = watched, answer = await fetch(`/console/${mine}?from=${seen}`);
    const bytes = await answer.arrayBuffer();
    if (!answer.ok || mine !== watched) return;
    const pre = document.getElementById("console");
    if (Number(answer.headers.get("X-Size")) < seen) { // the boot is made again
      seen = 0;
      pre.textContent = "";
      return;
    }
    if (!bytes.byteLength) return;
    seen += bytes.byteLength;
    const atEnd = pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 5;
    pre.append(new TextDecoder().decode(bytes));
    if (pre.textContent.length > kMost) pre.textContent = pre.textContent.slice(-kMost / 2);
    if (atEnd) pre.scrollTop = pre.scrollHeight;
  } finally {
    asked = false;
  }
}

async function ask() {
  try {
    show((await (await fetch("/live.json")).json()).runs);
    await follow();
  } catch {
    document.getElementById("state").textContent = "rig serve does not answer; trying again.";
  }
  setTimeout(ask, 2000);
}
ask();
</script>
</body>
</html>
)PAGE";
}

} // namespace rig
