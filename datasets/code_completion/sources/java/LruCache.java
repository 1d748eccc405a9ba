import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * A cache with a limit on the total weight of its values.
 *
 * <p>Values that were not used for the longest time are dropped first. Entries are kept in a ring
 * of links around a head: the one behind it was used last, the one in front of it is the oldest.
 */
final class LruCache<K, V> {
    private static final class Node<K, V> {
        private final K key;
        private V value;
        private int weight;
        private Node<K, V> before = this;
        private Node<K, V> after = this;

        private Node(K key) {
            this.key = key;
        }

        private void unlink() {
            before.after = after;
            after.before = before;
        }

        private void linkBehind(Node<K, V> other) {
            before = other;
            after = other.after;
            after.before = this;
            other.after = this;
        }
    }

    /** How well the cache works; {@code evictions} counts the values dropped for lack of room. */
    record Stats(int hits, int misses, int evictions) {
        double hitRate() {
            int lookups = hits + misses;
            return lookups == 0 ? 0 : (double) hits / lookups;
        }
    }

    private final Map<K, Node<K, V>> nodes = new HashMap<>();
    private final Node<K, V> head = new Node<>(null);
    private final int maxWeight;
    private final ToIntFunction<V> weigher;
    private int weight;
    private int hits;
    private int misses;
    private int evictions;

    LruCache(int maxWeight, ToIntFunction<V> weigher) {
        this.maxWeight = maxWeight;
        this.weigher = weigher;
    }

    /** Returns a value and makes it the one used last. */
    Optional<V> get(K key) {
        Node<K, V> node = nodes.get(key);
        if (node == null) {
            misses++;
            return Optional.empty();
        }
        hits++;
        node.unlink();
        node.linkBehind(head);
        return Optional.of(node.value);
    }

    /** Returns a value, loading it first if it is not there. */
    V get(K key, Function<K, V> loader) {
        Optional<V> found = get(key);
        if (found.isPresent()) {
            return found.get();
        }
        V loaded = loader.apply(key);
        put(key, loaded);
        return loaded;
    }

    /**
     * Stores a value in place of the key's old one and drops others until it fits.
     *
     * <p>A value that is heavier than the whole cache is not stored.
     *
     * @return whether it was stored
     */
    boolean put(K key, V value) {
        remove(key);
        int added = weigher.applyAsInt(value);
        if (added > maxWeight) {
            return false;
        }
        while (weight + added > maxWeight) {
            remove(head.before.key);
            evictions++;
        }
        Node<K, V> node = new Node<>(key);
        node.value = value;
        node.weight = added;
        node.linkBehind(head);
        nodes.put(key, node);
        weight += added;
        return true;
    }

    /** Drops a value; returns whether it was there. */
    boolean remove(K key) {
        Node<K, V> node = nodes.remove(key);
        if (node == null) {
            return false;
        }
        node.unlink();
        weight -= node.weight;
        return true;
    }

    int size() {
        return nodes.size();
    }

    int weight() {
        return weight;
    }

    Stats stats() {
        return new Stats(hits, misses, evictions);
    }

    /** Returns the keys, the one used last first. */
    List<K> keys() {
        List<K> keys = new ArrayList<>();
        for (Node<K, V> node = head.after; node != head; node = node.after) {
            keys.add(node.key);
        }
        return keys;
    }
}
