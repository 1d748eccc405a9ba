import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Counts the lines that a unified diff adds and removes, file by file. */
final class DiffStat {
    private static final Pattern HUNK =
            Pattern.compile("@@ -\\d+(?:,(\\d+))? \\+\\d+(?:,(\\d+))? @@.*");
    private static final String NO_FILE = "/dev/null";

    /** What happened to a file. */
    enum Change {
        ADDED,
        DELETED,
        MODIFIED,
        RENAMED
    }

    /** The numbers of one file, under its new path, or its old one if it was deleted. */
    record FileStat(String path, Change change, int added, int removed) {
        int total() {
            return added + removed;
        }
    }

    private final List<FileStat> files = new ArrayList<>();
    private String oldPath;
    private String newPath;
    private int oldLeft;
    private int newLeft;
    private int added;
    private int removed;

    private DiffStat() {}

    /** Reads a diff; lines outside of hunks and file headers do not matter. */
    static List<FileStat> parse(String diff) {
        DiffStat stat = new DiffStat();
        for (String line : diff.split("\n")) {
            stat.read(line);
        }
        stat.finishFile();
        return stat.files;
    }

    private void read(String line) {
        if (oldLeft > 0 || newLeft > 0) {
            readInHunk(line);
        } else if (line.startsWith("--- ")) {
            finishFile();
            oldPath = pathOf(line);
        } else if (line.startsWith("+++ ")) {
            newPath = pathOf(line);
        } else {
            startHunk(line);
        }
    }

    private void startHunk(String line) {
        Matcher hunk = HUNK.matcher(line);
        if (!hunk.matches()) {
            return;
        }
        if (newPath == null) {
            throw new IllegalArgumentException("a hunk without a file: " + line);
        }
        oldLeft = countOf(hunk.group(1));
        newLeft = countOf(hunk.group(2));
    }

    private void readInHunk(String line) {
        char kind = line.isEmpty() ? ' ' : line.charAt(0);
        switch (kind) {
            case '+' -> {
                added++;
                newLeft--;
            }
            case '-' -> {
                removed++;
                oldLeft--;
            }
            case ' ' -> {
                oldLeft--;
                newLeft--;
            }
            case '\\' -> {}
            default -> throw new IllegalArgumentException("not a line of a hunk: " + line);
        }
    }

    private void finishFile() {
        if (newPath != null) {
            String path = newPath.equals(NO_FILE) ? oldPath : newPath;
            files.add(new FileStat(path, change(), added, removed));
        }
        newPath = null;
        added = 0;
        removed = 0;
    }

    private Change change() {
        if (oldPath.equals(NO_FILE)) {
            return Change.ADDED;
        }
        if (newPath.equals(NO_FILE)) {
            return Change.DELETED;
        }
        return oldPath.equals(newPath) ? Change.MODIFIED : Change.RENAMED;
    }

    /** The path in a header such as "--- a/lib/x.c", without the "a/" and what follows a tab. */
    private static String pathOf(String header) {
        String path = header.substring(4).split("\t")[0];
        return path.equals(NO_FILE) ? path : path.substring(2);
    }

    private static int countOf(String digits) {
        return digits == null ? 1 : Integer.parseInt(digits);
    }

    /** Draws a bar of at most {@code width} signs for a file: "+" for added, "-" for removed. */
    static String bar(FileStat file, int largest, int width) {
        int length = largest <= width ? file.total() : scaled(file.total(), largest, width);
        int plus = file.added() == 0 ? 0 : scaled(file.added(), file.total(), length);
        return "+".repeat(plus) + "-".repeat(length - plus);
    }

    /** A share of {@code width}, rounded up so that a small change does not vanish. */
    private static int scaled(int count, int largest, int width) {
        return (count * width + largest - 1) / largest;
    }

    /** Sums up, such as "2 files changed, 5 lines added, 1 line removed". */
    static String summary(List<FileStat> files) {
        int added = files.stream().mapToInt(FileStat::added).sum();
        int removed = files.stream().mapToInt(FileStat::removed).sum();
        return String.join(
                ", ",
                plural(files.size(), "file") + " changed",
                plural(added, "line") + " added",
                plural(removed, "line") + " removed");
    }

    private static String plural(int count, String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }
}
