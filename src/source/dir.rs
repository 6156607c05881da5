//! Which files lie below a folder?
//!
//! All of them, links followed, each path once. What cannot be listed is a loss, so that the files behind it are missed
//! aloud; only a path that the user gave and that is not there ends the run.

mod near;
mod plain;

use super::{Bytes, Crew, Listing, LogFile, Source, SourceError};
use crate::vocab::{LogFileId, Loss, LossKind, SkipReason};
use near::Near;
use plain::{plainly_listed, put_in_order};
use std::collections::{HashMap, HashSet};
use std::fs::FileType;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Files and folders of this machine. Folders are walked to their depth.
#[derive(Clone, Debug)]
pub struct DirSource {
    paths: Vec<PathBuf>,
    near: Near,
}

impl DirSource {
    /// The files at these paths and below them.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self {
            paths,
            near: Near::default(),
        }
    }

    /// Where each of the given paths really lies, if another leads there too, or to what lies below or above it.
    fn shared(&self) -> Vec<Option<PathBuf>> {
        let real = |path: &PathBuf| path.canonicalize().ok().filter(|_| self.paths.len() > 1);
        let all: Vec<Option<PathBuf>> = self.paths.iter().map(real).collect();
        let mut uses: HashMap<&Path, usize> = HashMap::new();
        for path in all.iter().flatten() {
            *uses.entry(path).or_default() += 1;
        }
        let mut shared: HashSet<&Path> = HashSet::new();
        for (path, times) in &uses {
            let above = path.ancestors().skip(1);
            let above: Vec<&Path> = above.filter(|it| uses.contains_key(it)).collect();
            if *times > 1 || !above.is_empty() {
                shared.insert(path);
            }
            shared.extend(above);
        }
        let is_shared = |path: &Option<PathBuf>| {
            let path = path.as_deref();
            path.is_some_and(|path| shared.contains(path))
        };
        let kept = all.iter().map(is_shared).collect::<Vec<_>>();
        let all = all.into_iter().zip(kept);
        all.map(|(path, is_kept)| path.filter(|_| is_kept))
            .collect()
    }

    /// How large a file is where it lies on this machine, whichever machine listed it.
    ///
    /// # Errors
    /// If it is not there, or cannot be looked at.
    pub fn size(file: &LogFile) -> io::Result<u64> {
        std::fs::metadata(file.path()).map(|metadata| metadata.len())
    }
}

impl Source for DirSource {
    fn list(&self) -> Result<Listing, SourceError> {
        self.list_with(&())
    }

    fn list_with(&self, crew: &dyn Crew) -> Result<Listing, SourceError> {
        let mut found = Vec::new();
        for (path, shared) in self.paths.iter().zip(self.shared()) {
            if path.as_os_str() == STANDARD_INPUT {
                let place = Place::File {
                    bytes: 0,
                    version: None,
                };
                found.push(Entry::new(path.clone(), place));
                continue;
            }
            check(path)?;
            let mut below = below(path, crew);
            if let Some(real) = shared {
                below.iter_mut().for_each(|it| it.is_at(path, &real));
            }
            found.append(&mut below);
        }
        let listing = sorted(found, crew);
        if listing.files.is_empty() && listing.losses.is_empty() {
            if let Some(path) = self.paths.iter().find(|path| is_no_file(path)) {
                return Err(SourceError::NotAFile { path: path.clone() });
            }
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
            std::fs::read(file.path())
        };
        read.map_err(|cause| unreadable(file.id.clone(), &cause))
    }

    fn open<'s>(&'s self, file: &LogFile) -> Result<Box<dyn Bytes + 's>, Loss> {
        if file.is_standard_input() {
            return Ok(Box::new(StandardInput));
        }
        let opened = self.near.open(file.path());
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

/// What was found at a path.
struct Entry {
    id: LogFileId,
    /// The path, where it is written otherwise than the name.
    path: Option<Box<Path>>,
    place: Place,
    /// Where it lies, links resolved: known where several paths were given, which may lead to one file.
    real: Option<Box<Path>>,
    /// Whether the path is a link itself.
    is_link: bool,
}

impl Entry {
    fn new(path: PathBuf, place: Place) -> Self {
        match path.to_str() {
            Some(name) => Self::named(LogFileId::new(name), place),
            None => Self {
                path: Some(path.as_path().into()),
                ..Self::named(escaped(&path), place)
            },
        }
    }

    /// What lies at the path that is its name.
    fn named(id: LogFileId, place: Place) -> Self {
        Self {
            id,
            path: None,
            place,
            real: None,
            is_link: false,
        }
    }

    /// Notes where it lies, from where the path lies that it was found below. A link below it stays a file of its own: it may
    /// have another name than what it leads to, and names say which files are asked for.
    fn is_at(&mut self, root: &Path, real_root: &Path) {
        let path = self.path.as_deref().unwrap_or(Path::new(self.id.as_str()));
        self.real = match path.strip_prefix(root) {
            Ok(rest) if rest.as_os_str().is_empty() => Some(real_root.into()),
            Ok(rest) if !self.is_link => Some(real_root.join(rest).into()),
            _ => None,
        };
    }

    /// By name, and by path, should two names be written alike: what is no UTF-8 has no name of its own.
    fn key(&self) -> (&LogFileId, Option<&Path>) {
        (&self.id, self.path.as_deref())
    }
}

enum Place {
    File {
        bytes: u64,
        version: Option<Box<str>>,
    },
    NotAFile,
    Lost(Box<Loss>),
}

impl Place {
    fn file(metadata: &std::fs::Metadata) -> Self {
        Self::File {
            bytes: metadata.len(),
            version: changed_at(metadata),
        }
    }
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

/// What lies below a path, or at it.
fn below(path: &Path, crew: &dyn Crew) -> Vec<Entry> {
    if let Some(all) = plainly_listed(path, crew) {
        return all;
    }
    let walk = WalkDir::new(path).follow_links(true).into_iter();
    let entry = |entry| match entry {
        Ok(entry) => listed(entry),
        Err(error) => Some(unlisted(path, &error)),
    };
    walk.filter_map(entry).collect()
}

/// What can be read only as a stream.
fn is_no_file(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| matches!(kind(metadata.file_type()), Kind::Other))
}

/// An entry of a walk; a folder is no place by itself.
fn listed(entry: DirEntry) -> Option<Entry> {
    let place = match kind(entry.file_type()) {
        Kind::Folder => return None,
        Kind::Other => Place::NotAFile,
        Kind::File => match entry.metadata() {
            Ok(metadata) => Place::file(&metadata),
            Err(error) => return Some(unlisted(entry.path(), &error)),
        },
    };
    let is_link = entry.path_is_symlink();
    Some(Entry {
        is_link,
        ..Entry::new(entry.into_path(), place)
    })
}

/// When a file was changed: nanoseconds since 1970, in as many digits as sort like the instants.
fn changed_at(metadata: &std::fs::Metadata) -> Option<Box<str>> {
    let time = metadata.modified().ok()?;
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(match u64::try_from(since.as_nanos()) {
        Ok(nanoseconds) => format!("{nanoseconds:020}").into(),
        Err(_) => format!("{:020}", since.as_nanos()).into(),
    })
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

fn unlisted(root: &Path, error: &walkdir::Error) -> Entry {
    let path = error.path().unwrap_or(root).to_owned();
    let mut entry = Entry::new(path, Place::NotAFile);
    let id = &entry.id;
    let loss = match (error.loop_ancestor(), error.io_error()) {
        (Some(ancestor), _) => loss(
            id.clone(),
            format!("the link leads back to `{}`", ancestor.display()),
        ),
        (None, Some(cause)) => unreadable(id.clone(), cause),
        (None, None) => loss(id.clone(), "cannot be listed".to_owned()),
    };
    entry.place = Place::Lost(Box::new(loss));
    entry
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

/// A path as a name, where bytes that are no UTF-8 are written `\xNN`: so different files have different names.
fn escaped(path: &Path) -> LogFileId {
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

/// Of a file that several of the given paths lead to one name stays: the first that is no link, for a link may be called anything.
fn once(found: &mut Vec<Entry>) {
    let mut seen: HashSet<Box<Path>> = HashSet::new();
    for links in [false, true] {
        found.retain(|it| match &it.real {
            Some(real) if it.is_link == links => seen.insert(real.clone()),
            _ => true,
        });
    }
}

fn sorted(mut found: Vec<Entry>, crew: &dyn Crew) -> Listing {
    put_in_order(&mut found, crew);
    // Of a path that was met twice the later look counts.
    found.dedup_by(|later, earlier| {
        let is_same = later.key() == earlier.key();
        if is_same {
            std::mem::swap(later, earlier);
        }
        is_same
    });
    once(&mut found);
    let mut listing = Listing::default();
    for Entry {
        id, path, place, ..
    } in found
    {
        match place {
            Place::File { bytes, version } => listing.files.push(LogFile {
                id,
                bytes,
                version,
                path,
            }),
            Place::NotAFile => listing.skipped.push((id, SkipReason::NotAFile)),
            Place::Lost(loss) => listing.losses.push(*loss),
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
    fn a_file_that_several_paths_lead_to_is_listed_once() {
        let folder = folder(&["a/1", "a/2", "z"]);
        let at = |name: &str| folder.path().join(name);
        symlink(at("a"), at("folder")).unwrap();
        symlink(at("a/1"), at("0")).unwrap();
        let around = folder.path().join("a/../a");
        for (paths, expected) in [
            (vec![at("a"), at("folder")], &["a/1", "a/2"][..]),
            (vec![around, at("a/1")], &["a/../a/1", "a/../a/2"]),
            (vec![at("0"), at("a/1")], &["a/1"]),
            (vec![at("a"), at("0")], &["a/1", "a/2"]),
            (vec![at("0")], &["0"]),
            (vec![at("z"), at("a/2")], &["a/2", "z"]),
        ] {
            let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
            assert_eq!(names(&list(&paths), folder.path()), expected, "{paths:?}");
        }
        // Below a folder a link is a file of its own.
        let all = names(&list(&[folder.path(), &at("z")]), folder.path());
        assert_eq!(all, ["0", "a/1", "a/2", "folder/1", "folder/2", "z"]);
    }

    #[test]
    fn what_is_neither_a_file_nor_a_folder_is_said_to_be_so() {
        let folder = folder(&["a"]);
        let socket = folder.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let error = DirSource::new(vec![socket.clone()]).list().unwrap_err();
        let said = format!("`{}` is neither a file nor a folder\n", socket.display());
        assert!(error.to_string().starts_with(&said), "{error}");
        let beside = list(&[&socket, &folder.path().join("a")]);
        assert_eq!((beside.files.len(), beside.skipped.len()), (1, 1));
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
    fn a_link_somewhere_changes_nothing_of_the_rest() {
        let folder = folder(&["b/2.json", "a", "b/c/1", "z"]);
        let odd = folder.path().join(OsStr::from_bytes(b"b/\xff"));
        fs::write(odd, "odd").unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
        for root in [folder.path().to_owned(), folder.path().join("b/")] {
            let plain = list(&[&root]);
            assert!(plainly_listed(&root, &()).is_some());
            let link = root.join("link");
            symlink("nowhere", &link).unwrap();
            assert!(plainly_listed(&root, &()).is_none());
            let walked = list(&[&root]);
            fs::remove_file(&link).unwrap();
            assert_eq!(walked.losses.len(), 1);
            assert_eq!((plain.files, plain.skipped), (walked.files, walked.skipped));
        }
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
