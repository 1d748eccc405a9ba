// A cache of limited cost that drops what was not used for the longest time.
package main

import (
	"container/list"
	"fmt"
	"strings"
)

// entry is what the cache keeps of a key.
type entry[K comparable, V any] struct {
	key   K
	value V
	cost  int
}

// Stats counts what happened to a cache.
type Stats struct {
	Hits, Misses, Evictions int
}

// Cache keeps values as long as the sum of their costs is within a limit.
type Cache[K comparable, V any] struct {
	limit   int
	cost    int
	order   *list.List // of *entry, the one used last at the front
	entries map[K]*list.Element
	stats   Stats
	// OnEvict is called for every value that is dropped to make room, if it is set.
	OnEvict func(key K, value V)
}

// New returns an empty cache with a limit for the sum of the costs.
func New[K comparable, V any](limit int) *Cache[K, V] {
	return &Cache[K, V]{limit: limit, order: list.New(), entries: map[K]*list.Element{}}
}

// Put stores a value at a cost and drops the values that were not used for the longest
// time until all fits. It returns false, and drops the key's old value, if the cost is
// above the limit or negative.
func (c *Cache[K, V]) Put(key K, value V, cost int) bool {
	c.Delete(key)
	if cost < 0 || cost > c.limit {
		return false
	}
	c.cost += cost
	for c.cost > c.limit {
		c.evict()
	}
	c.entries[key] = c.order.PushFront(&entry[K, V]{key, value, cost})
	return true
}

// evict drops the value that was not used for the longest time.
func (c *Cache[K, V]) evict() {
	dropped := c.remove(c.order.Back())
	c.stats.Evictions++
	if c.OnEvict != nil {
		c.OnEvict(dropped.key, dropped.value)
	}
}

// remove takes an element out of the cache.
func (c *Cache[K, V]) remove(element *list.Element) *entry[K, V] {
	removed := c.order.Remove(element).(*entry[K, V])
	delete(c.entries, removed.key)
	c.cost -= removed.cost
	return removed
}

// Get returns a key's value and marks it as used. It returns false if there is none.
func (c *Cache[K, V]) Get(key K) (V, bool) {
	element, found := c.entries[key]
	if !found {
		c.stats.Misses++
		var none V
		return none, false
	}
	c.stats.Hits++
	c.order.MoveToFront(element)
	return element.Value.(*entry[K, V]).value, true
}

// GetOr returns a key's value, or makes, stores and returns one if there is none. Nothing is
// stored if making it fails.
func (c *Cache[K, V]) GetOr(key K, cost int, make func() (V, error)) (V, error) {
	if value, found := c.Get(key); found {
		return value, nil
	}
	value, err := make()
	if err != nil {
		return value, fmt.Errorf("no value for %v: %w", key, err)
	}
	c.Put(key, value, cost)
	return value, nil
}

// Peek reports whether a key has a value, without marking it as used.
func (c *Cache[K, V]) Peek(key K) bool {
	_, found := c.entries[key]
	return found
}

// Delete removes a key and reports whether it had a value.
func (c *Cache[K, V]) Delete(key K) bool {
	element, found := c.entries[key]
	if found {
		c.remove(element)
	}
	return found
}

// Resize changes the limit and drops what no longer fits. It returns how many values were
// dropped.
func (c *Cache[K, V]) Resize(limit int) int {
	before := c.stats.Evictions
	c.limit = limit
	for c.cost > c.limit && c.order.Len() > 0 {
		c.evict()
	}
	return c.stats.Evictions - before
}

// Keys returns the keys, the one that was used last first.
func (c *Cache[K, V]) Keys() []K {
	keys := make([]K, 0, len(c.entries))
	for element := c.order.Front(); element != nil; element = element.Next() {
		keys = append(keys, element.Value.(*entry[K, V]).key)
	}
	return keys
}

// Stats returns the counts so far.
func (c *Cache[K, V]) Stats() Stats {
	return c.stats
}

// String describes the cache, for example "5/8: b=3 a=2".
func (c *Cache[K, V]) String() string {
	var parts []string
	for _, key := range c.Keys() {
		parts = append(parts, fmt.Sprintf("%v=%d", key, c.entries[key].Value.(*entry[K, V]).cost))
	}
	return strings.TrimSpace(fmt.Sprintf("%d/%d: %s", c.cost, c.limit, strings.Join(parts, " ")))
}
