export enum AccessLevel {
  None = 0,
  Guest = 10,
  Reporter = 20,
  Developer = 30,
  Maintainer = 40,
  Owner = 50,
}

export type Visibility = 'private' | 'internal' | 'public';

export interface Membership {
  user: string;
  level: AccessLevel;
  /** The first day, as 'YYYY-MM-DD', on which it does not hold any more. */
  expires?: string;
}

export interface Namespace {
  path: string;
  visibility: Visibility;
  members: Membership[];
  /** Groups whose members have access, too, but no more than the level. */
  invited?: { group: string; level: AccessLevel }[];
}

export type Ability = 'read' | 'comment' | 'download_code' | 'push' | 'merge' | 'administer';

const REQUIRED: Record<Ability, AccessLevel> = {
  read: AccessLevel.Guest,
  comment: AccessLevel.Guest,
  download_code: AccessLevel.Reporter,
  push: AccessLevel.Developer,
  merge: AccessLevel.Maintainer,
  administer: AccessLevel.Owner,
};

/** What everybody may do who can see a namespace at all. */
const OPEN_TO_ALL: Ability[] = ['read', 'download_code'];

/** The path itself and those of all groups around it, from the inside to the outside. */
export function ancestors(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
}

/** Answers who may do what in a tree of groups and projects, on one day. */
export class AccessPolicy {
  private readonly namespaces = new Map<string, Namespace>();

  constructor(
    namespaces: Namespace[],
    private readonly today: string,
  ) {
    for (const namespace of namespaces) this.namespaces.set(namespace.path, namespace);
  }

  /** The highest level that a user has in a namespace, by memberships of it and its ancestors. */
  levelOf(user: string | null, path: string): AccessLevel {
    if (user === null) return AccessLevel.None;
    const levels = this.withAncestors(path).flatMap((namespace) => [
      this.directLevel(user, namespace),
      this.invitedLevel(user, namespace),
    ]);
    return Math.max(AccessLevel.None, ...levels);
  }

  /** Whether a user (null for a visitor who is not signed in) may do something. */
  can(user: string | null, ability: Ability, path: string): boolean {
    if (this.levelOf(user, path) >= REQUIRED[ability]) return true;
    if (!this.isVisible(user, path)) return false;
    return OPEN_TO_ALL.includes(ability) || (ability === 'comment' && user !== null);
  }

  /** All users with at least a level in a namespace, sorted by name. */
  usersWith(level: AccessLevel, path: string): string[] {
    const users = new Set<string>();
    for (const namespace of this.withAncestors(path)) {
      const invited = (namespace.invited ?? []).map(({ group }) => group);
      for (const source of [namespace.path, ...invited]) {
        for (const { user } of this.namespaces.get(source)?.members ?? []) users.add(user);
      }
    }
    return [...users].filter((user) => this.levelOf(user, path) >= level).sort();
  }

  /** Why a new membership is not possible, or null if it is. */
  objection(by: string, membership: Membership, path: string): string | null {
    const own = this.levelOf(by, path);
    if (own < AccessLevel.Maintainer) return `${by} may not add members`;
    if (membership.level > own) return `${by} may give at most ${AccessLevel[own]}`;
    if (membership.expires !== undefined && membership.expires <= this.today) {
      return 'the date of expiry has passed';
    }
    const inherited = Math.max(
      AccessLevel.None,
      ...ancestors(path)
        .slice(1)
        .map((ancestor) => this.levelOf(membership.user, ancestor)),
    );
    if (membership.level < inherited) {
      return `${membership.user} is ${AccessLevel[inherited]} already`;
    }
    return null;
  }

  /** A namespace is at most as visible as the groups around it. */
  private isVisible(user: string | null, path: string): boolean {
    return this.withAncestors(path).every(
      ({ visibility }) => visibility === 'public' || (visibility === 'internal' && user !== null),
    );
  }

  private directLevel(user: string, namespace: Namespace): AccessLevel {
    const membership = namespace.members.find((member) => member.user === user);
    if (!membership) return AccessLevel.None;
    const { level, expires } = membership;
    return expires !== undefined && expires <= this.today ? AccessLevel.None : level;
  }

  private invitedLevel(user: string, namespace: Namespace): AccessLevel {
    const levels = (namespace.invited ?? []).map(({ group, level }) => {
      const invited = this.namespaces.get(group);
      return invited ? Math.min(level, this.directLevel(user, invited)) : AccessLevel.None;
    });
    return Math.max(AccessLevel.None, ...levels);
  }

  private withAncestors(path: string): Namespace[] {
    return ancestors(path).flatMap((each) => this.namespaces.get(each) ?? []);
  }
}
