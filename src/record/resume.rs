//! Where does reading go on after a damage?
//!
//! At the next place where a document must begin: a line that begins one, or a log file's `{"Records"`.

use super::scan::{Cursor, Fault, is_blank};
use super::sweep::BEGINNING;

/// Where reading goes on after a damaged document: at the next line that begins a document, or at the next log file.
///
/// Of the lines before the place where the damage was met, only those count that are a document by themselves: they are
/// the good neighbours of a cut line. A `{"Records"` counts only where no value can be: what a request said, an attacker
/// may have chosen, and it must not become a log file because the record around it is cut.
pub(super) fn next_document_after(text: &[u8], start: usize, met_at: usize) -> usize {
    let begins = |at: usize| match (text.get(at.wrapping_sub(1)), text.get(at)) {
        (Some(b'\n'), Some(b'{' | b'[')) => at >= met_at || is_line_document(text, at),
        (Some(b'\n'), Some(b'0'..=b'9')) => line_prefix(text, at)
            .is_some_and(|prefix| at >= met_at || is_line_document(text, at + prefix)),
        (Some(b':' | b',' | b'['), _) => false,
        (Some(before), Some(b'{')) => !is_blank(*before) && begins_log_file(text, at),
        _ => false,
    };
    (start.saturating_add(1)..text.len())
        .find(|at| begins(*at))
        .unwrap_or(text.len())
}

/// Where reading goes on in an array of records one of which is damaged: at the next that begins as CloudTrail's do, where the one
/// before it may have ended. Inside of a text no such quotes can be; what lies in brackets of its own behind the damage could look so.
pub(super) fn next_record_after(text: &[u8], met_at: usize) -> Option<usize> {
    let begins = memchr::memmem::find_iter(text.get(met_at..)?, BEGINNING);
    begins.map(|at| met_at + at).find(|at| {
        let before = text.get(..*at).unwrap_or_default().trim_ascii_end();
        let before = before.strip_suffix(b",").unwrap_or(before);
        before.trim_ascii_end().ends_with(b"}")
    })
}

/// Where reading goes on after bytes that begin no document: at the next line that does, or at the next log file or
/// record on this one.
pub(super) fn next_document_in_garbage(text: &[u8], start: usize) -> usize {
    let mut line_is_blank = false;
    for (at, byte) in text.iter().enumerate().skip(start) {
        match byte {
            b'\n' => line_is_blank = true,
            b'{' | b'[' if line_is_blank => return at,
            b'0'..=b'9' if line_is_blank && line_prefix(text, at).is_some() => return at,
            b'{' if begins_log_file(text, at)
                || text
                    .get(at..)
                    .is_some_and(|rest| rest.starts_with(b"{\"event")) =>
            {
                return at;
            }
            byte if is_blank(*byte) => {}
            _ => line_is_blank = false,
        }
    }
    text.len()
}

/// How long the words before the record are, on a line that CloudWatch Logs wrote: an instant (ISO 8601 or milliseconds), in
/// what `aws logs tail` prints also the stream's name.
///
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/S3ExportTasks.html>
pub(super) fn line_prefix(text: &[u8], at: usize) -> Option<usize> {
    let line = text.get(at..)?;
    let line = line.get(..MOST_PREFIX).unwrap_or(line);
    let instant = line.iter().position(|byte| is_blank(*byte))?;
    let is_instant = |byte: &u8| byte.is_ascii_digit() || b"-:.TZ+".contains(byte);
    if instant < 10 || !line.get(..instant)?.iter().all(is_instant) {
        return None;
    }
    let end = line
        .iter()
        .position(|byte| matches!(byte, b'{' | b'\n' | b'"'))?;
    let words = line
        .get(instant..end)?
        .split(|byte| matches!(byte, b' ' | b'\t'));
    let streams = words.filter(|word| !word.is_empty()).count();
    (line.get(end) == Some(&b'{') && streams <= 1).then_some(end)
}

/// An instant and a stream's name, which has up to 512 characters.
pub(super) const MOST_PREFIX: usize = 600;

fn begins_log_file(text: &[u8], at: usize) -> bool {
    text.get(at..)
        .is_some_and(|rest| rest.starts_with(b"{\"Records\""))
}

/// Whether the line that begins there is one whole JSON value.
fn is_line_document(text: &[u8], at: usize) -> bool {
    let line = text.get(at..).unwrap_or_default();
    let end = line
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(line.len());
    let mut cursor = Cursor::new(line.get(..end).unwrap_or_default(), 0);
    cursor.value().is_ok() && cursor.peek() == Err(Fault::Ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_damage_the_next_document_is_found() {
        for (text, met_at, rest) in [
            ("{\"a\":\n{\"b\":1}\n{\"c\":1}", 15, "{\"b\":1}\n{\"c\":1}"),
            ("{\"a\":\n{\"b\":1},\n{\"c\":1}", 15, "{\"c\":1}"),
            ("{\"a\n[1", 4, "[1"),
            ("{\"a\n  {\"b\":1}", 4, ""),
            ("{\"a{\"Records\"", 4, "{\"Records\""),
            ("{\"a\":{\"Records\"", 16, ""),
            ("{\"a\": {\"Records\"", 17, ""),
            ("{", 1, ""),
        ] {
            let next = next_document_after(text.as_bytes(), 0, met_at);
            assert_eq!(&text[next..], rest, "{text}");
        }
    }

    #[test]
    fn after_a_damage_in_an_array_the_next_record_is_found() {
        const RECORD: &str = "{\"eventVersion\":\"1\"}";
        for (before, is_found) in [
            ("{} ", true),
            ("{},", true),
            ("{},\n  ", true),
            ("{\"a\":", false),
            ("[", false),
            (",", false),
            ("", false),
        ] {
            let text = format!("{before}{RECORD}");
            let found = next_record_after(text.as_bytes(), 0);
            assert_eq!(found, is_found.then_some(before.len()), "{text}");
        }
        let text = format!("{RECORD},{RECORD}");
        assert_eq!(
            next_record_after(text.as_bytes(), 1),
            Some(RECORD.len() + 1)
        );
        assert_eq!(next_record_after(text.as_bytes(), RECORD.len() + 2), None);
    }

    #[test]
    fn a_line_of_cloudwatch_logs_has_an_instant_before_the_record() {
        for (line, prefix) in [
            ("2024-03-04T08:59:00.000Z {\"a\":1}", Some(25)),
            ("1709542740000 {\"a\":1}", Some(14)),
            (
                "2024-03-04T08:59:00.123000+00:00 111122223333_CloudTrail_eu-west-1_2 {",
                Some(69),
            ),
            ("2024-03-04T08:59:00.000Z ok", None),
            ("2024-03-04T08:59:00.000Z a b {", None),
            ("20240304 {", None),
            ("2024-03-04T08:59:00.000Z \n{", None),
            ("192.0.2.1 - - [04/Mar/2024] \"GET\" {", None),
        ] {
            assert_eq!(line_prefix(line.as_bytes(), 0), prefix, "{line}");
        }
    }

    #[test]
    fn after_garbage_the_next_document_is_found() {
        for (text, rest) in [
            ("x {}\n  {}", "{}"),
            ("x\ny{}\n\t[", "["),
            ("x{\"Records\"", "{\"Records\""),
            (",{\"eventVersion\"", "{\"eventVersion\""),
            ("x{\"a\"", ""),
            (
                "x\n2024-03-04T08:59:00.000Z {\"a\"",
                "2024-03-04T08:59:00.000Z {\"a\"",
            ),
        ] {
            let next = next_document_in_garbage(text.as_bytes(), 0);
            assert_eq!(&text[next..], rest, "{text}");
        }
    }
}
