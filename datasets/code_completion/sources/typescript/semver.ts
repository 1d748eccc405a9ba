/** A version such as 1.4.0 or 2.0.0-rc.1; build metadata is not kept. */
export interface Version {
  major: number;
  minor: number;
  patch: number;
  prerelease: (string | number)[];
}

type Operator = '=' | '>' | '>=' | '<' | '<=';

interface Comparator {
  operator: Operator;
  version: Version;
}

export class VersionError extends Error {}

const PATTERN = /^v?(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?(?:\+[\w.-]+)?$/;

/** Reads a version; a "v" in front of it is fine. Throws a VersionError for anything else. */
export function parseVersion(text: string): Version {
  const match = PATTERN.exec(text.trim());
  if (!match) throw new VersionError(`not a version: ${text}`);
  const [, major, minor, patch, prerelease] = match;
  return {
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    prerelease: prerelease ? prerelease.split('.').map(parseIdentifier) : [],
  };
}

/** Identifiers of digits only are numbers, because they are compared as such. */
function parseIdentifier(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

export function formatVersion({ major, minor, patch, prerelease }: Version): string {
  const suffix = prerelease.length > 0 ? `-${prerelease.join('.')}` : '';
  return `${major}.${minor}.${patch}${suffix}`;
}

/** Numbers come before texts; two of the same kind are compared as usual. */
function compareIdentifiers(a: string | number, b: string | number): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}

/** Negative if a is the older version, positive if it is the newer one, 0 if both are equal. */
export function compareVersions(a: Version, b: Version): number {
  const difference = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (difference !== 0) return difference;

  // A version without a prerelease is newer than its prereleases.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return b.prerelease.length - a.prerelease.length;
  }
  for (const [index, identifier] of a.prerelease.entries()) {
    if (index >= b.prerelease.length) return 1;
    const compared = compareIdentifiers(identifier, b.prerelease[index]);
    if (compared !== 0) return compared;
  }
  return a.prerelease.length - b.prerelease.length;
}

/** The first version that is not compatible with the given one any more, for "^". */
function nextBreaking({ major, minor, patch }: Version): Version {
  if (major > 0) return { major: major + 1, minor: 0, patch: 0, prerelease: [] };
  if (minor > 0) return { major, minor: minor + 1, patch: 0, prerelease: [] };
  return { major, minor, patch: patch + 1, prerelease: [] };
}

/** Turns one part of a range, such as "^1.2.0" or "<2.0.0", into comparators. */
function parseComparators(part: string): Comparator[] {
  const [, operator, text] = /^([\^~]|[<>]=?|=)?(.*)$/.exec(part)!;
  const version = parseVersion(text);
  if (operator === '^') {
    return [
      { operator: '>=', version },
      { operator: '<', version: nextBreaking(version) },
    ];
  }
  if (operator === '~') {
    const limit = { ...version, minor: version.minor + 1, patch: 0, prerelease: [] };
    return [
      { operator: '>=', version },
      { operator: '<', version: limit },
    ];
  }
  return [{ operator: (operator ?? '=') as Operator, version }];
}

function fits(version: Version, { operator, version: limit }: Comparator): boolean {
  const compared = compareVersions(version, limit);
  switch (operator) {
    case '=':
      return compared === 0;
    case '>':
      return compared > 0;
    case '>=':
      return compared >= 0;
    case '<':
      return compared < 0;
    case '<=':
      return compared <= 0;
  }
}

/**
 * Whether a version is in a range: parts separated by blanks have to fit all, of alternatives
 * separated by "||" one. "*" fits everything.
 */
export function satisfies(version: string, range: string): boolean {
  const parsed = parseVersion(version);
  return range.split('||').some((alternative) => {
    const parts = alternative.split(' ').filter((part) => part !== '' && part !== '*');
    return parts.flatMap(parseComparators).every((comparator) => fits(parsed, comparator));
  });
}

/** The newest of the versions that are in the range, or null. */
export function newest(versions: string[], range = '*'): string | null {
  const fitting = versions.filter((version) => satisfies(version, range)).map(parseVersion);
  const [first] = fitting.sort((a, b) => compareVersions(b, a));
  return first ? formatVersion(first) : null;
}
