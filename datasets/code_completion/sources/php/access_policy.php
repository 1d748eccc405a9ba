<?php

namespace App\Access;

use DomainException;

enum Role: int
{
    case Guest = 10;
    case Reporter = 20;
    case Developer = 30;
    case Maintainer = 40;
    case Owner = 50;

    public static function fromName(string $name): self
    {
        foreach (self::cases() as $role) {
            if (strcasecmp($role->name, $name) === 0) {
                return $role;
            }
        }
        throw new DomainException("no such role: $name");
    }

    public function includes(self $other): bool
    {
        return $this->value >= $other->value;
    }
}

enum Visibility: string
{
    case Private = 'private';
    case Internal = 'internal';
    case Public = 'public';
}

/** A group of projects and of other groups. */
final class Group
{
    /** @var array<string, Role> roles of members by user name */
    private array $members = [];

    /** @var list<array{Group, Role}> groups that this one is shared with, and the most they get */
    private array $shares = [];

    public function __construct(public readonly string $name, public readonly ?Group $parent = null)
    {
    }

    public function add(string $user, string $role): self
    {
        $this->members[$user] = Role::fromName($role);

        return $this;
    }

    /** Let the members of another group in, with at most a certain role. */
    public function shareWith(Group $group, string $atMost): self
    {
        $this->shares[] = [$group, Role::fromName($atMost)];

        return $this;
    }

    /** The full path, such as "acme/apps". */
    public function path(): string
    {
        return ($this->parent === null ? '' : $this->parent->path() . '/') . $this->name;
    }

    /** The highest role that a user has here: as a member, from above, or by a share. */
    public function roleOf(string $user): ?Role
    {
        $roles = [$this->ownRole($user), $this->parent?->roleOf($user)];
        foreach ($this->shares as [$group, $atMost]) {
            $role = $group->ownRole($user);
            $roles[] = $role?->includes($atMost) ? $atMost : $role;
        }

        return self::highest($roles);
    }

    /** The role of a direct member. */
    public function ownRole(string $user): ?Role
    {
        return $this->members[$user] ?? null;
    }

    /** @param list<?Role> $roles */
    public static function highest(array $roles): ?Role
    {
        $roles = array_filter($roles);
        usort($roles, fn (Role $a, Role $b) => $b->value <=> $a->value);

        return $roles[0] ?? null;
    }
}

/** What users may do in one project. */
final class ProjectPolicy
{
    /** The role that each ability takes. */
    private const ABILITIES = [
        'read_code' => Role::Reporter,
        'create_issue' => Role::Guest,
        'push_code' => Role::Developer,
        'push_protected' => Role::Maintainer,
        'manage_members' => Role::Maintainer,
        'delete_project' => Role::Owner,
    ];

    /** Abilities that only read, and so are for everyone who can see the project. */
    private const OPEN = ['read_code', 'create_issue'];

    /** Abilities that an archived project still gives. */
    private const WHEN_ARCHIVED = ['read_code', 'delete_project'];

    /** @var array<string, Role> */
    private array $members = [];

    /** @var array<string, array<string, bool>> exceptions by user and ability */
    private array $exceptions = [];

    public function __construct(
        private readonly Group $group,
        private readonly Visibility $visibility = Visibility::Private,
        private readonly bool $archived = false,
    ) {
    }

    public function add(string $user, string $role): self
    {
        $this->members[$user] = Role::fromName($role);

        return $this;
    }

    /** Give an ability to one user, or take it from them, whatever their role is. */
    public function except(string $user, string $ability, bool $allowed): self
    {
        $this->exceptions[$user][$this->known($ability)] = $allowed;

        return $this;
    }

    public function roleOf(string $user): ?Role
    {
        return Group::highest([$this->members[$user] ?? null, $this->group->roleOf($user)]);
    }

    /** Whether a user, or someone who has not signed in (null), can do something. */
    public function can(?string $user, string $ability): bool
    {
        $needed = self::ABILITIES[$this->known($ability)];
        if ($this->archived && !in_array($ability, self::WHEN_ARCHIVED, true)) {
            return false;
        }
        if ($user === null) {
            return $ability === 'read_code' && $this->visibility === Visibility::Public;
        }
        if (isset($this->exceptions[$user][$ability])) {
            return $this->exceptions[$user][$ability];
        }
        if (in_array($ability, self::OPEN, true) && $this->visibility !== Visibility::Private) {
            return true;
        }

        return $this->roleOf($user)?->includes($needed) ?? false;
    }

    /** @return list<string> all abilities of a user, sorted */
    public function abilities(?string $user): array
    {
        $abilities = array_filter(
            array_keys(self::ABILITIES),
            fn (string $ability) => $this->can($user, $ability),
        );
        sort($abilities);

        return $abilities;
    }

    /** Why a user cannot do something; null if they can. */
    public function denial(?string $user, string $ability): ?string
    {
        if ($this->can($user, $ability)) {
            return null;
        }
        $who = $user ?? 'nobody';
        $role = $user === null ? null : $this->roleOf($user);

        return sprintf(
            '%s (%s) needs %s for %s in %s',
            $who,
            $role === null ? 'no role' : strtolower($role->name),
            strtolower(self::ABILITIES[$ability]->name),
            $ability,
            $this->group->path(),
        );
    }

    private function known(string $ability): string
    {
        return isset(self::ABILITIES[$ability]) ? $ability : throw new DomainException("no such ability: $ability");
    }
}
