//! Reads version ranges such as `^1.2 || >=3.0.1 <4 || 5.0 - 5.2` and matches versions.
//!
//! Every range becomes a list of half-open spans, so `<=1.2.3` ends before `1.2.4`.

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u64, pub u64, pub u64);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeError {
    /// One of the alternatives between the `||` is blank.
    EmptyAlternative,
    /// The word is no version, or a version with more than three parts.
    BadVersion(String),
    /// Something above every version is asked for, as in `>*`.
    Unbounded(String),
}

/// The versions from `low` up to, but without, `high`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub low: Version,
    pub high: Option<Version>,
}

const ZERO: Version = Version(0, 0, 0);

/// Reads up to three numbers; a wildcard (`*`, `x` or `X`) drops its part and all after it.
fn parse_parts(text: &str) -> Result<Vec<u64>, RangeError> {
    let bad = || RangeError::BadVersion(text.to_string());
    let fields: Vec<&str> = text.split('.').collect();
    if fields.len() > 3 {
        return Err(bad());
    }
    fields
        .into_iter()
        .take_while(|field| !matches!(*field, "*" | "x" | "X"))
        .map(|field| field.parse().map_err(|_| bad()))
        .collect()
}

/// The lowest version that begins with the parts.
fn floor(parts: &[u64]) -> Version {
    let part = |index: usize| parts.get(index).copied().unwrap_or(0);
    Version(part(0), part(1), part(2))
}

/// The lowest version above all those that begin with the first `keep` parts, if there is one.
fn above(parts: &[u64], keep: usize) -> Option<Version> {
    let mut kept = parts[..keep].to_vec();
    *kept.last_mut()? += 1;
    Some(floor(&kept))
}

/// Reads one comparator such as `^1.2`, `>=3` or `1.x`.
fn parse_comparator(word: &str) -> Result<Span, RangeError> {
    let digits = word.trim_start_matches(['^', '~', '<', '>', '=']);
    let operator = &word[..word.len() - digits.len()];
    let parts = parse_parts(digits)?;
    let all = parts.len();
    let (low, high) = match operator {
        // Up to the next change of the leftmost part that is not zero.
        "^" => {
            let keep = parts
                .iter()
                .position(|&part| part != 0)
                .map_or(all, |index| index + 1);
            (floor(&parts), above(&parts, keep))
        }
        // Up to the next minor version, or the next major one where no minor is given.
        "~" => (floor(&parts), above(&parts, all.min(2))),
        ">=" => (floor(&parts), None),
        ">" => {
            let low = above(&parts, all).ok_or_else(|| RangeError::Unbounded(word.to_string()))?;
            (low, None)
        }
        "<" => (ZERO, Some(floor(&parts))),
        "<=" => (ZERO, above(&parts, all)),
        "" | "=" => (floor(&parts), above(&parts, all)),
        _ => return Err(RangeError::BadVersion(word.to_string())),
    };
    Ok(Span { low, high })
}

impl Span {
    pub fn contains(&self, version: Version) -> bool {
        version >= self.low && self.high.map_or(true, |high| version < high)
    }

    /// The versions that lie in both spans.
    fn intersect(self, other: Span) -> Span {
        let high = self.high.into_iter().chain(other.high).min();
        Span {
            low: self.low.max(other.low),
            high,
        }
    }
}

/// Reads an alternative: `LOW - HIGH`, both included, or comparators that must all hold.
fn parse_alternative(text: &str) -> Result<Span, RangeError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    if let [low, "-", high] = words[..] {
        let last = parse_parts(high)?;
        return Ok(Span {
            low: floor(&parse_parts(low)?),
            high: above(&last, last.len()),
        });
    }
    words
        .into_iter()
        .map(parse_comparator)
        .reduce(|left, right| Ok(left?.intersect(right?)))
        .unwrap_or(Err(RangeError::EmptyAlternative))
}

/// Reads a whole range: one span for each of its alternatives.
pub fn parse_range(text: &str) -> Result<Vec<Span>, RangeError> {
    text.split("||").map(parse_alternative).collect()
}

/// The highest of the versions that one of the spans contains.
pub fn newest(spans: &[Span], versions: &[Version]) -> Option<Version> {
    let allowed = |version: &Version| spans.iter().any(|span| span.contains(*version));
    versions.iter().copied().filter(allowed).max()
}
