<?php

namespace App\Queue;

use Closure;
use InvalidArgumentException;
use Throwable;

/** Thrown by handlers for jobs that will never succeed. */
class Unrecoverable extends \RuntimeException
{
}

/** A job with its payload, and what has become of it so far. */
final class Job
{
    public int $attempts = 0;
    public ?string $error = null;
    public ?int $lockedUntil = null;

    public function __construct(
        public readonly int $id,
        public readonly string $type,
        public readonly array $payload,
        public readonly int $priority,
        public int $runAt,
        public readonly ?string $key,
    ) {
    }
}

/** A queue of jobs in memory. Times are whole seconds of an injected clock. */
final class JobQueue
{
    private const LOCK_SECONDS = 300;

    /** @var array<int, Job> jobs that wait or run, by id */
    private array $jobs = [];

    /** @var list<Job> jobs that have been given up */
    private array $dead = [];

    /** @var array<string, Closure(array): void> */
    private array $handlers = [];

    private int $lastId = 0;

    /** @param Closure(): int $clock */
    public function __construct(private readonly Closure $clock, private readonly int $maxAttempts = 5)
    {
    }

    /** @param Closure(array): void $handler is called with a job's payload */
    public function handle(string $type, Closure $handler): self
    {
        $this->handlers[$type] = $handler;

        return $this;
    }

    /**
     * Add a job and return its id. While a job with the same key waits, no other is added, and
     * its id is returned instead.
     */
    public function push(
        string $type,
        array $payload = [],
        int $delay = 0,
        int $priority = 0,
        ?string $key = null,
    ): int {
        if (!isset($this->handlers[$type])) {
            throw new InvalidArgumentException("no handler for $type");
        }
        foreach ($this->jobs as $job) {
            if ($key !== null && $job->key === $key && !$this->isLocked($job)) {
                return $job->id;
            }
        }
        $id = ++$this->lastId;
        $this->jobs[$id] = new Job($id, $type, $payload, $priority, ($this->clock)() + $delay, $key);

        return $id;
    }

    /** Take the job that is to run next and lock it; null if none is due. */
    public function reserve(): ?Job
    {
        $now = ($this->clock)();
        $due = array_filter($this->jobs, fn (Job $job) => $job->runAt <= $now && !$this->isLocked($job));
        usort($due, fn (Job $a, Job $b) => [$b->priority, $a->runAt, $a->id] <=> [$a->priority, $b->runAt, $b->id]);
        $job = $due[0] ?? null;
        if ($job !== null) {
            $job->attempts++;
            $job->lockedUntil = $now + self::LOCK_SECONDS;
        }

        return $job;
    }

    /** Run jobs until none is due; returns how many were run. */
    public function work(int $limit = PHP_INT_MAX): int
    {
        $count = 0;
        while ($count < $limit && ($job = $this->reserve()) !== null) {
            $this->run($job);
            $count++;
        }

        return $count;
    }

    /** Drop a job that has succeeded. */
    public function complete(Job $job): void
    {
        unset($this->jobs[$job->id]);
    }

    /** Let a job run again later, or give it up after its last attempt. */
    public function fail(Job $job, Throwable $error): void
    {
        $job->error = $error->getMessage();
        $job->lockedUntil = null;
        if ($error instanceof Unrecoverable || $job->attempts >= $this->maxAttempts) {
            unset($this->jobs[$job->id]);
            $this->dead[] = $job;
        } else {
            $job->runAt = ($this->clock)() + self::backoff($job->attempts);
        }
    }

    /** Seconds to wait after a number of attempts: 10, 40, 90 ..., at most an hour. */
    public static function backoff(int $attempts): int
    {
        return min(10 * $attempts ** 2, 3600);
    }

    /** Let all given up jobs of a type, or of any, start anew; returns how many there were. */
    public function retryDead(?string $type = null): int
    {
        $again = array_filter($this->dead, fn (Job $job) => $type === null || $job->type === $type);
        $this->dead = array_values(array_diff_key($this->dead, $again));
        foreach ($again as $job) {
            $job->attempts = 0;
            $job->runAt = ($this->clock)();
            $this->jobs[$job->id] = $job;
        }

        return count($again);
    }

    /** @return array{waiting: int, delayed: int, running: int, dead: int} */
    public function stats(): array
    {
        $stats = ['waiting' => 0, 'delayed' => 0, 'running' => 0, 'dead' => count($this->dead)];
        foreach ($this->jobs as $job) {
            $delayed = $job->runAt > ($this->clock)();
            $stats[$this->isLocked($job) ? 'running' : ($delayed ? 'delayed' : 'waiting')]++;
        }

        return $stats;
    }

    /** @return list<array{int, string, ?string}> id, type and error of the jobs given up */
    public function deadJobs(): array
    {
        return array_map(fn (Job $job) => [$job->id, $job->type, $job->error], $this->dead);
    }

    private function run(Job $job): void
    {
        try {
            $this->handlers[$job->type]($job->payload);
            $this->complete($job);
        } catch (Throwable $error) {
            $this->fail($job, $error);
        }
    }

    /** Whether somebody works on a job; a lock that has run out does not count. */
    private function isLocked(Job $job): bool
    {
        return $job->lockedUntil !== null && $job->lockedUntil > ($this->clock)();
    }
}
