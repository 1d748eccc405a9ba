import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An amount of money in whole cents of one currency. */
final class Money implements Comparable<Money> {
    private static final Pattern FORMAT =
            Pattern.compile("(-?)([0-9]+)(?:\\.([0-9]{2}))? ([A-Z]{3})");
    private static final int CENTS_PER_UNIT = 100;

    private final long cents;
    private final String currency;

    private Money(long cents, String currency) {
        this.cents = cents;
        this.currency = currency;
    }

    /** Creates an amount; the currency's code may be in any letter case. */
    static Money ofCents(long cents, String currency) {
        return new Money(cents, currency.toUpperCase(Locale.ROOT));
    }

    /**
     * Reads an amount such as {@code "12.50 EUR"} or {@code "-3 USD"}.
     *
     * @throws IllegalArgumentException if the text has another form
     */
    static Money parse(String text) {
        Matcher matcher = FORMAT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not an amount of money: " + text);
        }
        long cents = Long.parseLong(matcher.group(2)) * CENTS_PER_UNIT;
        if (matcher.group(3) != null) {
            cents += Long.parseLong(matcher.group(3));
        }
        return new Money(matcher.group(1).isEmpty() ? cents : -cents, matcher.group(4));
    }

    long cents() {
        return cents;
    }

    String currency() {
        return currency;
    }

    boolean isNegative() {
        return cents < 0;
    }

    /** Adds an amount of the same currency. */
    Money plus(Money other) {
        requireSameCurrency(other);
        return new Money(Math.addExact(cents, other.cents), currency);
    }

    /** Takes an amount of the same currency away. */
    Money minus(Money other) {
        return plus(other.negated());
    }

    /** Returns the amount with the other sign. */
    Money negated() {
        return new Money(Math.negateExact(cents), currency);
    }

    /** Returns a part of the amount, rounded half up (away from zero) to a whole cent. */
    Money percent(int percent) {
        long scaled = Math.multiplyExact(Math.abs(cents), (long) percent);
        long rounded = (scaled + CENTS_PER_UNIT / 2) / CENTS_PER_UNIT;
        return new Money(cents < 0 ? -rounded : rounded, currency);
    }

    /**
     * Splits the amount into equal parts whose sum is the amount.
     *
     * <p>Cents that cannot be divided go to the first parts, one each.
     *
     * @throws IllegalArgumentException if there is not at least one part
     */
    List<Money> split(int parts) {
        if (parts < 1) {
            throw new IllegalArgumentException("cannot split into " + parts + " parts");
        }
        long share = cents / parts;
        long left = cents % parts;
        List<Money> shares = new ArrayList<>();
        for (int i = 0; i < parts; i++) {
            long extra = i < Math.abs(left) ? Long.signum(left) : 0;
            shares.add(new Money(share + extra, currency));
        }
        return shares;
    }

    /** Compares two amounts of the same currency. */
    @Override
    public int compareTo(Money other) {
        requireSameCurrency(other);
        return Long.compare(cents, other.cents);
    }

    @Override
    public boolean equals(Object object) {
        return object instanceof Money other
                && cents == other.cents
                && currency.equals(other.currency);
    }

    @Override
    public int hashCode() {
        return Objects.hash(cents, currency);
    }

    /** Writes the amount in the form that {@link #parse} reads, always with its cents. */
    @Override
    public String toString() {
        long units = Math.abs(cents) / CENTS_PER_UNIT;
        long rest = Math.abs(cents) % CENTS_PER_UNIT;
        return String.format("%s%d.%02d %s", isNegative() ? "-" : "", units, rest, currency);
    }

    private void requireSameCurrency(Money other) {
        if (!currency.equals(other.currency)) {
            throw new IllegalArgumentException(currency + " is not " + other.currency);
        }
    }
}
