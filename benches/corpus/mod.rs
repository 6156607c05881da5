//! What is a scan measured on? An archive like a real one, the same on every machine, written once to a folder.
//!
//! Delivered files are tiny: half of them hold up to five records. Busy accounts' files are large. There is a change of
//! access in every two thousand records, ten times as many as in life, so that one that is lost is missed.

mod dice;
mod record;

use dice::Dice;
use flate2::{Compression, GzBuilder};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// How the records lie in files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// As CloudTrail delivers: 3,000 files, half of them with up to five records, few with hundreds.
    ManySmall,
    /// As a busy account's: 6 files of 6,000 records.
    FewLarge,
    /// The same, where 45 of 100 records are requests for objects, one in a thousand of them from outside.
    DataEvents,
    /// As months of an account: 6,000 files of a hundred records.
    #[allow(dead_code, reason = "one bench uses it")]
    Large,
}

/// An archive on disk, and what is known to be in it.
pub struct Corpus {
    shape: Shape,
    /// Where it is.
    pub folder: PathBuf,
    /// The files' bytes, as they lie there.
    pub files: Vec<Vec<u8>>,
    /// The files.
    #[allow(dead_code, reason = "one bench uses it")]
    pub paths: Vec<PathBuf>,
    /// Bytes of all texts, inflated.
    pub inflated: u64,
    /// Bytes of the longest of them.
    #[allow(dead_code, reason = "one bench uses it")]
    pub largest: u64,
    /// Records.
    pub records: u64,
    /// Of these, changes of access to a bucket.
    pub changes: u64,
    /// Of these, sessions that are issued.
    pub sessions: u64,
    /// Of these, requests from outside.
    #[allow(dead_code, reason = "one bench uses it")]
    pub outside: u64,
}

impl Corpus {
    /// Writes an archive of that shape below a folder.
    #[allow(dead_code, reason = "all benches but one use it")]
    pub fn write(below: &Path, shape: Shape) -> io::Result<Self> {
        Self::write_many(below, shape, 1)
    }

    /// Writes one with so many times as many files.
    pub fn write_many(below: &Path, shape: Shape, times: u64) -> io::Result<Self> {
        let folder = below.join(format!("{shape:?}"));
        let mut corpus = Self {
            shape,
            folder,
            files: Vec::new(),
            paths: Vec::new(),
            inflated: 0,
            largest: 0,
            records: 0,
            changes: 0,
            sessions: 0,
            outside: 0,
        };
        let mut dice = Dice::new(2024);
        for number in 0..shape.files() * times {
            let records = shape.records(&mut dice);
            let text = corpus.text(&mut dice, records);
            corpus.add(&text, number, &mut dice)?;
        }
        Ok(corpus)
    }

    /// The compressed size of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.len() as u64).sum()
    }

    /// How many exposures its changes make: every third of four opens one.
    pub fn exposures(&self) -> u64 {
        (self.changes + 1) / 4
    }

    /// The text of one log file.
    fn text(&mut self, dice: &mut Dice, records: u64) -> String {
        let mut text = String::from("{\"Records\":[");
        for index in 0..records {
            if index > 0 {
                text.push(',');
            }
            let second = self.records;
            if self.records % 2_000 == 1_000 {
                text.push_str(&record::change(dice, second, self.changes));
                self.changes += 1;
            } else {
                let is_request = self.shape == Shape::DataEvents && dice.below(100) < 45;
                let record = match is_request {
                    true => record::request(dice, second),
                    false => record::everyday(dice, second),
                };
                self.sessions += u64::from(record.contains("\"AssumeRole\""));
                self.outside += u64::from(record.contains("444455556666"));
                text.push_str(&record);
            }
            self.records += 1;
        }
        text.push_str("]}");
        text
    }

    fn add(&mut self, text: &str, number: u64, dice: &mut Dice) -> io::Result<()> {
        let mut encoder = GzBuilder::new().write(Vec::new(), Compression::new(6));
        encoder.write_all(text.as_bytes())?;
        let bytes = encoder.finish()?;
        let (hour, minute) = (number / 60 % 24, number % 60);
        let folder = self
            .folder
            .join("AWSLogs/111122223333/CloudTrail/us-east-1/2024/03/01");
        let unique = dice.text(16, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
        let name = format!(
            "111122223333_CloudTrail_us-east-1_20240301T{hour:02}{minute:02}Z_{unique}.json.gz"
        );
        fs::create_dir_all(&folder)?;
        let path = folder.join(name);
        fs::write(&path, &bytes)?;
        self.paths.push(path);
        self.inflated += text.len() as u64;
        self.largest = self.largest.max(text.len() as u64);
        self.files.push(bytes);
        Ok(())
    }
}

impl Shape {
    fn files(self) -> u64 {
        match self {
            Self::ManySmall => 3_000,
            Self::FewLarge | Self::DataEvents => 6,
            Self::Large => 6_000,
        }
    }

    fn records(self, dice: &mut Dice) -> u64 {
        let (least, more) = match self {
            Self::ManySmall => {
                dice.weighted(&[(50, (1, 5)), (40, (6, 11)), (9, (17, 17)), (1, (34, 300))])
            }
            Self::FewLarge | Self::DataEvents => (6_000, 1),
            Self::Large => (50, 100),
        };
        least + dice.below(more)
    }
}
