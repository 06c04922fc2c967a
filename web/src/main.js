// SPDX-License-Identifier: GPL-2.0-or-later
// Everything a page of rig does with JavaScript. Pages are whole without it but for the drawings.
import { drawCharts } from './charts.js';
import { enableCopying } from './copy.js';

document.documentElement.classList.add('js');
enableCopying(document);
drawCharts(document);
