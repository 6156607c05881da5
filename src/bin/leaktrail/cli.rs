//! What was typed?

use crate::alarm_cli::Alarms;
use crate::choices;
use crate::cluster_cli::Clustering;
use crate::manual::{Completions, Man};
use crate::store_cli::{Keeping, Merge, Report, Telling};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use leaktrail::report::{Custody, Format};
use leaktrail::source::{FileChoice, Slack};
use leaktrail::vocab::{AccountId, Region, Timestamp};
use std::path::PathBuf;

/// When was each S3 bucket public, who made it so, and how long did it stay?
///
/// Reads archived CloudTrail log files. Nothing is sent anywhere; buckets given as s3:// are listed and read.
#[derive(Parser, Debug)]
#[command(name = "leaktrail", version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads the arguments.
    pub fn read() -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches()?;
        let cli =
            Self::from_arg_matches(&matches).map_err(|error| error.format(&mut Self::command()))?;
        match cli.command.contradiction() {
            None => Ok(cli),
            Some(why) => {
                let mut program = Self::command();
                program.build();
                let name = matches.subcommand_name().unwrap_or_default();
                let asked = program.find_subcommand_mut(name);
                Err(match asked {
                    Some(command) => command.error(ErrorKind::ArgumentConflict, why),
                    None => Self::command().error(ErrorKind::ArgumentConflict, why),
                })
            }
        }
    }
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Tell when each bucket was public: exposures, timeline, changes
    Scan(Box<Scan>),
    /// Print the matching records, exactly as they were written, one a line
    Filter(Box<Filter>),
    /// Say whether a bucket with these documents is public, and why
    Judge(Judge),
    /// Tell what a CloudWatch alarm on a filter would have done, who would have been told, and when
    Alarms(Box<Alarms>),
    /// Print commands that would close what is still open; none is run
    Plan(Box<Plan>),
    /// Say whether the files are what CloudTrail delivered, and whether any are missing
    Verify(Box<Verify>),
    /// Judge what an evidence store holds, without the archives
    Report(Box<Report>),
    /// Join evidence stores
    Merge(Merge),
    /// Run a part of a cluster, which reads for scan --cluster
    #[cfg(feature = "cluster")]
    #[command(subcommand)]
    Cluster(crate::cluster_cli::Server),
    /// Print a script that completes this command line in a shell
    Completions(Completions),
    /// Print a manual page, for man -l -
    Man(Man),
}

impl Command {
    /// To which rows and files it is limited, where it can be.
    fn limits(&self) -> Option<(&Rows, &Files)> {
        match self {
            Self::Scan(asked) => Some((&asked.rows, &asked.files)),
            Self::Filter(asked) => Some((&asked.rows, &asked.files)),
            Self::Alarms(asked) => Some((&asked.rows, &asked.files)),
            Self::Plan(asked) => Some((&asked.rows, &asked.files)),
            Self::Report(asked) => Some((&asked.rows, &asked.files)),
            _ => None,
        }
    }

    /// What cannot be meant together.
    fn contradiction(&self) -> Option<&'static str> {
        if let Some((rows, files)) = self.limits() {
            let span = rows.from.zip(rows.to);
            if span.is_some_and(|(from, to)| from >= to) {
                return Some("--from must be earlier than --to");
            }
            if files.choice().has_no_day() {
                return Some("--read-from must not be later than --read-to");
            }
        }
        match self {
            Self::Scan(asked) => asked.keeping.contradiction(&asked.sources),
            _ => None,
        }
    }
}

#[derive(Args, Debug)]
pub struct Scan {
    /// Log files and archives of them, folders that are walked recursively, s3://bucket/prefix, or - for standard input
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<PathBuf>,
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
    #[command(flatten)]
    pub keeping: Keeping,
    #[command(flatten)]
    pub running: Running,
    #[command(flatten)]
    pub clustering: Clustering,
    #[command(flatten)]
    pub telling: Telling,
}

/// Where a report is written to.
#[derive(Args, Debug)]
pub struct Output {
    /// Write the tables and run.json into this folder
    #[arg(id = "output", short = 'o', long = "output", value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Write csv, parquet, jsonl, html (one page: report.html) or timesketch; may be given several times [default: all but timesketch]
    #[arg(short, long, value_name = "FORMAT", value_parser = choices::format(), hide_possible_values = true, requires = "output")]
    pub format: Vec<Format>,
    /// Replace an earlier report in the output folder
    #[arg(long, requires = "output")]
    pub force: bool,
}

/// With what the files are checked.
#[derive(Args, Debug)]
pub struct Checking {
    /// Public keys that sign digests: what `aws cloudtrail list-public-keys` printed
    #[arg(long, value_name = "FILE")]
    pub public_keys: Option<PathBuf>,
    /// Metadata of the digest objects: from `s3://bucket/key` to what `aws s3api head-object` printed
    #[arg(long, value_name = "FILE")]
    pub metadata: Option<PathBuf>,
    /// Hash every file, and state what was read, how, and with what result
    #[arg(long)]
    pub custody: bool,
}

impl Checking {
    /// Whether a custody statement goes with the report.
    pub fn custody(&self) -> Custody {
        match self.custody {
            true => Custody::Stated,
            false => Custody::Unstated,
        }
    }
}

#[derive(Args, Debug)]
pub struct Verify {
    /// Log files and digests and archives of them, folders that are walked recursively, s3://bucket/prefix, or - for standard input
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<PathBuf>,
    #[command(flatten)]
    pub checking: Checking,
    #[command(flatten)]
    pub running: Running,
}

/// To which rows the tables are limited. State is always built from all that is read.
#[derive(Args, Debug)]
pub struct Rows {
    /// Only what overlaps the time from here on: RFC 3339, a date, or days back such as 30d
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<Timestamp>,
    /// Only what overlaps the time before this instant; the evidence is taken to end here
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: Option<Timestamp>,
    /// Only buckets of this account; may be given several times
    #[arg(long, value_name = "ID", value_parser = account)]
    pub account: Vec<AccountId>,
    /// Only buckets in this Region; may be given several times
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub region: Vec<Region>,
    /// Only buckets whose name matches this pattern, with * and ?; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub bucket: Vec<String>,
}

/// Which files are read. A file whose name tells no delivery date is read whatever the dates.
#[derive(Args, Debug)]
pub struct Files {
    /// Read only files that were delivered on this day or later; what came before stays unseen
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub read_from: Option<Timestamp>,
    /// Read only files that were delivered on this day or the day after it
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub read_to: Option<Timestamp>,
    /// With --read-to, read what was delivered up to 30 days after it: late deliveries too
    #[arg(long, requires = "read_to")]
    pub complete: bool,
    /// Read only files whose path, or what follows a slash of it, matches this pattern, with * and ?; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,
    /// Read no files whose path, or what follows a slash of it, matches this pattern; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
}

impl Files {
    /// What is meant.
    pub fn choice(&self) -> FileChoice {
        FileChoice {
            read_from: self.read_from,
            read_to: self.read_to,
            slack: if self.complete {
                Slack::Complete
            } else {
                Slack::Day
            },
            include: self.include.clone(),
            exclude: self.exclude.clone(),
        }
    }
}

/// How to judge.
#[derive(Args, Debug)]
pub struct Judging {
    /// Count this account as the owner's own; may be given several times
    #[arg(long, value_name = "ID", value_parser = account)]
    pub trusted_account: Vec<AccountId>,
    /// Count this organization as the owner's own; may be given several times
    #[arg(long, value_name = "ID", value_parser = organization)]
    pub trusted_organization: Vec<String>,
    /// What buckets' documents said at one instant: <bucket>/{policy,acl,block,ownership}.json and account-block.json, as the AWS CLI prints them
    #[arg(long, value_name = "DIR", requires = "at")]
    pub known_state: Option<PathBuf>,
    /// The instant of the known state
    #[arg(long, value_name = "TIME", value_parser = time, requires = "known_state")]
    pub at: Option<Timestamp>,
    /// Show verdicts that rest on assumptions as unknown
    #[arg(long)]
    pub strict: bool,
}

/// How to run.
#[derive(Args, Debug)]
pub struct Running {
    /// Read with this many threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// How much may come out of one compressed file, such as 512MiB
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "2GiB")]
    pub max_inflated: u64,
    /// Say nothing but errors and what would mislead unsaid; with -o nothing on stdout
    #[arg(short, long)]
    pub quiet: bool,
    /// Name each loss on stderr
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Read everything by the slow way, which the fast one is compared with
    #[arg(long, hide = true)]
    pub slow_path: bool,
    #[command(flatten)]
    pub remote: crate::remote_cli::Remote,
}

#[derive(Args, Debug)]
pub struct Filter {
    /// Log files and archives of them, folders that are walked recursively, s3://bucket/prefix, or - for standard input
    #[arg(required_unless_present_any = ["test", "list_presets"], value_name = "SOURCE")]
    pub sources: Vec<PathBuf>,
    #[command(flatten)]
    pub patterns: Patterns,
    /// Print a table of this field instead of the records, such as $.userIdentity.arn; may be given several times
    #[arg(long, value_name = "SELECTOR")]
    pub field: Vec<String>,
    /// Print a table in this format: of the fields asked for, else of the usual ones
    #[arg(short, long, value_name = "FORMAT", value_parser = choices::tabular(), hide_possible_values = true)]
    pub format: Option<Format>,
    /// Print only how many records match
    #[arg(long, conflicts_with_all = ["field", "format"])]
    pub count: bool,
    /// Try the pattern on a file of messages, one a line, and print the numbers of the lines that match
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sources", "field", "format", "count"])]
    pub test: Option<PathBuf>,
    /// Print the names of all presets, and what they match
    #[arg(long)]
    pub list_presets: bool,
    #[command(flatten)]
    pub rows: Rows,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub running: Running,
}

/// Which records. Several patterns are one question: a record that matches any of them counts.
#[derive(Args, Debug)]
pub struct Patterns {
    /// A CloudWatch Logs filter pattern, such as '{ $.eventName = PutBucketPolicy }'; may be given several times
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    pub pattern: Vec<String>,
    /// A pattern known by name; --list-presets tells which; may be given several times
    #[arg(long, value_name = "NAME", value_parser = choices::preset(), hide_possible_values = true)]
    pub preset: Vec<String>,
    /// A file with one pattern, or with what `aws logs describe-metric-filters` prints
    #[arg(long, value_name = "FILE")]
    pub pattern_file: Vec<PathBuf>,
    /// What a * inside a text stands for: AWS's documentation has said both
    #[arg(long, value_enum, default_value_t = Star::Literal, value_name = "HOW")]
    pub interior_star: Star,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Star {
    /// For itself
    Literal,
    /// For any text
    Wildcard,
}

#[derive(Args, Debug)]
pub struct Plan {
    /// Log files and archives of them, folders that are walked recursively, s3://bucket/prefix, or - for standard input
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<PathBuf>,
    /// How to print the plan
    #[arg(long, value_enum, default_value_t = Answer::Text, value_name = "FORMAT")]
    pub format: Answer,
    #[command(flatten)]
    pub rows: Rows,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub judging: Judging,
    #[command(flatten)]
    pub running: Running,
}

#[derive(Args, Debug)]
pub struct Judge {
    /// JSON documents of one bucket: policy, ACL, public access block, ownership, told apart by content
    #[arg(required = true, value_name = "FILE")]
    pub documents: Vec<PathBuf>,
    /// The account that owns the bucket: principals of others are outsiders
    #[arg(long, value_name = "ID", value_parser = account)]
    pub account: Option<AccountId>,
    /// The account's own public access block
    #[arg(long, value_name = "FILE")]
    pub account_block: Option<PathBuf>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Answer::Text, value_name = "FORMAT")]
    pub format: Answer,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Text,
    Json,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Color {
    Auto,
    Always,
    Never,
}

fn account(text: &str) -> Result<AccountId, &'static str> {
    AccountId::parse(text).ok_or("expected an account id: twelve digits")
}

fn organization(text: &str) -> Result<String, &'static str> {
    let id = text
        .strip_prefix("o-")
        .filter(|id| (10..=32).contains(&id.len()));
    id.filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .map(|_| text.to_owned())
        .ok_or("expected an organization id, such as o-a1b2c3d4e5")
}

pub fn region(text: &str) -> Result<Region, &'static str> {
    Region::parse(text).ok_or("expected a Region's code, such as eu-west-1")
}

pub fn threads(text: &str) -> Result<usize, &'static str> {
    text.parse()
        .ok()
        .filter(|threads| (1..=1024).contains(threads))
        .ok_or("expected a number of threads, 1 to 1024")
}

/// An instant: RFC 3339, a date, or `30d` back from now.
fn time(text: &str) -> Result<Timestamp, &'static str> {
    const EXPECTED: &str =
        "expected RFC 3339 (2024-01-31T12:00:00Z), a date (2024-01-31) or days back (30d)";
    let back = |days: i64| {
        days.checked_mul(86_400).map(|seconds| {
            Timestamp::from_unix(chrono::Utc::now().timestamp().saturating_sub(seconds))
        })
    };
    let days = text
        .strip_suffix('d')
        .filter(|days| days.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|days| days.parse().ok());
    days.and_then(back)
        .or_else(|| Timestamp::parse_day(text))
        .or_else(|| Timestamp::parse(text))
        .ok_or(EXPECTED)
}

/// A size in bytes: a number, with KiB, MiB, GiB (or K, M, G) if it is given in these.
fn size(text: &str) -> Result<u64, &'static str> {
    const EXPECTED: &str = "expected a size such as 512MiB or 2GiB";
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or(EXPECTED)?;
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        _ => return Err(EXPECTED),
    };
    let number: u64 = number.parse().map_err(|_| EXPECTED)?;
    number
        .checked_mul(1 << shift)
        .filter(|size| *size > 0)
        .ok_or(EXPECTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes_have_units() {
        for (text, expected) in [
            ("512MiB", Some(512 << 20)),
            ("2GiB", Some(2 << 30)),
            ("10", Some(10)),
            ("1k", Some(1024)),
        ] {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
        for text in ["", "MiB", "2TB", "-1", "0", "99999999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_have_three_forms() {
        assert_eq!(time("2024-01-31").ok(), time("2024-01-31T00:00:00Z").ok());
        assert!(time("30d").is_ok());
        for text in ["yesterday", "2024-13-01", "d", "", "99999999999999999999d"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
