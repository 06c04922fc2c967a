// SPDX-License-Identifier: GPL-2.0-or-later
// The site over all runs. Data come from data/*.js, which call rigData(name, value); views are chosen by the address's hash, so that any of them can
// be linked to. Everything a run brought in is set as text, never as markup.
import * as echarts from "echarts/core";
import { LineChart } from "echarts/charts";
import { AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";
import { figure, tick } from "./figures.js";
import { dashes, nth, onThemeChange, symbols, theme } from "./theme.js";

echarts.use([LineChart, AriaComponent, DataZoomComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

const NIGHTS = 30; // columns of the status grid
const ROWS = 100; // of the list of runs, a page
const SHOWN = 300; // newest runs of a trend: thousands would take a browser a quarter of a minute to draw

const data = new Map();
const waiting = new Map();
window.rigData = (name, value) => {
  data.set(name, value);
  for (const done of waiting.get(name) ?? []) done(value);
  waiting.delete(name);
  if (name === "index") start();
};

/** A data file as a script: a page from a folder may load one, but not fetch() it. One of another making of the site numbers its runs otherwise. */
function load(name) {
  const ours = (value) => {
    if (value.made !== index().made) throw new Error("The site was made again since this page was opened: load it anew.");
    return value;
  };
  if (data.has(name)) return Promise.resolve(data.get(name)).then(ours);
  return new Promise((resolve, reject) => {
    waiting.set(name, [...(waiting.get(name) ?? []), (value) => resolve(Promise.resolve(value).then(ours))]);
    const script = document.createElement("script");
    script.src = `data/${name}.js`;
    script.onerror = () => reject(new Error(`data/${name}.js is missing: make the site again with rig dashboard`));
    document.head.append(script);
  });
}

/** element("td", {class: "x"}, "text", child) */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

let runs = [];
const index = () => data.get("index");

document.documentElement.classList.add("js");

function start() {
  const { columns, runs: rows } = index();
  const at = Object.fromEntries(columns.map((name, i) => [name, i]));
  const list = { experiment: "experiments", clock: "clocks", arch: "archs", tree: "trees", verdict: "verdicts", state: "states", rig: "rigs" };
  runs = rows.map((row, number) => {
    const run = { number };
    for (const name of columns) run[name] = list[name] ? index()[list[name]][row[at[name]]] : row[at[name]];
    run.arms = run.arms.map((arm) => index().arms[arm]);
    return run;
  });
  const views = document.getElementById("views");
  for (const [hash, words] of [["#/", "Status"], ["#/runs", "Runs"], ["#/trend", "Trends"], ["#/compare", "Compare two runs"]]) views.append(element("a", { href: hash }, words));
  window.addEventListener("hashchange", show);
  show();
}

/** "#/trend?cell=3&metric=x" -> ["trend", Map] */
function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return [path, new URLSearchParams(query)];
}
const link = (path, values) => `#/${path}?${new URLSearchParams(values)}`;
function go(path, values) {
  location.hash = link(path, values);
}

let charts = [];
let shown = 0; // views so far: one that is slow to load does not come over a later one
async function show() {
  const mine = ++shown;
  for (const chart of charts) chart.dispose();
  charts = [];
  const [path, query] = place();
  for (const a of document.querySelectorAll("#views a")) a.toggleAttribute("aria-current", a.getAttribute("href").split("?")[0] === `#/${path}`);
  const main = document.getElementById("main");
  const view = { runs: showRuns, trend: showTrend, compare: showCompare }[path] ?? showStatus;
  try {
    const content = await view(query);
    if (mine !== shown) return;
    main.replaceChildren(...content);
    for (const draw of content.flatMap((node) => [...node.querySelectorAll(".chart")])) charts.push(draw.rigDraw());
  } catch (error) {
    if (mine !== shown) return;
    main.replaceChildren(element("p", { role: "alert" }, String(error.message ?? error)));
  }
  main.dataset.view = path || "status";
}

const WORDS = {
  pass: ["✓", "pass"],
  fail: ["✗", "fail"],
  inconclusive: ["?", "inconclusive"],
  unknown: ["·", "not known"],
};
function badge(run) {
  const [plain, words] = WORDS[run.verdict] ?? WORDS.unknown;
  // A pass with open expectations shows both.
  const sign = run.verdict === "pass" && run.open ? `${plain}?` : plain;
  const state = `${run.open ? ` (${run.held} hold, ${run.open} open)` : ""}${run.state === "ended" ? "" : `, ${run.state}`}`;
  return element("span", { class: `badge ${run.verdict}`, title: `${run.id}: ${words}${state}. ${run.closing}` }, element("span", { "aria-hidden": "true" }, sign), element("span", { class: "words" }, ` ${words}${state}`));
}
function runLink(run, ...children) {
  const content = children.length ? children : [run.id];
  return run.page ? element("a", { href: `runs/${encodeURIComponent(run.id)}.html` }, ...content) : element("span", {}, ...content);
}

/** Label and select; `values`: [value, words] */
function choice(words, name, values, chosen, change) {
  const select = element("select", { id: `choice-${name}`, name, onchange: () => change(select.value) }, ...values.map(([value, text]) => element("option", { value, selected: value === chosen }, text)));
  return element("label", { class: "choice" }, `${words} `, select);
}

const FILTERS = [
  ["tree", "Tree", "trees"],
  ["arm", "Arm", "arms"],
  ["experiment", "Scenario", "experiments"],
  ["arch", "Architecture", "archs"],
  ["clock", "Clock", "clocks"],
  ["verdict", "Verdict", "verdicts"],
];
function filters(path, query) {
  return element(
    "div",
    { class: "filters", role: "group", "aria-label": "Filters" },
    ...FILTERS.map(([key, words, list]) =>
      choice(words, key, [["", "any"], ...index()[list].filter((value) => value).map((value) => [value, value])], query.get(key) ?? "", (value) => {
        const values = Object.fromEntries(query);
        delete values.page;
        if (value) values[key] = value;
        else delete values[key];
        go(path, values);
      }),
    ),
  );
}
const matches = (run, query) => FILTERS.every(([key]) => !query.get(key) || (key === "arm" ? run.arms.includes(query.get(key)) : run[key] === query.get(key)));

/** The runs that match, oldest first, by the number of their cell. */
function cells(query) {
  const chosen = new Map();
  for (const run of runs) {
    if (!matches(run, query)) continue;
    if (!chosen.has(run.cell)) chosen.set(run.cell, []);
    chosen.get(run.cell).push(run);
  }
  return chosen;
}

/** Of every experiment the last runs, a sign each: the newest day on the right. */
function showStatus(query) {
  const byCell = cells(query);
  const days = [...new Set([...byCell.values()].flat().map((run) => run.started.slice(0, 10)))].sort().slice(-NIGHTS);
  const worst = (list) => ["fail", "inconclusive", "unknown", "pass"].map((verdict) => list.findLast((run) => run.verdict === verdict)).find((run) => run);
  const rows = [...byCell].map(([cell, list]) => {
    const last = list.at(-1);
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, element("a", { href: link("trend", { cell: index().cells[cell].id }) }, index().cells[cell].words)),
      element("td", {}, runLink(last, badge(last)), element("div", { class: "closing" }, last.closing)),
      element("td", { class: "figure" }, String(list.length)),
      ...days.map((day) => {
        const that = list.filter((run) => run.started.startsWith(day));
        return element("td", { class: "night" }, that.length ? runLink(worst(that), badge(worst(that))) : element("span", { class: "none", title: `${day}: not run` }, "–"));
      }),
    );
  });
  return [
    filters("", query),
    element("p", {}, `${runs.length} runs; site made ${index().made}. A night shows its worst run: ✗ fail (regression or broken expectation), ? inconclusive, ✓ pass, ✓? pass with undecided expectations, · not known, – not run.`),
    element(
      "div",
      { class: "box", tabindex: "0", role: "region", "aria-label": "Status" },
      element(
        "table",
        { class: "status" },
        element("caption", {}, `Status of the last ${days.length === 1 ? "day" : `${days.length} days`} with runs, by experiment`),
        element("thead", {}, element("tr", {}, ...["Experiment", "Newest run", "Runs"].map((words) => element("th", { scope: "col" }, words)), ...days.map((day) => element("th", { scope: "col", class: "night" }, day.slice(5))))),
        element("tbody", {}, ...rows),
      ),
    ),
  ];
}

function showRuns(query) {
  const chosen = runs.filter((run) => matches(run, query)).reverse();
  const page = Math.max(0, Math.min(Number(query.get("page") ?? 0) || 0, Math.ceil(chosen.length / ROWS) - 1));
  const turn = (to, words) => (to >= 0 && to * ROWS < chosen.length && to !== page ? element("a", { href: link("runs", { ...Object.fromEntries(query), page: to }) }, words) : undefined);
  return [
    filters("runs", query),
    element("p", { id: "count" }, `${chosen.length} of ${runs.length} runs`, chosen.length > ROWS ? `, ${page * ROWS + 1} to ${Math.min(chosen.length, (page + 1) * ROWS)} shown. ` : ". ", turn(page - 1, "Newer"), " ", turn(page + 1, "Older")),
    element(
      "div",
      { class: "box", tabindex: "0", role: "region", "aria-label": "Runs" },
      element(
        "table",
        { class: "runs" },
        element("caption", {}, "Runs, newest first"),
        element("thead", {}, element("tr", {}, ...["Run", "Verdict", "In one line", "Clock", "Tree", "Boots", ""].map((words) => element("th", { scope: "col" }, words)))),
        element(
          "tbody",
          {},
          ...chosen.slice(page * ROWS, (page + 1) * ROWS).map((run) =>
            element(
              "tr",
              {},
              element("th", { scope: "row" }, runLink(run)),
              element("td", {}, badge(run)),
              element("td", { class: "closing" }, run.closing),
              element("td", {}, run.clock),
              element("td", {}, run.tree),
              element("td", { class: "figure" }, String(run.samples)),
              element("td", {}, element("a", { href: link("compare", { a: run.id }) }, "compare")),
            ),
          ),
        ),
      ),
    ),
  ];
}

async function showTrend(query) {
  const chosen = [...cells(query).keys()];
  if (!chosen.length) return [filters("trend", query), element("p", {}, "No run matches.")];
  const wanted = index().cells.findIndex((one) => one.id === query.get("cell"));
  if (query.has("cell") && wanted < 0) throw new Error(`There is no experiment “${query.get("cell")}” in this site any more.`);
  const cell = chosen.includes(wanted) ? wanted : chosen[0];
  const figures = await load(`cell-${index().cells[cell].id}`);
  const metrics = figures.metrics.filter((metric) => !query.get("metric") || metric.metric === query.get("metric"));
  const again = (values) => go("trend", { ...Object.fromEntries(query), cell: index().cells[cell].id, ...values });
  return [
    filters("trend", query),
    element(
      "div",
      { class: "filters", role: "group", "aria-label": "Experiment and metric" },
      choice("Experiment", "cell", chosen.map((number) => [index().cells[number].id, index().cells[number].words]), index().cells[cell].id, (value) => again({ cell: value })),
      choice("Metric", "metric", [["", "all"], ...figures.metrics.map((metric) => [metric.metric, metric.metric])], query.get("metric") ?? "", (value) => again({ metric: value })),
    ),
    element("p", {}, `Median over boots of each run, with its 95 % interval (thin lines; the range over boots where there are too few for one: the table says which). Vertical lines: change points (E-divisive, p ≤ ${index().changes.significance}, steps of at least ${index().changes.least_effect * 100} %, among the newest ${index().changes.window} runs; their places are estimates). ${figures.tested === 0 ? `No series has the ${index().changes.least_runs} runs it takes to tell one.` : `${figures.tested} series have the ${index().changes.least_runs} runs it takes to tell one; by chance alone about ${(figures.tested * index().changes.significance).toFixed(1)} of them would show one.`}`),
    figures.left_out ? element("p", { class: "note" }, `${figures.left_out} runs are not in the lines: they did not end, or a validity check failed.`) : undefined,
    ...metrics.map((metric) => trend(metric, query)),
    metrics.length ? undefined : element("p", {}, "No figures: no run of this experiment ended with every validity check passed."),
  ].filter((node) => node);
}

function trend(metric, query) {
  const arms = metric.arms
    .filter((arm) => !query.get("arm") || arm.arm === query.get("arm"))
    .map((arm) => {
      const left = Math.max(0, arm.points.length - SHOWN);
      return { ...arm, left, points: arm.points.slice(left), changes: arm.changes.filter((change) => change.at >= left).map((change) => ({ ...change, at: change.at - left })) };
    });
  const left = Math.max(0, ...arms.map((arm) => arm.left));
  const changes = arms.flatMap((arm) => arm.changes.map((change) => ({ arm: arm.arm, run: runs[arm.points[change.at][0]], ...change })));
  const box = element("div", { class: "chart", role: "img", "aria-label": `Trend of ${metric.metric}: ${arms.map((arm) => `${arm.arm} ${figure(arm.points.at(-1)?.[1], metric.unit)} in the newest run`).join(", ")}; ${changes.length} change points` });
  box.rigDraw = () => {
    const chart = echarts.init(box, null, { renderer: "svg", height: 260 });
    const look = theme();
    const series = arms.flatMap((arm, i) => {
      const style = { color: nth(look.series, i), dash: nth(dashes, i), symbol: nth(symbols, i) };
      const line = (column, own) => ({ type: "line", data: arm.points.map((point) => [runs[point[0]].started.replace(" ", "T"), point[column]]), ...own });
      return [
        line(1, {
          name: arm.arm,
          color: style.color,
          lineStyle: { color: style.color, type: style.dash, width: 2 },
          symbol: style.symbol,
          symbolSize: arm.points.length > 200 ? 0 : 6,
          markLine: { symbol: "none", label: { show: false }, lineStyle: { color: style.color, type: "dotted" }, data: arm.changes.map((change) => ({ xAxis: runs[arm.points[change.at][0]].started })) },
        }),
        ...[2, 3].map((column) => line(column, { name: `${arm.arm}, ${column === 2 ? "low" : "high"}`, color: style.color, lineStyle: { color: style.color, width: 0.7, opacity: 0.7 }, symbol: "none", silent: true })),
      ];
    });
    chart.setOption({
      animation: false,
      useUTC: true,
      aria: { enabled: false }, // the box has its text
      textStyle: { color: look.text },
      legend: { top: 0, right: 20, data: arms.map((arm) => arm.arm), textStyle: { color: look.text } },
      tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value) => figure(value, metric.unit) },
      grid: { left: 80, right: 20, top: 40, bottom: 50 },
      xAxis: { type: "time", name: "start of the run (UTC)", nameLocation: "middle", nameGap: 28, axisLabel: { color: look.text, hideOverlap: true } },
      yAxis: { type: "value", min: 0, name: metric.unit === "ns" ? "time, from 0" : metric.unit === "per_second" ? "per second, from 0" : "count, from 0", axisLabel: { color: look.text, formatter: (value) => tick(value, metric.unit) }, splitLine: { lineStyle: { color: look.grid } } },
      dataZoom: [{ type: "inside" }],
      series,
    });
    return chart;
  };
  const rows = arms.flatMap((arm) =>
    arm.points.slice(-50).reverse().map(([number, median, low, high, interval]) =>
      element("tr", {}, element("th", { scope: "row" }, runLink(runs[number])), element("td", {}, arm.arm), ...[median, low, high].map((value) => element("td", { class: "figure" }, figure(value, metric.unit))), element("td", {}, interval ? "95 % interval" : "range over boots")),
    ),
  );
  return element(
    "section",
    { class: "trend", "data-metric": metric.metric },
    element("h2", {}, metric.metric),
    left ? element("p", { class: "note" }, `The newest ${SHOWN} runs; ${left} older ones are not drawn.`) : undefined,
    box,
    element(
      "ul",
      { class: "changes" },
      ...(changes.length
        ? changes.map((change) => element("li", {}, `${change.arm}: ${figure(change.before, metric.unit)} → ${figure(change.after, metric.unit)} from `, runLink(change.run), ` on (p ${change.p <= 0.005 ? "≤ 0.005" : `= ${change.p.toFixed(3)}`}); against the run before ${change.with.length ? `${change.with.join(", ")} changed` : "nothing that is recorded changed"}`))
        : [element("li", {}, arms.some((arm) => arm.points.length >= index().changes.least_runs) ? "no change point" : `too few runs to tell a change (${index().changes.least_runs} at least)`)]),
    ),
    element(
      "details",
      {},
      element("summary", {}, "Figures of the newest runs"),
      element("div", { class: "box", tabindex: "0", role: "region", "aria-label": `Figures of ${metric.metric}` }, element("table", {}, element("thead", {}, element("tr", {}, ...["Run", "Arm", "Median", "Low", "High", "Low and high are"].map((words) => element("th", { scope: "col" }, words)))), element("tbody", {}, ...rows))),
    ),
  );
}

async function showCompare(query) {
  const pick = (key, otherwise) => runs.find((run) => run.id === query.get(key)) ?? otherwise;
  const a = pick("a", runs.at(-2) ?? runs.at(-1));
  const b = pick("b", runs.filter((run) => a && run.cell === a.cell && run !== a).at(-1) ?? runs.at(-1));
  if (!a || !b) return [element("p", {}, "There is no run.")];
  // All ids in one list that both inputs complete from: a select of ten thousand would be slow to open.
  const ids = element("datalist", { id: "ids" }, ...runs.slice(-500).reverse().map((run) => element("option", { value: run.id })));
  const input = (key, run) => {
    const field = element("input", { id: `run-${key}`, list: "ids", value: run.id, size: 40, onchange: () => go("compare", { a: a.id, b: b.id, [key]: field.value }) });
    return element("label", { class: "choice" }, `Run ${key.toUpperCase()} `, field);
  };
  const missing = ["a", "b"].filter((key) => query.get(key) && !runs.some((run) => run.id === query.get(key)));
  const [first, second] = await Promise.all([a, b].map((run) => load(`cell-${index().cells[run.cell].id}`)));
  const value = (figures, run, metric, arm) => figures.metrics.find((one) => one.metric === metric)?.arms.find((one) => one.arm === arm)?.points.find((point) => point[0] === run.number)?.[1];
  const rows = [];
  const names = [...new Set([...first.metrics, ...second.metrics].map((metric) => metric.metric))];
  // Counts of one experiment are comparable whatever the clock; times only within one cell of the site.
  const [own, other] = [a, b].map((run) => index().cells[run.cell]);
  const alike = (unit) => a.cell === b.cell || (unit === "count" && own.experiment === other.experiment && own.vcpus === other.vcpus && own.overrides.join() === other.overrides.join());
  for (const name of names) {
    const unit = [...first.metrics, ...second.metrics].find((metric) => metric.metric === name).unit;
    for (const arm of [...new Set([...a.arms, ...b.arms])]) {
      const [x, y] = [value(first, a, name, arm), value(second, b, name, arm)];
      if (x === undefined && y === undefined) continue;
      const comparable = x !== undefined && y !== undefined && alike(unit);
      const change = !comparable ? (x === undefined || y === undefined ? "only in one" : "another experiment, clock, machine or boot of the host: not to be compared") : x === y ? "the same" : x === 0 ? `${y > x ? "+" : "−"}${figure(Math.abs(y - x), unit)}` : `${y > x ? "+" : "−"}${Math.abs((y / x - 1) * 100).toPrecision(3)} %`;
      rows.push(element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, arm), ...[x, y].map((one) => element("td", { class: "figure" }, one === undefined ? "–" : figure(one, unit))), element("td", { class: "figure" }, change)));
    }
  }
  const facts = [["Verdict", badge], ["In one line", (run) => run.closing], ["Started", (run) => run.started], ["Set-up", (run) => index().cells[run.cell].words], ["Tree", (run) => run.tree], ["rig", (run) => run.rig], ["Boots", (run) => String(run.samples)]];
  return [
    element("div", { class: "filters", role: "group", "aria-label": "Two runs" }, input("a", a), input("b", b), ids),
    ...missing.map((key) => element("p", { role: "alert" }, `There is no run “${query.get(key)}”; shown is another.`)),
    element(
      "div",
      { class: "box", tabindex: "0", role: "region", "aria-label": "Comparison" },
      element("table", { class: "compare" }, element("caption", {}, "Set-up"), element("thead", {}, element("tr", {}, element("td", {}), ...[a, b].map((run, i) => element("th", { scope: "col" }, `${"AB"[i]}: `, runLink(run))))), element("tbody", {}, ...facts.map(([words, of]) => element("tr", {}, element("th", { scope: "row" }, words), element("td", {}, of(a)), element("td", {}, of(b)))))),
      element("table", { class: "compare figures" }, element("caption", {}, "Medians over boots; differences are what they are, no test of significance across runs"), element("thead", {}, element("tr", {}, ...["Metric", "Arm", "A", "B", "B against A"].map((words) => element("th", { scope: "col" }, words)))), element("tbody", {}, ...rows)),
    ),
  ];
}

window.addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
onThemeChange(() => runs.length && show());
