//! Renders rows of text as a table whose columns line up, for terminals and plain mails.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
    Center,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableError {
    /// The row (counted from 1) has another number of cells than the table has columns.
    CellCount {
        row: usize,
        expected: usize,
        found: usize,
    },
}

#[derive(Debug, Clone)]
struct Column {
    title: String,
    align: Align,
    limit: Option<usize>,
}

/// A table that is built up row by row.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// Shortens the text to `limit` characters, the last of which then is an ellipsis.
fn shorten(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_string();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Fills the text up with spaces to `width` characters; a center leans to the left.
fn pad(text: &str, width: usize, align: Align) -> String {
    let space = width - text.chars().count();
    let before = match align {
        Align::Left => 0,
        Align::Right => space,
        Align::Center => space / 2,
    };
    format!(
        "{}{}{}",
        " ".repeat(before),
        text,
        " ".repeat(space - before)
    )
}

impl Table {
    /// Adds a column on the right.
    pub fn column(mut self, title: &str, align: Align) -> Self {
        self.columns.push(Column {
            title: title.to_string(),
            align,
            limit: None,
        });
        self
    }

    /// Lets no cell of the column that was added last be wider than `width` characters.
    pub fn at_most(mut self, width: usize) -> Self {
        if let Some(column) = self.columns.last_mut() {
            column.limit = Some(width);
        }
        self
    }

    /// Adds a row below, which needs a cell for every column.
    pub fn row(&mut self, cells: &[&str]) -> Result<(), TableError> {
        if cells.len() != self.columns.len() {
            return Err(TableError::CellCount {
                row: self.rows.len() + 1,
                expected: self.columns.len(),
                found: cells.len(),
            });
        }
        self.rows
            .push(cells.iter().map(|cell| cell.trim().to_string()).collect());
        Ok(())
    }

    /// The whole table: titles, a rule below them, and the rows.
    pub fn render(&self) -> String {
        let titles: Vec<String> = self.columns.iter().map(|c| c.title.clone()).collect();
        let mut lines: Vec<Vec<String>> = std::iter::once(&titles)
            .chain(&self.rows)
            .cloned()
            .collect();
        let mut rules = Vec::new();
        for (index, column) in self.columns.iter().enumerate() {
            let mut width = 0;
            for cells in &mut lines {
                cells[index] = shorten(&cells[index], column.limit.unwrap_or(usize::MAX));
                width = width.max(cells[index].chars().count());
            }
            for cells in &mut lines {
                cells[index] = pad(&cells[index], width, column.align);
            }
            rules.push("-".repeat(width));
        }
        lines.insert(1, rules);
        let shown: Vec<String> = lines
            .iter()
            .map(|cells| cells.join("  ").trim_end().to_string())
            .collect();
        shown.join("\n")
    }
}
