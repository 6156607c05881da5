//! Opens a file from its folder: files of one folder are read one after the other, and its path is long.

use std::fs::File;
use std::io;
use std::path::Path;
#[cfg(unix)]
use std::sync::{Arc, RwLock};

/// The folder that a file was opened in last.
#[derive(Debug, Default)]
pub(super) struct Near {
    #[cfg(unix)]
    last: RwLock<Option<Arc<Folder>>>,
}

#[cfg(unix)]
#[derive(Debug)]
struct Folder {
    path: Box<[u8]>,
    /// Nothing for the first file: many folders have but one.
    held: Option<rustix::fd::OwnedFd>,
}

impl Near {
    /// Opens a file to be read.
    ///
    /// # Errors
    /// As the system says.
    #[cfg(unix)]
    pub fn open(&self, path: &Path) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags, openat};
        let bytes = path.as_os_str().as_encoded_bytes();
        let Some((folder, name)) =
            memchr::memrchr(b'/', bytes).and_then(|at| bytes.split_at_checked(at + 1))
        else {
            return File::open(path);
        };
        let last = self.last.read().ok().and_then(|last| last.clone());
        let last = last.filter(|last| *last.path == *folder);
        let held = last.as_ref().and_then(|last| last.held.as_ref());
        if let Some(held) = held
            && let Ok(file) = openat(held, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        {
            return Ok(file.into());
        }
        // What went wrong is said of the whole path.
        let file = File::open(path)?;
        if held.is_none() {
            self.note(folder, last.is_some());
        }
        Ok(file)
    }

    /// Opens a file to be read.
    ///
    /// # Errors
    /// As the system says.
    #[cfg(not(unix))]
    pub fn open(&self, path: &Path) -> io::Result<File> {
        File::open(path)
    }

    /// Notes a folder, unless another thread is about it; holds it from its second file on.
    #[cfg(unix)]
    fn note(&self, folder: &[u8], is_second: bool) {
        use rustix::fs::{CWD, Mode, OFlags, openat};
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let held = is_second.then(|| openat(CWD, folder, flags, Mode::empty()).ok());
        if let Ok(mut last) = self.last.try_write() {
            *last = Some(Arc::new(Folder {
                path: folder.into(),
                held: held.flatten(),
            }));
        }
    }
}

/// Another source looks for itself.
impl Clone for Near {
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::Near;
    use std::fs;
    use std::io::Read;

    #[test]
    fn a_file_is_opened_as_by_its_path() {
        let root = tempfile::tempdir().unwrap();
        let near = Near::default();
        let text = |name: &str| {
            let mut text = String::new();
            let file = near.open(&root.path().join(name));
            file.and_then(|mut file| file.read_to_string(&mut text))
                .map(|_| text)
                .map_err(|error| error.to_string())
        };
        for folder in ["a", "a/b", "c"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            for file in 0..3 {
                let path = root.path().join(folder).join(file.to_string());
                fs::write(path, format!("{folder}{file}")).unwrap();
            }
        }
        for (folder, file) in [("a", 0), ("a", 1), ("a", 2), ("a/b", 0), ("a", 0), ("a", 1)]
            .into_iter()
            .chain([("c", 0), ("c", 1), ("c", 2), ("a/b", 1), ("a/b", 2)])
        {
            assert_eq!(
                text(&format!("{folder}/{file}")),
                Ok(format!("{folder}{file}"))
            );
        }
        let absent = fs::File::open(root.path().join("a/b/3")).unwrap_err();
        assert_eq!(text("a/b/3"), Err(absent.to_string()));
        // The folder is another one now.
        fs::rename(root.path().join("a/b"), root.path().join("gone")).unwrap();
        fs::create_dir(root.path().join("a/b")).unwrap();
        fs::write(root.path().join("a/b/new"), "new").unwrap();
        assert_eq!(text("a/b/new"), Ok("new".to_owned()));
    }
}
