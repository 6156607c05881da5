//! Which files lie in an archive?
//!
//! zip and tar, told by their first bytes. Files are handed out in the archive's own order, one after the other, and
//! nothing is ever written: a name in an archive is a name and no place.
//!
//! <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>,
//! <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html>

use crate::vocab::LossKind;
use std::io::{self, Read, Seek, SeekFrom};
use zip::result::ZipError;

/// The kinds of archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArchiveKind {
    /// zip, which is read from its end.
    Zip,
    /// tar, which is read from its beginning.
    Tar,
}

/// So many first bytes tell an archive.
pub const HEAD: usize = 512;

/// Which archive begins so, if one does.
pub fn archive_kind(head: &[u8]) -> Option<ArchiveKind> {
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Some(ArchiveKind::Zip);
    }
    (head.get(257..262) == Some(b"ustar")).then_some(ArchiveKind::Tar)
}

/// A file in an archive.
pub struct Member<'m> {
    /// Its name, as the archive gives it. Bytes that are no UTF-8 are written `\xNN`.
    pub name: String,
    /// Its size, as the archive gives it.
    pub bytes: u64,
    /// What it holds; `None` where it is no regular file.
    pub content: Option<&'m mut dyn Read>,
    /// Whether more bytes may come out than lie in the archive.
    pub may_grow: bool,
}

/// What of an archive could not be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ArchiveLoss {
    /// The file in it, where one can be named.
    pub member: Option<String>,
    /// What kind of damage.
    pub kind: LossKind,
    /// The damage in words.
    pub detail: String,
}

/// Hands out every file of a tar archive; gives what could not be had.
pub fn each_in_tar(archive: impl Read, take: &mut dyn FnMut(Member<'_>)) -> Vec<ArchiveLoss> {
    let mut archive = tar::Archive::new(archive);
    archive.set_ignore_zeros(true);
    match walk_tar(&mut archive, take) {
        Ok(()) => Vec::new(),
        Err(cause) => vec![damaged(&format!("the tar archive breaks off: {cause}"))],
    }
}

fn walk_tar(
    archive: &mut tar::Archive<impl Read>,
    take: &mut dyn FnMut(Member<'_>),
) -> io::Result<()> {
    for entry in archive.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if kind.is_dir() {
            continue;
        }
        let (name, bytes) = (printable(&entry.path_bytes()), entry.size());
        let mut content = Whole {
            content: &mut entry,
            left: bytes,
        };
        let is_file = kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse();
        take(Member {
            name,
            bytes,
            content: is_file.then_some(&mut content as &mut dyn Read),
            may_grow: kind.is_gnu_sparse(),
        });
    }
    Ok(())
}

/// A file that ends before its end is an error and no shorter file.
struct Whole<'r> {
    content: &'r mut dyn Read,
    left: u64,
}

impl Read for Whole<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(room)?;
        self.left = self.left.saturating_sub(count as u64);
        if count == 0 && self.left > 0 && !room.is_empty() {
            let detail = format!(
                "the archive breaks off {} bytes before the file's end",
                self.left
            );
            self.left = 0;
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, detail));
        }
        Ok(count)
    }
}

/// Hands out every file of a zip archive; gives what could not be had. Without the list at the archive's end, the files
/// are read from its beginning as far as that goes.
pub fn each_in_zip(
    mut archive: impl Read + Seek,
    take: &mut dyn FnMut(Member<'_>),
) -> Vec<ArchiveLoss> {
    let told = entries_told(&mut archive).unwrap_or_default();
    let cause = match zip::ZipArchive::new(&mut archive) {
        Ok(mut listed) => {
            let mut losses = walk_zip(&mut listed, take);
            let spans = spans(&mut listed);
            let twice = of_one_name(told, listed.len());
            losses.extend(twice.or_else(|| unlisted(&mut archive, spans)));
            return losses;
        }
        Err(cause) => cause,
    };
    let mut losses = vec![damaged(&format!(
        "the zip archive's list of files cannot be read ({cause}): its files are read from the beginning"
    ))];
    if archive.rewind().is_ok()
        && let Err(cause) = walk_unlisted(&mut archive, take)
    {
        losses.push(damaged(&format!("the zip archive breaks off: {cause}")));
    }
    losses
}

/// How many files a zip archive's end says that it lists. APPNOTE.TXT, section 4.3.16.
fn entries_told(archive: &mut (impl Read + Seek)) -> io::Result<usize> {
    const LONGEST: u64 = 22 + 0xffff;
    let size = archive.seek(SeekFrom::End(0))?;
    archive.seek(SeekFrom::Start(size.saturating_sub(LONGEST)))?;
    let mut end = Vec::new();
    archive.take(LONGEST).read_to_end(&mut end)?;
    archive.rewind()?;
    let record = end.windows(12).rfind(|it| it.starts_with(b"PK\x05\x06"));
    let count = record.and_then(|record| record.last_chunk::<2>());
    // Where they are too many for it, another record tells.
    let count = count.map(|bytes| u16::from_le_bytes(*bytes));
    Ok(count
        .filter(|count| *count != u16::MAX)
        .map_or(0, usize::from))
}

/// The list names a file several times: of such a name only the last file can be had.
fn of_one_name(told: usize, listed: usize) -> Option<ArchiveLoss> {
    let more = told.checked_sub(listed).filter(|more| *more > 0)?;
    Some(damaged(&format!(
        "the zip archive lists {told} files under {listed} names: of those with one name the last is read, {more} not"
    )))
}

/// Where the files lie that a zip archive lists, and where the list does.
fn spans(archive: &mut zip::ZipArchive<impl Read + Seek>) -> Vec<(u64, u64)> {
    let list = archive.central_directory_start();
    let mut spans = vec![(list, u64::MAX)];
    for index in 0..archive.len() {
        if let Ok(file) = archive.by_index_raw(index) {
            let start = file.header_start();
            let end = file.data_start().unwrap_or(start);
            let end = end.saturating_add(file.compressed_size());
            spans.push((start, end));
        }
    }
    spans.sort_unstable();
    spans
}

/// A file between those that are listed begins as one of them does, behind what may follow a file: then the list is not of all.
/// APPNOTE.TXT, sections 4.3.7 and 4.3.9.
fn unlisted(archive: &mut (impl Read + Seek), spans: Vec<(u64, u64)>) -> Option<ArchiveLoss> {
    const DESCRIPTOR: u64 = 24;
    let (mut known, mut bytes) = (0, 0_u64);
    for (start, end) in spans {
        if let Some(gap) = start.checked_sub(known).filter(|gap| *gap > DESCRIPTOR) {
            let mut head = Vec::new();
            archive.seek(SeekFrom::Start(known)).ok()?;
            let more = archive.take(DESCRIPTOR + 4).read_to_end(&mut head);
            let begins = more.is_ok() && head.windows(4).any(|it| it == b"PK\x03\x04");
            bytes = bytes.saturating_add(if begins { gap } else { 0 });
        }
        known = known.max(end);
    }
    (bytes > 0).then(|| {
        damaged(&format!(
            "the zip archive holds files that its list does not name, in {bytes} bytes: they are not read"
        ))
    })
}

fn walk_zip(
    archive: &mut zip::ZipArchive<impl Read + Seek>,
    take: &mut dyn FnMut(Member<'_>),
) -> Vec<ArchiveLoss> {
    let mut losses = Vec::new();
    for index in 0..archive.len() {
        let listed = archive.by_index_raw(index);
        let name = listed.map_or_else(|_| format!("#{index}"), |file| printable(file.name_raw()));
        match archive.by_index(index) {
            Ok(mut file) => hand_out(&mut file, take),
            Err(cause) => losses.push(unopened(name, &cause)),
        }
    }
    losses
}

fn hand_out<R: Read>(file: &mut zip::read::ZipFile<'_, R>, take: &mut dyn FnMut(Member<'_>)) {
    if file.is_dir() {
        return;
    }
    let (name, bytes, is_file) = (printable(file.name_raw()), file.size(), file.is_file());
    take(Member {
        name,
        bytes,
        content: is_file.then_some(file as &mut dyn Read),
        may_grow: true,
    });
}

fn walk_unlisted(
    archive: &mut impl Read,
    take: &mut dyn FnMut(Member<'_>),
) -> Result<(), ZipError> {
    while let Some(mut file) = zip::read::read_zipfile_from_stream(archive)? {
        hand_out(&mut file, take);
    }
    Ok(())
}

fn unopened(name: String, cause: &ZipError) -> ArchiveLoss {
    let text = cause.to_string();
    let kind = match cause {
        ZipError::UnsupportedArchive(why) if why.contains("assword") => LossKind::Encrypted,
        ZipError::UnsupportedArchive(_) => LossKind::UnreadForm,
        _ => LossKind::CorruptArchive,
    };
    ArchiveLoss {
        member: Some(name),
        kind,
        detail: format!("the file cannot be taken from the archive: {text}"),
    }
}

fn damaged(detail: &str) -> ArchiveLoss {
    ArchiveLoss {
        member: None,
        kind: LossKind::CorruptArchive,
        detail: detail.to_owned(),
    }
}

fn printable(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        let invalid = chunk.invalid().iter();
        text.extend(invalid.map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{Cursor, Write};

    const TEXT: &[u8] = b"{\"Records\":[]}";

    fn archives() -> [Vec<u8>; 2] {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let mut tar = tar::Builder::new(Vec::new());
        for name in ["a.json", "b/c.json"] {
            zip.start_file(name, zip::write::SimpleFileOptions::default())
                .unwrap();
            zip.write_all(TEXT).unwrap();
            let mut header = tar::Header::new_ustar();
            header.set_size(TEXT.len() as u64);
            tar.append_data(&mut header, name, TEXT).unwrap();
        }
        [
            zip.finish().unwrap().into_inner(),
            tar.into_inner().unwrap(),
        ]
    }

    #[test]
    fn files_of_one_name_are_a_loss() {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["a.json", "b.json"] {
            zip.start_file(name, zip::write::SimpleFileOptions::default())
                .unwrap();
            zip.write_all(TEXT).unwrap();
        }
        let mut bytes = zip.finish().unwrap().into_inner();
        assert_eq!(walked(&bytes).1, 0);
        let last = bytes.windows(6).rposition(|it| it == b"b.json").unwrap();
        bytes[last] = b'a';
        let (files, losses) = walked(&bytes);
        assert_eq!((files.len(), losses), (1, 1));
    }

    #[test]
    fn files_that_are_not_listed_are_a_loss() {
        let [zip, _] = archives();
        let (files, losses) = walked(&[zip.clone(), zip.clone()].concat());
        assert_eq!((files.len(), losses), (2, 1));
        let list = zip.windows(4).position(|it| it == b"PK\x01\x02").unwrap();
        let second = zip.windows(4).rposition(|it| it == b"PK\x01\x02").unwrap();
        // The list begins with what was its second file, and the end says so.
        let mut hidden = [&zip[..list], &zip[second..]].concat();
        let end = hidden.len() - 22;
        let length = u32::try_from(end - list).unwrap().to_le_bytes();
        hidden[end + 8..end + 12].copy_from_slice(&[1, 0, 1, 0]);
        hidden[end + 12..end + 16].copy_from_slice(&length);
        let (files, losses) = walked(&hidden);
        assert_eq!((files.len(), losses), (1, 1));
        assert_eq!(files[0].0, "b/c.json");
    }

    /// The names and bytes of every file, and how many losses there are.
    fn walked(archive: &[u8]) -> (Vec<(String, Vec<u8>)>, usize) {
        let mut files = Vec::new();
        let mut take = |member: Member<'_>| {
            let mut bytes = Vec::new();
            if let Some(content) = member.content {
                let _ = content.take(1 << 20).read_to_end(&mut bytes);
            }
            files.push((member.name, bytes));
        };
        let losses = match archive_kind(archive) {
            Some(ArchiveKind::Zip) => each_in_zip(Cursor::new(archive), &mut take),
            Some(ArchiveKind::Tar) => each_in_tar(archive, &mut take),
            None => Vec::new(),
        };
        (files, losses.len())
    }

    #[test]
    fn every_file_is_handed_out_in_order() {
        let expected = ["a.json", "b/c.json"].map(|name| (name.to_owned(), TEXT.to_vec()));
        for archive in archives() {
            assert_eq!(walked(&archive), (expected.to_vec(), 0));
        }
    }

    #[test]
    fn other_bytes_are_no_archive() {
        for head in [&b""[..], b"PK", b"{\"Records\":[]}", &[0; 512]] {
            assert_eq!(archive_kind(head), None);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_damaged_the_walk_ends(
            which in 0usize..2,
            places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut archive = archives()[which].clone();
            for (place, byte) in places {
                let place = place.index(archive.len());
                archive[place] = byte;
            }
            archive.truncate(cut.index(archive.len()) + 1);
            walked(&archive);
        }
    }
}
