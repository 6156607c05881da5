//! How is a list of files cut into work? Into units of about the same size, each the names of some files.
//!
//! Sizes are those of the files as they lie there, compressed. The largest file is given out first, always to the unit that has
//! least, so that no executor ends with a heap while the others wait.

use crate::source::{LogFile, is_remote};
use crate::vocab::LogFileId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// No unit is made larger; one file may be.
const MOST_BYTES: u64 = 256 << 20;
/// No unit has more files: what they tell becomes one segment on the executor.
const MOST_FILES: usize = 4096;
/// So many units a core, so that a slow machine is waited for a short time only.
const UNITS_A_CORE: usize = 6;
/// So many tasks at most: a scheduler keeps books on each. Where there are more units, a task is several.
const MOST_TASKS: usize = 16_384;

/// Some files that are read together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Unit {
    pub number: u64,
    pub bytes: u64,
    pub files: Vec<LogFile>,
}

/// Cuts a list for so many cores, into so many units at least.
pub(super) fn cut(files: &[&LogFile], cores: usize, at_least: usize) -> Vec<Unit> {
    let bytes = files.iter().map(|file| file.bytes);
    let bytes = bytes.fold(0, u64::saturating_add);
    let by_size = usize::try_from(bytes.div_ceil(MOST_BYTES)).unwrap_or(usize::MAX);
    let wanted = [
        by_size,
        files.len().div_ceil(MOST_FILES),
        cores.saturating_mul(UNITS_A_CORE),
        at_least,
    ];
    let count = wanted.into_iter().max().unwrap_or(1).min(files.len());
    let mut units: Vec<Unit> = (0..count as u64)
        .map(|number| Unit {
            number,
            bytes: 0,
            files: Vec::new(),
        })
        .collect();
    let mut largest_first = files.to_vec();
    largest_first.sort_by_key(|file| Reverse(file.bytes));
    let mut least: BinaryHeap<_> = (0..count).map(|at| Reverse((0_u64, 0_usize, at))).collect();
    for file in largest_first {
        let Some(Reverse((bytes, held, at))) = least.pop() else {
            continue;
        };
        if let Some(unit) = units.get_mut(at) {
            unit.files.push(file.clone());
            unit.bytes = bytes.saturating_add(file.bytes);
            least.push(Reverse((unit.bytes, held + 1, at)));
        }
    }
    units
}

/// Which units make a task. The numbers of units, task by task.
pub(super) fn tasks(units: usize) -> Vec<Vec<usize>> {
    let tasks = units.clamp(1, MOST_TASKS);
    let mut all = vec![Vec::new(); tasks];
    for (unit, task) in (0..units).zip((0..tasks).cycle()) {
        if let Some(task) = all.get_mut(task) {
            task.push(unit);
        }
    }
    all
}

/// A file as an executor is told of it.
#[derive(Serialize, Deserialize)]
struct Named {
    /// Its name.
    n: String,
    /// Its size.
    b: u64,
    /// What tells its content from another's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    v: Option<String>,
    /// Where it lies, if that is not its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    p: Option<String>,
    /// The same where it is no text, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    q: Option<String>,
}

/// Makes bytes of units' files. One compressor does all: a new one each time leaves holes in memory, of hundreds of kilobytes.
pub(super) struct Packer(Compress);

impl Packer {
    pub fn new() -> Self {
        Self(Compress::new(Compression::default(), true))
    }

    /// A unit's files as bytes.
    pub fn pack(&mut self, files: &[LogFile]) -> io::Result<Vec<u8>> {
        let named: io::Result<Vec<Named>> = files.iter().map(named).collect();
        let text = serde_json::to_vec(&named?)?;
        self.0.reset();
        let mut packed = Vec::with_capacity(text.len() / 4 + 64);
        loop {
            let done = usize::try_from(self.0.total_in()).map_err(io::Error::other)?;
            let rest = text.get(done..).unwrap_or_default();
            let status = self
                .0
                .compress_vec(rest, &mut packed, FlushCompress::Finish);
            match status.map_err(io::Error::other)? {
                Status::StreamEnd => break,
                Status::Ok | Status::BufError => packed.reserve(packed.len().max(64)),
            }
        }
        packed.shrink_to_fit();
        Ok(packed)
    }
}

fn named(file: &LogFile) -> io::Result<Named> {
    let name = file.id.as_str();
    let mut named = Named {
        n: name.to_owned(),
        b: file.bytes,
        v: file.version.as_deref().map(str::to_owned),
        p: None,
        q: None,
    };
    if !is_remote(name) {
        let path = std::path::absolute(file.path())?;
        match path.to_str() {
            Some(text) => named.p = Some(text.to_owned()).filter(|text| text != name),
            None => named.q = Some(STANDARD.encode(path.as_os_str().as_bytes())),
        }
    }
    Ok(named)
}

/// The files that such bytes name.
pub(super) fn unpack(packed: &[u8]) -> io::Result<Vec<LogFile>> {
    let mut text = Vec::new();
    ZlibDecoder::new(packed).read_to_end(&mut text)?;
    let named: Vec<Named> = serde_json::from_slice(&text)?;
    named.into_iter().map(file).collect()
}

fn file(named: Named) -> io::Result<LogFile> {
    let path = match (&named.p, &named.q) {
        (Some(text), _) => PathBuf::from(text),
        (None, None) => PathBuf::from(&named.n),
        (None, Some(bytes)) => {
            let bytes = STANDARD.decode(bytes).map_err(io::Error::other)?;
            Path::new(OsStr::from_bytes(&bytes)).to_owned()
        }
    };
    let id = LogFileId::new(named.n.as_str());
    Ok(LogFile::lying_at(id, named.b, path).with_version(named.v.map(Into::into)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(sizes: &[u64]) -> Vec<LogFile> {
        let numbered = sizes.iter().enumerate();
        numbered
            .map(|(at, bytes)| LogFile::new(LogFileId::new(format!("s3://b/{at}")), *bytes))
            .collect()
    }

    fn units(sizes: &[u64], cores: usize, at_least: usize) -> Vec<Unit> {
        let files = files(sizes);
        cut(&files.iter().collect::<Vec<_>>(), cores, at_least)
    }

    #[test]
    fn every_file_is_in_one_unit_and_units_are_alike() {
        let sizes: Vec<u64> = (1..=1000).map(|size| size * 7919 % 5000).collect();
        let units = units(&sizes, 4, 0);
        assert_eq!(units.len(), 24);
        let mut names: Vec<&str> = units
            .iter()
            .flat_map(|unit| unit.files.iter().map(|file| file.id.as_str()))
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 1000);
        let bytes = units.iter().map(|unit| unit.bytes);
        let (least, most) = (bytes.clone().min().unwrap(), bytes.max().unwrap());
        assert!(most - least < 5000, "{least} to {most}");
    }

    #[test]
    fn units_have_bounds() {
        for (sizes, cores, at_least, expected) in [
            (vec![1; 3], 8, 0, 3),
            (vec![1; 100], 1, 0, 6),
            (vec![1; 100], 1, 50, 50),
            (vec![1; 100], 0, 0, 1),
            (vec![1; 9000], 0, 0, 3),
            (vec![100 << 20; 100], 1, 0, 40),
            (vec![], 4, 10, 0),
        ] {
            assert_eq!(units(&sizes, cores, at_least).len(), expected, "{cores}");
        }
    }

    #[test]
    fn many_units_share_tasks() {
        assert_eq!(tasks(3), [[0], [1], [2]]);
        let many = tasks(200_000);
        assert_eq!(many.len(), MOST_TASKS);
        assert_eq!(many.iter().map(Vec::len).sum::<usize>(), 200_000);
        assert!(many.iter().all(|task| (12..=13).contains(&task.len())));
    }

    #[test]
    fn units_are_packed_one_after_the_other() {
        let mut packer = Packer::new();
        for count in [0, 1, 4096, 3] {
            let files = files(&vec![7; count]);
            let unpacked = unpack(&packer.pack(&files).unwrap()).unwrap();
            assert_eq!(unpacked.len(), count);
        }
    }

    #[test]
    fn a_file_is_named_as_it_was_listed_wherever_it_lies() {
        let odd = Path::new(OsStr::from_bytes(b"/shared/a\xff.json")).to_owned();
        let files = [
            LogFile::new(LogFileId::new("s3://b/k"), 3).with_version(Some("\"etag\"".into())),
            LogFile::lying_at(LogFileId::new("/shared/a"), 4, "/shared/a".into()),
            LogFile::lying_at(LogFileId::new("/shared/a\\xff.json"), 5, odd),
        ];
        let unpacked = unpack(&Packer::new().pack(&files).unwrap()).unwrap();
        for (file, expected) in unpacked.iter().zip(&files) {
            assert_eq!((&file.id, file.bytes), (&expected.id, expected.bytes));
            assert_eq!(file.version, expected.version);
            let is_here = !is_remote(file.id.as_str());
            assert!(!is_here || file.path() == expected.path());
        }
        let relative = LogFile::lying_at(LogFileId::new("logs/a"), 4, "logs/a".into());
        let unpacked = unpack(&Packer::new().pack(&[relative]).unwrap()).unwrap();
        assert_eq!(unpacked[0].id.as_str(), "logs/a");
        assert!(unpacked[0].path().is_absolute());
    }
}
