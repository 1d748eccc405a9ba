import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A release's version in the form {@code 1.4.0}, or {@code 1.4.0-rc.2} before the release. */
record VersionNumber(int major, int minor, int patch, List<String> preRelease)
        implements Comparable<VersionNumber> {
    private static final Pattern FORM =
            Pattern.compile("v?(\\d{1,9})\\.(\\d{1,9})(?:\\.(\\d{1,9}))?(?:-([0-9A-Za-z.-]+))?");
    private static final Comparator<VersionNumber> BY_NUMBERS =
            Comparator.comparingInt(VersionNumber::major)
                    .thenComparingInt(VersionNumber::minor)
                    .thenComparingInt(VersionNumber::patch);

    /** Which part of a version a release raises. */
    enum Part {
        MAJOR,
        MINOR,
        PATCH
    }

    /** Reads a version; a "v" in front is left out, and a missing patch is 0. */
    static Optional<VersionNumber> parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int patch = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
        List<String> identifiers =
                matcher.group(4) == null ? List.of() : List.of(matcher.group(4).split("\\."));
        return Optional.of(
                new VersionNumber(
                        Integer.parseInt(matcher.group(1)),
                        Integer.parseInt(matcher.group(2)),
                        patch,
                        identifiers));
    }

    boolean isPreRelease() {
        return !preRelease.isEmpty();
    }

    /** Returns the next release: that of a pre-release, or the one with a part raised by one. */
    VersionNumber next(Part part) {
        if (isPreRelease()) {
            return new VersionNumber(major, minor, patch, List.of());
        }
        return switch (part) {
            case MAJOR -> new VersionNumber(major + 1, 0, 0, List.of());
            case MINOR -> new VersionNumber(major, minor + 1, 0, List.of());
            case PATCH -> new VersionNumber(major, minor, patch + 1, List.of());
        };
    }

    /** Whether code made for this version works with another one: same major, at least as new. */
    boolean accepts(VersionNumber other) {
        boolean sameLine = major == other.major && (major > 0 || minor == other.minor);
        return sameLine && compareTo(other) <= 0;
    }

    /** Returns the newest of the versions, if there are any, leaving out those before a release. */
    static Optional<VersionNumber> latestRelease(List<String> texts) {
        return texts.stream()
                .map(VersionNumber::parse)
                .flatMap(Optional::stream)
                .filter(version -> !version.isPreRelease())
                .max(Comparator.naturalOrder());
    }

    /** Compares by the numbers; a pre-release comes before its release. */
    @Override
    public int compareTo(VersionNumber other) {
        int byNumbers = BY_NUMBERS.compare(this, other);
        if (byNumbers != 0) {
            return byNumbers;
        }
        if (isPreRelease() != other.isPreRelease()) {
            return isPreRelease() ? -1 : 1;
        }
        int shared = Math.min(preRelease.size(), other.preRelease.size());
        for (int i = 0; i < shared; i++) {
            int order = compareIdentifiers(preRelease.get(i), other.preRelease.get(i));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(preRelease.size(), other.preRelease.size());
    }

    /** Numbers are compared as numbers and come before words, which are compared as texts. */
    private static int compareIdentifiers(String left, String right) {
        boolean leftIsNumber = isNumber(left);
        boolean rightIsNumber = isNumber(right);
        if (leftIsNumber && rightIsNumber) {
            return Long.compare(Long.parseLong(left), Long.parseLong(right));
        }
        if (leftIsNumber || rightIsNumber) {
            return leftIsNumber ? -1 : 1;
        }
        return left.compareTo(right);
    }

    private static boolean isNumber(String identifier) {
        return identifier.chars().allMatch(Character::isDigit);
    }

    /** Sorts texts by the versions they hold, the oldest first; other texts are left out. */
    static List<String> sorted(String... texts) {
        return Arrays.stream(texts)
                .map(VersionNumber::parse)
                .flatMap(Optional::stream)
                .sorted()
                .map(VersionNumber::toString)
                .toList();
    }

    @Override
    public String toString() {
        String numbers = major + "." + minor + "." + patch;
        return isPreRelease() ? numbers + "-" + String.join(".", preRelease) : numbers;
    }
}
