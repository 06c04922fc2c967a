// SPDX-License-Identifier: GPL-2.0-or-later
// dashboard_screenshots.mjs SITE TARGET: TARGET/dashboard-status.png and -trend.png, for the documentation.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launch, open } from './browser.mjs';

const [site, target] = process.argv.slice(2);
if (!target) {
  console.error('usage: node dashboard_screenshots.mjs SITE FOLDER, with RIG_WEB_PACKAGES naming the folder that holds node_modules (build/web)');
  process.exit(2);
}
const pictures = [
  { name: 'status', hash: '#/', height: 760 },
  // The cell with the most runs, and a metric that moves.
  { name: 'trend', hash: '#/trend?metric=total_ipis', height: 760 },
];
const browser = await launch();
for (const { name, hash, height } of pictures) {
  const page = await open(browser, join(site, 'index.html'), { width: 1180, within: pathToFileURL(site).href });
  await page.setViewportSize({ width: 1180, height });
  const cell = await page.evaluate(() => document.querySelector('table.status tbody tr th a').href.split('cell=')[1]);
  await page.evaluate((to) => { location.hash = to; }, hash.includes('?') ? `${hash}&cell=${cell}` : hash);
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(target, `dashboard-${name}.png`) });
  await page.context().close();
}
await browser.close();
