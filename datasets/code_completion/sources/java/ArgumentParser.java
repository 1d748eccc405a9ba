import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the arguments of a command, such as {@code deploy --force -t 30 --env=prod app}. */
final class ArgumentParser {
    /** What a value must look like. */
    enum Kind {
        FLAG,
        TEXT,
        NUMBER
    }

    /** The user called the command in a wrong way. */
    static final class UsageException extends RuntimeException {
        UsageException(String message) {
            super(message);
        }
    }

    /** The result: the options that were given or have a default, and the other arguments. */
    record Arguments(Map<String, Object> options, List<String> operands) {
        boolean isSet(String name) {
            return Boolean.TRUE.equals(options.get(name));
        }

        Optional<String> text(String name) {
            return Optional.ofNullable(options.get(name)).map(Object::toString);
        }
    }

    private record Option(String name, char letter, Kind kind, Object fallback, String help) {
        String label() {
            String value = kind == Kind.FLAG ? "" : " " + kind;
            return "-" + letter + ", --" + name + value;
        }
    }

    private final Map<String, Option> options = new LinkedHashMap<>();
    private final int minOperands;
    private final int maxOperands;

    ArgumentParser(int minOperands, int maxOperands) {
        this.minOperands = minOperands;
        this.maxOperands = maxOperands;
    }

    /** Adds an option that is false unless it is given. */
    ArgumentParser flag(String name, char letter, String help) {
        options.put(name, new Option(name, letter, Kind.FLAG, false, help));
        return this;
    }

    /** Adds an option with a value; without a fallback (null) it is missing unless it is given. */
    ArgumentParser option(String name, char letter, Kind kind, Object fallback, String help) {
        options.put(name, new Option(name, letter, kind, fallback, help));
        return this;
    }

    /**
     * Reads the arguments. Everything behind {@code --} is an operand, and so is {@code -} itself.
     *
     * @throws UsageException if an argument is unknown, lacks its value or has a wrong one
     */
    Arguments parse(List<String> arguments) {
        Map<String, Object> values = new LinkedHashMap<>();
        options.forEach((name, option) -> {
            if (option.fallback() != null) {
                values.put(name, option.fallback());
            }
        });
        List<String> operands = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            if (argument.equals("--")) {
                operands.addAll(arguments.subList(i + 1, arguments.size()));
                break;
            }
            if (!argument.startsWith("-") || argument.equals("-")) {
                operands.add(argument);
                continue;
            }
            int equals = argument.indexOf('=');
            String given = equals < 0 ? argument : argument.substring(0, equals);
            Option option = find(given);
            if (option.kind() == Kind.FLAG) {
                if (equals >= 0) {
                    throw new UsageException(given + " takes no value");
                }
                values.put(option.name(), true);
            } else if (equals >= 0) {
                values.put(option.name(), convert(option, argument.substring(equals + 1)));
            } else if (++i < arguments.size()) {
                values.put(option.name(), convert(option, arguments.get(i)));
            } else {
                throw new UsageException(given + " needs a value");
            }
        }
        if (operands.size() < minOperands || operands.size() > maxOperands) {
            throw new UsageException("wrong number of arguments: " + operands.size());
        }
        return new Arguments(values, operands);
    }

    private Option find(String given) {
        for (Option option : options.values()) {
            if (given.equals("--" + option.name()) || given.equals("-" + option.letter())) {
                return option;
            }
        }
        throw new UsageException("unknown option " + given);
    }

    private static Object convert(Option option, String text) {
        if (option.kind() == Kind.TEXT) {
            return text;
        }
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new UsageException("--" + option.name() + " must be a number, not " + text);
        }
    }

    /** Describes the options, one a line, with the texts below each other. */
    String help() {
        int width = options.values().stream().mapToInt(o -> o.label().length()).max().orElse(0);
        StringBuilder help = new StringBuilder();
        for (Option option : options.values()) {
            help.append("  ").append(option.label());
            help.append(" ".repeat(width - option.label().length() + 2)).append(option.help());
            if (option.kind() != Kind.FLAG && option.fallback() != null) {
                help.append(" (default: ").append(option.fallback()).append(")");
            }
            help.append("\n");
        }
        return help.toString();
    }
}
