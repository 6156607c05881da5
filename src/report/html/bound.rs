//! How much of what there may be very many of stands on the page, and where is the rest?

use super::super::Format;
use super::super::words::grouped;

/// So many lanes are drawn at most,
pub(super) const MOST_LANES: usize = 2_000;
/// so many shapes in all lanes together, but at least `FEWEST_SHAPES` in each,
pub(super) const MOST_SHAPES: usize = 60_000;
/// and so many in one lane, whatever the others have.
pub(super) const FEWEST_SHAPES: usize = 40;
/// So many exposures are told,
pub(super) const MOST_STORIES: usize = 1_000;
/// so many of them unfolded,
pub(super) const MOST_UNFOLDED: usize = 3;
/// so many changes,
pub(super) const MOST_CHANGES: usize = 5_000;
/// so many names in a sentence,
pub(super) const MOST_NAMES: usize = 12;
/// and so many lines of any other list.
pub(super) const MOST_LINES: usize = 500;

/// Where the tables lie.
#[derive(Clone, Copy)]
pub(super) struct Tables<'a> {
    /// The formats in which they are written.
    pub formats: &'a [Format],
}

impl Tables<'_> {
    /// A sentence on what is left out; empty where nothing is.
    pub fn left(self, shown: usize, all: usize, what: &str, table: &str) -> String {
        if shown >= all {
            return String::new();
        }
        let (shown, all) = (grouped(shown as u64), grouped(all as u64));
        format!(
            "{shown} of {all} {what} are shown here. All are in {}.",
            self.place(table)
        )
    }

    /// Where a table lies.
    pub fn place(self, table: &str) -> String {
        let format = Format::TABULAR
            .into_iter()
            .find(|format| self.formats.contains(format));
        match format {
            Some(format) => format!("{table}.{}", format.name()),
            None => format!("the table {table}, which -f csv writes"),
        }
    }
}

/// The first lines of many, and what is left of them.
pub(super) struct List {
    /// How many there are in all.
    pub all: String,
    /// The first of them.
    pub lines: Vec<String>,
    /// Where the others are.
    pub left: String,
}

impl List {
    /// Those of the lines that have room.
    pub fn of(
        all: usize,
        lines: impl Iterator<Item = String>,
        tables: Tables<'_>,
        table: &str,
    ) -> Self {
        let lines: Vec<String> = lines.take(MOST_LINES).collect();
        Self {
            all: grouped(all as u64),
            left: tables.left(lines.len(), all, "rows", table),
            lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_said_and_where_it_is() {
        let csv = [Format::Parquet, Format::Csv];
        let tables = Tables { formats: &csv };
        assert_eq!(tables.left(2, 2, "changes", "changes"), "");
        assert_eq!(
            tables.left(5_000, 100_000, "changes", "changes"),
            "5,000 of 100,000 changes are shown here. All are in changes.csv."
        );
        let none = Tables {
            formats: &[Format::Html],
        };
        assert_eq!(
            none.place("changes"),
            "the table changes, which -f csv writes"
        );
    }
}
