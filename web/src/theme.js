// SPDX-License-Identifier: GPL-2.0-or-later
// Colours of the charts. Those of series are Okabe and Ito's, which people with any of the usual colour blindnesses tell apart;
// each theme takes the ones with a contrast of at least 3 : 1 to its ground. Never the only difference: lines also differ by
// dash and symbol, bars by pattern.

const light = {
  ground: '#ffffff',
  text: '#1b1f24',
  muted: '#57606a',
  grid: '#d8dee4',
  pattern: 'rgba(255, 255, 255, 0.55)',
  series: ['#0072b2', '#d55e00', '#00805d', '#a8518a', '#1b1f24', '#8a6100', '#2b7fab', '#8c3d00'],
  heat: ['#f7fbff', '#c6dbef', '#6baed6', '#2171b5', '#08306b'],
  heatTurn: 0.65, // the share of the scale from which the ground's colour is easier to read on it than that of text
};
const dark = {
  ground: '#15191e',
  text: '#e6edf3',
  muted: '#a3adb8',
  grid: '#343b43',
  pattern: 'rgba(0, 0, 0, 0.55)',
  series: ['#56b4e9', '#e69f00', '#2fc79b', '#e29cc4', '#f0e442', '#ffffff', '#8fd0f5', '#ff9a5c'],
  heat: ['#182430', '#1f4768', '#2f7db5', '#7cc0ee', '#e3f3ff'],
  heatTurn: 0.5,
};

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
let printing = matchMedia('print').matches;

/** The colours in force: paper is white whatever the screen prefers. */
export const theme = () => (prefersDark.matches && !printing ? dark : light);

/** @param {() => void} redraw called when theme() has changed */
export function onThemeChange(redraw) {
  prefersDark.addEventListener('change', redraw);
  const print = (/** @type {boolean} */ now) => {
    if (printing === now) return;
    printing = now;
    redraw();
  };
  matchMedia('print').addEventListener('change', (event) => print(event.matches));
  addEventListener('beforeprint', () => print(true));
  addEventListener('afterprint', () => print(false));
}

export const dashes = ['solid', 'dashed', 'dotted', [10, 3, 2, 3], [2, 6], [14, 4], [6, 2, 2, 2, 2, 2], [1, 2]];
export const symbols = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'pin', 'arrow', 'emptyCircle'];

/** Of a palette that may have fewer entries than there are series.  @template T  @param {T[]} list  @param {number} index */
export const nth = (list, index) => list[index % list.length];
