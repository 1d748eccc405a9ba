<?php
// Runs inside the sandbox: loads one PHP program, does its steps, reports each on the report descriptor.
// Stands alone. Reads one JSON object on standard input: path, source, steps [{run} | {plain}]. Writes JSON lines.
(static function (string $report_to): void {
    $job = json_decode(stream_get_contents(STDIN), true, 512);
    $report = static function (array $event) use ($report_to): void {
        file_put_contents("php://fd/$report_to", json_encode($event, JSON_INVALID_UTF8_SUBSTITUTE | JSON_PRESERVE_ZERO_FRACTION) . "\n");
    };
    $plain = static function (mixed $value, int $depth = 0) use (&$plain): mixed {
        if ($depth > 50) throw new TypeError('the value is nested too deeply to compare');
        if ($value === null || is_bool($value) || is_int($value) || is_string($value)) return $value;
        if (is_float($value)) return is_finite($value) ? $value : ['float' => (string) $value];
        if (is_array($value)) {
            $items = array_map(static fn ($item) => $plain($item, $depth + 1), $value);
            return array_is_list($value) ? $items : (object) $items;
        }
        if ($value instanceof stdClass) return (object) array_map(static fn ($item) => $plain($item, $depth + 1), (array) $value);
        throw new TypeError('a ' . get_debug_type($value) . ' is not plain data');
    };
    $error_of = static fn (Throwable $error): array => ['message' => substr($error->getMessage(), 0, 500)];
    try {
        (static function (string $source): void { eval('?>' . $source); })($job['source']);
    } catch (Throwable $error) {
        $report(['failed_to_load' => get_class($error)] + $error_of($error));
        return;
    }
    $report(['loaded' => true]);
    foreach ($job['steps'] as $number => $step) {
        try {
            if (isset($step['run'])) eval($step['run'] . ';');
            else $report(['step' => $number, 'value' => $plain(eval('return ' . rtrim(trim($step['plain']), ';') . ';'))]);
        } catch (Throwable $error) {
            $report(['step' => $number, 'raised' => get_class($error)] + $error_of($error));
        }
    }
})($argv[1]);
