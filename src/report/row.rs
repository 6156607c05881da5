//! What is a table? One flat, versioned row schema, which every format prints.

use crate::vocab::{Timestamp, Untrusted};
use std::borrow::Cow;

/// The version of the tables' columns. It is raised whenever a column is renamed, removed or moved.
pub const SCHEMA_VERSION: u32 = 1;

/// One column of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column {
    /// The name, public and stable.
    pub name: &'static str,
    /// What its cells hold.
    pub kind: CellKind,
}

/// What the cells of a column hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CellKind {
    /// Text.
    Text,
    /// A list of texts.
    List,
    /// An instant, UTC.
    Time,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
}

/// One cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell<'a> {
    /// Nothing is known, or there is nothing.
    Empty,
    /// Text of ours or of a checked name.
    Text(Cow<'a, str>),
    /// Text that an attacker may have chosen.
    Untrusted(Cow<'a, Untrusted>),
    /// A list of texts, of which any may be an attacker's.
    List(Vec<Cow<'a, str>>),
    /// An instant, UTC.
    Time(Timestamp),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Boolean(bool),
}

impl Cell<'_> {
    /// Whether it may stand in a column of that kind.
    pub fn fits(&self, kind: CellKind) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(_) | Self::Untrusted(_) => kind == CellKind::Text,
            Self::List(_) => kind == CellKind::List,
            Self::Time(_) => kind == CellKind::Time,
            Self::Integer(_) => kind == CellKind::Integer,
            Self::Boolean(_) => kind == CellKind::Boolean,
        }
    }
}

/// The rows of a table, one after the other.
pub type Rows<'a> = Box<dyn Iterator<Item = Vec<Cell<'a>>> + 'a>;

/// A table: its name, its columns, and its rows as often as they are asked for.
pub struct Table<'a> {
    /// The name, public and stable: also the file's.
    pub name: &'static str,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows; each has a cell for each column.
    pub rows: Box<dyn Fn() -> Rows<'a> + 'a>,
}
