//! How is one file opened, and what of it is handed on?
//!
//! Bytes become text, text becomes records; what is damaged on the way is handed on as a loss. A file may hold files: each
//! has a reader of its own. Text is held a window at a time, so that what is in memory does not grow with a file.

use super::archives::Walk;
use crate::inflate::{FirstMember, InflateLoss, Inflater, inflate, is_gzip};
use crate::integrity::ContentHash;
use crate::record::{
    After, Damage, Decoder, Form, Found, MAX_WINDOW, Opened, RawRecord, Record, Splitter, TextKind,
    Told, form_of, is_parquet_of_events,
};
use crate::source::{Bytes, FileChoice, LogFile, Source};
use crate::vocab::{LogFileId, Loss, LossKind, SkipReason};
use std::cell::Cell;
use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

/// Who takes the records of one file.
pub(super) trait Reader: Send {
    /// The next piece of the text, as it came out, and how far the first gzip member reaches as far as is known.
    fn text(&mut self, _: &[u8], _: FirstMember) {}
    /// Whether all of the text is wanted, also where nothing is found in it.
    fn wants_rest(&self) -> bool {
        false
    }
    /// The text is at its end.
    fn end(&mut self, _: &Ended<'_>) {}
    /// The hash of the file as it lies there.
    fn hashed(&mut self, _: ContentHash) {}
    /// A window of the text, before its records.
    fn window(&mut self, _: &[u8]) {}
    /// Whether a record is to be read, and where in the window it stands, if it was not unpacked from something in it.
    /// Whoever says no has counted it.
    fn wants(&mut self, _: &RawRecord<'_>, _: Option<usize>) -> bool {
        true
    }
    /// A record that can be read.
    fn record(&mut self, raw: &RawRecord<'_>, record: &Record<'_>);
    /// Something that cannot be read. It may be one record.
    fn loss(&mut self, loss: Loss);
    /// So many elements of the text are records that cannot be read; the losses say why.
    fn damaged(&mut self, records: u64);
    /// The file is no log file.
    fn skip(&mut self, reason: SkipReason);
    /// The file is an archive, of which so many files were read.
    fn archive(&mut self, _members: u64) {}
    /// So many bytes were taken from a file whose size was not known before.
    fn taken(&mut self, _bytes: u64) {}
}

/// What is known of a text at its end.
pub(super) struct Ended<'e> {
    pub kind: TextKind,
    /// How many gzip members there were.
    pub members: u32,
    /// How many bytes the file has.
    pub size: u64,
    pub first: FirstMember,
    pub losses: &'e [InflateLoss],
    /// The text, where one window held it.
    pub whole: Option<&'e [u8]>,
}

/// What is read of a source, and how much may come out of it.
#[derive(Clone, Copy)]
pub(super) struct Reading<'o> {
    /// Whether files are hashed as they lie there.
    pub custody: bool,
    /// How many bytes may come out of one file's compression.
    pub max_inflated: u64,
    /// Which files are read.
    pub choice: &'o FileChoice,
}

/// Opens a file and hands its records and losses to the reader that `begin` makes for it, and those of every file in it to
/// readers of their own; each goes to `done` when its file is read, in a fixed order.
pub(super) fn read_records<R: Reader>(
    source: &dyn Source,
    file: &LogFile,
    reading: Reading<'_>,
    begin: &(dyn Fn(&LogFile) -> R + Sync),
    done: &mut dyn FnMut(R),
) {
    let mut reader = begin(file);
    if let Some(reason) = reading.choice.passes_over(&file.id) {
        reader.skip(reason);
        return done(reader);
    }
    match source.open(file) {
        Err(loss) => {
            reader.loss(loss);
            done(reader);
        }
        Ok(bytes) => {
            if let Some(hash) = hash_of(source, file, reading) {
                reader.hashed(hash);
            }
            let again = || source.open(file).ok().filter(|_| !file.is_standard_input());
            let taken = AtomicU64::new(0);
            let walk = Walk {
                reading,
                begin,
                depth: 0,
                taken: &taken,
            };
            let bytes = Counted {
                bytes,
                taken: &taken,
            };
            let inflater = Inflater::new(Box::new(bytes), reading.max_inflated);
            walk.open(file, inflater, &again, reader, done);
        }
    }
}

/// The hash of a file as it lies there, where it is wanted and the file can be opened twice.
pub(super) fn hash_of(
    source: &dyn Source,
    file: &LogFile,
    reading: Reading<'_>,
) -> Option<ContentHash> {
    if !reading.custody || file.is_standard_input() {
        return None;
    }
    ContentHash::of_all(source.open(file).ok()?)
}

/// Counts what is taken from a file: of what is piped in nobody knows the size before.
struct Counted<'s> {
    bytes: Box<dyn Bytes + 's>,
    taken: &'s AtomicU64,
}

impl Read for Counted<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(room)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A window begins with this length, and grows only if a record does not fit.
const WINDOW: usize = 8 << 20;
/// How often a file may be compressed: by CloudWatch Logs, and again by Firehose, and again by whoever kept it.
const MOST_LAYERS: u8 = 3;
/// How much may come out of one payload within a text.
const MOST_PAYLOAD: u64 = 64 << 20;

/// The text of a file, begun.
pub(super) struct Begun<'r> {
    pub inflater: Inflater<'r>,
    /// The first window.
    pub first: Vec<u8>,
    pub is_compressed: bool,
    /// How often it was compressed.
    layers: u8,
}

impl Begun<'_> {
    /// How far the first gzip member reaches. Of what is compressed once more its content is not the text.
    fn first_member(&self) -> FirstMember {
        let first = self.inflater.first_member();
        FirstMember {
            is_cut: first.is_cut || self.layers > 1,
            ..first
        }
    }
}

/// Takes away compression, however often it was put on, and reads the first window.
pub(super) fn begin_text<'r>(mut inflater: Inflater<'r>, bytes: u64) -> Begun<'r> {
    let mut is_compressed = false;
    let mut layers = 0;
    loop {
        let mut first = Vec::new();
        fill(&mut inflater, &mut first, bytes, WINDOW);
        is_compressed |= inflater.members() > 0;
        layers += 1;
        if !is_gzip(&first) || layers >= MOST_LAYERS {
            return Begun {
                inflater,
                first,
                is_compressed,
                layers,
            };
        }
        inflater = inflater.inner(first);
    }
}

/// Fills a window up to a length; less is the end of the text. The first guess is a log file's usual ratio.
fn fill(inflater: &mut Inflater<'_>, window: &mut Vec<u8>, bytes: u64, most: usize) -> After {
    let guess = usize::try_from(bytes)
        .unwrap_or(most)
        .saturating_mul(8)
        .min(most);
    while window.len() < most {
        if inflater.read_into(window, guess, most) == 0 {
            return After::End;
        }
    }
    if most < MAX_WINDOW {
        After::More
    } else {
        After::Full
    }
}

/// Reads the text of a file that is no archive.
pub(super) fn read_text(
    file: &LogFile,
    mut begun: Begun<'_>,
    reading: Reading<'_>,
    reader: &mut dyn Reader,
) {
    let mut window = std::mem::take(&mut begun.first);
    let budget = Cell::new(reading.max_inflated);
    let opener = |bytes: Vec<u8>| open_payload(&bytes, &budget);
    let mut splitter = Splitter::new(&opener);
    let mut decoder = Decoder::new();
    let form = form_of(&window);
    let (mut most, mut records, mut is_whole) = (WINDOW, 0, true);
    reader.text(&window, begun.first_member());
    loop {
        let known = window.len();
        let after = fill(&mut begun.inflater, &mut window, file.bytes, most);
        let piece = window.get(known..).unwrap_or_default();
        reader.text(piece, begun.first_member());
        let fed = splitter.feed(&window, after);
        records += fed.records.len() as u64;
        if !fed.records.is_empty() {
            reader.window(&window);
        }
        for raw in fed.records.iter().map(Found::as_raw) {
            if reader.wants(&raw, place_in(&window, raw.raw)) {
                hand_over(&file.id, &raw, &mut decoder, reader);
            }
        }
        let is_all = after == After::End && fed.done >= window.len();
        if is_all || (splitter.is_over() && form != Some(Form::Parquet)) {
            is_whole &= after == After::End;
            break;
        }
        is_whole &= fed.done == 0;
        window.drain(..fed.done);
        if window.len() > most / 2 {
            most = most.saturating_mul(2).min(MAX_WINDOW);
        }
    }
    if reader.wants_rest() {
        read_rest(&mut begun, reader);
    }
    let told = splitter.finish();
    let losses = begun.inflater.take_losses();
    reader.end(&Ended {
        kind: told.kind,
        members: begun.inflater.members(),
        size: begun.inflater.offset(),
        first: begun.first_member(),
        losses: &losses,
        whole: is_whole.then_some(window.as_slice()),
    });
    let seen = Seen {
        file,
        is_compressed: begun.is_compressed,
        is_damaged: !losses.is_empty(),
        form,
        end: &window,
    };
    for loss in losses {
        reader.loss(Loss {
            offset: Some(loss.offset),
            bytes: loss.bytes,
            ..of_file(&file.id, loss.kind, &loss.detail)
        });
    }
    match unusable(&told, &seen) {
        Some(Unused::Skip(reason)) => reader.skip(reason),
        Some(Unused::Loss(kind, detail)) => reader.loss(of_file(&file.id, kind, &detail)),
        None => {
            reader.damaged(told.elements.saturating_sub(records));
            for damage in told.damage {
                reader.loss(damage_loss(&file.id, damage));
            }
        }
    }
}

/// Hands over the rest of a text in which nothing is looked for.
fn read_rest(begun: &mut Begun<'_>, reader: &mut dyn Reader) {
    let mut piece = Vec::new();
    while begun.inflater.read_into(&mut piece, WINDOW, WINDOW) > 0 {
        reader.text(&piece, begun.first_member());
        piece.clear();
    }
}

/// What was seen of a file beside its records.
struct Seen<'a> {
    file: &'a LogFile,
    is_compressed: bool,
    is_damaged: bool,
    form: Option<Form>,
    /// The last window.
    end: &'a [u8],
}

enum Unused {
    Skip(SkipReason),
    Loss(LossKind, String),
}

fn lost(kind: LossKind, detail: &str) -> Option<Unused> {
    Some(Unused::Loss(kind, detail.to_owned()))
}

/// Why nothing of a text can be used, if so. What its name or its damage says is a log file is a loss; the rest is skipped.
fn unusable(told: &Told, seen: &Seen<'_>) -> Option<Unused> {
    let delivered = seen.file.delivered_key().is_some();
    let expected = seen.is_compressed || seen.file.name_suggests_log();
    let is_named = |damage: &Damage| damage.kind == LossKind::UnreadForm;
    match told.kind {
        TextKind::Log => None,
        TextKind::Digest => Some(Unused::Skip(SkipReason::Digest)),
        TextKind::Control => Some(Unused::Skip(SkipReason::ControlMessage)),
        TextKind::Utf16 => lost(
            LossKind::Encoding,
            "the text is UTF-16, which CloudTrail never writes",
        ),
        TextKind::NotJson if seen.form.is_some() => no_json(seen),
        TextKind::Empty if seen.is_damaged => None,
        TextKind::Empty if expected => lost(LossKind::Empty, "the file holds nothing"),
        TextKind::NotJson if expected => lost(LossKind::NotJson, "neither gzip nor JSON"),
        TextKind::NoRecords if told.damage.iter().any(is_named) => None,
        TextKind::NoRecords if !told.damage.is_empty() && expected => None,
        TextKind::NoRecords if delivered => {
            lost(LossKind::NotARecord, "JSON, but no CloudTrail records")
        }
        TextKind::Empty | TextKind::NotJson | TextKind::NoRecords => {
            Some(Unused::Skip(SkipReason::NotCloudTrail))
        }
    }
}

/// A form that is known and not read.
fn no_json(seen: &Seen<'_>) -> Option<Unused> {
    let loss = |kind, detail| Some(Unused::Loss(kind, detail));
    match seen.form? {
        Form::Unread(form) => loss(
            LossKind::UnreadForm,
            format!("{form}: recognised, but not read"),
        ),
        Form::Compressed(how) => loss(
            LossKind::UnreadForm,
            format!("compressed with {how}, which is not read: give it as gzip, zip or tar"),
        ),
        Form::Parquet if is_parquet_of_events(seen.end) => loss(
            LossKind::UnreadForm,
            "a Parquet table of CloudTrail events, as Security Lake and Athena keep them: recognised, but not read".to_owned(),
        ),
        Form::Encrypted(how) => loss(LossKind::Encrypted, format!("the file is {how}")),
        Form::Parquet | Form::Litter => Some(Unused::Skip(SkipReason::NotCloudTrail)),
    }
}

/// Opens a payload within a text; all of a file's payloads share what may come out of it.
fn open_payload(bytes: &[u8], budget: &Cell<u64>) -> Opened {
    let mut opened = Opened {
        text: bytes.to_vec(),
        damage: Vec::new(),
    };
    for _ in 0..MOST_LAYERS {
        if !is_gzip(&opened.text) {
            break;
        }
        let inflated = inflate(&opened.text, budget.get().min(MOST_PAYLOAD));
        budget.set(budget.get().saturating_sub(inflated.text.len() as u64));
        opened.text = inflated.text;
        let damage = inflated.losses.into_iter();
        opened
            .damage
            .extend(damage.map(|loss| (loss.kind, loss.detail)));
    }
    opened
}

/// A loss that is a file's, and no record's.
pub(super) fn of_file(id: &LogFileId, kind: LossKind, detail: &str) -> Loss {
    Loss {
        log_file: id.clone(),
        record_index: None,
        offset: Some(0),
        kind,
        detail: detail.into(),
        bytes: None,
    }
}

fn damage_loss(id: &LogFileId, damage: Damage) -> Loss {
    Loss {
        log_file: id.clone(),
        record_index: damage.record_index,
        offset: Some(damage.offset),
        kind: damage.kind,
        detail: damage.detail.into(),
        bytes: damage.bytes,
    }
}

/// Where in a window a record stands, unless it was unpacked from something in it.
fn place_in(window: &[u8], record: &[u8]) -> Option<usize> {
    let start = record.as_ptr().addr().checked_sub(window.as_ptr().addr())?;
    let end = start.checked_add(record.len())?;
    (end <= window.len()).then_some(start)
}

fn hand_over(id: &LogFileId, raw: &RawRecord<'_>, decoder: &mut Decoder, reader: &mut dyn Reader) {
    match decoder.decode(raw.raw) {
        Ok(record) => reader.record(raw, &record),
        Err(error) => {
            reader.loss(record_loss(id, raw, error.kind, &error.detail));
            reader.damaged(1);
        }
    }
}

pub(super) fn record_loss(
    id: &LogFileId,
    raw: &RawRecord<'_>,
    kind: LossKind,
    detail: &str,
) -> Loss {
    Loss {
        log_file: id.clone(),
        record_index: Some(raw.index),
        offset: Some(raw.offset),
        kind,
        detail: detail.into(),
        bytes: Some(raw.raw.len() as u64),
    }
}
