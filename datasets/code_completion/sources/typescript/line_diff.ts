export type Change = 'same' | 'added' | 'removed';

export interface DiffLine {
  change: Change;
  text: string;
  /** Line numbers from 1; null where the line does not exist on that side. */
  oldNumber: number | null;
  newNumber: number | null;
}

export interface Hunk {
  header: string;
  lines: DiffLine[];
}

const SIGNS: Record<Change, string> = { same: ' ', added: '+', removed: '-' };

/** Splits a text into lines; the line break at the end of the last line starts no new one. */
export function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines[lines.length - 1] === '') lines.pop();
  return lines;
}

/** The lengths of the longest common subsequences of all pairs of remaining lines. */
function commonLengths(before: string[], after: string[]): number[][] {
  const lengths = Array.from({ length: before.length + 1 }, () =>
    new Array<number>(after.length + 1).fill(0),
  );
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      lengths[i][j] =
        before[i] === after[j]
          ? lengths[i + 1][j + 1] + 1
          : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

/** Compares two lists of lines; where lines were replaced, the removed ones come first. */
export function diffLines(before: string[], after: string[]): DiffLine[] {
  const lengths = commonLengths(before, after);
  const result: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      result.push({ change: 'same', text: before[i], oldNumber: i + 1, newNumber: j + 1 });
      i += 1;
      j += 1;
    } else if (j >= after.length || (i < before.length && lengths[i + 1][j] >= lengths[i][j + 1])) {
      result.push({ change: 'removed', text: before[i], oldNumber: i + 1, newNumber: null });
      i += 1;
    } else {
      result.push({ change: 'added', text: after[j], oldNumber: null, newNumber: j + 1 });
      j += 1;
    }
  }
  return result;
}

/** The range of one side in the header of a hunk, such as "3,7"; a length of 1 is left out. */
function formatRange(numbers: (number | null)[], before: number): string {
  const present = numbers.filter((number) => number !== null);
  const start = present[0] ?? before;
  return present.length === 1 ? `${start}` : `${start},${present.length}`;
}

/** Groups the changes of a diff with some lines of context around them. */
export function toHunks(lines: DiffLine[], context = 3): Hunk[] {
  const groups: [number, number][] = [];
  for (const [index, { change }] of lines.entries()) {
    if (change === 'same') continue;
    const start = Math.max(index - context, 0);
    const end = Math.min(index + context + 1, lines.length);
    const last = groups[groups.length - 1];
    if (last && start <= last[1]) last[1] = end;
    else groups.push([start, end]);
  }

  return groups.map(([start, end]) => {
    const shown = lines.slice(start, end);
    const above = lines.slice(0, start);
    const count = (excluded: Change) => above.filter(({ change }) => change !== excluded).length;
    const oldRange = formatRange(
      shown.map((line) => line.oldNumber),
      count('added'),
    );
    const newRange = formatRange(
      shown.map((line) => line.newNumber),
      count('removed'),
    );
    return { header: `@@ -${oldRange} +${newRange} @@`, lines: shown };
  });
}

/** A unified diff of two texts; it is empty if they have the same lines. */
export function unifiedDiff(path: string, before: string, after: string, context = 3): string {
  const hunks = toHunks(diffLines(splitLines(before), splitLines(after)), context);
  if (hunks.length === 0) return '';
  const body = hunks.flatMap(({ header, lines }) => [
    header,
    ...lines.map(({ change, text }) => SIGNS[change] + text),
  ]);
  return [`--- a/${path}`, `+++ b/${path}`, ...body, ''].join('\n');
}

/** How many lines were added and removed, as in "+3 -1". */
export function diffStat(lines: DiffLine[]): string {
  const count = (wanted: Change) => lines.filter(({ change }) => change === wanted).length;
  return `+${count('added')} -${count('removed')}`;
}
