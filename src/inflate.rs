//! How do bytes become text?
//!
//! By content, not by name: what starts with the gzip magic is inflated, every member of it; anything else is text
//! already. What came out before a damage is kept, and the damage is told. A byte order mark is left to the splitter,
//! which meets one on every path.
//!
//! gzip: <https://www.rfc-editor.org/rfc/rfc1952>

use crate::vocab::LossKind;
use flate2::{Decompress, FlushDecompress, Status};

/// The text of a log file, and what of it could not be had.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Inflated {
    /// The text: of a gzip file, all members' texts, one after the other.
    pub text: Vec<u8>,
    /// What could not be inflated.
    pub losses: Vec<InflateLoss>,
    /// How many gzip members were read; 0: the file was not compressed.
    pub members: u32,
}

/// A damage of a file's compression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InflateLoss {
    /// What kind of damage.
    pub kind: LossKind,
    /// Where it was met: a byte offset into the file, as it lies there.
    pub offset: u64,
    /// The damage in words.
    pub detail: String,
    /// How many bytes of the file (of the text, for a size cap on plain text) were given up, where that is known.
    pub bytes: Option<u64>,
}

/// Inflates a file's bytes to at most `cap` bytes of text.
pub fn inflate(bytes: Vec<u8>, cap: u64) -> Inflated {
    let cap = usize::try_from(cap).unwrap_or(usize::MAX);
    if is_gzip(&bytes) {
        inflate_members(&bytes, cap)
    } else {
        plain(bytes, cap)
    }
}

fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

fn plain(mut text: Vec<u8>, cap: usize) -> Inflated {
    let over = text.len().saturating_sub(cap);
    text.truncate(cap);
    let losses = if over == 0 {
        Vec::new()
    } else {
        vec![loss(
            LossKind::SizeCap,
            cap,
            format!("the text is longer than {cap} bytes"),
            Some(over),
        )]
    };
    Inflated {
        text,
        losses,
        members: 0,
    }
}

/// Inflates member after member; after a damage it goes on at the next member that is whole.
fn inflate_members(bytes: &[u8], cap: usize) -> Inflated {
    let mut out = Inflated::default();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if !is_gzip(rest) {
            at = step_over_trailing(bytes, at, &mut out, cap);
            continue;
        }
        out.members = out.members.saturating_add(1);
        match inflate_member(rest, &mut out.text, cap) {
            Member::Whole { consumed } => at += consumed,
            Member::Corrupt { consumed, cause } => {
                at = step_over_corrupt(bytes, at + consumed, cause, &mut out, cap);
            }
            Member::Truncated => {
                let detail = "the gzip stream ends before its end".to_owned();
                out.losses
                    .push(loss(LossKind::TruncatedGzip, bytes.len(), detail, None));
                break;
            }
            Member::OverCap { consumed } => {
                let detail = format!("more than {cap} bytes of text would come out");
                out.losses
                    .push(loss(LossKind::SizeCap, at + consumed, detail, None));
                break;
            }
        }
    }
    out
}

/// Zeros that pad the file are no loss; other bytes that are no member are one.
fn step_over_trailing(bytes: &[u8], at: usize, out: &mut Inflated, cap: usize) -> usize {
    let padded = bytes
        .iter()
        .skip(at)
        .position(|byte| *byte != 0)
        .map_or(bytes.len(), |zeros| at.saturating_add(zeros));
    if padded == bytes.len() || bytes.get(padded..).is_some_and(is_gzip) {
        return padded;
    }
    let next = next_whole_member(bytes, at, cap).unwrap_or(bytes.len());
    let given_up = next.saturating_sub(at);
    let detail = format!("{given_up} bytes that are no gzip member follow a member");
    out.losses
        .push(loss(LossKind::TrailingBytes, at, detail, Some(given_up)));
    next
}

/// What the next member holds is no continuation of the damaged text, so it begins on a line of its own.
fn step_over_corrupt(
    bytes: &[u8],
    at: usize,
    cause: String,
    out: &mut Inflated,
    cap: usize,
) -> usize {
    let next = next_whole_member(bytes, at, cap);
    let given_up = next.unwrap_or(bytes.len()).saturating_sub(at);
    out.losses.push(loss(
        LossKind::CorruptGzip,
        at,
        format!("the gzip stream is damaged: {cause}"),
        Some(given_up),
    ));
    if next.is_some() && (1..cap).contains(&out.text.len()) {
        out.text.push(b'\n');
    }
    next.unwrap_or(bytes.len())
}

/// How many places that look like the start of a member are tried: the magic also occurs by chance in compressed bytes.
const TRIES: usize = 16;
/// How much text a try may hold on to.
const TRY_CAP: usize = 1 << 24;

fn next_whole_member(bytes: &[u8], from: usize, cap: usize) -> Option<usize> {
    let starts = bytes
        .windows(4)
        .enumerate()
        .skip(from)
        .filter(|(_, window)| is_member_start(window));
    starts.map(|(at, _)| at).take(TRIES).find(|at| {
        bytes
            .get(*at..)
            .is_some_and(|rest| is_worth_resuming(rest, cap.min(TRY_CAP)))
    })
}

/// Magic, method deflate, and none of the reserved flags.
fn is_member_start(window: &[u8]) -> bool {
    matches!(window, [0x1f, 0x8b, 8, flags] if flags & 0xe0 == 0)
}

/// A member that is whole, or so long that chance cannot have made it.
fn is_worth_resuming(rest: &[u8], cap: usize) -> bool {
    matches!(
        inflate_member(rest, &mut Vec::new(), cap),
        Member::Whole { .. } | Member::OverCap { .. }
    )
}

/// How one member went, and how many bytes of the file it took.
enum Member {
    Whole { consumed: usize },
    Truncated,
    OverCap { consumed: usize },
    Corrupt { consumed: usize, cause: String },
}

/// More than this is not handed to the inflater at once, in either direction: it counts in 32 bits.
const AT_ONCE: usize = 1 << 30;

/// Appends one member's text. Header, checksum and length are checked by the inflater.
fn inflate_member(bytes: &[u8], text: &mut Vec<u8>, cap: usize) -> Member {
    let mut inflater = Decompress::new_gzip(15);
    loop {
        let consumed = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
        let rest = bytes.get(consumed..).unwrap_or_default();
        let rest = rest.get(..AT_ONCE).unwrap_or(rest);
        if !make_room(text, rest.len(), cap) {
            return at_cap(&mut inflater, rest);
        }
        let before = text.len();
        let status = inflater.decompress_vec(rest, text, FlushDecompress::None);
        let consumed = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
        match status {
            Ok(Status::StreamEnd) => return Member::Whole { consumed },
            Ok(_) if consumed >= bytes.len() && text.len() == before => return Member::Truncated,
            Ok(_) => {}
            Err(error) => {
                return Member::Corrupt {
                    consumed,
                    cause: error
                        .message()
                        .unwrap_or("no valid deflate data")
                        .to_owned(),
                };
            }
        }
    }
}

/// Makes sure that there is room for more text; says whether there is. The first guess is a log file's usual ratio,
/// then it doubles: what a header promises is never believed.
fn make_room(text: &mut Vec<u8>, compressed: usize, cap: usize) -> bool {
    if text.len() >= cap {
        return false;
    }
    if text.len() == text.capacity() {
        let step = text
            .len()
            .max(compressed.saturating_mul(8))
            .clamp(1 << 12, AT_ONCE);
        text.reserve_exact(step.min(cap.saturating_sub(text.len())));
    }
    true
}

/// With the cap reached the stream may yet be at its end: one more byte would show that it is not.
fn at_cap(inflater: &mut Decompress, rest: &[u8]) -> Member {
    let mut probe = [0u8; 1];
    let before = inflater.total_out();
    let status = inflater.decompress(rest, &mut probe, FlushDecompress::None);
    let consumed = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
    match status {
        _ if inflater.total_out() > before => Member::OverCap { consumed },
        Ok(Status::StreamEnd) => Member::Whole { consumed },
        Ok(_) => Member::Truncated,
        Err(error) => Member::Corrupt {
            consumed,
            cause: error
                .message()
                .unwrap_or("no valid deflate data")
                .to_owned(),
        },
    }
}

fn loss(kind: LossKind, offset: usize, detail: String, bytes: Option<usize>) -> InflateLoss {
    InflateLoss {
        kind,
        offset: offset as u64,
        detail,
        bytes: bytes.map(|count| count as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    const CAP: u64 = 1 << 20;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 1u32;
        std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b'a' + (state >> 28) as u8
        })
        .take(len)
        .collect()
    }

    fn kinds(inflated: &Inflated) -> Vec<(LossKind, u64, Option<u64>)> {
        inflated
            .losses
            .iter()
            .map(|loss| (loss.kind, loss.offset, loss.bytes))
            .collect()
    }

    #[test]
    fn plain_text_passes_through() {
        for text in [&b""[..], b"{}", b"\x1f", b"\xef\xbb\xbf{}"] {
            let inflated = inflate(text.to_vec(), CAP);
            assert_eq!(
                (
                    inflated.text.as_slice(),
                    inflated.members,
                    inflated.losses.len()
                ),
                (text, 0, 0)
            );
        }
    }

    #[test]
    fn every_member_is_read() {
        let bytes = [gzip(b"{\"a\":1}"), gzip(b""), gzip(b"{\"b\":2}\n")].concat();
        let inflated = inflate(bytes, CAP);
        assert_eq!(
            (inflated.text.as_slice(), inflated.members),
            (&b"{\"a\":1}{\"b\":2}\n"[..], 3)
        );
        assert_eq!(inflated.losses, []);
    }

    #[test]
    fn a_header_with_every_optional_field_is_read() {
        let mut encoder = flate2::GzBuilder::new()
            .filename("a.json")
            .comment("c")
            .extra(vec![1, 2, 3])
            .mtime(7)
            .write(Vec::new(), Compression::fast());
        encoder.write_all(b"[]").unwrap();
        assert_eq!(inflate(encoder.finish().unwrap(), CAP).text, b"[]");
    }

    #[test]
    fn zeros_after_a_member_are_padding() {
        let padded = [gzip(b"[]"), vec![0; 512]].concat();
        assert_eq!(inflate(padded.clone(), CAP).losses, []);
        let inflated = inflate([padded, gzip(b"{}")].concat(), CAP);
        assert_eq!(
            (
                inflated.text.as_slice(),
                inflated.losses.len(),
                inflated.members
            ),
            (&b"[]{}"[..], 0, 2)
        );
    }

    #[test]
    fn other_bytes_after_a_member_are_a_loss() {
        let member = gzip(b"[]");
        let inflated = inflate([member.clone(), b"\0\0<html>".to_vec()].concat(), CAP);
        assert_eq!(inflated.text, b"[]");
        assert_eq!(
            kinds(&inflated),
            [(LossKind::TrailingBytes, member.len() as u64, Some(8))]
        );
    }

    #[test]
    fn members_after_other_bytes_are_read() {
        let member = gzip(b"[]");
        let inflated = inflate(
            [member.clone(), b"junk".to_vec(), member.clone()].concat(),
            CAP,
        );
        assert_eq!(inflated.text, b"[][]");
        assert_eq!(
            kinds(&inflated),
            [(LossKind::TrailingBytes, member.len() as u64, Some(4))]
        );
    }

    #[test]
    fn what_came_out_before_a_truncation_is_kept() {
        let text = noise(50_000);
        let bytes = gzip(&text);
        for keep in [
            2,
            5,
            10,
            11,
            1_000,
            bytes.len() / 2,
            bytes.len() - 9,
            bytes.len() - 8,
            bytes.len() - 1,
        ] {
            let inflated = inflate(bytes[..keep].to_vec(), CAP);
            assert!(text.starts_with(&inflated.text), "{keep}");
            assert_eq!(
                kinds(&inflated),
                [(LossKind::TruncatedGzip, keep as u64, None)],
                "{keep}"
            );
            assert!(inflated.text.len() * 2 + 2_000 > keep, "{keep}");
        }
        assert_eq!(inflate(bytes[..bytes.len() - 1].to_vec(), CAP).text, text);
    }

    #[test]
    fn a_wrong_checksum_or_length_keeps_the_text() {
        for from_end in [1, 5] {
            let mut bytes = gzip(b"{\"Records\":[]}");
            let place = bytes.len() - from_end;
            bytes[place] ^= 0x55;
            let inflated = inflate(bytes, CAP);
            assert_eq!(inflated.text, b"{\"Records\":[]}");
            assert_eq!(inflated.losses.len(), 1);
            assert_eq!(inflated.losses[0].kind, LossKind::CorruptGzip);
        }
    }

    #[test]
    fn what_came_out_before_bad_data_is_kept_and_the_next_member_read() {
        let text = noise(400_000);
        let mut bytes = gzip(&text);
        let middle = bytes.len() / 2;
        bytes[middle..middle + 400].fill(0xff);
        let damaged = bytes.len();
        bytes.extend(gzip(b"{\"next\":1}"));
        let inflated = inflate(bytes, CAP);
        let [loss] = inflated.losses.as_slice() else {
            panic!("{:?}", inflated.losses)
        };
        assert_eq!(
            (loss.kind, loss.offset + loss.bytes.unwrap()),
            (LossKind::CorruptGzip, damaged as u64)
        );
        assert!(inflated.text.starts_with(&text[..150_000]));
        assert!(inflated.text.ends_with(b"\n{\"next\":1}"));
    }

    #[test]
    fn a_magic_without_a_stream_is_corrupt() {
        let inflated = inflate(b"\x1f\x8bnot gzip at all, only its magic".to_vec(), CAP);
        assert_eq!((inflated.text.len(), inflated.losses.len()), (0, 1));
        assert_eq!(inflated.losses[0].kind, LossKind::CorruptGzip);
    }

    #[test]
    fn the_cap_keeps_what_fits() {
        let bytes = gzip(&[b' '; 10_000]);
        let fits = inflate(bytes.clone(), 10_000);
        assert_eq!((fits.text.len(), fits.losses.len()), (10_000, 0));
        for cap in [0, 1, 9_999] {
            let over = inflate(bytes.clone(), cap);
            assert_eq!(over.text.len() as u64, cap);
            assert!(over.text.capacity() as u64 <= cap, "{cap}");
            assert_eq!(
                over.losses.iter().map(|loss| loss.kind).collect::<Vec<_>>(),
                [LossKind::SizeCap]
            );
        }
    }

    #[test]
    fn the_cap_counts_all_members_and_plain_text() {
        let two = inflate([gzip(&[b'a'; 60]), gzip(&[b'b'; 60])].concat(), 100);
        assert_eq!(
            (two.text.len(), two.losses[0].kind),
            (100, LossKind::SizeCap)
        );
        let plain = inflate(vec![b' '; 120], 100);
        assert_eq!(
            (plain.text.len(), kinds(&plain)),
            (100, vec![(LossKind::SizeCap, 100, Some(20))])
        );
    }

    #[test]
    fn a_bomb_costs_no_more_than_the_cap() {
        let bomb = gzip(&vec![0; 50 << 20]);
        let inflated = inflate(bomb, 1 << 16);
        assert_eq!(
            (inflated.text.len(), inflated.text.capacity()),
            (1 << 16, 1 << 16)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_inflated_or_lost(bytes in prop::collection::vec(any::<u8>(), 0..400), magic in any::<bool>()) {
            let bytes = if magic { [vec![0x1f, 0x8b, 8, 0], bytes].concat() } else { bytes };
            let len = bytes.len() as u64;
            let inflated = inflate(bytes, 1_000);
            prop_assert!(inflated.text.len() <= 1_000);
            prop_assert!(inflated.losses.iter().all(|loss| loss.offset.saturating_add(loss.bytes.unwrap_or(0)) <= len));
        }

        #[test]
        fn a_damaged_member_never_adds_text_silently(
            texts in prop::collection::vec(prop::collection::vec(32u8..127, 0..300), 1..4),
            place in any::<prop::sample::Index>(),
            change in 1u8..,
        ) {
            let whole: Vec<u8> = texts.concat();
            let mut bytes: Vec<u8> = texts.iter().flat_map(|text| gzip(text)).collect();
            prop_assert_eq!(&inflate(bytes.clone(), CAP).text, &whole);
            let place = place.index(bytes.len());
            bytes[place] ^= change;
            let inflated = inflate(bytes, CAP);
            prop_assert!(inflated.text == whole || !inflated.losses.is_empty() || inflated.members == 0);
        }
    }
}
