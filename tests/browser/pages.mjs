// SPDX-License-Identifier: GPL-2.0-or-later
// The pages the tests look at, made by the rig binary from run folders: one as it was run, one full of hostile text, one that lacks a boot.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const top = join(here, '../..');
const realRun = join(here, 'data/batch-alloc-fail');

/** Markup, the ends of a script and of an attribute, what is escaped already, and a line separator that JavaScript would trip over. */
export const hostile = (where) =>
  `${where}<script>window.hit=1;alert(1)</script></script>"onerror="window.hit=1" <img src=x onerror=alert(1)> &lt;b&gt; ' \u2028${where}`;

/** Runs rig in the project's top; its exit code is the verdict.  @returns {{status: number, out: string, err: string}} */
export function rig(...args) {
  const { status, stdout, stderr, error } = spawnSync(process.env.RIG_EXE, args, { cwd: top, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error) throw new Error(`cannot run rig, RIG_EXE is ${process.env.RIG_EXE}: ${error.message}`);
  return { status, out: stdout, err: stderr };
}

/** @returns {{run: string, file: string, html: string, report: any}} */
export function pageOf(run, file) {
  const { status, out, err } = rig('report', run, '--html', file, '--json');
  if (![0, 1, 4].includes(status)) throw new Error(`rig report ${run}: exit ${status}: ${err}`);
  return { run, file, html: readFileSync(file, 'utf8'), report: JSON.parse(out) };
}

export function editedRun(target, edit) {
  cpSync(realRun, target, { recursive: true });
  const info = JSON.parse(readFileSync(join(target, 'run.json'), 'utf8'));
  const samples = readFileSync(join(target, 'samples.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  edit(info, samples);
  writeFileSync(join(target, 'run.json'), JSON.stringify(info));
  writeFileSync(join(target, 'samples.jsonl'), `${samples.map((one) => JSON.stringify(one)).join('\n')}\n`);
  return target;
}

export const realPage = (folder) => pageOf(realRun, join(folder, 'real.html'));

/** Not the whole run: the proof of boots fails. */
export const incompletePage = (folder) =>
  pageOf(
    editedRun(join(folder, 'incomplete'), (_, samples) => samples.pop()),
    join(folder, 'incomplete.html'),
  );

/** Where text from outside can stand, and is to be read in the page as it is. */
export const hostilePlaces = ['description', 'arm', 'function', 'title', 'splatted', 'console', 'why', 'qemu', 'compiler', 'patch'];

export function hostilePage(folder) {
  const run = editedRun(join(folder, 'hostile'), (info, samples) => {
    // A string of JSON is one of TOML.
    info.spec_text = info.spec_text.replace(/^description = .*$/m, () => `description = ${JSON.stringify(hostile('description'))}`);
    info.clock_why = hostile('why');
    info.qemu_version = hostile('qemu');
    info.kernels[0].compiler = hostile('compiler');
    info.kernels[1].patches.push(hostile('patch'));
    info.command.push(hostile('command'));
    const boot = samples.find((one) => one.id.arm === 'reviewed');
    boot.ipis_by_function[hostile('function')] = 7000;
    boot.splats.push({ kind: 'bug', title: hostile('title'), function: hostile('splatted'), trace: [hostile('trace')], count: 1 });
    samples.push({ ...boot, id: { ...boot.id, arm: hostile('arm'), order: 900 }, splats: [] });
    const { order, arm, index } = boot.id;
    const evidence = join(folder, 'hostile/boots', `${String(order).padStart(4, '0')}-${arm}-${index}`);
    mkdirSync(evidence, { recursive: true });
    writeFileSync(join(evidence, 'splats.txt'), `BUG: first line\n${hostile('console')}\n`);
  });
  return pageOf(run, join(folder, 'hostile.html'));
}

/** A run whose experiment names an arm with markup in it. */
export const runWithBadArm = (folder) =>
  editedRun(join(folder, 'bad-arm'), (info) => {
    info.spec_text = info.spec_text.replaceAll('"reviewed"', JSON.stringify('<script>'));
  });
