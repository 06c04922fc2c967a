// SPDX-License-Identifier: GPL-2.0-or-later
// Draws the charts of a page: every element with data-chart, which holds a chart as JSON (options.js: Chart).
import { BarChart, HeatmapChart, LineChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { optionsOf } from './options.js';
import { onThemeChange, theme } from './theme.js';

use([BarChart, HeatmapChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent, SVGRenderer]);

const narrowest = 240; // px: below that there is no plot left

/** @param {HTMLElement} element  @returns {() => void} draws it as wide as it is now */
function chartIn(element) {
  const chart = JSON.parse(element.dataset.chart ?? '');
  const drawn = init(element, null, { renderer: 'svg', width: narrowest, height: narrowest });
  let before = '';
  return () => {
    const width = Math.max(narrowest, Math.floor(element.parentElement?.clientWidth ?? 0));
    const colours = theme();
    const now = `${width} ${colours.ground}`;
    if (now === before) return;
    before = now;
    const { height, option } = optionsOf(chart, width, colours);
    drawn.resize({ width, height });
    drawn.setOption(option, { notMerge: true });
    drawn.getZr().flush();
    // Lets paper scale the drawing to its own width.
    element.querySelector('svg')?.setAttribute('viewBox', `0 0 ${width} ${height}`);
  };
}

/** @param {Document} page */
export function drawCharts(page) {
  const draws = [...page.querySelectorAll('[data-chart]')].map((element) => {
    const draw = chartIn(/** @type {HTMLElement} */ (element));
    draw();
    return draw;
  });
  const all = () => draws.forEach((draw) => draw());
  addEventListener('resize', all);
  onThemeChange(all);
}
