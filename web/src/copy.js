// SPDX-License-Identifier: GPL-2.0-or-later
// Buttons that copy the text of another element: <button data-copy="ID">. They are hidden on pages without this script.

/** @param {Document} page */
export function enableCopying(page) {
  for (const button of page.querySelectorAll('button[data-copy]')) {
    const source = page.getElementById(/** @type {HTMLElement} */ (button).dataset.copy ?? '');
    if (!source) continue;
    /** @type {HTMLElement} */ (button).hidden = false;
    button.addEventListener('click', async () => {
      const text = source.textContent ?? '';
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        // Not every browser lets a page that is a file write to the clipboard: leave the text selected instead.
        getSelection()?.selectAllChildren(source);
        button.textContent = 'Selected: copy it with the keyboard';
        return;
      }
      button.textContent = 'Copied';
    });
  }
}
