//! What is a file that is no JSON?
//!
//! Forms in which CloudTrail's events are kept that are not read are named, so that nobody takes them for read.

/// What a file that holds no JSON is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Events, in a form that is not read.
    Unread(&'static str),
    /// Another compression, in which events may lie.
    Compressed(&'static str),
    /// A Parquet table: what it holds, its end tells.
    Parquet,
    /// Bytes that were encrypted by the client, or never decrypted.
    Encrypted(&'static str),
    /// What an operating system or a service leaves beside files.
    Litter,
}

/// What begins so, where it is known.
pub fn form_of(head: &[u8]) -> Option<Form> {
    if matches!(head.first(), Some(b'{' | b'[')) {
        return None;
    }
    let by_magic = MAGICS
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
        .map(|(_, form)| *form);
    by_magic.or_else(|| table(head))
}

const KMS: Form = Form::Encrypted("AWS KMS ciphertext");
const SDK: Form = Form::Encrypted("an AWS Encryption SDK message");

/// <https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html>; KMS documents no format, its
/// ciphertexts all begin so.
const MAGICS: [(&[u8], Form); 16] = [
    (b"PAR1", Form::Parquet),
    (b"\x28\xb5\x2f\xfd", Form::Compressed("zstd")),
    (b"BZh", Form::Compressed("bzip2")),
    (b"\xfd7zXZ\0", Form::Compressed("xz")),
    (b"7z\xbc\xaf\x27\x1c", Form::Compressed("7z")),
    (b"Rar!\x1a\x07", Form::Compressed("RAR")),
    (b"\x04\x22\x4d\x18", Form::Compressed("LZ4")),
    (b"\x01\x02\x02\x00\x78", KMS),
    (b"\x01\x02\x03\x00\x78", KMS),
    (b"AQICAH", KMS),
    (b"AQIDAH", KMS),
    (b"\x01\x80", SDK),
    (b"\x02\x04\x78", SDK),
    (b"\x02\x05\x78", SDK),
    (b"\x00\x05\x16\x07", Form::Litter),
    (b"Permission Check Successful", Form::Litter),
];

/// Whether a Parquet file's end names columns of CloudTrail events: of Athena, Security Lake or Lake. A name in quotes is
/// none of a column: statistics quote what a table holds, and a report of ours holds records.
pub fn is_parquet_of_events(end: &[u8]) -> bool {
    let has = |name: &[u8]| {
        let mut places = end.windows(name.len()).enumerate();
        places.any(|(at, window)| {
            let before = at.checked_sub(1).and_then(|before| end.get(before));
            window.eq_ignore_ascii_case(name) && before != Some(&b'"')
        })
    };
    (has(b"eventname") && has(b"eventsource")) || (has(b"class_uid") && has(b"metadata"))
}

/// The line of column names is not longer than this.
const LONGEST_HEADING: usize = 1 << 16;

/// A table of events, told by the names of its columns.
fn table(head: &[u8]) -> Option<Form> {
    let head = head.get(..LONGEST_HEADING).unwrap_or(head);
    let line = head.split(|byte| *byte == b'\n').next()?;
    let line =
        String::from_utf8_lossy(line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)).to_lowercase();
    let columns: Vec<&str> = line
        .split([',', ';', '\t'])
        .map(|column| column.trim().trim_matches('"'))
        .collect();
    let has = |names: &[&str]| names.iter().all(|name| columns.contains(name));
    let tables: [(&[&str], &str); 7] = [
        (&["eventjson"], "a CSV of CloudTrail Lake"),
        (
            &["eventname", "useridentityarn"],
            "a CSV of Microsoft Sentinel's AWSCloudTrail table",
        ),
        (
            &["eventname", "eventsource", "useridentity"],
            "a CSV of Amazon Athena or CloudTrail Lake",
        ),
        (&["eventname", "eventsource"], "a CSV of CloudTrail events"),
        (
            &["event name", "event source"],
            "a CSV of the console's Event history",
        ),
        (
            &["event.action", "event.provider"],
            "a CSV of Elastic documents",
        ),
        (&["_raw"], "a CSV of Splunk's"),
    ];
    let found = tables.iter().find(|(names, _)| has(names));
    found.map(|(_, form)| Form::Unread(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_read_is_named() {
        for (head, form) in [
            (
                &b"eventversion,useridentity,eventtime,eventsource,eventname\n1.08"[..],
                Some(Form::Unread("a CSV of Amazon Athena or CloudTrail Lake")),
            ),
            (
                b"\"eventJson\",\"eventTime\"\r\n",
                Some(Form::Unread("a CSV of CloudTrail Lake")),
            ),
            (
                b"\xef\xbb\xbfEvent name,Event time,User name,Event source,Resource type\n",
                Some(Form::Unread("a CSV of the console's Event history")),
            ),
            (
                b"TimeGenerated,EventName,EventSource,UserIdentityArn\n",
                Some(Form::Unread(
                    "a CSV of Microsoft Sentinel's AWSCloudTrail table",
                )),
            ),
            (
                b"\"eventJson\"\n\"{\"\"eventVersion\"\":",
                Some(Form::Unread("a CSV of CloudTrail Lake")),
            ),
            (
                b"eventjson\n",
                Some(Form::Unread("a CSV of CloudTrail Lake")),
            ),
            (b"_time,_raw\n", Some(Form::Unread("a CSV of Splunk's"))),
            (b"_raw\n", Some(Form::Unread("a CSV of Splunk's"))),
            (b"eventName\n", None),
            (b"name,time\n", None),
            (b"PAR1\x15\x04", Some(Form::Parquet)),
            (b"\x01\x02\x02\x00\x78\xaa", Some(KMS)),
            (b"BZh91AY", Some(Form::Compressed("bzip2"))),
            (b"call Bob", None),
            (b"", None),
        ] {
            assert_eq!(form_of(head), form, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn a_parquet_file_tells_its_columns_at_its_end() {
        assert!(is_parquet_of_events(
            b"..eventVersion..eventSource..eventName.."
        ));
        assert!(is_parquet_of_events(b"metadata class_uid"));
        assert!(!is_parquet_of_events(b"exposure_id bucket PAR1"));
        assert!(!is_parquet_of_events(
            b"record {\"eventName\":\"x\",\"eventSource\":"
        ));
    }
}
