//! Statistics over the access log of the web tier.
//!
//! A line reads `HOST USER SECOND "METHOD TARGET PROTOCOL" STATUS BYTES MILLIS`. A dash
//! stands for "nobody" as the user and for "nothing sent" as the number of bytes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Why a line could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogError {
    Unquoted,
    /// A section of the line has too few or too many words.
    Shape(&'static str),
    /// The named field is not a whole number, or is out of range.
    Number(&'static str),
}

/// One request as the log has it; the path comes without its query string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub host: String,
    pub user: Option<String>,
    pub second: u64,
    pub method: String,
    pub path: String,
    pub status: u16,
    pub bytes: u64,
    pub millis: u64,
}

/// Splits `text` at white space into exactly `N` words.
fn words<'a, const N: usize>(
    text: &'a str,
    section: &'static str,
) -> Result<[&'a str; N], LogError> {
    let found: Vec<&str> = text.split_whitespace().collect();
    found.try_into().map_err(|_| LogError::Shape(section))
}

/// Reads a whole number, or says which field holds none.
fn number(text: &str, field: &'static str) -> Result<u64, LogError> {
    text.parse().map_err(|_| LogError::Number(field))
}

/// Reads one line of the log.
pub fn parse_line(line: &str) -> Result<Entry, LogError> {
    let (client, rest) = line.split_once('"').ok_or(LogError::Unquoted)?;
    let (request, answer) = rest.rsplit_once('"').ok_or(LogError::Unquoted)?;
    let [host, user, second] = words(client, "client")?;
    let [method, target, _] = words(request, "request")?;
    let [status, bytes, millis] = words(answer, "answer")?;
    let status = number(status, "status")?;
    if !(100..600).contains(&status) {
        return Err(LogError::Number("status"));
    }
    Ok(Entry {
        host: host.to_string(),
        user: (user != "-").then(|| user.to_string()),
        second: number(second, "second")?,
        method: method.to_uppercase(),
        path: target.split('?').next().unwrap_or_default().to_string(),
        status: status as u16,
        bytes: if bytes == "-" {
            0
        } else {
            number(bytes, "bytes")?
        },
        millis: number(millis, "millis")?,
    })
}

/// What is known about a stretch of the log.
#[derive(Debug, Default)]
pub struct Statistics {
    entries: Vec<Entry>,
    /// The numbers of the lines that could not be read, counted from 1.
    pub rejected: Vec<usize>,
}

impl Statistics {
    /// Reads a whole log; blank lines and lines that begin with `#` are passed over.
    pub fn read(log: &str) -> Self {
        let mut statistics = Statistics::default();
        for (index, line) in log.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            match parse_line(line) {
                Ok(entry) => statistics.entries.push(entry),
                Err(_) => statistics.rejected.push(index + 1),
            }
        }
        statistics
    }

    /// How many answers fall into each class of status codes, such as `4xx`.
    pub fn status_classes(&self) -> BTreeMap<String, usize> {
        let mut classes = BTreeMap::new();
        for entry in &self.entries {
            *classes
                .entry(format!("{}xx", entry.status / 100))
                .or_insert(0) += 1;
        }
        classes
    }

    /// The `limit` paths that sent most bytes, largest first; equal ones by name.
    pub fn heaviest_paths(&self, limit: usize) -> Vec<(&str, u64)> {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for entry in &self.entries {
            *sums.entry(&entry.path).or_default() += entry.bytes;
        }
        let mut ranked: Vec<_> = sums.into_iter().collect();
        ranked.sort_by_key(|&(_, bytes)| Reverse(bytes));
        ranked.truncate(limit);
        ranked
    }

    /// The response time that `percent` of the requests did not exceed (nearest rank).
    pub fn percentile(&self, percent: usize) -> Option<u64> {
        let mut times: Vec<u64> = self.entries.iter().map(|entry| entry.millis).collect();
        times.sort_unstable();
        let rank = (times.len() * percent).div_ceil(100);
        times.get(rank.saturating_sub(1)).copied()
    }
}
