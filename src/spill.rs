//! Where do more lines go than fit in memory?
//!
//! Into sorted runs in one temporary file, which has no name: the system takes it back however the program ends. What is read
//! back is sorted, each line once. While everything fits, there is no file.

use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many runs are merged at once: each takes about 80 KB while it is read.
const FAN_IN: usize = 256;
/// So many bytes are read of a run at once.
const BLOCK: usize = 1 << 15;

/// Some lines, not yet sorted.
#[derive(Debug, Default)]
pub struct Lines {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Lines {
    /// Adds a line.
    pub fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.ends.push(self.bytes.len());
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn append(&mut self, other: &Self) {
        other.iter().for_each(|line| self.push(line));
    }

    /// The lines, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins
            .zip(&self.ends)
            .filter_map(|(from, until)| self.bytes.get(from..*until))
    }

    /// How many bytes it takes.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.ends.len() * size_of::<usize>()
    }

    fn sorted(&self) -> Vec<&[u8]> {
        let mut lines: Vec<&[u8]> = self.iter().collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }
}

/// Takes lines from many threads, and gives them back sorted.
#[derive(Debug)]
pub struct Spill {
    held: Mutex<Lines>,
    runs: Mutex<Vec<Run>>,
    file: Arc<Mutex<Option<Disk>>>,
    most_held: usize,
}

impl Spill {
    /// Holds up to so many bytes in memory.
    pub fn new(most_held: usize) -> Self {
        Self {
            held: Mutex::default(),
            runs: Mutex::default(),
            file: Arc::default(),
            most_held,
        }
    }

    /// Adds lines.
    ///
    /// # Errors
    /// If they do not fit in memory and cannot be written.
    pub fn add(&self, lines: &Lines) -> io::Result<()> {
        let full = {
            let mut held = locked(&self.held);
            held.append(lines);
            let full = held.size() > self.most_held;
            full.then(|| std::mem::take(&mut *held))
        };
        match full {
            Some(full) => self.write_run(full.sorted().into_iter().map(Ok)),
            None => Ok(()),
        }
    }

    fn write_run<L: AsRef<[u8]>>(
        &self,
        lines: impl Iterator<Item = io::Result<L>>,
    ) -> io::Result<()> {
        let run = write(&self.file, &mut packer(), lines)?;
        locked(&self.runs).push(run);
        Ok(())
    }

    /// All lines, sorted, each once; those that begin alike, as `prefix` tells, can be asked for together.
    ///
    /// # Errors
    /// If they cannot be read back or written.
    pub fn finish(self, prefix: fn(&[u8]) -> &[u8]) -> io::Result<Sorted> {
        let held = std::mem::take(&mut *locked(&self.held));
        if locked(&self.runs).is_empty() {
            return Ok(Sorted::held(&held, prefix));
        }
        self.write_run(held.sorted().into_iter().map(Ok))?;
        drop(held);
        let mut runs = std::mem::take(&mut *locked(&self.runs));
        while runs.len() > FAN_IN {
            let rest = runs.split_off(FAN_IN);
            let one = write(&self.file, &mut packer(), Merge::of(&runs)?)?;
            runs = rest.into_iter().chain([one]).collect();
        }
        let (mut groups, mut packer) = (BTreeMap::new(), packer());
        let mut lines = Merge::of(&runs)?.peekable();
        while let Some(first) = lines.peek() {
            let name = match first {
                Ok(first) => prefix(first).to_vec(),
                Err(cause) => return Err(io::Error::new(cause.kind(), cause.to_string())),
            };
            let same = std::iter::from_fn(|| {
                lines.next_if(|line| line.as_ref().map_or(true, |line| prefix(line) == name))
            });
            let run = write(&self.file, &mut packer, same)?;
            groups.insert(name.clone(), Group::Run(run));
        }
        Ok(Sorted { groups })
    }
}

/// A run that was written: a part of the file.
#[derive(Clone, Debug)]
struct Run {
    file: Arc<Mutex<Option<Disk>>>,
    pieces: Vec<(u64, u64)>,
}

/// The temporary file, and how much of it is in use.
#[derive(Debug)]
struct Disk {
    file: File,
    length: u64,
}

impl Disk {
    fn append(disk: &mut Option<Self>, bytes: &[u8]) -> io::Result<(u64, u64)> {
        let disk = match disk {
            Some(disk) => disk,
            None => disk.insert(Self {
                file: tempfile::tempfile()?,
                length: 0,
            }),
        };
        disk.file.seek(SeekFrom::Start(disk.length))?;
        disk.file.write_all(bytes)?;
        let piece = (disk.length, bytes.len() as u64);
        disk.length += bytes.len() as u64;
        Ok(piece)
    }
}

/// Compresses many runs, one after the other: a compressor for each left a hole in memory for each, a quarter of a megabyte that
/// nothing else fills.
type Packer = DeflateEncoder<Vec<u8>>;

fn packer() -> Packer {
    Packer::new(Vec::new(), Compression::fast())
}

/// Writes lines, compressed, a piece at a time.
fn write<L: AsRef<[u8]>>(
    file: &Arc<Mutex<Option<Disk>>>,
    encoder: &mut Packer,
    lines: impl Iterator<Item = io::Result<L>>,
) -> io::Result<Run> {
    let mut pieces = Vec::new();
    for line in lines {
        let line = line?;
        let line = line.as_ref();
        encoder.write_all(&(line.len() as u64).to_le_bytes())?;
        encoder.write_all(line)?;
        if encoder.get_ref().len() > BLOCK * 8 {
            pieces.push(Disk::append(&mut locked(file), encoder.get_ref())?);
            encoder.get_mut().clear();
        }
    }
    let rest = encoder.reset(Vec::new())?;
    pieces.push(Disk::append(&mut locked(file), &rest)?);
    Ok(Run {
        file: Arc::clone(file),
        pieces,
    })
}

/// Reads the bytes of a run.
struct Pieces {
    file: Arc<Mutex<Option<Disk>>>,
    pieces: std::vec::IntoIter<(u64, u64)>,
    now: (u64, u64),
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.now.1 == 0 {
            match self.pieces.next() {
                Some(piece) => self.now = piece,
                None => return Ok(0),
            }
        }
        let (at, left) = self.now;
        let most = into.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let mut disk = locked(&self.file);
        let Some((disk, into)) = disk.as_mut().zip(into.get_mut(..most)) else {
            return Ok(0);
        };
        disk.file.seek(SeekFrom::Start(at))?;
        let read = disk.file.read(into)?;
        self.now = (at + read as u64, left.saturating_sub(read as u64));
        match read {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

/// Reads the lines of a run.
struct RunLines(DeflateDecoder<BufReader<Pieces>>);

impl RunLines {
    fn of(run: &Run) -> Self {
        let pieces = Pieces {
            file: Arc::clone(&run.file),
            pieces: run.pieces.clone().into_iter(),
            now: (0, 0),
        };
        Self(DeflateDecoder::new(BufReader::with_capacity(BLOCK, pieces)))
    }

    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut length = [0; 8];
        let Some((first, rest)) = length.split_first_mut() else {
            return Ok(None);
        };
        if self.0.read(std::slice::from_mut(first))? == 0 {
            return Ok(None);
        }
        self.0.read_exact(rest)?;
        let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
        let mut line = vec![0; length];
        self.0.read_exact(&mut line)?;
        Ok(Some(line))
    }
}

impl Iterator for RunLines {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line().transpose()
    }
}

/// The lines of many runs, sorted, each once.
struct Merge {
    runs: Vec<RunLines>,
    next: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
    last: Option<Vec<u8>>,
}

impl Merge {
    fn of(runs: &[Run]) -> io::Result<Self> {
        let mut merge = Self {
            runs: runs.iter().map(RunLines::of).collect(),
            next: BinaryHeap::new(),
            last: None,
        };
        for number in 0..merge.runs.len() {
            merge.advance(number)?;
        }
        Ok(merge)
    }

    fn advance(&mut self, number: usize) -> io::Result<()> {
        if let Some(line) = self.runs.get_mut(number).map(RunLines::line).transpose()? {
            self.next.extend(line.map(|line| Reverse((line, number))));
        }
        Ok(())
    }

    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        while let Some(Reverse((line, number))) = self.next.pop() {
            self.advance(number)?;
            if self.last.as_ref() != Some(&line) {
                self.last = Some(line.clone());
                return Ok(Some(line));
            }
        }
        Ok(None)
    }
}

impl Iterator for Merge {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line().transpose()
    }
}

/// All lines, sorted, each once.
#[derive(Debug, Default)]
pub struct Sorted {
    groups: BTreeMap<Vec<u8>, Group>,
}

#[derive(Debug)]
enum Group {
    Held(Vec<Vec<u8>>),
    Run(Run),
}

impl Sorted {
    fn held(lines: &Lines, prefix: fn(&[u8]) -> &[u8]) -> Self {
        let mut groups: BTreeMap<Vec<u8>, Group> = BTreeMap::new();
        for line in lines.sorted() {
            let group = groups
                .entry(prefix(line).to_vec())
                .or_insert_with(|| Group::Held(Vec::new()));
            if let Group::Held(held) = group {
                held.push(line.to_vec());
            }
        }
        Self { groups }
    }

    /// The prefixes that there are, sorted.
    pub fn prefixes(&self) -> impl Iterator<Item = &[u8]> {
        self.groups.keys().map(Vec::as_slice)
    }

    /// The lines with that prefix, sorted, each once.
    pub fn of<'s>(&'s self, prefix: &[u8]) -> Box<dyn Iterator<Item = io::Result<Vec<u8>>> + 's> {
        match self.groups.get(prefix) {
            None => Box::new(std::iter::empty()),
            Some(Group::Held(lines)) => Box::new(lines.iter().cloned().map(Ok)),
            Some(Group::Run(run)) => Box::new(RunLines::of(run)),
        }
    }
}

/// What a thread that stopped held is whole: nothing is left half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn initial(line: &[u8]) -> &[u8] {
        line.get(..1).unwrap_or_default()
    }

    fn spilled(parts: &[Vec<Vec<u8>>], most: usize) -> Sorted {
        let spill = Spill::new(most);
        for part in parts {
            let mut lines = Lines::default();
            part.iter().for_each(|line| lines.push(line));
            spill.add(&lines).unwrap();
        }
        spill.finish(initial).unwrap()
    }

    fn all(sorted: &Sorted) -> Vec<Vec<u8>> {
        let groups = sorted.prefixes().flat_map(|prefix| sorted.of(prefix));
        groups.map(Result::unwrap).collect()
    }

    proptest! {
        #[test]
        fn what_comes_back_is_what_went_in_sorted_and_once(
            parts in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 0..8), 0..12),
            most in 0_usize..200,
        ) {
            let mut expected: Vec<_> = parts.concat();
            expected.sort();
            expected.dedup();
            prop_assert_eq!(all(&spilled(&parts, most)), expected);
        }
    }

    #[test]
    fn more_runs_than_are_merged_at_once_come_back_too() {
        let parts: Vec<Vec<Vec<u8>>> = (0..FAN_IN as u64 * 2 + 7)
            .map(|number| vec![(number % 300).to_be_bytes().to_vec()])
            .collect();
        assert_eq!(all(&spilled(&parts, 0)).len(), 300);
    }

    #[test]
    fn a_group_can_be_read_twice_and_beside_another() {
        let parts = vec![vec![b"a1".to_vec(), b"b1".to_vec()], vec![b"a2".to_vec()]];
        for most in [0, 1 << 20] {
            let sorted = spilled(&parts, most);
            let both: Vec<_> = sorted.of(b"a").zip(sorted.of(b"a")).collect();
            assert_eq!(both.len(), 2);
            assert!(
                both.into_iter()
                    .all(|(left, right)| left.unwrap() == right.unwrap())
            );
            assert_eq!(sorted.of(b"b").count(), 1);
            assert_eq!(sorted.of(b"c").count(), 0);
        }
    }
}
