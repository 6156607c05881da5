//! In which order are files read, by all threads together?
//!
//! In the order in which they are given: whoever is free takes the next. So a source that fetches ahead knows what comes next.

use crate::source::{Crew, LogFile, Source};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Files up to this length are read in a moment.
const SHORT: u64 = 256 << 10;

/// Puts files into the order in which they are best read: the largest first, so that no thread ends with one while the others
/// wait; short ones as they are listed, since what is told of files is kept in the order of their names, and fits in best at its end.
pub(super) fn put_in_order(files: &mut [&LogFile]) {
    files.sort_by_key(|file| Reverse(file.bytes.max(SHORT)));
}

/// All threads together, each part by whoever is free.
pub(super) struct Threads;

impl Crew for Threads {
    fn share(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..parts).into_par_iter().for_each(work);
    }
}

/// Files, and who works on each, in turn; what comes of each comes with its number, in no order.
pub(super) fn in_turn<'f, F, T>(
    files: &'f [F],
    work: impl Fn(&'f F) -> T + Sync + Send,
) -> impl ParallelIterator<Item = (usize, T)>
where
    F: Sync,
    T: Send,
{
    let next = AtomicUsize::new(0);
    (0..files.len()).into_par_iter().filter_map(move |_| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        Some((number, work(files.get(number)?)))
    })
}

/// What comes of each file, in the files' order.
pub(super) fn in_order<T>(mut done: Vec<(usize, T)>) -> impl Iterator<Item = T> {
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, done)| done)
}

/// Tells a source which of these files will be opened, one after the other.
pub(super) fn announce<'f>(
    source: &dyn Source,
    files: impl Iterator<Item = &'f LogFile>,
    is_passed_over: impl Fn(&LogFile) -> bool,
) {
    let opened: Vec<&LogFile> = files.filter(|file| !is_passed_over(file)).collect();
    source.expect(&opened);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::LogFileId;

    #[test]
    fn large_files_come_first_and_short_ones_as_they_are_listed() {
        let lengths = [7, 5, SHORT + 1, 9, SHORT, SHORT + 2];
        let listed = lengths.map(|length| LogFile::new(LogFileId::new("a"), length));
        let mut files: Vec<&LogFile> = listed.iter().collect();
        put_in_order(&mut files);
        let read: Vec<u64> = files.iter().map(|file| file.bytes).collect();
        assert_eq!(read, [SHORT + 2, SHORT + 1, 7, 5, 9, SHORT]);
    }

    #[test]
    fn every_file_has_its_turn_and_its_place() {
        let files: Vec<usize> = (0..1000).collect();
        let done: Vec<(usize, usize)> = in_turn(&files, |file| file * 2).collect();
        let doubled: Vec<usize> = in_order(done).collect();
        assert_eq!(doubled, (0..1000).map(|file| file * 2).collect::<Vec<_>>());
    }
}
