// SPDX-License-Identifier: GPL-2.0-or-later
// The site over all runs in a browser. Prints TAP (node's own runner), one line for each test.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { launch, open } from './browser.mjs';
import * as checks from './checks.mjs';
import { editedRun, hostile, rig } from './pages.mjs';

const NIGHTS = 12;
const STEP = 8; // from this night on, the reviewed arm's caller waits twice as long
const idOf = (night, name = 'batch-alloc-fail') => `202602${String(night + 1).padStart(2, '0')}-010000-${name}`;

let folder;
let browser;
let site;
let verdicts; // of the runs, as rig list has them: newest first

/** Twelve nights of one experiment, and one run of another that lacks a boot. */
function makeSite() {
  const results = join(folder, 'results');
  mkdirSync(results);
  for (let night = 0; night < NIGHTS; ++night) {
    editedRun(join(results, idOf(night)), (info, samples) => {
      info.run_id = idOf(night);
      info.started = `2026-02-${String(night + 1).padStart(2, '0')}T01:00:00Z`;
      info.ended = info.started.replace('T01', 'T02');
      if (night === 3) info.rig_version = hostile('rig');
      if (night >= STEP) for (const sample of samples) if (sample.id.arm === 'reviewed') sample.caller_latency_ns = sample.caller_latency_ns.map((value) => 2 * value);
    });
  }
  editedRun(join(results, idOf(11, 'other')), (info, samples) => {
    info.run_id = idOf(11, 'other');
    info.started = '2026-02-12T03:00:00Z';
    info.ended = '2026-02-12T04:00:00Z';
    info.spec_text = info.spec_text.replace(/^name = .*$/m, 'name = "other"');
    samples.pop();
  });
  const made = rig('--results', results, 'dashboard', '--out', join(folder, 'site'), '--pages', '3');
  assert.equal(made.status, 0, made.err);
  verdicts = JSON.parse(rig('--results', results, 'list', '--json').out).runs.map((run) => run.verdict);
  return join(folder, 'site');
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rig-site-'));
  site = makeSite();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A view of the site, drawn; what it asks for within the site is let through and not counted. */
async function view(hash, look, how = {}, where = site) {
  const page = await open(browser, join(where, 'index.html'), { ...how, within: pathToFileURL(where).href });
  try {
    await page.evaluate((to) => {
      location.hash = to;
    }, hash);
    await page.waitForFunction((wanted) => document.getElementById('main').dataset.view === wanted, hash.replace(/^#\/?/, '').split('?')[0] || 'status');
    return await look(page);
  } finally {
    await page.context().close();
  }
}
const views = ['#/', '#/runs', '#/trend', '#/compare'];

/** A copy of the site with one file changed. */
function brokenSite(name, file, edit) {
  const copy = join(folder, `broken-${name}`);
  cpSync(site, copy, { recursive: true });
  const text = readFileSync(join(copy, file), 'utf8');
  const edited = edit(text);
  assert.notEqual(edited, text, 'the edit changes nothing');
  writeFileSync(join(copy, file), edited);
  return copy;
}

/** Charts that are drawn: one svg each, with a line for each arm and its two of the interval. */
async function chartFaults(page, arms) {
  const charts = await page.$$eval('.chart', (all) => all.map((chart) => ({ lines: [...chart.querySelectorAll('svg path')].filter((path) => path.getAttribute('fill') === 'none' && (path.getAttribute('d') ?? '').length > 60).length, label: chart.getAttribute('aria-label') ?? '' })));
  const faults = charts.length ? [] : ['no chart'];
  for (const { lines, label } of charts) {
    if (lines < 3 * arms) faults.push(`${lines} lines, want at least ${3 * arms}: ${label}`);
    if (label.length < 20) faults.push('no text alternative');
  }
  return faults;
}

test('status: every experiment with its newest verdict in words, and what did not run', async () => {
  await view('#/', async (page) => {
    const rows = await page.locator('table.status tbody tr').allInnerTexts();
    assert.equal(rows.length, 2);
    // The thinned boots leave one expectation undecided: that is said beside what holds.
    const words = { pass: '✓? pass (5 hold, 1 open)', fail: '✗ fail', inconclusive: '? inconclusive' };
    assert.ok(new Set(verdicts).size > 1, 'all runs came out alike');
    assert.ok(rows.find((row) => row.startsWith('batch-alloc-fail')).includes(words[verdicts[1]]), rows.join('\n'));
    assert.match(rows.find((row) => row.startsWith('other')), /\? inconclusive[^]*INCONCLUSIVE/);
    assert.equal(await page.locator('table.status .none').count(), NIGHTS - 1, 'the nights on which "other" did not run');
  });
});

test('filters: by scenario and verdict, and back', async () => {
  await view('#/runs', async (page) => {
    const shown = () => page.locator('table.runs tbody tr').count();
    assert.equal(await shown(), NIGHTS + 1);
    await page.selectOption('#choice-experiment', 'other');
    await page.waitForFunction(() => document.querySelectorAll('table.runs tbody tr').length === 1);
    await page.selectOption('#choice-verdict', 'pass');
    await page.waitForFunction(() => document.querySelectorAll('table.runs tbody tr').length === 0);
    assert.match(await page.locator('#count').innerText(), new RegExp(`0 of ${NIGHTS + 1} runs`));
    await page.selectOption('#choice-experiment', '');
    await page.waitForFunction((wanted) => document.querySelectorAll('table.runs tbody tr').length === wanted, verdicts.filter((verdict) => verdict === 'pass').length);
  });
});

test('trends: charts are drawn, and the planted step is the one change point', async () => {
  await view('#/trend', async (page) => {
    assert.deepEqual(await chartFaults(page, 2), []);
    const changed = await page.$$eval('section.trend', (all) => all.map((one) => [one.dataset.metric, one.querySelector('.changes').innerText]).filter(([, text]) => !text.includes('no change point')));
    assert.ok(changed.length > 0, 'the step was not found');
    for (const [metric, text] of changed) assert.match(text, new RegExp(`^reviewed: .*${idOf(STEP)}`), metric);
    const others = await page.$$eval('section.trend', (all) => all.filter((one) => one.innerText.includes('no change point')).length);
    assert.ok(others > 0, 'nothing is flat');
  });
});

test('trends: a chart that is not drawn is found, and figures that are missing are told', async () => {
  await view('#/trend', async (page) => {
    await page.evaluate(() => document.querySelector('.chart svg').remove());
    assert.notDeepEqual(await chartFaults(page, 2), []);
  });
  const gone = join(folder, 'gone');
  cpSync(site, gone, { recursive: true });
  for (const name of readdirSync(join(gone, 'data')).filter((one) => one.startsWith('cell-'))) rmSync(join(gone, 'data', name));
  await view('#/trend', async (page) => assert.match(await page.locator('[role=alert]').innerText(), /cell-[0-9a-f]{12}\.js is missing/), {}, gone);
  // Numbers of another site's runs would stand under the wrong names.
  const mixed = brokenSite('mixed', 'data/index.js', (text) => text.replace(/"made":"[^"]*"/, '"made":"yesterday"'));
  await view('#/trend', async (page) => assert.match(await page.locator('[role=alert]').innerText(), /made again/), {}, mixed);
  await view('#/trend?cell=0123456789ab', async (page) => assert.match(await page.locator('[role=alert]').innerText(), /no experiment/));
});

test('compare: two runs side by side, the same and not the same', async () => {
  await view(`#/compare?a=${idOf(0)}&b=${idOf(STEP)}`, async (page) => {
    const rows = await page.locator('table.figures tbody tr').allInnerTexts();
    assert.ok(rows.some((row) => row.includes('the same')), rows.join('\n'));
    assert.ok(rows.some((row) => /reviewed.*\+/s.test(row)), rows.join('\n'));
  });
  await view(`#/compare?a=nothing&b=${idOf(0)}`, async (page) => assert.match(await page.locator('[role=alert]').innerText(), /no run “nothing”/));
});

test('runs lead to their pages', async () => {
  await view('#/runs', async (page) => {
    await page.locator(`a[href="runs/${idOf(NIGHTS - 1)}.html"]`).first().click();
    await page.waitForSelector('#verdict');
  });
});

test('text of a run stays text', async () => {
  await view(`#/compare?a=${idOf(3)}&b=${idOf(4)}`, async (page) => {
    assert.deepEqual(await checks.hostileFaults(page, [hostile('rig')], 'script:not([src])', 0), []);
  });
  const marked = brokenSite('markup', 'index.html', (html) => html.replace('<main', '<img src=x onerror="window.hit=1"><main'));
  await view('#/', async (page) => assert.notDeepEqual(await checks.hostileFaults(page, [], 'script:not([src])', 0), []), {}, marked);
});

test('nothing is asked for elsewhere', async () => {
  for (const hash of views) await view(hash, async (page) => assert.deepEqual(checks.outsideFaults(page), [], hash));
  const outside = brokenSite('outside', 'index.html', (html) => html.replace('<main', '<img src="http://127.0.0.1:9/x"><main'));
  await view('#/', async (page) => assert.notDeepEqual(checks.outsideFaults(page), []), {}, outside);
});

for (const scheme of ['light', 'dark'])
  for (const width of [360, 1280])
    test(`accessible and no wider than the screen: ${scheme}, ${width} px`, async () => {
      for (const hash of views)
        await view(
          hash,
          async (page) => {
            assert.deepEqual(await checks.axeFaults(page), [], hash);
            assert.deepEqual(await checks.overflowFaults(page), [], hash);
          },
          { scheme, width },
        );
    });
