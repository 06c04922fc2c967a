// SPDX-License-Identifier: GPL-2.0-or-later
// The report page in a browser. Prints TAP (node's own runner), one line for each test.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open } from './browser.mjs';
import * as checks from './checks.mjs';
import { hostile, hostilePage, hostilePlaces, incompletePage, pageOf, realPage, rig, runWithBadArm } from './pages.mjs';

let folder;
let browser;
let pages;
let failed = 0;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rig-browser-'));
  pages = { real: realPage(folder), hostile: hostilePage(folder), incomplete: incompletePage(folder) };
  browser = await launch();
});
after(async () => {
  await browser?.close();
  if (failed) console.error(`kept ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
});

/** @param {string} name  @param {() => Promise<void>} body */
const it = (name, body) =>
  test(name, async () => {
    try {
      await body();
    } catch (error) {
      failed += 1;
      throw error;
    }
  });

/** Opens a page, has `look` find faults, closes it. */
async function faultsOf(file, how, look) {
  const page = await open(browser, file, how);
  try {
    return await look(page);
  } finally {
    await page.context().close();
  }
}

/** A page like the real one that is broken: `edit` of its HTML, without its policy unless asked for. */
function broken(name, edit, { policy = false } = {}) {
  const file = join(folder, `broken-${name}.html`);
  const html = policy ? pages.real.html : pages.real.html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '');
  const edited = edit(html);
  assert.notEqual(edited, html, 'the edit changes nothing');
  writeFileSync(file, edited);
  return file;
}
const append = (markup) => (html) => html.replace('</footer>', () => `${markup}</footer>`);

/** Good pages have no faults; of a broken one this check says so. */
async function finds(file, how, look, pattern) {
  const faults = await faultsOf(file, how, look);
  assert.match(faults.join('\n'), pattern);
}

const charts = { real: 15, hostile: 15 };
const closing = (page) => page.report.verdict.closing;

it('verdict: first, with mark and words, whatever it is', async () => {
  for (const [page, mark] of [
    [pages.real, '✔'],
    [pages.hostile, '✘'],
    [pages.incomplete, '?'],
  ]) {
    assert.deepEqual(await faultsOf(page.file, {}, (one) => checks.verdictFaults(one, mark, closing(page))), []);
  }
  assert.match(closing(pages.incomplete), /INCONCLUSIVE/);
});
it('verdict: one that is hidden, wrong or far down is found', async () => {
  const look = (page) => checks.verdictFaults(page, '✔', closing(pages.real));
  await finds(
    broken('no-verdict', (html) => html.replace('id="verdict"', '')),
    {},
    look,
    /no element #verdict/,
  );
  await finds(broken('hidden-verdict', append('<style>#verdict { visibility: hidden }</style>')), {}, look, /not visible/);
  await finds(broken('low-verdict', append('<style>#verdict { margin-top: 500px }</style>')), {}, look, /want it first/);
  await finds(pages.incomplete.file, {}, look, /the verdict reads/);
});

it('what got worse stands beside what got better, and neither without proof', async () => {
  const headings = (page) => page.locator('.moved h4').allInnerTexts();
  assert.deepEqual(await faultsOf(pages.real.file, {}, headings), ['▲ Rose: worse', '▼ Fell: better', '? Undecided', '= Same']);
  assert.deepEqual(await faultsOf(pages.incomplete.file, {}, headings), []);
});

it('charts: all are drawn with all their series', async () => {
  for (const name of ['real', 'hostile'])
    assert.deepEqual(await faultsOf(pages[name].file, {}, (page) => checks.chartFaults(page, charts[name])), []);
});
it('charts: one that is missing, not drawn, or lacks a series is found', async () => {
  const look = (page) => checks.chartFaults(page, charts.real);
  await finds(
    broken('no-chart', (html) => html.replace(/<figure>.*?<\/figure>/s, '')),
    {},
    look,
    /charts, want/,
  );
  await finds(
    broken('no-script', (html) => html.replace(/<script>.*<\/script>/s, '')),
    {},
    look,
    /no svg path/,
  );
  const without = (selector, pattern) =>
    finds(
      pages.real.file,
      {},
      async (page) => {
        await page.evaluate((paths) => document.querySelectorAll(paths).forEach((path) => path.remove()), selector);
        return look(page);
      },
      pattern,
    );
  await without('[data-chart] path[stroke="#0072b2"]', /1 lines from end to end, want 2/);
  await without('[data-chart] path[fill="#0072b2"]', /1 colours of dots, want 2/);
  await without('[data-chart] path:not([fill="none"])', /fewer shapes than/);
});
it('charts: drawn again for a theme that changes and a window that narrows', async () => {
  await faultsOf(pages.real.file, {}, async (page) => {
    const colours = () => page.$eval('[data-chart] svg text', (text) => getComputedStyle(text).fill);
    const bright = await colours();
    await page.emulateMedia({ colorScheme: 'dark' });
    // Drawn again after the browser has told the page, which takes it a moment.
    await page.waitForFunction((was) => getComputedStyle(document.querySelector('[data-chart] svg text')).fill !== was, bright);
    await page.setViewportSize({ width: 360, height: 800 });
    await page.waitForFunction(() => document.querySelector('[data-chart] svg').getBoundingClientRect().width <= 360);
    assert.deepEqual(await checks.chartFaults(page, charts.real), []);
  });
});

it('numbers: the charts hold those of the JSON report', async () => {
  const drawn = await faultsOf(pages.real.file, {}, (page) => page.$$eval('[data-chart]', (all) => all.map((one) => JSON.parse(one.dataset.chart))));
  const latencies = pages.real.report.metrics.filter((metric) => metric.unit === 'ns');
  const boots = drawn.filter((chart) => chart.kind === 'boots');
  assert.equal(boots.length, latencies.length);
  boots.forEach((chart, i) =>
    latencies[i].arms.forEach((arm, j) => {
      assert.deepEqual(
        chart.series[j].points.map(([, value]) => value),
        arm.boots.map(({ value }) => value),
      );
      assert.equal(chart.series[j].name, arm.arm);
    }),
  );
  drawn
    .filter((chart) => chart.kind === 'steps')
    .forEach((chart, i) =>
      latencies[i].arms.forEach((arm, j) => {
        assert.equal(chart.series[j].points.at(-1)[0], arm.pooled.max);
        assert.ok(chart.series[j].points.length <= 401);
        assert.ok(chart.x.log && /log/.test(chart.x.name));
      }),
    );
  const [bars] = drawn.filter((chart) => chart.kind === 'bars');
  for (const row of pages.real.report.ipis_by_function) {
    const series = bars.series.find((one) => one.name === row.function);
    assert.deepEqual(
      series.points.map(([value]) => value),
      Object.values(row.arms).map(({ median }) => median),
    );
  }
});

it('hostile text stays text', async () => {
  // The command can be pasted into a shell: a quote in it is quoted.
  const texts = [...hostilePlaces.map((place) => hostile(place)), hostile('command').replaceAll("'", "'\\''")];
  assert.deepEqual(await faultsOf(pages.hostile.file, {}, (page) => checks.hostileFaults(page, texts)), []);
  assert.deepEqual(await faultsOf(pages.hostile.file, { width: 360, scheme: 'dark' }, (page) => checks.hostileFaults(page, texts)), []);
});
it('hostile text that becomes markup, or is not shown, is found', async () => {
  const look = (page) => checks.hostileFaults(page, [hostile('description')]);
  const file = broken('hostile', append(`${hostile('description')}<img src="data:," onerror="alert(2)">`));
  await finds(file, {}, look, /a script from the text has run/);
  await finds(file, {}, look, /an element from the text: <img/);
  await finds(file, {}, look, /scripts, want the page's own/);
  await finds(file, {}, look, /a dialog/);
  await finds(pages.real.file, {}, look, /not shown as it is/);
});
it('an arm with markup for a name is refused, and no page is left', async () => {
  const file = join(folder, 'bad-arm.html');
  const { status, err } = rig('report', runWithBadArm(folder), '--html', file);
  assert.equal(status, 2);
  assert.match(err, /<script>/);
  assert.ok(!existsSync(file));
});

it('asks for nothing, and keeps its own policy', async () => {
  for (const { file } of Object.values(pages)) assert.deepEqual(await faultsOf(file, {}, async (page) => checks.outsideFaults(page)), []);
});
it('a request, a breach of the policy and an error are found', async () => {
  const settled = async (page) => {
    await page.waitForTimeout(100);
    return checks.outsideFaults(page);
  };
  const picture = append('<img src="http://host.invalid/pixel.png" alt="">');
  await finds(broken('request', picture), {}, settled, /asks for http:\/\/host\.invalid\/pixel\.png/);
  await finds(broken('breach', picture, { policy: true }), {}, settled, /Content Security Policy/);
  await finds(broken('error', append('<script>none()</script>')), {}, settled, /none is not defined/);
  // The policy itself keeps a script out that the page does not know.
  assert.equal(
    await faultsOf(broken('injected', append('<script>window.hit = 1</script>'), { policy: true }), {}, (page) =>
      page.evaluate(() => 'hit' in window),
    ),
    false,
  );
});

for (const scheme of ['light', 'dark']) {
  for (const width of [360, 1280]) {
    it(`axe finds nothing serious: ${scheme}, ${width} px`, async () => {
      for (const { file } of Object.values(pages)) assert.deepEqual(await faultsOf(file, { scheme, width }, checks.axeFaults), []);
    });
    it(`axe finds what is put there: ${scheme}, ${width} px`, async () => {
      const file = broken('faint', append('<p style="color: #777; background: #888">faint</p><button type="button"></button>'));
      await finds(file, { scheme, width }, checks.axeFaults, /color-contrast/);
      await finds(file, { scheme, width }, checks.axeFaults, /button-name/);
    });
  }
}

it('a phone needs no sideways scrolling', async () => {
  for (const { file } of Object.values(pages)) assert.deepEqual(await faultsOf(file, { width: 360 }, checks.overflowFaults), []);
});
it('a page that is too wide is found', () =>
  finds(
    broken('wide', append('<div style="width: 700px">wide</div>')),
    { width: 360 },
    checks.overflowFaults,
    /700|7\d\d px wide in a window of 360 px/,
  ));

it('on paper: charts, white, nothing cut', async () => {
  for (const scheme of ['light', 'dark']) assert.deepEqual(await faultsOf(pages.real.file, { width: 794, scheme }, checks.printFaults), []);
});
it('on paper: what is hidden, cut or dark is found', async () => {
  const style = (rules) => append(`<style>@media print { ${rules} }</style>`);
  await finds(broken('print-hidden', style('.chart { display: none !important }')), { width: 794 }, checks.printFaults, /a chart is not drawn/);
  await finds(broken('print-cut', style('.box { overflow-x: auto !important }')), { width: 794 }, checks.printFaults, /cut off/);
  await finds(broken('print-dark', style('body { background: #15191e !important }')), { width: 794 }, checks.printFaults, /the ground is/);
});
it('on paper: a PDF can be made of it', async () => {
  const pdf = await faultsOf(pages.real.file, {}, (page) => page.pdf({ format: 'A4' }));
  assert.ok(pdf.subarray(0, 5).toString() === '%PDF-' && pdf.length > 50_000, `${pdf.length} bytes`);
});

it('without JavaScript: verdict, metrics and the tables behind the charts', async () => {
  for (const page of [pages.real, pages.hostile]) {
    assert.deepEqual(await faultsOf(page.file, { javaScript: false }, (one) => checks.noScriptFaults(one, closing(page))), []);
  }
});
it('without JavaScript: an empty frame, a dead button and a missing table are found', async () => {
  const look = (page) => checks.noScriptFaults(page, closing(pages.real));
  const how = { javaScript: false };
  await finds(broken('frames', append('<style>.chart { display: block !important; height: 100px }</style>')), how, look, /an empty chart/);
  await finds(
    broken('button', (html) => html.replace(/ hidden=""/, '')),
    how,
    look,
    /a button that does nothing/,
  );
  await finds(
    broken('no-table', (html) => html.replace(/<section aria-labelledby="metrics">.*?<\/section>/s, '<h2 id="metrics">Metrics</h2>')),
    how,
    (page) => look(page).catch(() => ['no table of metrics']),
    /no table of metrics/,
  );
});

it('the reproduce command can be copied', async () => {
  await faultsOf(pages.real.file, {}, async (page) => {
    const button = page.locator('button[data-copy]');
    assert.equal(await button.innerText(), 'Copy');
    await button.click();
    await page.waitForFunction(() => /Copied|Selected/.test(document.querySelector('button[data-copy]').textContent));
  });
});
it('the same run gives the same page', () => {
  assert.equal(pageOf(pages.real.run, join(folder, 'again.html')).html, pages.real.html);
});
