'use strict';

/** Characters that take no place in a terminal: colours and other control sequences. */
const INVISIBLE = /\x1b\[[0-9;]*m/g;

/** How many columns a text takes. */
function widthOf(text) {
  return [...text.replace(INVISIBLE, '')].length;
}

/** Fills a text up to a width; one that is wider stays as it is. */
function pad(text, width, align = 'left') {
  const missing = Math.max(width - widthOf(text), 0);
  if (align === 'right') return ' '.repeat(missing) + text;
  if (align === 'left') return text + ' '.repeat(missing);
  const before = Math.floor(missing / 2);
  return ' '.repeat(before) + text + ' '.repeat(missing - before);
}

/** Shortens a plain text to a width, with an ellipsis at its end or in its middle. */
function truncate(text, width, where = 'end') {
  const characters = [...text];
  if (characters.length <= width) return text;
  if (width < 1) return '';
  const kept = width - 1;
  const head = where === 'middle' ? Math.ceil(kept / 2) : kept;
  const tail = characters.slice(characters.length - (kept - head));
  return [...characters.slice(0, head), '…', ...tail].join('');
}

/**
 * Breaks a paragraph into lines of at most a width. A word that is too long is cut. The first
 * line begins with `indent`, the others with `hanging`; both count for the width.
 */
function wrap(text, width, { indent = '', hanging = indent } = {}) {
  const lines = [];
  let line = indent;
  let isEmpty = true;
  const flush = () => {
    lines.push(line);
    line = hanging;
    isEmpty = true;
  };
  for (let word of text.split(/\s+/).filter(Boolean)) {
    if (!isEmpty && widthOf(line) + 1 + widthOf(word) > width) flush();
    while (widthOf(line) + widthOf(word) > width && widthOf(line) < width) {
      const room = width - widthOf(line);
      line += word.slice(0, room);
      word = word.slice(room);
      flush();
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  if (!isEmpty) lines.push(line);
  return lines;
}

/** Wraps all paragraphs of a text, which are separated by empty lines. */
function wrapParagraphs(text, width) {
  const paragraphs = text.split(/\n\s*\n/).map((paragraph) => wrap(paragraph, width).join('\n'));
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
}

/** The lines without the white space that all of them begin with; empty lines do not count. */
function dedent(text) {
  const lines = text.split('\n');
  const indents = lines
    .filter((line) => line.trim() !== '')
    .map((line) => /^ */.exec(line)[0].length);
  const common = Math.min(...indents);
  return lines.map((line) => (line.trim() === '' ? '' : line.slice(common))).join('\n');
}

/**
 * A table of objects as text. A column is { key, title, align, format, max }, and by default it
 * is as wide as its widest cell; with `max` its cells are shortened.
 */
function renderTable(rows, columns, { gap = '  ' } = {}) {
  const cellOf = (row, { key, format = String, max = Infinity }) => {
    const value = row[key];
    return value === null || value === undefined ? '' : truncate(format(value), max);
  };
  const texts = rows.map((row) => columns.map((column) => cellOf(row, column)));
  const titles = columns.map(({ key, title = key.toUpperCase() }) => title);
  const widths = titles.map((title, at) =>
    Math.max(widthOf(title), ...texts.map((cells) => widthOf(cells[at]))),
  );
  const render = (cells) =>
    cells
      .map((cell, at) => pad(cell, widths[at], columns[at].align))
      .join(gap)
      .trimEnd();
  return [titles, ...texts].map(render).join('\n');
}

/** A tree of { label, children } with lines that join the labels. */
function renderTree({ label, children = [] }, indent = '') {
  const lines = children.map((child, at) => {
    const isLast = at === children.length - 1;
    const inner = renderTree(child, indent + (isLast ? '   ' : '│  '));
    return `${indent}${isLast ? '└─ ' : '├─ '}${inner}`;
  });
  return [label, ...lines].join('\n');
}

/** A bar such as "[####....]  50%" for a share from 0 to 1. */
function renderBar(share, width = 20) {
  const limited = Math.min(Math.max(share, 0), 1);
  const filled = Math.floor(limited * width);
  const percent = String(Math.round(limited * 100)).padStart(3);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${percent}%`;
}

module.exports = {
  widthOf,
  pad,
  truncate,
  wrap,
  wrapParagraphs,
  dedent,
  renderTable,
  renderTree,
  renderBar,
};
