// SPDX-License-Identifier: GPL-2.0-or-later
// The live view of `rig serve` in a browser. Prints TAP (node's own runner), one line for each test.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import * as checks from './checks.mjs';
import { editedRun, hostile } from './pages.mjs';

let folder;
let browser;
let writer;
let server;
let address;
const run = () => join(folder, 'results/20260201-010000-batch-alloc-fail');
const console_ = () => join(run(), 'boots/0001-reviewed-0/console.log');

/** The first line a program prints. */
const firstLine = (child) =>
  new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (piece) => {
      text += piece;
      if (text.includes('\n')) resolve(text.split('\n')[0]);
    });
    child.on('exit', (code) => reject(new Error(`it ended with ${code} and printed ${JSON.stringify(text)}`)));
  });

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rig-live-'));
  mkdirSync(join(folder, 'results'));
  editedRun(run(), (info, samples) => {
    info.run_id = '20260201-010000-batch-alloc-fail';
    info.ended = '';
    samples.splice(3);
  });
  mkdirSync(join(run(), 'boots/0001-reviewed-0'), { recursive: true });
  writeFileSync(console_(), `[ 0.0] booting\n${hostile('console')}\n`);
  // Whoever holds the lock is its writer.
  writer = spawn('flock', [join(run(), 'lock'), 'sh', '-c', 'echo held; exec sleep 600'], { detached: true });
  assert.equal(await firstLine(writer), 'held');
  server = spawn(process.env.RIG_EXE, ['--results', join(folder, 'results'), 'serve', '--port', '0']);
  address = await firstLine(server);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.kill('SIGINT');
  if (writer) process.kill(-writer.pid);
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the live view; requests that leave the server are counted. */
async function live(look) {
  const context = await browser.newContext({ viewport: { width: 360, height: 900 } });
  const page = await context.newPage();
  page.seen = { requests: [], dialogs: [], errors: [], breaches: [] };
  await page.route('**/*', (route) => {
    if (route.request().url().startsWith(address)) return route.continue();
    page.seen.requests.push(route.request().url());
    return route.abort();
  });
  page.on('dialog', (dialog) => {
    page.seen.dialogs.push(dialog.message());
    dialog.dismiss();
  });
  page.on('console', (message) => message.type() === 'error' && page.seen.errors.push(message.text()));
  try {
    await page.goto(address);
    await page.waitForSelector('article');
    await look(page);
    assert.deepEqual(checks.outsideFaults(page), []);
  } finally {
    await context.close();
  }
}

test('the address is of this machine only', () => assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/$/));

test('a running run is shown as it grows', () =>
  live(async (page) => {
    assert.match(await page.locator('#state').innerText(), /1 running/);
    const box = page.locator('article[data-state=running]');
    assert.match(await box.innerText(), /running: 3 of \d+ boots/);
    const line = readFileSync(join(run(), 'samples.jsonl'), 'utf8').trimEnd().split('\n').at(-1);
    const sample = JSON.parse(line);
    sample.id.index += 100;
    appendFileSync(join(run(), 'samples.jsonl'), `${JSON.stringify(sample)}\n`);
    await page.waitForFunction(() => /running: 4 of/.test(document.querySelector('article').innerText));
  }));

test('a console is followed, and its text stays text', () =>
  live(async (page) => {
    await page.getByRole('button', { name: '0001-reviewed-0' }).click();
    await page.waitForFunction(() => document.getElementById('console').textContent.includes('booting'));
    appendFileSync(console_(), '[ 1.0] later\n');
    await page.waitForFunction(() => document.getElementById('console').textContent.includes('[ 1.0] later'));
    assert.deepEqual(await checks.hostileFaults(page, [hostile('console')]), []);
  }));

test('accessible, and no wider than a phone', () =>
  live(async (page) => {
    assert.deepEqual(await checks.axeFaults(page), []);
    assert.deepEqual(await checks.overflowFaults(page), []);
  }));

test('Ctrl-C stops it', async () => {
  const ended = new Promise((resolve) => server.on('exit', (code, signal) => resolve([code, signal])));
  server.kill('SIGINT');
  assert.deepEqual(await ended, [0, null]);
  await assert.rejects(fetch(address));
});
