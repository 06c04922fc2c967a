// SPDX-License-Identifier: GPL-2.0-or-later
// Headless Chromium for the tests of pages: starts it, and opens a file in it as a reader would, with what it asks for counted.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const packages = process.env.RIG_WEB_PACKAGES;
if (!packages) throw new Error('RIG_WEB_PACKAGES is not set, want the folder that holds node_modules (build/web)');
const require = createRequire(resolve(packages, 'package.json'));
const { chromium } = require('playwright-core');
export const axeSource = require('axe-core').source;

function executable() {
  const places = [process.env.RIG_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].filter(Boolean);
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error(`no Chromium at ${places.join(', ')}; install Debian's chromium, or name one in RIG_CHROMIUM`);
  return found;
}

export function launch() {
  // Chromium's own sandbox refuses to start as root.
  const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: executable(), args, chromiumSandbox: args.length === 0 });
}

/**
 * @param {import('playwright-core').Browser} browser
 * @param {string} file
 * @param {{width?: number, scheme?: 'light' | 'dark', javaScript?: boolean, within?: string}} how  `within`: address of the site the file is part of
 * What happened is in `page.seen`: requests but for the file itself, dialogs, errors and breaches of the page's policy.
 */
export async function open(browser, file, { width = 1280, scheme = 'light', javaScript = true, within } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    javaScriptEnabled: javaScript,
    bypassCSP: false,
  });
  const page = await context.newPage();
  const seen = { requests: [], dialogs: [], errors: [], breaches: [] };
  page.seen = seen;
  const own = pathToFileURL(file).href;
  await page.route('**/*', (route) => {
    const url = route.request().url();
    if (url.split('#')[0] === own || (within && url.startsWith(`${within}/`))) return route.continue();
    seen.requests.push(url);
    return route.abort();
  });
  page.on('dialog', (dialog) => {
    seen.dialogs.push(dialog.message());
    dialog.dismiss();
  });
  page.on('pageerror', (error) => seen.errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    (message.text().includes('Content Security Policy') ? seen.breaches : seen.errors).push(message.text());
  });
  await page.goto(own, { waitUntil: 'load' });
  return page;
}
