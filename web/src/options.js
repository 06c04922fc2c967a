// SPDX-License-Identifier: GPL-2.0-or-later
// A chart as rig describes it (rig/html/charts.h) -> ECharts' options. Pure.
import { figure, tick } from './figures.js';
import { dashes, nth, symbols } from './theme.js';

/**
 * @typedef {{name: string, unit: 'count' | 'ns' | 'per_second' | 'share' | '', log: boolean, categories: string[]}} Axis
 * @typedef {{name: string, style: number, faint: boolean, points: number[][]}} Series
 * @typedef {{kind: 'bars' | 'steps' | 'boots' | 'curve' | 'heat', title: string, x: Axis, y: Axis, unit: Axis['unit'], series: Series[]}} Chart
 * @typedef {typeof import('./theme.js').theme extends () => infer T ? T : never} Theme
 */

const letter = 7; // px, a little more than one takes at the font size of the charts
const row = 22; // px, of the legend
const font = 12;

/** Names may be long and come from guests: cut in the middle, both ends tell functions apart.  @param {string} name  @param {number} room letters */
export function shortened(name, room) {
  if (name.length <= room) return name;
  const end = Math.max(2, Math.floor((room - 1) / 2));
  return `${name.slice(0, end)}…${name.slice(-end)}`;
}

/** Rows the legend takes.  @param {string[]} names  @param {number} width px */
function legendRows(names, width) {
  let rows = 1;
  let used = 0;
  for (const name of names) {
    const own = name.length * letter + 50;
    if (used && used + own > width) {
      rows += 1;
      used = 0;
    }
    used += own;
  }
  return rows;
}

/** @param {Axis} axis  @param {Theme} colours */
function axisOption(axis, colours) {
  const common = {
    nameLocation: 'middle',
    name: axis.name,
    nameTextStyle: { color: colours.text, fontSize: font },
    axisLine: { show: true, lineStyle: { color: colours.muted } },
    axisLabel: { color: colours.text, fontSize: font, hideOverlap: true },
    splitLine: { show: true, lineStyle: { color: colours.grid } },
  };
  if (axis.categories.length)
    return { ...common, type: 'category', data: axis.categories, splitLine: { show: false }, axisLabel: { ...common.axisLabel, interval: 0 } };
  return {
    ...common,
    type: axis.log ? 'log' : 'value',
    ...(axis.log ? {} : { min: 0 }), // what is compared by length begins at zero
    ...(axis.unit === 'share' ? { max: 1 } : {}),
    axisLabel: { ...common.axisLabel, formatter: (/** @type {number} */ value) => tick(value, axis.unit) },
  };
}

/** End of the scale of a heat map, which begins at zero.  @param {Chart} chart */
const heatMaximum = (chart) => Math.max(1, ...chart.series.flatMap((one) => one.points.map((point) => point[2])));

/** @param {Chart} chart  @param {Series} series  @param {Theme} colours */
function seriesOption(chart, series, colours) {
  const colour = nth(colours.series, series.style);
  const common = { name: series.name, data: series.points, animation: false, emphasis: { disabled: true }, itemStyle: { color: colour } };
  switch (chart.kind) {
    case 'bars':
      return { ...common, type: 'bar', stack: 'all', barMaxWidth: 34, itemStyle: { color: colour } };
    case 'heat':
      return {
        ...common,
        type: 'heatmap',
        itemStyle: { borderColor: colours.ground, borderWidth: 2 },
        label: { show: true, formatter: (/** @type {any} */ at) => figure(at.value[2], chart.unit) },
        data: series.points.map((value) => ({
          value,
          label: { color: value[2] > colours.heatTurn * heatMaximum(chart) ? colours.ground : colours.text },
        })),
      };
    case 'steps':
      return { ...common, type: 'line', step: 'end', symbol: 'none', lineStyle: { color: colour, width: 2, type: nth(dashes, series.style) } };
    case 'boots': // no line: boots are independent, and their order means nothing
      return {
        ...common,
        type: 'line',
        symbol: nth(symbols, series.style),
        symbolSize: 9,
        showSymbol: true,
        showAllSymbol: true,
        lineStyle: { width: 0 },
      };
    default: // curve
      return {
        ...common,
        type: 'line',
        symbol: nth(symbols, series.style),
        symbolSize: series.faint ? 0 : 8,
        showSymbol: !series.faint,
        showAllSymbol: true,
        lineStyle: { color: colour, width: series.faint ? 1 : 1.5, type: series.faint ? 'dotted' : nth(dashes, series.style) },
      };
  }
}

/** Text of the tooltip. Drawn as SVG text: nothing in it can be markup.  @param {Chart} chart */
function tooltipText(chart) {
  /** @param {any} one */
  const line = (one) => {
    const [x, y, z] = one.value;
    if (chart.kind === 'heat') return `${chart.y.categories[y]}, ${chart.x.name} ${chart.x.categories[x]}: ${figure(z, chart.unit)}`;
    if (chart.kind === 'bars') return `${chart.y.categories[y]}, ${one.seriesName}: ${figure(x, chart.x.unit)}`;
    return `${one.seriesName}: ${chart.x.categories.length ? chart.x.categories[x] : figure(x, chart.x.unit)}, ${figure(y, chart.y.unit)}`;
  };
  return (/** @type {any} */ at) => [at].flat().map(line).join('\n');
}

/**
 * @param {Chart} chart
 * @param {number} width px
 * @param {Theme} colours
 * @returns {{height: number, option: object}}
 */
export function optionsOf(chart, width, colours) {
  const heat = chart.kind === 'heat';
  const names = heat ? [] : chart.series.filter((one) => !one.faint).map((one) => one.name);
  const legend = names.length ? legendRows(names, width) * row : 0;
  const bands = chart.y.categories.length;
  const inner = bands ? bands * 44 : 210;
  const top = legend + (bands ? 8 : 16);
  const bottom = heat ? 84 : 50;
  // Two columns of letters at most for the names of arms; the rest of the width is the plot's.
  const room = bands ? Math.min(Math.max(...chart.y.categories.map((name) => name.length)), Math.floor(width / 4 / letter)) : 0;
  const left = bands ? room * letter + 20 : 72;
  const y = axisOption(chart.y, colours);
  const x = axisOption(chart.x, colours);
  return {
    height: top + inner + bottom,
    option: {
      animation: false,
      backgroundColor: 'transparent',
      textStyle: { fontFamily: 'system-ui, sans-serif', color: colours.text },
      // The page itself has the description; patterns only.
      aria: { enabled: chart.kind === 'bars', label: { enabled: false }, decal: { show: chart.kind === 'bars' } },
      legend: {
        show: legend > 0,
        top: 0,
        left: 0,
        itemWidth: 34,
        data: names,
        textStyle: { color: colours.text, fontSize: font },
        inactiveColor: colours.muted,
        ...(chart.kind === 'steps' ? { itemStyle: { opacity: 0 } } : {}),
      }, // a line has no dots there either
      grid: { left, right: 18, top, height: inner, containLabel: false },
      tooltip: {
        trigger: chart.kind === 'steps' || chart.kind === 'boots' ? 'axis' : 'item',
        renderMode: 'richText',
        confine: true,
        formatter: tooltipText(chart),
        backgroundColor: colours.ground,
        borderColor: colours.muted,
        textStyle: { color: colours.text, fontSize: font },
      },
      xAxis: { ...x, nameGap: 30 },
      yAxis: {
        ...y,
        nameGap: bands ? 0 : 54,
        ...(bands
          ? { name: '', inverse: true, axisLabel: { ...y.axisLabel, formatter: (/** @type {string} */ name) => shortened(name, room) } }
          : {}),
      },
      ...(heat
        ? {
            visualMap: {
              type: 'continuous',
              min: 0,
              max: heatMaximum(chart),
              calculable: false,
              orient: 'horizontal',
              left,
              bottom: 0,
              itemWidth: 12,
              itemHeight: 140,
              text: [figure(heatMaximum(chart), chart.unit), '0'],
              textStyle: { color: colours.text, fontSize: font },
              inRange: { color: colours.heat },
            },
          }
        : {}),
      series: chart.series.map((one) => seriesOption(chart, one, colours)),
    },
  };
}
