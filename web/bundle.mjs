// SPDX-License-Identifier: GPL-2.0-or-later
// bundle.mjs SOURCE BUILD REPORT.js REPORT.css DASHBOARD.js DASHBOARD.css: SOURCE/src/main.js and main.css, dashboard.js and dashboard.css, as
// one minified file each. Packages are BUILD/node_modules. A script begins with the notices and licences of what is bundled into it: ECharts' own files carry theirs in comments that
// a minifier drops.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [source, build, ...outputs] = process.argv.slice(2);
const packages = resolve(build, 'node_modules');
const esbuild = createRequire(resolve(build, 'package.json'))('esbuild');

/** What must go with the code of a package: [package, files]. */
const notices = [
  ['echarts', ['NOTICE', 'LICENSE']],
  ['zrender', ['LICENSE']],
  ['tslib', ['LICENSE.txt']],
];

function notice([name, files]) {
  const { version, license } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
  const texts = files.map((file) => readFileSync(join(packages, name, file), 'utf8').trim());
  // A page is read with its line ends made one, and the hash in its policy is that of what is read.
  return `${name} ${version} (${license})\n\n${texts.join('\n\n')}`.replaceAll('\r\n', '\n');
}

const banner = `/*!\n${notices.map(notice).join('\n\n').replaceAll('*/', '* /')}\n*/`;
const common = { bundle: true, minify: true, legalComments: 'inline', logLevel: 'warning', target: 'es2020', charset: 'ascii' };
const named = new Set(notices.map(([name]) => name));

async function bundle(name, script, style) {
  const { metafile } = await esbuild.build({
    ...common, entryPoints: [join(source, `src/${name}.js`)], outfile: script, format: 'iife', nodePaths: [packages], banner: { js: banner }, metafile: true,
  });
  await esbuild.build({ ...common, entryPoints: [join(source, `src/${name}.css`)], outfile: style, charset: 'utf8' });
  // A package that came in by way of another must not come in without its licence.
  for (const input of Object.keys(metafile.inputs)) {
    const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
    if (name && !named.has(name)) throw new Error(`${input} is bundled, but bundle.mjs names no licence of ${name}`);
  }
}

await bundle('main', outputs[0], outputs[1]);
await bundle('dashboard', outputs[2], outputs[3]);
