// SPDX-License-Identifier: GPL-2.0-or-later
// screenshots.mjs REPORT.html TARGET: TARGET/report-light.png, -dark.png and -phone.png, for the documentation.
import { join } from 'node:path';
import { launch, open } from './browser.mjs';

const [file, target] = process.argv.slice(2);
if (!target) {
  console.error('usage: node screenshots.mjs REPORT.html FOLDER, with RIG_WEB_PACKAGES naming the folder that holds node_modules (build/web)');
  process.exit(2);
}
const pictures = [
  { name: 'light', how: { scheme: 'light', width: 1180 }, height: 1500 },
  { name: 'dark', how: { scheme: 'dark', width: 1180 }, height: 1500, from: '#ipis' },
  { name: 'phone', how: { scheme: 'light', width: 360 }, height: 1400 },
];
const browser = await launch();
for (const { name, how, height, from } of pictures) {
  const page = await open(browser, file, how);
  await page.setViewportSize({ width: how.width, height });
  if (from) await page.locator(from).evaluate((element) => element.scrollIntoView());
  await page.screenshot({ path: join(target, `report-${name}.png`) });
  await page.context().close();
}
await browser.close();
