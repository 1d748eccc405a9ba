//! Reads unified diffs and follows line numbers from the old version of a file to the new one.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Context,
    Removed,
    Added,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The first line and the number of lines in the old version, and in the new one.
    pub old: (usize, usize),
    pub new: (usize, usize),
    pub lines: Vec<(Change, String)>,
}

#[derive(Debug, Default)]
pub struct FileDiff {
    pub old_path: String,
    pub new_path: String,
    pub hunks: Vec<Hunk>,
}

/// Reads a range such as `12,3`; a missing count means one line.
/// The start of an empty range names the line before it, so it is moved one line on.
fn parse_range(text: &str) -> Option<(usize, usize)> {
    let (start, count) = text.split_once(',').unwrap_or((text, "1"));
    let (start, count) = (start.parse().ok()?, count.parse().ok()?);
    Some(if count == 0 {
        (start + 1, 0)
    } else {
        (start, count)
    })
}

/// Reads a header such as `@@ -1,4 +1,5 @@ fn main()` into a hunk without lines.
fn parse_header(line: &str) -> Option<Hunk> {
    let (ranges, _section) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    Some(Hunk {
        old: parse_range(old)?,
        new: parse_range(new)?,
        lines: Vec::new(),
    })
}

/// Drops the `a/` or `b/` that git puts in front of a path.
fn clean_path(path: &str, prefix: &str) -> String {
    path.strip_prefix(prefix).unwrap_or(path).to_string()
}

impl Hunk {
    /// How many lines have one of the two kinds of change.
    fn count(&self, one: Change, other: Change) -> usize {
        let matches = |(change, _): &&(Change, String)| *change == one || *change == other;
        self.lines.iter().filter(matches).count()
    }

    /// Whether the hunk has all the lines that its header announced.
    fn is_full(&self) -> bool {
        self.count(Change::Context, Change::Removed) >= self.old.1
            && self.count(Change::Context, Change::Added) >= self.new.1
    }
}

/// Reads all files of a diff; an error is the number, from 1, of the line that makes no sense.
pub fn parse_diff(text: &str) -> Result<Vec<FileDiff>, usize> {
    let mut files: Vec<FileDiff> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let open = files
            .last_mut()
            .and_then(|file| file.hunks.last_mut())
            .filter(|hunk| !hunk.is_full());
        if let Some(hunk) = open {
            let change = match line.chars().next() {
                Some(' ') | None => Change::Context,
                Some('-') => Change::Removed,
                Some('+') => Change::Added,
                Some('\\') => continue,
                Some(_) => return Err(index + 1),
            };
            hunk.lines.push((change, line.chars().skip(1).collect()));
        } else if let Some(path) = line.strip_prefix("--- ") {
            files.push(FileDiff {
                old_path: clean_path(path, "a/"),
                ..FileDiff::default()
            });
        } else if let Some(path) = line.strip_prefix("+++ ") {
            files.last_mut().ok_or(index + 1)?.new_path = clean_path(path, "b/");
        } else if line.starts_with("@@") {
            let hunk = parse_header(line).ok_or(index + 1)?;
            files.last_mut().ok_or(index + 1)?.hunks.push(hunk);
        }
    }
    Ok(files)
}

impl FileDiff {
    /// The new number of an old line, or nothing if the line was removed.
    pub fn new_line(&self, old_line: usize) -> Option<usize> {
        let (mut old_next, mut new_next) = (1, 1);
        for hunk in &self.hunks {
            if old_line < hunk.old.0 {
                break;
            }
            (old_next, new_next) = (hunk.old.0, hunk.new.0);
            for (change, _) in &hunk.lines {
                if *change != Change::Added {
                    if old_next == old_line {
                        return (*change == Change::Context).then_some(new_next);
                    }
                    old_next += 1;
                }
                if *change != Change::Removed {
                    new_next += 1;
                }
            }
        }
        Some(new_next + old_line - old_next)
    }
}
