//! A queue of deliveries that are tried again when they fail.
//!
//! The queue has no clock of its own: each call that depends on time takes the current tick.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// How urgent a delivery is; later variants go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    Bulk,
    Normal,
    Urgent,
}

/// How often and how late a delivery is tried again.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    pub max_attempts: u32,
    pub base_delay: u64,
    pub max_delay: u64,
}

impl RetryPolicy {
    /// The wait after the given failed attempt (counted from 1): it doubles up to the maximum.
    pub fn delay(&self, attempt: u32) -> u64 {
        let factor = 2u64.saturating_pow(attempt - 1);
        self.base_delay.saturating_mul(factor).min(self.max_delay)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: u64,
    pub target: String,
    pub priority: Priority,
    pub attempts: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueError {
    /// The delivery is not under way.
    NotStarted(u64),
}

/// What becomes of a delivery whose attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    RetryAt(u64),
    GaveUp,
}

pub struct DeliveryQueue {
    policy: RetryPolicy,
    next_id: u64,
    waiting: BTreeMap<(u64, u64), Delivery>,
    running: BTreeMap<u64, Delivery>,
    dead: Vec<Delivery>,
}

impl DeliveryQueue {
    /// An empty queue.
    pub fn new(policy: RetryPolicy) -> Self {
        DeliveryQueue {
            policy,
            next_id: 1,
            waiting: BTreeMap::new(),
            running: BTreeMap::new(),
            dead: Vec::new(),
        }
    }

    /// Adds a delivery that may start at tick `due`, and returns its number.
    pub fn push(&mut self, target: &str, priority: Priority, due: u64) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let delivery = Delivery {
            id,
            target: target.to_string(),
            priority,
            attempts: 0,
        };
        self.waiting.insert((due, id), delivery);
        id
    }

    /// Starts the most urgent delivery that is due; among equals the one that was due first.
    /// A target that already has a delivery under way is passed over.
    pub fn start(&mut self, now: u64) -> Option<Delivery> {
        let busy: BTreeSet<&str> = self.running.values().map(|d| d.target.as_str()).collect();
        let key = self
            .waiting
            .range(..=(now, u64::MAX))
            .filter(|(_, delivery)| !busy.contains(delivery.target.as_str()))
            .min_by_key(|(_, delivery)| Reverse(delivery.priority))
            .map(|(key, _)| *key)?;
        let mut delivery = self.waiting.remove(&key)?;
        delivery.attempts += 1;
        self.running.insert(delivery.id, delivery.clone());
        Some(delivery)
    }

    /// Takes a delivery that is under way out of the queue, since it arrived.
    pub fn succeed(&mut self, id: u64) -> Result<Delivery, QueueError> {
        self.running.remove(&id).ok_or(QueueError::NotStarted(id))
    }

    /// Puts a delivery back to be tried later, or gives it up after its last attempt.
    pub fn fail(&mut self, id: u64, now: u64) -> Result<Outcome, QueueError> {
        let delivery = self.succeed(id)?;
        if delivery.attempts >= self.policy.max_attempts {
            self.dead.push(delivery);
            return Ok(Outcome::GaveUp);
        }
        let due = now + self.policy.delay(delivery.attempts);
        self.waiting.insert((due, id), delivery);
        Ok(Outcome::RetryAt(due))
    }

    /// The tick at which the next waiting delivery is due.
    pub fn next_due(&self) -> Option<u64> {
        self.waiting.keys().next().map(|&(due, _)| due)
    }
}
