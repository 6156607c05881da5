//! How is it told? Layout only: one row schema, which every format prints.

pub mod row;
