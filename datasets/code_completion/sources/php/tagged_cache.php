<?php

namespace App\Cache;

use Closure;
use InvalidArgumentException;

/** A cached value. Versions are those of its tags when it was stored. */
final class Entry
{
    /** @param array<string, int> $versions */
    public function __construct(
        public readonly mixed $value,
        public readonly ?int $expiresAt,
        public readonly array $versions,
        public readonly int $size,
    ) {
    }
}

/** A cache in memory with expiry, tags and a limit of its size. */
final class TaggedCache
{
    /** @var array<string, Entry> from the least to the most recently used */
    private array $entries = [];

    /** @var array<string, int> how often each tag has been flushed */
    private array $versions = [];

    private int $hits = 0;
    private int $misses = 0;

    /**
     * @param Closure(): int $clock the time in seconds
     * @param int $capacity the total size of the values, as JSON, in bytes
     */
    public function __construct(private readonly Closure $clock, private readonly int $capacity = 1024)
    {
    }

    /**
     * Store a value for some seconds, or until it is displaced.
     *
     * @param list<string> $tags
     */
    public function set(string $key, mixed $value, ?int $seconds = null, array $tags = []): void
    {
        self::check($key);
        unset($this->entries[$key]);
        $size = strlen(json_encode($value));
        if ($size > $this->capacity || ($seconds !== null && $seconds <= 0)) {
            return;
        }
        $expiresAt = $seconds === null ? null : ($this->clock)() + $seconds;
        $versions = [];
        foreach ($tags as $tag) {
            $versions[$tag] = $this->versions[$tag] ?? 0;
        }
        $this->entries[$key] = new Entry($value, $expiresAt, $versions, $size);
        $this->shrink();
    }

    /** The value of a key, or the default. */
    public function get(string $key, mixed $default = null): mixed
    {
        $entry = $this->find($key);
        if ($entry === null) {
            $this->misses++;

            return $default;
        }
        $this->hits++;
        unset($this->entries[$key]);
        $this->entries[$key] = $entry;

        return $entry->value;
    }

    /** Whether there is a value for a key; this does not count as use. */
    public function has(string $key): bool
    {
        return $this->find($key) !== null;
    }

    /**
     * The value of a key, made and stored if there is none.
     *
     * @param Closure(): mixed $make
     */
    public function remember(string $key, ?int $seconds, Closure $make, array $tags = []): mixed
    {
        $missing = new \stdClass();
        $value = $this->get($key, $missing);
        if ($value === $missing) {
            $value = $make();
            $this->set($key, $value, $seconds, $tags);
        }

        return $value;
    }

    /** Add to a number, which is 0 if there is none; its expiry and tags stay the same. */
    public function increment(string $key, int $by = 1): int
    {
        $entry = $this->find($key);
        $value = ($entry?->value ?? 0) + $by;
        self::check($key);
        $size = strlen((string) $value);
        $this->entries[$key] = new Entry($value, $entry?->expiresAt, $entry?->versions ?? [], $size);
        $this->shrink();

        return $value;
    }

    /** Forget a key; whether there was a value. */
    public function delete(string $key): bool
    {
        $existed = $this->has($key);
        unset($this->entries[$key]);

        return $existed;
    }

    /** Forget all values with a tag. */
    public function flushTag(string $tag): void
    {
        $this->versions[$tag] = ($this->versions[$tag] ?? 0) + 1;
    }

    /** Drop what can no longer be found; returns the keys. */
    public function prune(): array
    {
        $gone = array_filter(array_keys($this->entries), fn (string $key) => !$this->has($key));
        $this->entries = array_diff_key($this->entries, array_flip($gone));

        return array_values($gone);
    }

    /** @return list<string> keys of the values there are, the least recently used first */
    public function keys(): array
    {
        return array_values(array_filter(array_keys($this->entries), $this->has(...)));
    }

    /** @return array{hits: int, misses: int, ratio: ?float} */
    public function stats(): array
    {
        $all = $this->hits + $this->misses;

        return [
            'hits' => $this->hits,
            'misses' => $this->misses,
            'ratio' => $all === 0 ? null : round($this->hits / $all, 2),
        ];
    }

    private function find(string $key): ?Entry
    {
        $entry = $this->entries[$key] ?? null;
        if ($entry === null || ($entry->expiresAt !== null && $entry->expiresAt <= ($this->clock)())) {
            return null;
        }
        foreach ($entry->versions as $tag => $version) {
            if (($this->versions[$tag] ?? 0) !== $version) {
                return null;
            }
        }

        return $entry;
    }

    /** Displace the least recently used values until the rest fits; stale ones go first. */
    private function shrink(): void
    {
        if ($this->size() > $this->capacity) {
            $this->prune();
        }
        while ($this->size() > $this->capacity) {
            unset($this->entries[array_key_first($this->entries)]);
        }
    }

    private function size(): int
    {
        return array_sum(array_map(fn (Entry $entry) => $entry->size, $this->entries));
    }

    private static function check(string $key): void
    {
        if (!preg_match('/^(?!\d+$)[\w.:-]+$/D', $key)) {
            throw new InvalidArgumentException("unusable key: $key");
        }
    }
}
