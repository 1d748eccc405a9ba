import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/** A table for the terminal, with columns that are as wide as their longest cell. */
final class TextTable {
    private static final String GAP = "  ";
    private static final String ELLIPSIS = "...";

    /** How the cells of a column are placed. */
    enum Align {
        LEFT,
        RIGHT
    }

    private record Column(String title, Align align, int maxWidth) {}

    private final List<Column> columns = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    /** Adds a column of any width. */
    TextTable column(String title, Align align) {
        return column(title, align, Integer.MAX_VALUE);
    }

    /**
     * Adds a column that cuts longer cells to {@code maxWidth} characters.
     *
     * @throws IllegalStateException if there are rows already
     * @throws IllegalArgumentException if a cut cell would have no character of its own
     */
    TextTable column(String title, Align align, int maxWidth) {
        if (!rows.isEmpty()) {
            throw new IllegalStateException("columns come before rows");
        }
        if (maxWidth <= ELLIPSIS.length()) {
            throw new IllegalArgumentException("too narrow: " + maxWidth);
        }
        columns.add(new Column(title, align, maxWidth));
        return this;
    }

    /** Adds a row; null is an empty cell, and cells that are missing at the end are empty. */
    TextTable row(Object... cells) {
        if (cells.length > columns.size()) {
            throw new IllegalArgumentException(
                    cells.length + " cells in " + columns.size() + " columns");
        }
        List<String> row = new ArrayList<>(Collections.nCopies(columns.size(), ""));
        for (int i = 0; i < cells.length; i++) {
            if (cells[i] != null) {
                row.set(i, shorten(cells[i].toString(), columns.get(i).maxWidth()));
            }
        }
        rows.add(row);
        return this;
    }

    /** Sorts the rows by the text of a column; rows with the same text keep their order. */
    TextTable sortBy(String title) {
        int index = indexOf(title);
        rows.sort(Comparator.comparing(row -> row.get(index)));
        return this;
    }

    int size() {
        return rows.size();
    }

    /** Returns the lines of the table: titles, a rule and the rows, or nothing without rows. */
    List<String> lines() {
        if (rows.isEmpty()) {
            return List.of();
        }
        int[] widths = widths();
        List<String> lines = new ArrayList<>();
        lines.add(line(columns.stream().map(Column::title).toList(), widths));
        lines.add(line(Arrays.stream(widths).mapToObj("-"::repeat).toList(), widths));
        for (List<String> row : rows) {
            lines.add(line(row, widths));
        }
        return lines;
    }

    private int indexOf(String title) {
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).title().equalsIgnoreCase(title)) {
                return i;
            }
        }
        throw new IllegalArgumentException("there is no column " + title);
    }

    private int[] widths() {
        int[] widths = columns.stream().mapToInt(column -> column.title().length()).toArray();
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        return widths;
    }

    private String line(List<String> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String padding = " ".repeat(widths[i] - cells.get(i).length());
            if (i > 0) {
                line.append(GAP);
            }
            if (columns.get(i).align() == Align.RIGHT) {
                line.append(padding).append(cells.get(i));
            } else {
                line.append(cells.get(i)).append(padding);
            }
        }
        return line.toString().stripTrailing();
    }

    private static String shorten(String text, int maxWidth) {
        if (text.length() <= maxWidth) {
            return text;
        }
        return text.substring(0, maxWidth - ELLIPSIS.length()) + ELLIPSIS;
    }
}
