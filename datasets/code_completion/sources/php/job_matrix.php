<?php

namespace App\Ci;

use InvalidArgumentException;

/** One job that has come of a matrix, with its variables. */
final class MatrixJob
{
    /** @param array<string, string> $variables */
    public function __construct(public readonly string $base, public readonly array $variables)
    {
    }

    /** The name of the job: "test: [8.2, mysql]". */
    public function name(): string
    {
        return $this->variables === [] ? $this->base : "$this->base: [" . implode(', ', $this->variables) . ']';
    }

    /** Whether the job has all of some values. */
    public function matches(array $values): bool
    {
        return array_intersect_assoc($values, $this->variables) === $values;
    }
}

/** Expands jobs of a pipeline with `parallel`, and finds what they need from each other. */
final class JobMatrix
{
    public const MAX_JOBS = 50;

    /**
     * The jobs that come of a job's configuration.
     *
     * `parallel` is a number of equal jobs, or an array with the key "matrix": a list of arrays of
     * values by variable, of which every combination is a job. "exclude" lists combinations, or
     * parts of them, that are left out.
     *
     * @return list<MatrixJob>
     */
    public static function expand(string $name, array $config): array
    {
        $parallel = $config['parallel'] ?? null;
        if ($parallel === null) {
            return [new MatrixJob($name, [])];
        }
        $jobs = is_int($parallel) ? self::numbered($name, $parallel) : self::combined($name, $parallel);
        if ($jobs === [] || count($jobs) > self::MAX_JOBS) {
            throw new InvalidArgumentException("$name has " . count($jobs) . ' jobs');
        }

        return $jobs;
    }

    /**
     * All jobs of a pipeline with the names of the jobs that they need.
     *
     * An entry of `needs` is the name of a job, which means all jobs that have come of it, or an
     * array with "job" and "matrix", which picks those with certain values. The value "$NAME" there
     * is the value that the needing job itself has for that variable.
     *
     * @param array<string, array> $configs configurations by name
     * @return array<string, list<string>> names of the needed jobs by name
     */
    public static function graph(array $configs): array
    {
        $expanded = [];
        foreach ($configs as $name => $config) {
            $expanded[$name] = self::expand($name, $config);
        }

        $graph = [];
        foreach ($configs as $name => $config) {
            foreach ($expanded[$name] as $job) {
                $needed = [];
                foreach ($config['needs'] ?? [] as $need) {
                    array_push($needed, ...self::needed($job, $need, $expanded));
                }
                $graph[$job->name()] = array_values(array_unique($needed));
            }
        }

        return $graph;
    }

    /** @return list<MatrixJob> */
    private static function numbered(string $name, int $count): array
    {
        $jobs = [];
        for ($index = 1; $index <= $count; $index++) {
            $jobs[] = new MatrixJob($name, ['CI_NODE_INDEX' => "$index/$count"]);
        }

        return $jobs;
    }

    /** @return list<MatrixJob> */
    private static function combined(string $name, array $parallel): array
    {
        $combinations = [];
        foreach ($parallel['matrix'] ?? [] as $variables) {
            array_push($combinations, ...self::combinations($name, $variables));
        }
        $jobs = array_map(
            fn (array $values) => new MatrixJob($name, $values),
            array_values(array_unique($combinations, SORT_REGULAR)),
        );
        $excluded = $parallel['exclude'] ?? [];

        return array_values(array_filter($jobs, fn (MatrixJob $job) => !self::isExcluded($job, $excluded)));
    }

    /** Every way to choose one value for each variable; the first variable changes slowest. */
    private static function combinations(string $name, array $variables): array
    {
        $combinations = [[]];
        foreach ($variables as $variable => $values) {
            if (!preg_match('/^[A-Z][A-Z0-9_]*$/D', $variable)) {
                throw new InvalidArgumentException("$name has the unusable variable $variable");
            }
            $longer = [];
            foreach ($combinations as $combination) {
                foreach ((array) $values as $value) {
                    $longer[] = $combination + [$variable => (string) $value];
                }
            }
            $combinations = $longer;
        }

        return $combinations;
    }

    private static function isExcluded(MatrixJob $job, array $excluded): bool
    {
        foreach ($excluded as $values) {
            if ($job->matches(array_map('strval', $values))) {
                return true;
            }
        }

        return false;
    }

    /** @return list<string> the names of the jobs that an entry of `needs` means */
    private static function needed(MatrixJob $job, string|array $need, array $expanded): array
    {
        $base = is_string($need) ? $need : $need['job'];
        $candidates = $expanded[$base] ?? throw new InvalidArgumentException("{$job->name()} needs the unknown $base");
        $values = [];
        foreach (is_string($need) ? [] : $need['matrix'] as $variable => $value) {
            $values[$variable] = $value[0] === '$' ? $job->variables[substr($value, 1)] ?? '' : $value;
        }
        $found = array_filter($candidates, fn (MatrixJob $candidate) => $candidate->matches($values));
        if ($found === []) {
            throw new InvalidArgumentException("{$job->name()} needs what $base does not have");
        }

        return array_values(array_map(fn (MatrixJob $candidate) => $candidate->name(), $found));
    }
}
