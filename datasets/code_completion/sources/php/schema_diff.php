<?php

namespace App\Database;

use InvalidArgumentException;

/** A column of a table. */
final class Column
{
    public function __construct(
        public readonly string $name,
        public readonly string $type,
        public readonly bool $nullable = false,
        public readonly string|int|bool|null $default = null,
    ) {
    }

    /** The column as it stands in a CREATE TABLE statement. */
    public function sql(): string
    {
        return "$this->name $this->type"
            . ($this->nullable ? '' : ' NOT NULL')
            . ($this->default === null ? '' : ' DEFAULT ' . $this->defaultSql());
    }

    public function defaultSql(): string
    {
        return match (true) {
            is_bool($this->default) => $this->default ? 'TRUE' : 'FALSE',
            is_int($this->default) => (string) $this->default,
            default => "'" . str_replace("'", "''", $this->default) . "'",
        };
    }
}

/** An index on some columns of a table. */
final class Index
{
    /** @param list<string> $columns */
    public function __construct(public readonly array $columns, public readonly bool $unique = false)
    {
    }

    public function name(string $table): string
    {
        return implode('_', [$this->unique ? 'uniq' : 'idx', $table, ...$this->columns]);
    }
}

/** A table with its columns and indexes. */
final class Table
{
    /** @var array<string, Column> */
    public readonly array $columns;

    /** @var array<string, Index> by the names of the indexes */
    public readonly array $indexes;

    /**
     * @param list<Column> $columns
     * @param list<Index> $indexes
     */
    public function __construct(public readonly string $name, array $columns, array $indexes = [])
    {
        $this->columns = array_combine(array_column($columns, 'name'), $columns);
        foreach ($indexes as $index) {
            $unknown = array_diff($index->columns, array_keys($this->columns));
            if ($unknown !== []) {
                throw new InvalidArgumentException("$name has no column " . implode(', ', $unknown));
            }
        }
        $names = array_map(fn (Index $index) => $index->name($name), $indexes);
        $this->indexes = array_combine($names, $indexes);
    }
}

/** The statements that turn one schema into another. */
final class SchemaDiff
{
    /** Types that can be turned into another one without losing anything. */
    private const WIDER = [
        'smallint' => ['integer', 'bigint'],
        'integer' => ['bigint'],
        'varchar' => ['text'],
    ];

    /** @var array<string, Table> */
    private array $old;

    /** @var array<string, Table> */
    private array $new;

    /**
     * @param list<Table> $old
     * @param list<Table> $new
     */
    public function __construct(array $old, array $new)
    {
        $this->old = array_combine(array_column($old, 'name'), $old);
        $this->new = array_combine(array_column($new, 'name'), $new);
    }

    /** Whether the change may lose data: columns that are gone, alone or with their table, or narrower types. */
    public function isDestructive(): bool
    {
        foreach ($this->old as $name => $table) {
            foreach ($table->columns as $column) {
                $after = $this->new[$name]->columns[$column->name] ?? null;
                if ($after === null || !$this->isSafe($column->type, $after->type)) {
                    return true;
                }
            }
        }

        return false;
    }

    /**
     * The statements in an order that works: new tables, changed tables, dropped tables.
     *
     * @return list<string>
     */
    public function statements(): array
    {
        $statements = [];
        foreach (array_diff_key($this->new, $this->old) as $table) {
            array_push($statements, ...$this->create($table));
        }
        foreach (array_intersect_key($this->new, $this->old) as $name => $table) {
            array_push($statements, ...$this->alter($this->old[$name], $table));
        }
        foreach (array_diff_key($this->old, $this->new) as $name => $table) {
            $statements[] = "DROP TABLE $name";
        }

        return $statements;
    }

    /** The statements for the way back. */
    public function reverse(): self
    {
        return new self(array_values($this->new), array_values($this->old));
    }

    private function create(Table $table): array
    {
        $columns = implode(', ', array_map(fn (Column $column) => $column->sql(), $table->columns));
        $statements = ["CREATE TABLE $table->name ($columns)"];
        foreach ($table->indexes as $name => $index) {
            $statements[] = $this->createIndex($table->name, $name, $index);
        }

        return $statements;
    }

    /** Indexes are dropped first and made last, so that their columns can change in between. */
    private function alter(Table $old, Table $new): array
    {
        $statements = [];
        foreach (array_diff_key($old->indexes, $new->indexes) as $name => $index) {
            $statements[] = "DROP INDEX $name";
        }
        $changes = [];
        foreach (array_diff_key($old->columns, $new->columns) as $name => $column) {
            $changes[] = "DROP COLUMN $name";
        }
        foreach ($new->columns as $name => $column) {
            $before = $old->columns[$name] ?? null;
            $more = $before === null ? ['ADD COLUMN ' . $column->sql()] : $this->alterColumn($before, $column);
            array_push($changes, ...$more);
        }
        if ($changes !== []) {
            $statements[] = "ALTER TABLE $new->name " . implode(', ', $changes);
        }
        foreach (array_diff_key($new->indexes, $old->indexes) as $name => $index) {
            $statements[] = $this->createIndex($new->name, $name, $index);
        }

        return $statements;
    }

    private function alterColumn(Column $old, Column $new): array
    {
        $alter = "ALTER COLUMN $new->name";
        $changes = [];
        if ($old->type !== $new->type) {
            $changes[] = "$alter TYPE $new->type";
        }
        if ($old->default !== $new->default) {
            $changes[] = $new->default === null ? "$alter DROP DEFAULT" : "$alter SET DEFAULT " . $new->defaultSql();
        }
        if ($old->nullable !== $new->nullable) {
            $changes[] = $alter . ($new->nullable ? ' DROP' : ' SET') . ' NOT NULL';
        }

        return $changes;
    }

    private function createIndex(string $table, string $name, Index $index): string
    {
        $kind = $index->unique ? 'UNIQUE INDEX' : 'INDEX';

        return "CREATE $kind $name ON $table (" . implode(', ', $index->columns) . ')';
    }

    /** Whether every value of a type fits the other one; "varchar(20)" may grow. */
    private function isSafe(string $from, string $to): bool
    {
        [$fromName, $fromSize] = sscanf("$from(0", '%[a-z](%d');
        [$toName, $toSize] = sscanf("$to(0", '%[a-z](%d');

        return $fromName === $toName ? $fromSize <= $toSize : in_array($toName, self::WIDER[$fromName] ?? [], true);
    }
}
