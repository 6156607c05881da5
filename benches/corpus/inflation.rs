//! Files, one after the other, read and inflated by the fastest decoder into buffers that are kept: what a scan is measured by.

use leaktrail::inflate::WholeInflater;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// Reads and inflates every file; gives how many bytes came out.
pub fn inflated(paths: &[PathBuf]) -> u64 {
    let (mut inflater, mut bytes, mut text) =
        (WholeInflater::new().unwrap(), Vec::new(), Vec::new());
    let mut length = |path: &PathBuf| {
        bytes.clear();
        File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
        inflater.inflate(&bytes, &mut text, usize::MAX).unwrap();
        text.len() as u64
    };
    paths.iter().map(&mut length).sum()
}
