//! A least-recently-used cache that is limited by the bytes it holds, not by its entries.

use std::collections::{BTreeMap, HashMap};

#[derive(Debug)]
struct Entry {
    value: Vec<u8>,
    last_use: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    pub hits: u32,
    pub misses: u32,
    pub evictions: u32,
}

/// An entry of this many bytes is larger than the whole budget.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLarge(pub usize);

#[derive(Debug, Default)]
pub struct ByteCache {
    budget: usize,
    used: usize,
    clock: u64,
    entries: HashMap<String, Entry>,
    /// Keys by their last use, the least recent first.
    order: BTreeMap<u64, String>,
    stats: Stats,
}

impl ByteCache {
    pub fn new(budget: usize) -> ByteCache {
        ByteCache {
            budget,
            ..ByteCache::default()
        }
    }

    /// Stores a value and returns the keys that had to go, the least recently used first.
    /// An entry costs the bytes of its key and of its value. An entry that can never fit is
    /// an error and leaves the cache as it was.
    pub fn put(&mut self, key: &str, value: &[u8]) -> Result<Vec<String>, TooLarge> {
        let size = key.len() + value.len();
        if size > self.budget {
            return Err(TooLarge(size));
        }
        self.remove(key);
        let evicted = self.make_room(size);
        self.clock += 1;
        self.used += size;
        self.order.insert(self.clock, key.to_string());
        let entry = Entry {
            value: value.to_vec(),
            last_use: self.clock,
        };
        self.entries.insert(key.to_string(), entry);
        Ok(evicted)
    }

    /// Evicts the least recently used entries until `size` more bytes fit into the budget.
    fn make_room(&mut self, size: usize) -> Vec<String> {
        let mut evicted = Vec::new();
        while self.used + size > self.budget {
            let oldest = self.order.values().next().cloned();
            let key = oldest.expect("bytes in use belong to an entry");
            self.remove(&key);
            self.stats.evictions += 1;
            evicted.push(key);
        }
        evicted
    }

    /// Looks a value up, counts the hit or miss and marks a found entry as just used.
    pub fn get(&mut self, key: &str) -> Option<&[u8]> {
        let Some(entry) = self.entries.get_mut(key) else {
            self.stats.misses += 1;
            return None;
        };
        self.stats.hits += 1;
        self.clock += 1;
        self.order.remove(&entry.last_use);
        self.order.insert(self.clock, key.to_string());
        entry.last_use = self.clock;
        Some(&entry.value)
    }

    /// Looks a value up without counting or marking it.
    pub fn peek(&self, key: &str) -> Option<&[u8]> {
        self.entries.get(key).map(|entry| entry.value.as_slice())
    }

    /// Takes an entry out and returns its value; this is not an eviction.
    pub fn remove(&mut self, key: &str) -> Option<Vec<u8>> {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.last_use);
        self.used -= key.len() + entry.value.len();
        Some(entry.value)
    }

    /// Sets a new budget and returns the keys that no longer fit.
    pub fn resize(&mut self, budget: usize) -> Vec<String> {
        self.budget = budget;
        self.make_room(0)
    }

    /// The keys, the most recently used first.
    pub fn keys(&self) -> Vec<&str> {
        self.order.values().rev().map(String::as_str).collect()
    }

    pub fn used(&self) -> usize {
        self.used
    }

    pub fn stats(&self) -> Stats {
        self.stats
    }
}
