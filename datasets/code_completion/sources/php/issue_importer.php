<?php

namespace App\Import;

use InvalidArgumentException;

/** What is known about one column of the file. */
final class Field
{
    public const TYPES = ['text', 'integer', 'date', 'flag', 'list'];

    /** @param list<string> $aliases other names that the column may have */
    public function __construct(
        public readonly string $name,
        public readonly string $type = 'text',
        public readonly bool $required = false,
        public readonly array $aliases = [],
    ) {
        if (!in_array($type, self::TYPES, true)) {
            throw new InvalidArgumentException("unknown type: $type");
        }
    }

    public function isCalled(string $header): bool
    {
        $normalize = fn (string $name) => str_replace([' ', '-'], '_', strtolower(trim($name)));

        return in_array($normalize($header), array_map($normalize, [$this->name, ...$this->aliases]), true);
    }

    /** The value of a cell; throws InvalidArgumentException if the text does not fit the type. */
    public function parse(string $text): mixed
    {
        $text = trim($text);
        if ($text === '') {
            return $this->required ? throw new InvalidArgumentException("$this->name is missing") : null;
        }

        return match ($this->type) {
            'integer' => $this->integer($text),
            'date' => $this->date($text),
            'flag' => $this->flag($text),
            'list' => array_values(array_filter(array_map('trim', explode(';', $text)), 'strlen')),
            'text' => $text,
        };
    }

    private function integer(string $text): int
    {
        $number = filter_var($text, FILTER_VALIDATE_INT);

        return $number === false ? $this->refuse($text) : $number;
    }

    /** "2024-05-31" or "31.5.2024", always as the former. */
    private function date(string $text): string
    {
        if (preg_match('/^(\d{4})-(\d{2})-(\d{2})$/', $text, $match)) {
            [, $year, $month, $day] = $match;
        } elseif (preg_match('/^(\d{1,2})\.(\d{1,2})\.(\d{4})$/', $text, $match)) {
            [, $day, $month, $year] = $match;
        } else {
            $this->refuse($text);
        }
        if (!checkdate((int) $month, (int) $day, (int) $year)) {
            $this->refuse($text);
        }

        return sprintf('%04d-%02d-%02d', $year, $month, $day);
    }

    private function flag(string $text): bool
    {
        return match (strtolower($text)) {
            'yes', 'y', 'true', '1', 'x' => true,
            'no', 'n', 'false', '0', '-' => false,
            default => $this->refuse($text),
        };
    }

    private function refuse(string $text): never
    {
        throw new InvalidArgumentException("$this->name: \"$text\" is no $this->type");
    }
}

/** What has come of an import. */
final class Result
{
    /**
     * @param list<array<string, mixed>> $rows values by field name
     * @param array<int, list<string>> $errors messages by line number
     * @param list<string> $ignored headers of columns that no field is for
     */
    public function __construct(
        public readonly array $rows,
        public readonly array $errors,
        public readonly array $ignored,
    ) {
    }

    public function summary(): string
    {
        $skipped = count($this->errors);

        return count($this->rows) . ' imported' . ($skipped > 0 ? ", $skipped skipped" : '');
    }
}

/** Reads issues from the text of a CSV file. */
final class IssueImporter
{
    private const DELIMITERS = [',', ';', "\t"];

    /** @param list<Field> $fields */
    public function __construct(private readonly array $fields)
    {
    }

    /**
     * Import all lines that are fine. Throws InvalidArgumentException if the header is unusable.
     *
     * @param int $limit the most rows to import; the lines after them count as errors
     */
    public function import(string $text, int $limit = 1000): Result
    {
        $records = $this->records($text);
        if ($records === []) {
            throw new InvalidArgumentException('the file is empty');
        }
        $header = array_shift($records)['cells'];
        $columns = $this->columns($header);

        $rows = [];
        $errors = [];
        foreach ($records as ['line' => $line, 'cells' => $cells]) {
            $problems = [];
            $row = [];
            foreach ($this->fields as $field) {
                try {
                    $row[$field->name] = $field->parse($cells[$columns[$field->name] ?? -1] ?? '');
                } catch (InvalidArgumentException $error) {
                    $problems[] = $error->getMessage();
                }
            }
            if (count($cells) > count($header)) {
                $problems[] = 'too many cells';
            }
            if ($problems === [] && count($rows) === $limit) {
                $problems[] = 'over the limit';
            }
            if ($problems === []) {
                $rows[] = $row;
            } else {
                $errors[$line] = $problems;
            }
        }
        $ignored = array_values(array_diff_key($header, array_flip($columns)));

        return new Result($rows, $errors, $ignored);
    }

    /** The character between the cells: the one that the first line has most of. */
    public static function delimiter(string $text): string
    {
        $first = strtok($text, "\r\n");
        $counts = array_map(fn (string $delimiter) => substr_count($first, $delimiter), self::DELIMITERS);

        return self::DELIMITERS[array_search(max($counts), $counts, true)];
    }

    /** @return array<string, int> the places of the columns by field name */
    private function columns(array $header): array
    {
        $columns = [];
        foreach ($this->fields as $field) {
            $places = array_keys(array_filter($header, $field->isCalled(...)));
            if (count($places) > 1) {
                throw new InvalidArgumentException("$field->name is there more than once");
            }
            if ($places !== []) {
                $columns[$field->name] = $places[0];
            } elseif ($field->required) {
                throw new InvalidArgumentException("there is no column $field->name");
            }
        }

        return $columns;
    }

    /**
     * The records that are not blank, with the numbers of the lines on which they start. A cell in
     * double quotes may have delimiters and line breaks in it, and "" for a quote.
     *
     * @return list<array{line: int, cells: list<string>}>
     */
    private function records(string $text): array
    {
        $text = preg_replace('/^\xEF\xBB\xBF/', '', str_replace("\r\n", "\n", $text));
        $delimiter = preg_quote(self::delimiter($text), '/');
        $cell = "/\G(?:\"((?:[^\"]|\"\")*)\"|((?!\")[^\n$delimiter]*))([$delimiter]|\n|\z)/";
        $records = [];
        $cells = [];
        $line = $start = 1;
        for ($at = 0; $at < strlen($text); $at += strlen($match[0])) {
            if (!preg_match($cell, $text, $match, 0, $at)) {
                throw new InvalidArgumentException("malformed quotes in line $line");
            }
            $cells[] = $match[1] === '' ? $match[2] : str_replace('""', '"', $match[1]);
            $line += substr_count($match[0], "\n");
            if ($match[3] === "\n" || $at + strlen($match[0]) === strlen($text)) {
                if (trim(implode('', $cells)) !== '') {
                    $records[] = ['line' => $start, 'cells' => $cells];
                }
                $cells = [];
                $start = $line;
            }
        }

        return $records;
    }
}
