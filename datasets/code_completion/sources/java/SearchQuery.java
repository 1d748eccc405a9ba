import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * A search for issues, such as {@code author:kim -label:"help wanted" is:open crash report}.
 *
 * <p>Filters have a name and a value; everything else is a word to look for in the title.
 */
final class SearchQuery {
    private static final Set<String> NAMES = Set.of("author", "assignee", "label", "is");

    /** What a search can look at. */
    record Issue(String title, String author, String assignee, List<String> labels, boolean open) {}

    /** A filter; a negated one keeps what does not match it. */
    record Filter(String name, String value, boolean negated) {
        boolean matches(Issue issue) {
            boolean found =
                    switch (name) {
                        case "author" -> value.equals(issue.author());
                        case "assignee" -> value.equals(assignee(issue));
                        case "label" -> issue.labels().contains(value);
                        default -> value.equals(issue.open() ? "open" : "closed");
                    };
            return found != negated;
        }

        private static String assignee(Issue issue) {
            return Objects.requireNonNullElse(issue.assignee(), "none");
        }
    }

    private final List<Filter> filters = new ArrayList<>();
    private final List<String> words = new ArrayList<>();

    private SearchQuery() {}

    /** Reads a search; names that are no filter are part of a word. */
    static SearchQuery parse(String text) {
        SearchQuery query = new SearchQuery();
        for (String term : terms(text)) {
            boolean negated = term.startsWith("-");
            String rest = negated ? term.substring(1) : term;
            int colon = rest.indexOf(':');
            String name = colon < 0 ? "" : rest.substring(0, colon).toLowerCase(Locale.ROOT);
            if (NAMES.contains(name)) {
                query.filters.add(new Filter(name, unquote(rest.substring(colon + 1)), negated));
            } else {
                query.words.add(unquote(term).toLowerCase(Locale.ROOT));
            }
        }
        return query;
    }

    /** Splits a text at its spaces, but not inside of double quotes. */
    private static List<String> terms(String text) {
        List<String> terms = new ArrayList<>();
        StringBuilder term = new StringBuilder();
        boolean quoted = false;
        for (char c : (text + " ").toCharArray()) {
            if (c == '"') {
                quoted = !quoted;
            }
            if (c != ' ' || quoted) {
                term.append(c);
            } else if (term.length() > 0) {
                terms.add(term.toString());
                term.setLength(0);
            }
        }
        if (quoted) {
            throw new IllegalArgumentException("a quote is not closed: " + term.toString().strip());
        }
        return terms;
    }

    private static String unquote(String text) {
        return text.replace("\"", "");
    }

    List<Filter> filters() {
        return filters;
    }

    List<String> words() {
        return words;
    }

    /** Whether an issue matches all filters and has all words in its title. */
    boolean matches(Issue issue) {
        String title = issue.title().toLowerCase(Locale.ROOT);
        return filters.stream().allMatch(filter -> filter.matches(issue))
                && words.stream().allMatch(title::contains);
    }

    /** Returns the titles of the matching issues, in the order given. */
    List<String> titles(List<Issue> issues) {
        return issues.stream().filter(this::matches).map(Issue::title).toList();
    }

    /** Counts the matching issues of each label, in alphabetical order of the labels. */
    Map<String, Integer> countByLabel(List<Issue> issues) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        Set<String> labels = new TreeSet<>();
        issues.forEach(issue -> labels.addAll(issue.labels()));
        for (String label : labels) {
            long count =
                    issues.stream()
                            .filter(this::matches)
                            .filter(issue -> issue.labels().contains(label))
                            .count();
            if (count > 0) {
                counts.put(label, (int) count);
            }
        }
        return counts;
    }

    /** Writes the search in its usual form: filters first, quotes only where they are needed. */
    @Override
    public String toString() {
        List<String> terms = new ArrayList<>();
        for (Filter filter : filters) {
            String sign = filter.negated() ? "-" : "";
            terms.add(sign + filter.name() + ":" + quoteIfNeeded(filter.value()));
        }
        for (String word : words) {
            terms.add(quoteIfNeeded(word));
        }
        return String.join(" ", terms);
    }

    private static String quoteIfNeeded(String text) {
        return text.contains(" ") ? '"' + text + '"' : text;
    }
}
