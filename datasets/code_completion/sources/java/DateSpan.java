import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** The days from a first to a last one, both included; the length of a milestone or iteration. */
record DateSpan(LocalDate first, LocalDate last) {
    private static final Set<DayOfWeek> WEEKEND = Set.of(DayOfWeek.SATURDAY, DayOfWeek.SUNDAY);

    DateSpan {
        if (last.isBefore(first)) {
            throw new IllegalArgumentException(last + " is before " + first);
        }
    }

    /** Reads a span such as {@code 2024-05-01..2024-05-14}, or a single day. */
    static DateSpan parse(String text) {
        int dots = text.indexOf("..");
        if (dots < 0) {
            LocalDate day = LocalDate.parse(text);
            return new DateSpan(day, day);
        }
        LocalDate first = LocalDate.parse(text.substring(0, dots));
        return new DateSpan(first, LocalDate.parse(text.substring(dots + 2)));
    }

    /** The span of a whole month. */
    static DateSpan of(YearMonth month) {
        return new DateSpan(month.atDay(1), month.atEndOfMonth());
    }

    int days() {
        return (int) ChronoUnit.DAYS.between(first, last) + 1;
    }

    /** Counts the days that are neither on a weekend nor among the holidays. */
    int workingDays(Set<LocalDate> holidays) {
        return (int)
                first.datesUntil(last.plusDays(1))
                        .filter(day -> !WEEKEND.contains(day.getDayOfWeek()))
                        .filter(day -> !holidays.contains(day))
                        .count();
    }

    boolean contains(LocalDate day) {
        return !day.isBefore(first) && !day.isAfter(last);
    }

    boolean overlaps(DateSpan other) {
        return !other.last.isBefore(first) && !other.first.isAfter(last);
    }

    /** Returns the days that both spans have, if there are any. */
    Optional<DateSpan> intersection(DateSpan other) {
        if (!overlaps(other)) {
            return Optional.empty();
        }
        LocalDate start = first.isAfter(other.first) ? first : other.first;
        LocalDate end = last.isBefore(other.last) ? last : other.last;
        return Optional.of(new DateSpan(start, end));
    }

    /** Moves both ends by a number of days. */
    DateSpan plusDays(int days) {
        return new DateSpan(first.plusDays(days), last.plusDays(days));
    }

    /** Cuts the span into pieces of at most {@code length} days; the last one may be shorter. */
    List<DateSpan> split(int length) {
        List<DateSpan> pieces = new ArrayList<>();
        LocalDate start = first;
        while (!start.isAfter(last)) {
            LocalDate end = start.plusDays(length - 1);
            pieces.add(new DateSpan(start, end.isAfter(last) ? last : end));
            start = start.plusDays(length);
        }
        return pieces;
    }

    /** Returns how many days of the span are in each month. */
    SortedMap<YearMonth, Integer> daysByMonth() {
        SortedMap<YearMonth, Integer> days = new TreeMap<>();
        YearMonth month = YearMonth.from(first);
        while (!month.atDay(1).isAfter(last)) {
            days.put(month, intersection(of(month)).map(DateSpan::days).orElse(0));
            month = month.plusMonths(1);
        }
        return days;
    }

    /** Joins spans that overlap or follow each other without a gap, in the order of time. */
    static List<DateSpan> merge(List<DateSpan> spans) {
        List<DateSpan> sorted = new ArrayList<>(spans);
        sorted.sort(Comparator.comparing(DateSpan::first));
        List<DateSpan> merged = new ArrayList<>();
        for (DateSpan span : sorted) {
            DateSpan open = merged.isEmpty() ? null : merged.get(merged.size() - 1);
            if (open == null || span.first.isAfter(open.last.plusDays(1))) {
                merged.add(span);
            } else if (span.last.isAfter(open.last)) {
                merged.set(merged.size() - 1, new DateSpan(open.first, span.last));
            }
        }
        return merged;
    }

    @Override
    public String toString() {
        return first.equals(last) ? first.toString() : first + ".." + last;
    }
}
