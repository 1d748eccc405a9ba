// What is put beside a Java program to evaluate its cases: each value is written as JSON on the descriptor args[0].
/*IMPORTS*/

final class HarnessMain {
    interface Evaluation { Object get() throws Throwable; }

    private static java.io.FileOutputStream report;

    static String text(String value) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : value.toCharArray()) {
            if (c == '"' || c == '\\') out.append('\\').append(c);
            else if (c < 0x20 || Character.isSurrogate(c)) out.append(String.format("\\u%04x", (int) c));
            else out.append(c);
        }
        return out.append('"').toString();
    }

    static String json(Object value) throws Throwable {
        if (value == null || value instanceof Boolean) return String.valueOf(value);
        if (value instanceof Double || value instanceof Float) {
            double number = ((Number) value).doubleValue();
            if (Double.isNaN(number)) return "{\"float\": \"nan\"}";
            if (Double.isInfinite(number)) return number > 0 ? "{\"float\": \"inf\"}" : "{\"float\": \"-inf\"}";
            return value.toString();
        }
        if (value instanceof Number) return value.toString();
        if (value instanceof CharSequence || value instanceof Character || value instanceof Enum) return text(value.toString());
        if (value instanceof java.util.Optional<?> optional) return json(optional.orElse(null));
        java.util.StringJoiner items = new java.util.StringJoiner(", ", "[", "]");
        if (value.getClass().isArray()) {
            for (int i = 0; i < java.lang.reflect.Array.getLength(value); i++) items.add(json(java.lang.reflect.Array.get(value, i)));
            return items.toString();
        }
        if (value instanceof Iterable<?> list) {
            for (Object item : list) items.add(json(item));
            return items.toString();
        }
        java.util.StringJoiner fields = new java.util.StringJoiner(", ", "{", "}");
        if (value instanceof java.util.Map<?, ?> map) {
            for (java.util.Map.Entry<?, ?> entry : map.entrySet()) fields.add(text(String.valueOf(entry.getKey())) + ": " + json(entry.getValue()));
            return fields.toString();
        }
        if (value.getClass().isRecord()) {
            for (java.lang.reflect.RecordComponent part : value.getClass().getRecordComponents()) {
                part.getAccessor().setAccessible(true);
                fields.add(text(part.getName()) + ": " + json(part.getAccessor().invoke(value)));
            }
            return fields.toString();
        }
        throw new ClassCastException("a " + value.getClass().getSimpleName() + " is not plain data");
    }

    static void line(String event) throws Throwable {
        report.write((event + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    static void step(int number, Evaluation evaluate) throws Throwable {
        String head = "{\"step\": " + number;
        try {
            line(head + ", \"value\": " + json(evaluate.get()) + "}");
        } catch (Throwable error) {
            String name = error instanceof OutOfMemoryError ? "MemoryError" : error.getClass().getSimpleName();
            line(head + ", \"raised\": " + text(name) + ", \"message\": " + text(String.valueOf(error.getMessage())) + "}");
        }
    }

    public static void main(String[] args) throws Throwable {
        // A socket cannot be opened by a path; the command line opens java.io to reflection for this.
        java.io.FileDescriptor descriptor = new java.io.FileDescriptor();
        java.lang.reflect.Field number = java.io.FileDescriptor.class.getDeclaredField("fd");
        number.setAccessible(true);
        number.setInt(descriptor, Integer.parseInt(args[0]));
        report = new java.io.FileOutputStream(descriptor);
        line("{\"loaded\": true}");
/*CASES*/
        Runtime.getRuntime().halt(0);
    }
}
