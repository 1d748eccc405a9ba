<?php
// Runs inside the sandbox: loads one PHP program, does its steps, reports each on the report descriptor.
// Stands alone. Reads one JSON object on standard input: path, source, steps [{run} | {plain}]. Writes JSON lines.
// The program and the steps run in the global scope, where a script's own code would; all that is not theirs is in here.
final class HarnessDriver
{
    private static array $job;
    private static string $report;
    private static int $number = -1;

    public static function open(string $descriptor): void
    {
        self::$job = json_decode(stream_get_contents(STDIN), true, 512);
        self::$report = "php://fd/$descriptor";
    }

    // The source as eval wants it: a declare or a namespace must be its very first statement.
    public static function source(): string
    {
        $code = preg_replace('/\A\s*<\?php\b/', '', self::$job['source'], 1, $opened);
        return $opened ? $code : '?>' . $code;
    }

    public static function report(array $event): void
    {
        $line = json_encode($event, JSON_INVALID_UTF8_SUBSTITUTE | JSON_PRESERVE_ZERO_FRACTION) . "\n";
        file_put_contents(self::$report, $line);
    }

    public static function next(): bool
    {
        return ++self::$number < count(self::$job['steps']);
    }

    public static function isSetup(): bool
    {
        return isset(self::$job['steps'][self::$number]['run']);
    }

    public static function code(): string
    {
        $step = self::$job['steps'][self::$number];
        return isset($step['run']) ? $step['run'] . ';' : 'return ' . rtrim(trim($step['plain']), ';') . ';';
    }

    public static function gave(mixed $value): void
    {
        self::report(['step' => self::$number, 'value' => self::plain($value)]);
    }

    public static function raised(Throwable $error): void
    {
        self::report(['step' => self::$number, 'raised' => get_class($error), 'message' => self::message($error)]);
    }

    public static function failedToLoad(Throwable $error): void
    {
        self::report(['failed_to_load' => get_class($error), 'message' => self::message($error)]);
    }

    private static function message(Throwable $error): string
    {
        return substr($error->getMessage(), 0, 500);
    }

    private static function plain(mixed $value, int $depth = 0): mixed
    {
        if ($depth > 50) throw new TypeError('the value is nested too deeply to compare');
        if ($value === null || is_bool($value) || is_int($value) || is_string($value)) return $value;
        if (is_float($value)) return is_finite($value) ? $value : ['float' => (string) $value];
        if (is_array($value) || $value instanceof stdClass) {
            $items = array_map(static fn ($item) => self::plain($item, $depth + 1), (array) $value);
            return is_array($value) && array_is_list($value) ? $items : (object) $items;
        }
        throw new TypeError('a ' . get_debug_type($value) . ' is not plain data');
    }
}

HarnessDriver::open($argv[1]);
try {
    eval(HarnessDriver::source());
} catch (Throwable $harnessError) {
    HarnessDriver::failedToLoad($harnessError);
    exit;
}
HarnessDriver::report(['loaded' => true]);
while (HarnessDriver::next()) {
    try {
        if (HarnessDriver::isSetup()) eval(HarnessDriver::code());
        else HarnessDriver::gave(eval(HarnessDriver::code()));
    } catch (Throwable $harnessError) {
        HarnessDriver::raised($harnessError);
    }
}
