// SPDX-License-Identifier: GPL-2.0-or-later
// What goes into every page: the bundle with its licences, and the lists it is made from. Prints TAP.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const web = join(dirname(fileURLToPath(import.meta.url)), '../../web');
const build = resolve(process.env.RIG_WEB_PACKAGES);
const folder = mkdtempSync(join(tmpdir(), 'rig-bundle-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const run = (program, ...args) => {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return { status, stderr };
};
const put = (name, content) => {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
};

test('the bundles carry the notices and licences of what is in them', () => {
  const scripts = ['report.js', 'dashboard.js'].map((name) => readFileSync(join(build, name), 'utf8'));
  for (const text of [
    'echarts 6.',
    'Copyright 2017-2026 The Apache Software Foundation',
    'TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION',
    'zrender 6.',
    'Redistributions in binary form',
    'tslib 2.',
    'Permission to use, copy, modify, and/or distribute this software',
  ]) {
    for (const script of scripts) assert.ok(script.includes(text), `a bundle lacks: ${text}`);
  }
});

// The rows of a document's first table below a heading, as [package, version, licence].
const rowsBelow = (text, heading) => {
  const part = text.slice(text.indexOf(heading)).split('\n## ')[0];
  return part.split('\n').filter((line) => line.startsWith('|')).slice(2).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
};
// "echarts 6.1.0 (Apache-2.0)", as bundle.mjs writes before each package's notices.
const bundled = (script) => [...script.matchAll(/^([a-z@/-]+) (\d+\.\d+\.\d+) \(([\w.-]+)\)$/gm)].map((match) => match.slice(1));

test('docs/reference/third-party.md lists what is in the bundles, with version and licence', () => {
  const page = readFileSync(join(web, '../docs/reference/third-party.md'), 'utf8');
  const rows = rowsBelow(page, '## In every page').sort();
  assert.ok(rows.length > 0);
  for (const name of ['report.js', 'dashboard.js']) assert.deepEqual(bundled(readFileSync(join(build, name), 'utf8')).sort(), rows);
  // The control: a row that is no longer true is found.
  assert.notDeepEqual(rowsBelow(page.replace('| Apache-2.0 |', '| MIT |'), '## In every page').sort(), rows);
});

test('a package without a named licence is not bundled', () => {
  const style = '.x { color: red }';
  const bundle = (main, dashboard) => {
    put('source/src/main.js', main);
    put('source/src/main.css', style);
    put('source/src/dashboard.js', dashboard);
    put('source/src/dashboard.css', style);
    return run(process.execPath, join(web, 'bundle.mjs'), join(folder, 'source'), build, ...['a.js', 'a.css', 'b.js', 'b.css'].map((name) => join(folder, name)));
  };
  const fine = 'import { init } from "echarts/core"; init(document.body);', unnamed = 'import axe from "axe-core"; axe.run();';
  assert.deepEqual(bundle(fine, fine), { status: 0, stderr: '' });
  for (const refused of [bundle(unnamed, fine), bundle(fine, unnamed)]) {
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /names no licence of axe-core/);
  }
});

test('what a browser would read otherwise is not embedded', () => {
  const embed = (script, style = 'p{}', other = 'g()') =>
    run('python3', join(web, 'embed.py'), put('a.js', script), put('a.css', style), put('b.js', other), put('b.css', 'q{}'), join(folder, 'a.cc'));
  assert.deepEqual(embed('f("a\\"b?\\u2028")'), { status: 0, stderr: '' });
  const source = readFileSync(join(folder, 'a.cc'), 'utf8');
  assert.match(source, /const WebAssets\* web_assets\(\)[^]*const WebAssets\* dashboard_assets\(\)/);
  assert.notEqual(embed('f()', 'p{}', '"<!--"').status, 0);
  for (const [script, style, found] of [
    ['a\r\nb', 'p{}', /r'/],
    ['"</SCRIPT>"', 'p{}', /<\/script/],
    ['a', 'p{}</style>', /<\/style/],
    ['"<!--"', 'p{}', /<!--/],
    ['', 'p{}', /is empty/],
  ]) {
    const { status, stderr } = embed(script, style);
    assert.notEqual(status, 0);
    assert.match(stderr, found);
  }
});

test('packages are pinned by hash, and by no place they come from', () => {
  const faults = (lock) =>
    Object.entries(lock.packages)
      .filter(([name]) => name)
      .flatMap(([name, { integrity, resolved, version }]) => [
        ...(/^sha512-/.test(integrity ?? '') ? [] : [`${name} has no hash`]),
        ...(resolved ? [`${name} names where it comes from`] : []),
        ...(/^\d/.test(version) ? [] : [`${name} has no version`]),
      ]);
  const lock = JSON.parse(readFileSync(join(web, 'package-lock.json'), 'utf8'));
  assert.deepEqual(faults(lock), []);
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(web, 'package.json'), 'utf8'));
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    assert.equal(lock.packages[`node_modules/${name}`].version, version);
  lock.packages['node_modules/echarts'].resolved = 'https://host.invalid/echarts.tgz';
  delete lock.packages['node_modules/tslib'].integrity;
  assert.deepEqual(faults(lock).sort(), ['node_modules/echarts names where it comes from', 'node_modules/tslib has no hash']);
});
