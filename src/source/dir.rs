//! Which files lie below a folder?
//!
//! All of them, links followed, each path once. What cannot be listed is a loss, so that the files behind it are missed
//! aloud; only a path that the user gave and that is not there ends the run.

use super::{Bytes, Listing, LogFile, Source, SourceError};
use crate::vocab::{LogFileId, Loss, LossKind, SkipReason};
use std::collections::BTreeMap;
use std::fs::FileType;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Files and folders of this machine. Folders are walked to their depth.
#[derive(Clone, Debug)]
pub struct DirSource {
    paths: Vec<PathBuf>,
}

impl DirSource {
    /// The files at these paths and below them.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths }
    }

    /// How large a file is where it lies on this machine, whichever machine listed it.
    ///
    /// # Errors
    /// If it is not there, or cannot be looked at.
    pub fn size(file: &LogFile) -> io::Result<u64> {
        std::fs::metadata(&file.path).map(|metadata| metadata.len())
    }
}

impl Source for DirSource {
    fn list(&self) -> Result<Listing, SourceError> {
        let mut found = Found::new();
        for path in &self.paths {
            if path.as_os_str() == STANDARD_INPUT {
                found.insert(
                    (name(path), path.clone()),
                    Place::File {
                        bytes: 0,
                        version: None,
                    },
                );
                continue;
            }
            check(path)?;
            for entry in WalkDir::new(path).follow_links(true) {
                match entry {
                    Ok(entry) => found.extend(listed(&entry)),
                    Err(error) => found.extend([unlisted(path, &error)]),
                }
            }
        }
        let listing = sorted(found);
        if listing.files.is_empty() && listing.losses.is_empty() {
            return Err(SourceError::Nothing {
                paths: self.paths.clone(),
            });
        }
        Ok(listing)
    }

    fn read(&self, file: &LogFile) -> Result<Vec<u8>, Loss> {
        let read = if file.is_standard_input() {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            std::fs::read(&file.path)
        };
        read.map_err(|cause| unreadable(file.id.clone(), &cause))
    }

    fn open<'s>(&'s self, file: &LogFile) -> Result<Box<dyn Bytes + 's>, Loss> {
        if file.is_standard_input() {
            return Ok(Box::new(StandardInput));
        }
        let opened = std::fs::File::open(&file.path);
        let opened = opened.map_err(|cause| unreadable(file.id.clone(), &cause))?;
        Ok(Box::new(opened))
    }
}

/// The path that stands for standard input. A file of that name is `./-`.
pub(super) const STANDARD_INPUT: &str = "-";

/// What is piped in: it has no other place than the next.
struct StandardInput;

impl Read for StandardInput {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        io::stdin().lock().read(room)
    }
}

impl io::Seek for StandardInput {
    fn seek(&mut self, _: io::SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::NotSeekable.into())
    }
}

/// What was found, by name. The path is part of the key, should two names be written alike.
type Found = BTreeMap<(LogFileId, PathBuf), Place>;

enum Place {
    File {
        bytes: u64,
        version: Option<Box<str>>,
    },
    NotAFile,
    Lost(Loss),
}

fn check(path: &Path) -> Result<(), SourceError> {
    let metadata = std::fs::metadata(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => SourceError::Missing {
            path: path.to_owned(),
        },
        _ => SourceError::Unreadable {
            path: path.to_owned(),
            cause,
        },
    })?;
    if metadata.is_dir() {
        std::fs::read_dir(path).map_err(|cause| SourceError::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
    }
    Ok(())
}

/// An entry of a walk; a folder is no place by itself.
fn listed(entry: &DirEntry) -> Option<((LogFileId, PathBuf), Place)> {
    let path = entry.path().to_owned();
    let place = match kind(entry.file_type()) {
        Kind::Folder => return None,
        Kind::Other => Place::NotAFile,
        Kind::File => match entry.metadata() {
            Ok(metadata) => Place::File {
                bytes: metadata.len(),
                version: changed_at(&metadata),
            },
            Err(error) => return Some(unlisted(&path, &error)),
        },
    };
    Some(((name(&path), path), place))
}

/// When a file was changed: nanoseconds since 1970, in as many digits as sort like the instants.
fn changed_at(metadata: &std::fs::Metadata) -> Option<Box<str>> {
    let time = metadata.modified().ok()?;
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(format!("{:020}", since.as_nanos()).into())
}

enum Kind {
    Folder,
    File,
    Other,
}

fn kind(file_type: FileType) -> Kind {
    match file_type {
        _ if file_type.is_dir() => Kind::Folder,
        _ if file_type.is_file() => Kind::File,
        _ => Kind::Other,
    }
}

fn unlisted(root: &Path, error: &walkdir::Error) -> ((LogFileId, PathBuf), Place) {
    let path = error.path().unwrap_or(root);
    let id = name(path);
    let loss = match (error.loop_ancestor(), error.io_error()) {
        (Some(ancestor), _) => loss(
            id.clone(),
            format!("the link leads back to `{}`", ancestor.display()),
        ),
        (None, Some(cause)) => unreadable(id.clone(), cause),
        (None, None) => loss(id.clone(), "cannot be listed".to_owned()),
    };
    ((id, path.to_owned()), Place::Lost(loss))
}

fn unreadable(id: LogFileId, cause: &io::Error) -> Loss {
    loss(id, cause.to_string())
}

fn loss(log_file: LogFileId, detail: String) -> Loss {
    Loss {
        log_file,
        record_index: None,
        offset: None,
        kind: LossKind::Unreadable,
        detail: detail.into(),
        bytes: None,
    }
}

/// A path as a name. Bytes that are no UTF-8 are written `\xNN`, so that different files have different names.
fn name(path: &Path) -> LogFileId {
    let mut name = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        name.push_str(chunk.valid());
        chunk
            .invalid()
            .iter()
            .for_each(|byte| name.push_str(&format!("\\x{byte:02x}")));
    }
    LogFileId::new(name)
}

fn sorted(found: Found) -> Listing {
    let mut listing = Listing::default();
    for ((id, path), place) in found {
        match place {
            Place::File { bytes, version } => listing.files.push(LogFile {
                id,
                bytes,
                version,
                path,
            }),
            Place::NotAFile => listing.skipped.push((id, SkipReason::NotAFile)),
            Place::Lost(loss) => listing.losses.push(loss),
        }
    }
    listing
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    fn list(paths: &[&Path]) -> Listing {
        DirSource::new(paths.iter().map(|path| path.to_path_buf()).collect())
            .list()
            .unwrap()
    }

    fn names(listing: &Listing, root: &Path) -> Vec<String> {
        let root = format!("{}/", root.display());
        listing
            .files
            .iter()
            .map(|file| file.id.as_str().replace(&root, ""))
            .collect()
    }

    #[test]
    fn every_file_below_is_listed_in_byte_order() {
        let folder = folder(&[
            "b/2.json",
            "a.json",
            "b/1.json.gz",
            "b.json",
            "c/d/e/f",
            "B",
        ]);
        let listing = list(&[folder.path()]);
        assert_eq!(
            names(&listing, folder.path()),
            [
                "B",
                "a.json",
                "b.json",
                "b/1.json.gz",
                "b/2.json",
                "c/d/e/f"
            ]
        );
        assert_eq!((listing.skipped.len(), listing.losses.len()), (0, 0));
        let file = &listing.files[3];
        assert_eq!(
            (file.bytes, DirSource::new(Vec::new()).read(file).unwrap()),
            (11, b"b/1.json.gz".to_vec())
        );
    }

    #[test]
    fn a_path_given_twice_is_listed_once() {
        let folder = folder(&["a/1", "2"]);
        let listing = list(&[
            &folder.path().join("a"),
            folder.path(),
            &folder.path().join("a/1"),
            folder.path(),
        ]);
        assert_eq!(names(&listing, folder.path()), ["2", "a/1"]);
    }

    #[test]
    fn a_name_that_is_no_utf8_is_read() {
        let folder = folder(&[]);
        for (name, text) in [(&b"a\xff.json"[..], "1"), (b"a\xfe.json", "2")] {
            fs::write(folder.path().join(OsStr::from_bytes(name)), text).unwrap();
        }
        let listing = list(&[folder.path()]);
        assert_eq!(
            names(&listing, folder.path()),
            ["a\\xfe.json", "a\\xff.json"]
        );
        assert_eq!(
            DirSource::new(Vec::new()).read(&listing.files[1]).unwrap(),
            b"1"
        );
    }

    #[test]
    fn links_are_followed_and_circles_are_losses() {
        let folder = folder(&["a/1"]);
        symlink(folder.path().join("a"), folder.path().join("link")).unwrap();
        symlink(folder.path(), folder.path().join("a/circle")).unwrap();
        symlink("nowhere", folder.path().join("dangling")).unwrap();
        let listing = list(&[folder.path()]);
        assert_eq!(names(&listing, folder.path()), ["a/1", "link/1"]);
        let lost: Vec<_> = listing
            .losses
            .iter()
            .map(|loss| (loss.kind, loss.log_file.as_str().to_owned()))
            .collect();
        let path = |name: &str| {
            (
                LossKind::Unreadable,
                folder.path().join(name).to_str().unwrap().to_owned(),
            )
        };
        assert_eq!(
            lost,
            [path("a/circle"), path("dangling"), path("link/circle")]
        );
    }

    #[test]
    fn what_is_no_file_is_skipped() {
        let folder = folder(&["a"]);
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        let listing = list(&[folder.path()]);
        assert_eq!(names(&listing, folder.path()), ["a"]);
        let id = LogFileId::new(folder.path().join("socket").to_str().unwrap());
        assert_eq!(listing.skipped, [(id, SkipReason::NotAFile)]);
    }

    #[test]
    fn a_file_that_went_away_is_a_loss() {
        let folder = folder(&["a"]);
        let listing = list(&[folder.path()]);
        fs::remove_file(folder.path().join("a")).unwrap();
        let loss = DirSource::new(Vec::new())
            .read(&listing.files[0])
            .unwrap_err();
        assert_eq!(
            (loss.kind, loss.log_file),
            (LossKind::Unreadable, listing.files[0].id.clone())
        );
    }

    #[test]
    fn a_source_that_is_not_there_is_an_error() {
        let error = |paths: &[&Path]| {
            DirSource::new(paths.iter().map(|path| path.to_path_buf()).collect())
                .list()
                .unwrap_err()
                .to_string()
        };
        let empty = folder(&[]);
        fs::create_dir(empty.path().join("sub")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(empty.path().join("socket")).unwrap();
        let hint = "give a CloudTrail log file, or a folder with log files below it";
        assert_eq!(
            error(&[Path::new("/no/such")]),
            format!("`/no/such` does not exist\nhint: {hint}")
        );
        let first_line = error(&[empty.path(), &empty.path().join("sub")]);
        let expected = format!("no file in `{0}`, `{0}/sub`", empty.path().display());
        assert_eq!(first_line.lines().next(), Some(expected.as_str()));
    }
}
