// SPDX-License-Identifier: GPL-2.0-or-later
// What a page has to be. Each check gives a list of what is wrong, empty for a good page; that each can find something wrong is
// shown on broken pages in report_test.mjs.
import { axeSource } from './browser.mjs';

/** The verdict is in sight, with its mark and these words. */
export async function verdictFaults(page, mark, words) {
  const verdict = page.locator('#verdict');
  if ((await verdict.count()) !== 1) return ['no element #verdict'];
  const faults = [];
  if (!(await verdict.isVisible())) faults.push('the verdict is not visible');
  const text = await verdict.innerText();
  if (!text.includes(words)) faults.push(`the verdict reads ${JSON.stringify(text)}, want ${JSON.stringify(words)}`);
  if (!text.includes(mark)) faults.push(`the verdict has no mark ${mark}`);
  const top = await verdict.evaluate((element) => element.getBoundingClientRect().top);
  if (top > 300) faults.push(`the verdict is ${top} px down the page, want it first`);
  return faults;
}

/** Every chart is drawn, with all its series, and says in words what it shows. */
export async function chartFaults(page, wanted) {
  const charts = await page.$$eval('[data-chart]', (elements) =>
    elements.map((element) => {
      const chart = JSON.parse(element.dataset.chart);
      const svg = element.querySelector('svg');
      const drawn = svg
        ? [...svg.querySelectorAll('path')].map((path) => ({
            fill: path.getAttribute('fill') ?? 'none',
            stroke: path.getAttribute('stroke') ?? 'none',
            corners: (path.getAttribute('d') ?? '').split(/(?=[MLCAHVmlcahv])/).length,
            height: path.getBBox().height,
          }))
        : [];
      const box = element.getBoundingClientRect();
      return {
        chart,
        drawn,
        width: box.width,
        height: box.height,
        role: element.getAttribute('role'),
        label: element.getAttribute('aria-label') ?? '',
        text: svg?.textContent ?? '',
        title: element.closest('figure')?.querySelector('figcaption strong')?.textContent,
        rows: element.closest('figure')?.querySelectorAll('details tbody tr').length ?? 0,
      };
    }),
  );
  const faults = [];
  if (charts.length !== wanted) faults.push(`${charts.length} charts, want ${wanted}`);
  for (const { chart, drawn, width, height, role, label, text, title, rows } of charts) {
    const bad = (what) => faults.push(`${chart.title}: ${what}`);
    if (width < 200 || height < 80) bad(`${width} x ${height} px`);
    if (!drawn.length) {
      bad('no svg path');
      continue;
    }
    if (title !== chart.title) bad(`its title reads ${title}`);
    if (role !== 'img' || label.length < 20) bad('no text alternative');
    if (!rows) bad('no table of its figures');
    if (chart.x.name && !text.includes(chart.x.name)) bad('the x axis has no name');
    if (!chart.y.categories.length && !text.includes(chart.y.name)) bad('the y axis has no name');
    const points = chart.series.reduce((sum, one) => sum + one.points.length, 0);
    if (!points) bad('no data');
    if (chart.kind === 'steps') {
      // A line for each series, from 0 to 100 % of the plot's 210 px; those of the grid have two corners.
      const lines = new Set(drawn.filter((path) => path.fill === 'none' && path.corners > 2 && path.height > 200).map((path) => path.stroke));
      if (lines.size !== chart.series.length) bad(`${lines.size} lines from end to end, want ${chart.series.length}`);
    }
    if (chart.kind === 'boots') {
      const dots = {};
      for (const { fill } of drawn) dots[fill] = (dots[fill] ?? 0) + 1;
      const full = Object.entries(dots).filter(([fill, n]) => fill !== 'none' && n >= Math.min(...chart.series.map((one) => one.points.length)));
      if (full.length !== chart.series.length) bad(`${full.length} colours of dots, want ${chart.series.length}`);
    }
    if (chart.kind === 'bars' || chart.kind === 'heat') {
      // A shape for each figure: more where patterns lie over bars.
      if (drawn.filter((path) => path.fill !== 'none').length < points) bad(`fewer shapes than its ${points} figures`);
    }
  }
  return faults;
}

/** Text from outside stays text: nothing it holds has run, and it is there to be read. */
export async function hostileFaults(page, texts, scriptsOfItsOwn = 'script', number = 1) {
  const faults = page.seen.dialogs.map((message) => `a dialog: ${message}`);
  if (await page.evaluate(() => 'hit' in window)) faults.push('a script from the text has run');
  const injected = await page.$$eval('img, iframe, object, embed, link, base, form, [onerror], [onclick], [onload]', (elements) =>
    elements.map((one) => one.outerHTML),
  );
  faults.push(...injected.map((one) => `an element from the text: ${one}`));
  const scripts = await page.$$eval(scriptsOfItsOwn, (elements) => elements.length);
  if (scripts !== number) faults.push(`${scripts} scripts, want the page's own`);
  const shown = await page.evaluate(() => document.body.textContent);
  for (const text of texts) if (!shown.includes(text)) faults.push(`not shown as it is: ${text}`);
  return faults;
}

/** The page asks for nothing, and does nothing that its own policy forbids. */
export function outsideFaults(page) {
  return [...page.seen.requests.map((url) => `asks for ${url}`), ...page.seen.breaches, ...page.seen.errors];
}

/** Findings of axe-core that people with a disability meet as a barrier. */
export async function axeFaults(page) {
  // Through the debugger's protocol, not a <script>: the page's policy is left as it is.
  await page.evaluate(axeSource);
  // What is behind a summary is looked at too.
  await page.evaluate(() =>
    document.querySelectorAll('details').forEach((one) => {
      one.open = true;
    }),
  );
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return violations
    .filter((one) => ['serious', 'critical'].includes(one.impact))
    .map(
      (one) =>
        `${one.id} (${one.impact}): ${one.nodes
          .map((node) => node.html.slice(0, 120))
          .slice(0, 3)
          .join(' | ')}`,
    );
}

/** The page is no wider than the window; what is wide scrolls in a box of its own. */
export async function overflowFaults(page) {
  const { wide, window } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, window: document.documentElement.clientWidth }));
  return wide > window ? [`${wide} px wide in a window of ${window} px`] : [];
}

/** On paper charts are there, nothing is cut off by a box, and the ground is white. */
export async function printFaults(page) {
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const faults = await page.evaluate(() => {
    const out = [];
    const ground = getComputedStyle(document.body).backgroundColor;
    if (ground !== 'rgb(255, 255, 255)') out.push(`the ground is ${ground}`);
    for (const chart of document.querySelectorAll('[data-chart]')) {
      const box = chart.querySelector('svg')?.getBoundingClientRect();
      if (!box || box.width < 100 || box.height < 50) out.push(`a chart is not drawn: ${chart.getAttribute('aria-label')?.slice(0, 60)}`);
      const label = chart.querySelector('svg text');
      if (label && getComputedStyle(label).fill !== 'rgb(27, 31, 36)') out.push(`text of a chart is ${getComputedStyle(label).fill}`);
    }
    for (const box of document.querySelectorAll('.box, pre')) {
      if (!box.checkVisibility()) continue;
      if (getComputedStyle(box).overflowX !== 'visible') out.push(`cut off: ${box.getAttribute('aria-label')}`);
      else if (box.scrollWidth > document.documentElement.clientWidth) out.push(`wider than the paper: ${box.getAttribute('aria-label')}`);
    }
    return out;
  });
  await page.emulateMedia({ media: 'screen' });
  return faults;
}

/** Without JavaScript the verdict, the metrics and the tables behind the charts are there, and no empty frames. */
export async function noScriptFaults(page, words) {
  const faults = [];
  if (!(await page.locator('#verdict').innerText()).includes(words)) faults.push('no verdict');
  if (!(await page.locator('#metrics ~ .box table').first().isVisible())) faults.push('no table of metrics');
  for (const chart of await page.locator('[data-chart]').all()) if (await chart.isVisible()) faults.push('an empty chart is shown');
  const figures = await page.locator('figure').all();
  if (!figures.length) faults.push('no figure');
  for (const figure of figures) {
    await figure.locator('summary').click();
    if (!(await figure.locator('table').isVisible())) faults.push('a chart without its table');
  }
  for (const button of await page.locator('button').all()) if (await button.isVisible()) faults.push('a button that does nothing');
  return faults;
}
