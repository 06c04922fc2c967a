// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers on axes and in tooltips, as rig/report/figures.cc writes them in the tables.

/** @param {number} value three significant digits, never in exponent form */
function significant(value) {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

/** @param {number} value  @param {'count' | 'ns' | 'per_second' | 'share' | ''} unit */
export function figure(value, unit) {
  if (unit === 'share') return `${Math.round(value * 1000) / 10} %`;
  if (unit === 'per_second') return `${Math.abs(value) >= 1000 ? value.toFixed(0) : significant(value)}/s`;
  if (unit !== 'ns') return Number.isInteger(value) ? String(value) : value.toFixed(1);
  for (const [factor, name] of [
    [1, 'ns'],
    [1e3, 'µs'],
    [1e6, 'ms'],
  ]) {
    if (Math.abs(value) / factor < 999.5) return `${factor === 1 && Number.isInteger(value) ? value : significant(value / factor)} ${name}`;
  }
  return `${significant(value / 1e9)} s`;
}

/** Of an axis: "10 µs", not "10.0 µs".  @param {number} value  @param {'count' | 'ns' | 'per_second' | 'share' | ''} unit */
export function tick(value, unit) {
  return figure(value, unit)
    .replace(/(\.\d*?)0+(?= |$)/, '$1')
    .replace(/\.(?= |$)/, '');
}
