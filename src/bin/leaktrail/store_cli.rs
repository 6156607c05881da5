//! What was typed of evidence stores, and of how a run tells its end?

use crate::cli::{Checking, Color, Files, Judging, Output, Rows, threads};
use clap::{Args, ValueEnum};
use leaktrail::pipeline::Shard;
use std::path::PathBuf;

/// Where evidence is kept.
#[derive(Args, Debug)]
pub struct Keeping {
    /// Keep what the files tell in this evidence store; files that it knows are not read again, and the report is over all of it
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// Read only the I-th of N parts of the files, counted from 0: the same part on every machine
    #[arg(long, value_name = "I/N", value_parser = shard, requires = "store")]
    pub shard: Option<Shard>,
    /// Only what overlaps the time since the first event that no earlier run with this option has told of
    #[arg(long, requires = "store", conflicts_with = "from")]
    pub since_last: bool,
}

impl Keeping {
    /// What cannot be meant together.
    pub fn contradiction(&self, sources: &[PathBuf]) -> Option<&'static str> {
        let piped = sources.iter().any(|source| source.as_os_str() == "-");
        (self.store.is_some() && piped).then_some(
            "what is piped in has no name by which a store could know it: save it as a file",
        )
    }
}

/// How a run tells its end.
#[derive(Args, Debug)]
pub struct Telling {
    /// Print one line of JSON instead of the report or its summary
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub summary: Option<Summary>,
    /// End with status 4 if there are such exposures among the rows
    #[arg(long, value_enum, value_name = "WHICH")]
    pub fail_on: Option<FailOn>,
    /// Colour the report
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Summary {
    Json,
}

/// Of which exposures a run tells by its status.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailOn {
    /// Those that are open
    Open,
    /// All, closed ones too
    Any,
}

#[derive(Args, Debug)]
pub struct Report {
    /// The evidence store
    #[arg(long, value_name = "DIR")]
    pub store: PathBuf,
    #[command(flatten)]
    pub output: Output,
    #[command(flatten)]
    pub rows: Rows,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub judging: Judging,
    #[command(flatten)]
    pub checking: Checking,
    /// Judge with this many threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// Say nothing but errors and what would mislead unsaid; with -o nothing on stdout
    #[arg(short, long)]
    pub quiet: bool,
    /// Name each loss on stderr
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    #[command(flatten)]
    pub telling: Telling,
}

#[derive(Args, Debug)]
pub struct Merge {
    /// The evidence stores
    #[arg(required = true, value_name = "DIR")]
    pub stores: Vec<PathBuf>,
    /// The store that takes what they hold; what it holds already stays
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Say nothing on stderr but errors
    #[arg(short, long)]
    pub quiet: bool,
}

fn shard(text: &str) -> Result<Shard, &'static str> {
    let (index, of) = text.split_once('/').unwrap_or_default();
    let numbers = index.parse().ok().zip(of.parse().ok());
    numbers
        .and_then(|(index, of)| Shard::new(index, of))
        .ok_or("expected a part and how many there are, such as 0/7 to 6/7")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_from_0() {
        for (text, is_one) in [
            ("0/1", true),
            ("6/7", true),
            ("7/7", false),
            ("0/0", false),
            ("-1/7", false),
            ("1", false),
            ("a/b", false),
        ] {
            assert_eq!(shard(text).is_ok(), is_one, "{text}");
        }
    }
}
