// SPDX-License-Identifier: GPL-2.0-or-later
// open_time.mjs SITE: how long a dashboard's views take to be there in headless Chromium, from the navigation to the drawn view. Nothing here passes or fails.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launch } from './browser.mjs';

const [site] = process.argv.slice(2);
if (!site) {
  console.error('usage: node open_time.mjs SITE, with RIG_WEB_PACKAGES naming the folder that holds node_modules (build/web)');
  process.exit(2);
}
const browser = await launch();
for (const hash of ['#/', '#/runs', '#/trend']) {
  const times = [];
  for (let round = 0; round < 5; ++round) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const fresh = await context.newPage();
    await fresh.goto(`${pathToFileURL(join(site, 'index.html')).href}${hash}`, { waitUntil: 'load' });
    await fresh.waitForFunction(() => document.getElementById('main').dataset.view !== undefined);
    // Since the navigation began, by the page's own clock.
    times.push(await fresh.evaluate(() => performance.now()));
    await context.close();
  }
  times.sort((a, b) => a - b);
  console.log(`${hash.padEnd(8)} ${times.map((time) => `${Math.round(time)} ms`).join(', ')}; median ${Math.round(times[2])} ms`);
}
await browser.close();
