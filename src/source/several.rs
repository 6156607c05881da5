//! Where do the bytes come from, if from several places?
//!
//! What lies on this machine and what lies elsewhere are listed as one.

use super::{Bytes, Crew, DigestSignature, DirSource, Listing, LogFile, Source, SourceError};
use crate::vocab::Loss;

/// Whether that names something in S3, be it a place as it is given or a file as it is listed.
pub fn is_remote(name: &str) -> bool {
    name.starts_with("s3://")
}

/// Files of this machine, and files that lie in S3.
pub struct Sources {
    here: Option<DirSource>,
    remote: Option<Box<dyn Source + Send>>,
}

impl Sources {
    /// Both together; one of them may be wanting.
    pub fn new(here: Option<DirSource>, remote: Option<Box<dyn Source + Send>>) -> Self {
        Self { here, remote }
    }

    fn of(&self, file: &LogFile) -> Option<&dyn Source> {
        match is_remote(file.id.as_str()) {
            true => self.remote.as_deref().map(|source| source as &dyn Source),
            false => self.here.as_ref().map(|source| source as &dyn Source),
        }
    }
}

impl Source for Sources {
    fn list(&self) -> Result<Listing, SourceError> {
        self.list_with(&())
    }

    fn list_with(&self, crew: &dyn Crew) -> Result<Listing, SourceError> {
        let here = self.here.as_ref().map(|source| source.list_with(crew));
        let here = here.transpose()?;
        let remote = self.remote.as_ref().map(|source| source.list_with(crew));
        let remote = remote.transpose()?;
        let mut all = here.unwrap_or_default();
        if let Some(remote) = remote {
            all.files.extend(remote.files);
            all.skipped.extend(remote.skipped);
            all.losses.extend(remote.losses);
            all.files.sort_by(|one, other| one.id.cmp(&other.id));
            all.skipped.sort();
            all.losses.sort();
        }
        Ok(all)
    }

    fn read(&self, file: &LogFile) -> Result<Vec<u8>, Loss> {
        match self.of(file) {
            Some(source) => source.read(file),
            None => DirSource::new(Vec::new()).read(file),
        }
    }

    fn open<'s>(&'s self, file: &LogFile) -> Result<Box<dyn Bytes + 's>, Loss> {
        match self.of(file) {
            Some(source) => source.open(file),
            None => Ok(Box::new(std::io::Cursor::new(self.read(file)?))),
        }
    }

    fn expect(&self, files: &[&LogFile]) {
        if let Some(remote) = &self.remote {
            let is_remote = |file: &&&LogFile| is_remote(file.id.as_str());
            let files: Vec<&LogFile> = files.iter().filter(is_remote).copied().collect();
            remote.expect(&files);
        }
    }

    fn signatures(&self) -> Vec<DigestSignature> {
        let remote = self.remote.as_ref().map(|source| source.signatures());
        remote.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::LogFileId;

    /// One file, wherever it is said to be.
    struct One(&'static str);

    impl Source for One {
        fn list(&self) -> Result<Listing, SourceError> {
            Ok(Listing {
                files: vec![LogFile::new(LogFileId::new(self.0), 4)],
                ..Listing::default()
            })
        }

        fn read(&self, file: &LogFile) -> Result<Vec<u8>, Loss> {
            assert_eq!(file.id.as_str(), self.0);
            Ok(b"afar".to_vec())
        }
    }

    #[test]
    fn each_file_is_read_where_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "here").unwrap();
        let here = DirSource::new(vec![path]);
        let sources = Sources::new(Some(here), Some(Box::new(One("s3://bucket/b"))));
        let files = sources.list().unwrap().files;
        let read: Vec<_> = files
            .iter()
            .map(|file| sources.read(file).unwrap())
            .collect();
        assert_eq!(read, [b"here", b"afar"]);
    }

    #[test]
    fn what_lies_in_s3_is_known_by_its_name() {
        for (name, expected) in [
            ("s3://bucket", true),
            ("s3:/bucket", false),
            ("./s3://bucket", false),
        ] {
            assert_eq!(is_remote(name), expected, "{name}");
        }
    }
}
