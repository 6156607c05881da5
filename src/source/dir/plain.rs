//! Which files lie below a folder that holds no link?
//!
//! The folders are gone through by one, what lies in them is looked at by many: that is most of the work.

use super::{Entry, Kind, Place, kind};
use crate::source::Crew;
use crate::vocab::LogFileId;
use std::cmp::Ordering;
use std::fs::{DirEntry, read_dir};
use std::path::Path;
use std::sync::{Mutex, OnceLock};

/// What lies below a folder, if there is no link and all can be listed: then each entry's folder tells of it, and no path is
/// gone along from its beginning.
pub(super) fn plainly_listed(path: &Path, crew: &dyn Crew) -> Option<Vec<Entry>> {
    let mut folders = vec![path.to_owned()];
    let (mut found, mut batch) = (Vec::new(), Batch::default());
    while let Some(folder) = folders.pop() {
        batch
            .folders
            .push(folder.join("").to_str().map(str::to_owned));
        for entry in read_dir(folder).ok()? {
            let entry = entry.ok()?;
            let file_type = entry.file_type().ok()?;
            match kind(file_type) {
                _ if file_type.is_symlink() => return None,
                Kind::Folder => folders.push(entry.path()),
                Kind::File | Kind::Other => batch.entries.push((batch.folders.len() - 1, entry)),
            }
            if batch.entries.len() >= Batch::PARTS * Batch::PART {
                batch.look_at(crew, &mut found)?;
            }
        }
        if batch.folders.len() >= Batch::FOLDERS {
            batch.look_at(crew, &mut found)?;
            batch.folders.clear();
        }
    }
    batch.look_at(crew, &mut found)?;
    Some(found)
}

/// Entries of some folders, to be looked at.
#[derive(Default)]
struct Batch {
    /// How the names of a folder's entries begin, where they are UTF-8.
    folders: Vec<Option<String>>,
    /// Each with the number of its folder.
    entries: Vec<(usize, DirEntry)>,
}

impl Batch {
    /// So many entries make a part: much beside what it costs to share them.
    const PART: usize = 128;
    /// More parts are not put off: what the system just listed it still has in the processor's cache.
    const PARTS: usize = 4;
    /// Every entry keeps its folder open, and a process may have some hundred files open.
    const FOLDERS: usize = 64;

    /// Tells of every entry, and is done with them.
    fn look_at(&mut self, crew: &dyn Crew, found: &mut Vec<Entry>) -> Option<()> {
        let parts: Vec<_> = self.entries.chunks(Self::PART).collect();
        let told: Vec<_> = parts.iter().map(|_| OnceLock::new()).collect();
        crew.share(parts.len(), &|number| {
            if let Some((part, told)) = parts.get(number).zip(told.get(number)) {
                told.get_or_init(|| look_at(part, &self.folders));
            }
        });
        for part in told {
            found.append(&mut part.into_inner()??);
        }
        self.entries.clear();
        Some(())
    }
}

/// Tells of entries.
fn look_at(entries: &[(usize, DirEntry)], folders: &[Option<String>]) -> Option<Vec<Entry>> {
    // Names of a folder begin alike: they are written into one room, and each is copied from there.
    let (mut room, mut last) = (String::new(), None);
    let mut found = Vec::with_capacity(entries.len());
    for (folder, entry) in entries {
        let beginning = folders.get(*folder)?.as_deref();
        let place = match kind(entry.file_type().ok()?) {
            Kind::File => Place::file(&entry.metadata().ok()?),
            Kind::Folder | Kind::Other => Place::NotAFile,
        };
        let name = entry.file_name();
        found.push(match (beginning, name.to_str()) {
            (Some(beginning), Some(name)) => {
                if last != Some(*folder) {
                    room.clear();
                    room.push_str(beginning);
                    last = Some(*folder);
                }
                room.truncate(beginning.len());
                room.push_str(name);
                Entry::named(LogFileId::new(room.as_str()), place)
            }
            _ => Entry::new(entry.path(), place),
        });
    }
    Some(found)
}

/// Puts entries in the order of their names: parts of them by themselves, and then all, of which only runs are left to be merged.
pub(super) fn put_in_order(found: &mut [Entry], crew: &dyn Crew) {
    const PARTS: usize = 8;
    let length = found.len().div_ceil(PARTS).max(1);
    let parts: Vec<_> = found.chunks_mut(length).map(Mutex::new).collect();
    crew.share(parts.len(), &|number| {
        let part = parts.get(number).map(|part| part.lock());
        if let Some(Ok(mut part)) = part {
            part.sort_by(by_key);
        }
    });
    drop(parts);
    found.sort_by(by_key);
}

fn by_key(one: &Entry, other: &Entry) -> Ordering {
    one.key().cmp(&other.key())
}

#[cfg(test)]
mod tests {
    use crate::source::{Crew, DirSource, Source};
    use std::fs;

    /// Does the last part first, and each twice.
    struct Backwards;

    impl Crew for Backwards {
        fn share(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
            (0..2 * parts)
                .rev()
                .for_each(|number| work(number % parts.max(1)));
        }
    }

    #[test]
    fn a_crew_lists_what_one_lists() {
        let root = tempfile::tempdir().unwrap();
        for folder in 0..super::Batch::FOLDERS * 2 + 3 {
            let folder = root.path().join(format!("{folder}/below"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("1"), "a").unwrap();
        }
        let many = super::Batch::PART * super::Batch::PARTS * 2 + 7;
        for file in 0..many {
            fs::write(root.path().join(format!("{file}.json")), "bc").unwrap();
        }
        let source = DirSource::new(vec![root.path().to_owned()]);
        let alone = source.list().unwrap();
        assert_eq!(
            alone.files.len(),
            many + super::Batch::FOLDERS * 2 + 3,
            "one of each"
        );
        assert!(alone.files.is_sorted_by(|one, other| one.id < other.id));
        assert_eq!(source.list_with(&Backwards).unwrap(), alone);
        let empty = tempfile::tempdir().unwrap();
        fs::write(empty.path().join("1"), "").unwrap();
        let source = DirSource::new(vec![empty.path().to_owned()]);
        assert_eq!(
            source.list_with(&Backwards).unwrap(),
            source.list().unwrap()
        );
    }
}
