// SPDX-License-Identifier: GPL-2.0-or-later
// thin.mjs RUN TARGET: a run folder small enough to be kept as test data. Of each boot's bystander latencies, which are nine tenths of
// a run, every fortieth value is kept; nothing else is changed.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [run, target] = process.argv.slice(2);
const kept = 40;
mkdirSync(target, { recursive: true });
copyFileSync(join(run, 'run.json'), join(target, 'run.json'));
const lines = readFileSync(join(run, 'samples.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const sample = JSON.parse(line);
    for (const key of ['bystander_wakeup_ns', 'bystander_work_time_ns']) sample[key] = sample[key].filter((_, index) => index % kept === 0);
    return JSON.stringify(sample);
  });
writeFileSync(join(target, 'samples.jsonl'), `${lines.join('\n')}\n`);
