//! How does the log lie on disk? As CloudTrail delivers it: small files a Region and account, records in no order,
//! some of them twice. The same evidence can also be laid out in every other way that the contract calls the same.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::calendar::parts;
use crate::dice::Dice;
use crate::names::{OURS, REGIONS};
use crate::script::World;
use crate::{noise, record};

/// A record as written, and whose it is.
#[derive(Debug, Clone)]
struct Written {
    account: usize,
    region: &'static str,
    second: i64,
    text: String,
}

/// A log file: its key, its records.
#[derive(Debug, Clone)]
pub struct LogFile {
    key: String,
    records: Vec<String>,
}

/// Which records lie in which file.
#[derive(Debug, Clone, Copy)]
pub enum Layout {
    Delivered,
    FilePerRecord,
    Reversed,
    Doubled,
}

/// How a file's records become bytes.
#[derive(Debug, Clone, Copy)]
pub enum Container {
    Plain,
    Gzip,
    TwoMembers,
    JsonLines,
}

/// The log of a world, as delivered by a trail, with a second trail that has some of it too.
pub fn delivered(world: &World, seed: u64) -> Vec<LogFile> {
    let mut dice = Dice::new(seed ^ 0xA5C4_117E);
    let records = written(world, &mut dice);
    let some = records
        .iter()
        .filter(|_| dice.chance(20))
        .cloned()
        .collect::<Vec<_>>();
    let mut files = trail("trail", records, &mut dice);
    files.extend(trail("audit/trail", some, &mut dice));
    files
}

fn written(world: &World, dice: &mut Dice) -> Vec<Written> {
    let mut records = Vec::new();
    for call in world.calls.iter().filter(|call| call.logged) {
        let text = record::record(call, dice);
        records.push(Written {
            account: call.account,
            region: call.region,
            second: call.second,
            text,
        });
    }
    for one in &world.noise {
        let text = noise::record(one, dice);
        records.push(Written {
            account: one.account,
            region: one.region,
            second: one.second,
            text,
        });
    }
    records.sort_by_key(|record| record.second);
    records
}

fn trail(prefix: &str, records: Vec<Written>, dice: &mut Dice) -> Vec<LogFile> {
    let mut files = Vec::new();
    for account in 0..OURS.len() {
        for region in REGIONS {
            let own = records
                .iter()
                .filter(|one| one.account == account && one.region == region)
                .collect();
            files.extend(log_files(prefix, own, dice));
        }
    }
    files
}

/// Delivered a few minutes after the last record; within a file in any order, now and then a record twice.
fn log_files(prefix: &str, records: Vec<&Written>, dice: &mut Dice) -> Vec<LogFile> {
    let mut left = records.as_slice();
    let mut files = Vec::new();
    while !left.is_empty() {
        let (now, later) = left.split_at(left.len().min(1 + dice.below(40)));
        left = later;
        let mut texts: Vec<String> = now.iter().map(|record| record.text.clone()).collect();
        if dice.chance(10) {
            texts.push(texts[0].clone());
        }
        dice.shuffle(&mut texts);
        let last = now[now.len() - 1];
        files.push(LogFile {
            key: key(prefix, last, dice),
            records: texts,
        });
    }
    files
}

/// `AWSLogs/<account>/CloudTrail/<region>/YYYY/MM/DD/<account>_CloudTrail_<region>_YYYYMMDDTHHmmZ_<16>.json`
fn key(prefix: &str, last: &Written, dice: &mut Dice) -> String {
    let [year, month, day, hour, minute, _] = parts(last.second + 300);
    let (account, region, unique) = (OURS[last.account].id, last.region, dice.hex(16));
    let folder =
        format!("{prefix}/AWSLogs/{account}/CloudTrail/{region}/{year:04}/{month:02}/{day:02}");
    format!(
        "{folder}/{account}_CloudTrail_{region}_{year:04}{month:02}{day:02}T{hour:02}{minute:02}Z_{unique}.json"
    )
}

/// The same evidence, laid out otherwise.
pub fn arrange(files: &[LogFile], layout: Layout) -> Vec<LogFile> {
    let count = files.len();
    match layout {
        Layout::Delivered => files.to_vec(),
        Layout::FilePerRecord => file_per_record(files),
        Layout::Reversed => files
            .iter()
            .enumerate()
            .map(|(at, file)| reversed(count - at, file))
            .collect(),
        Layout::Doubled => files.iter().flat_map(doubled).collect(),
    }
}

fn file_per_record(files: &[LogFile]) -> Vec<LogFile> {
    let records = files.iter().flat_map(|file| &file.records).enumerate();
    records
        .map(|(at, record)| LogFile {
            key: format!("{at:05}.json"),
            records: vec![record.clone()],
        })
        .collect()
}

fn reversed(rank: usize, file: &LogFile) -> LogFile {
    let records = file.records.iter().rev().cloned().collect();
    LogFile {
        key: format!("{rank:04}/{}", file.key),
        records,
    }
}

fn doubled(file: &LogFile) -> [LogFile; 2] {
    let twice = file
        .records
        .iter()
        .flat_map(|record| [record.clone(), record.clone()])
        .collect();
    let copy = LogFile {
        key: format!("copy/{}", file.key),
        records: file.records.clone(),
    };
    [
        LogFile {
            key: file.key.clone(),
            records: twice,
        },
        copy,
    ]
}

/// Writes the files below a folder.
pub fn write(folder: &Path, files: &[LogFile], container: Container) {
    for file in files {
        let path = folder.join(format!("{}{}", file.key, suffix(container)));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes(file, container)).unwrap();
    }
}

fn suffix(container: Container) -> &'static str {
    match container {
        Container::Gzip | Container::TwoMembers => ".gz",
        Container::JsonLines => "l",
        Container::Plain => "",
    }
}

fn bytes(file: &LogFile, container: Container) -> Vec<u8> {
    let batch = format!("{{\"Records\":[{}]}}", file.records.join(",")).into_bytes();
    match container {
        Container::Plain => batch,
        Container::Gzip => gzip(&batch),
        Container::TwoMembers => {
            let (first, second) = batch.split_at(batch.len() / 2);
            [gzip(first), gzip(second)].concat()
        }
        Container::JsonLines => file
            .records
            .iter()
            .flat_map(|record| format!("{record}\n").into_bytes())
            .collect(),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
