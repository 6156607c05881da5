//! Where do reports lie? In one folder, which holds a whole report or none.
//!
//! Files are written beside their places (`exposures.csv.partial`) and put there all together, `run.json` last, so that a
//! run that fails leaves the folder as it was. Nothing in it is followed or overwritten that this program did not name.

use super::{Format, ReportError, custody, run, tables};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What becomes of an earlier report in the folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Overwrite {
    /// It stays, and the new one is refused.
    #[default]
    Refuse,
    /// The new one takes its place.
    Replace,
}

/// A folder that takes a report.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Whether it was made for this report.
    made: bool,
    /// The names of files that are written and not yet in their places.
    staged: BTreeSet<String>,
}

impl Folder {
    /// Makes the folder where there is none, and tries whether files can be made in it.
    ///
    /// # Errors
    /// If the path is a file, the folder cannot be made or written, or it holds an earlier report that is not to be replaced.
    pub fn open(path: impl Into<PathBuf>, overwrite: Overwrite) -> Result<Self, ReportError> {
        let path = path.into();
        let made = !path.exists();
        if !made && !path.is_dir() {
            return Err(ReportError::NotAFolder { path });
        }
        fs::create_dir_all(&path).map_err(|cause| ReportError::Output(cause).at(&path))?;
        let folder = Self {
            path,
            made,
            staged: BTreeSet::new(),
        };
        if overwrite == Overwrite::Refuse {
            folder.refuse_earlier()?;
        }
        folder.try_writing()?;
        Ok(folder)
    }

    fn refuse_earlier(&self) -> Result<(), ReportError> {
        let earlier = report_names().find(|name| self.path.join(name).symlink_metadata().is_ok());
        match earlier {
            Some(found) => Err(ReportError::Occupied {
                path: self.path.clone(),
                found,
            }),
            None => Ok(()),
        }
    }

    fn try_writing(&self) -> Result<(), ReportError> {
        let test = self.path.join(".leaktrail.partial");
        create(&test)
            .and_then(|file| {
                drop(file);
                fs::remove_file(&test)
            })
            .map_err(|cause| ReportError::Output(cause).at(&self.path))
    }

    /// Writes one file beside its place, whole and safe on the disk, and tells the SHA-256 of its bytes in hex digits.
    ///
    /// # Errors
    /// If it cannot be written, and whatever `fill` says.
    pub fn write(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), ReportError>,
    ) -> Result<String, ReportError> {
        let path = self.partial(name);
        let file = create(&path).map_err(|cause| ReportError::Output(cause).at(&path))?;
        self.staged.insert(name.to_owned());
        fill_and_hash(file, fill).map_err(|error| error.at(self.path.join(name)))
    }

    /// Puts every file in its place, `run.json` last, and takes away what an earlier report has left beside them.
    ///
    /// # Errors
    /// If a file cannot be put in its place.
    pub fn publish(mut self) -> Result<(), ReportError> {
        let earlier: Vec<String> = report_names()
            .filter(|name| name == run::FILE || !self.staged.contains(name))
            .collect();
        for name in earlier {
            remove(&self.path.join(&name)).map_err(|cause| self.cannot(&name, cause))?;
        }
        let (record, rows): (Vec<String>, Vec<String>) = self
            .staged
            .iter()
            .cloned()
            .partition(|name| name == run::FILE);
        for name in rows.into_iter().chain(record) {
            fs::rename(self.partial(&name), self.path.join(&name))
                .map_err(|cause| self.cannot(&name, cause))?;
            self.staged.remove(&name);
        }
        self.made = false;
        sync_folder(&self.path);
        Ok(())
    }

    fn partial(&self, name: &str) -> PathBuf {
        self.path.join(format!("{name}.partial"))
    }

    fn cannot(&self, name: &str, cause: io::Error) -> ReportError {
        ReportError::Output(cause).at(self.path.join(name))
    }
}

/// What was not published is taken away again: the files, and the folder if it was made for them and holds nothing else.
impl Drop for Folder {
    fn drop(&mut self) {
        for name in &self.staged {
            let _ = fs::remove_file(self.partial(name));
        }
        if self.made {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// The names of all files that a report may have.
fn report_names() -> impl Iterator<Item = String> {
    let names = tables::names();
    let tables: Vec<String> = Format::ALL
        .into_iter()
        .flat_map(|format| format.files(&names))
        .collect();
    [run::FILE, custody::FILE, super::NOTIFICATIONS]
        .map(str::to_owned)
        .into_iter()
        .chain(tables)
}

/// Makes a file anew. A leftover of that name goes first, so that a link in its place is not followed.
fn create(path: &Path) -> io::Result<File> {
    remove(path)?;
    File::options().write(true).create_new(true).open(path)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Makes the new names last. Not every system can do that with a folder; the files themselves are safe by now.
fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(path) {
        let _ = folder.sync_all();
    }
}

fn fill_and_hash(
    file: File,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), ReportError>,
) -> Result<String, ReportError> {
    let hashing = Hashing {
        file,
        sha256: Sha256::new(),
    };
    let mut out = BufWriter::with_capacity(1 << 16, hashing);
    fill(&mut out)?;
    let done = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    done.file.sync_all()?;
    let digest = done.sha256.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A file, and the hash of what went into it.
struct Hashing {
    file: File,
    sha256: Sha256,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or(bytes));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::sample;
    use super::super::{Custody, Invocation, write_all};
    use super::*;
    use tempfile::tempdir;

    fn names(path: &Path) -> Vec<String> {
        let entries = fs::read_dir(path).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn write(path: &Path, formats: &[Format], overwrite: Overwrite) -> Result<(), ReportError> {
        let folder = Folder::open(path, overwrite)?;
        let invocation = Invocation {
            custody: Custody::Stated,
            ..Invocation::default()
        };
        write_all(&sample(), formats, &invocation, folder).map(|_| ())
    }

    #[test]
    fn a_report_is_written_whole() {
        let dir = tempdir().unwrap();
        let out = dir.path().join("a/b");
        write(&out, &Format::ALL, Overwrite::Refuse).unwrap();
        let sample = sample();
        let tables = super::super::tables(&sample);
        let name = |(table, format): (&str, Format)| format!("{table}.{}", format.name());
        let mut expected: Vec<String> = tables
            .iter()
            .flat_map(|table| Format::TABULAR.map(|format| name((table.name, format))))
            .collect();
        let events = [
            "exposures",
            "timeline",
            "changes",
            "access",
            "coverage",
            "contradictions",
        ];
        expected.extend(events.map(|table| format!("{table}.timesketch.jsonl")));
        expected.extend([run::FILE, custody::FILE, "report.html"].map(str::to_owned));
        assert!(
            expected
                .iter()
                .all(|name| report_names().any(|known| known == *name))
        );
        expected.sort();
        assert_eq!(names(&out), expected);
    }

    #[test]
    fn run_json_tells_the_hash_of_what_lies_there() {
        let dir = tempdir().unwrap();
        write(dir.path(), &[Format::Csv], Overwrite::Refuse).unwrap();
        let run: serde_json::Value =
            serde_json::from_slice(&fs::read(dir.path().join("run.json")).unwrap()).unwrap();
        let reports = run["reports"].as_object().unwrap();
        assert_eq!(reports.len(), 9);
        for (name, report) in reports {
            let digest = Sha256::digest(fs::read(dir.path().join(name)).unwrap());
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(report["sha256"], hex, "{name}");
        }
    }

    #[test]
    fn an_earlier_report_is_refused() {
        let dir = tempdir().unwrap();
        for earlier in ["run.json", "timeline.parquet"] {
            fs::write(dir.path().join(earlier), "earlier").unwrap();
            let error = Folder::open(dir.path(), Overwrite::Refuse).unwrap_err();
            assert!(error.to_string().contains(earlier), "{error}");
            assert_eq!(names(dir.path()), [earlier]);
            fs::remove_file(dir.path().join(earlier)).unwrap();
        }
    }

    #[test]
    fn a_folder_with_other_files_takes_a_report() {
        let dir = tempdir().unwrap();
        fs::write(dir.path().join("notes.txt"), "mine").unwrap();
        write(dir.path(), &[Format::Csv], Overwrite::Refuse).unwrap();
        write(dir.path(), &[Format::Csv], Overwrite::Replace).unwrap();
        assert_eq!(
            fs::read_to_string(dir.path().join("notes.txt")).unwrap(),
            "mine"
        );
    }

    #[test]
    fn a_replaced_report_leaves_no_stale_table() {
        let dir = tempdir().unwrap();
        write(dir.path(), &Format::ALL, Overwrite::Refuse).unwrap();
        write(dir.path(), &[Format::Jsonl], Overwrite::Replace).unwrap();
        assert_eq!(
            names(dir.path()),
            [
                "access.jsonl",
                "changes.jsonl",
                "contradictions.jsonl",
                "coverage.jsonl",
                "custody.txt",
                "exposures.jsonl",
                "log_files.jsonl",
                "losses.jsonl",
                "run.json",
                "timeline.jsonl"
            ]
        );
    }

    #[test]
    fn a_run_that_fails_leaves_the_folder_as_it_was() {
        let dir = tempdir().unwrap();
        fs::write(dir.path().join("exposures.csv"), "earlier").unwrap();
        let mut folder = Folder::open(dir.path(), Overwrite::Replace).unwrap();
        folder
            .write("exposures.csv", |out| Ok(out.write_all(b"new")?))
            .unwrap();
        let failed = folder.write("timeline.csv", |out| {
            out.write_all(b"half")?;
            Err(io::Error::from(io::ErrorKind::StorageFull).into())
        });
        let message = failed.unwrap_err().to_string();
        assert!(
            message.contains("timeline.csv`: no storage space"),
            "{message}"
        );
        drop(folder);
        assert_eq!(names(dir.path()), ["exposures.csv"]);
        assert_eq!(
            fs::read_to_string(dir.path().join("exposures.csv")).unwrap(),
            "earlier"
        );
    }

    #[test]
    fn a_folder_made_for_nothing_goes_again() {
        let dir = tempdir().unwrap();
        let out = dir.path().join("out");
        drop(Folder::open(&out, Overwrite::Refuse).unwrap());
        assert!(!out.exists());
    }

    #[test]
    fn a_file_in_the_folders_place_is_an_error() {
        let dir = tempdir().unwrap();
        let file = dir.path().join("out");
        fs::write(&file, "").unwrap();
        let error = Folder::open(&file, Overwrite::Replace).unwrap_err();
        assert!(
            error.to_string().ends_with("it is a file, not a folder"),
            "{error}"
        );
    }

    #[test]
    fn a_place_that_cannot_be_written_is_an_error() {
        let error = Folder::open("/proc/leaktrail", Overwrite::Refuse).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot write to `/proc/leaktrail`: "),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_planted_link_is_not_followed() {
        let dir = tempdir().unwrap();
        let victim = dir.path().join("victim");
        let out = dir.path().join("out");
        fs::write(&victim, "mine").unwrap();
        fs::create_dir(&out).unwrap();
        for name in [
            "exposures.csv.partial",
            "exposures.csv",
            ".leaktrail.partial",
        ] {
            std::os::unix::fs::symlink(&victim, out.join(name)).unwrap();
        }
        assert!(write(&out, &[Format::Csv], Overwrite::Refuse).is_err());
        write(&out, &[Format::Csv], Overwrite::Replace).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    }
}
