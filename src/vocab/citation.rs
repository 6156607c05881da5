//! Where does it say so? The log file and the record in it that a claim rests on.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The name of a log file: its path or key, as the source lists it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogFileId(Arc<str>);

impl LogFileId {
    /// A log file of that name.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name. It comes from a folder listing, so it may hold anything: escape it before showing it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names of the archives that it lies in, one in the other: what stands before each `!/`.
    pub fn archives(&self) -> impl Iterator<Item = &str> {
        let name = self.as_str();
        let marks = memchr::memchr_iter(b'!', name.as_bytes());
        let before = marks.filter_map(move |at| name.split_at_checked(at));
        before.filter_map(|(before, rest)| rest.starts_with("!/").then_some(before))
    }
}

impl Borrow<str> for LogFileId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LogFileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// One record of one log file. Of several copies of a record the smallest citation is quoted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Citation {
    /// The log file.
    pub log_file: LogFileId,
    /// Which record of that file, counted from 0.
    pub record_index: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_lies_in_what_stands_before_each_mark() {
        for (name, expected) in [
            ("a.json", &[][..]),
            ("a!b/c.json", &[]),
            ("a.zip!/b!c/d.tar!/e", &["a.zip", "a.zip!/b!c/d.tar"]),
            ("\u{e9}.zip!/!", &["\u{e9}.zip"]),
            ("!/a", &[""]),
        ] {
            let id = LogFileId::new(name);
            assert_eq!(id.archives().collect::<Vec<_>>(), expected, "{name}");
        }
    }
}
