//! What does whoever has to respond read first? One page: what is open, what was, and what the evidence cannot tell.
//!
//! Open exposures come first, the longest before the others. All text passes through `escape`; colours only add.

mod assurance;
mod exposure;
mod lanes;
mod other;
mod page;

pub(super) use other::latent;

use super::words::{self, count, grouped};
use super::{ReportError, limits, lines};
use crate::analysis::Analysis;
use crate::timeline::Exposure;
use page::{Ink, Page};
use std::cmp::Reverse;
use std::io::Write;

/// So many ends of evidence are shown.
const MOST_ENDS: usize = 20;

/// How a page is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Whether colours may be used (ANSI escapes, of ours only).
    pub color: bool,
    /// How many columns a line may have; below 40 it counts as 40.
    pub width: u16,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            width: 80,
        }
    }
}

/// A length of time in words.
pub(super) fn length(seconds: i64) -> String {
    words::duration(seconds)
}

/// Writes the whole page.
///
/// # Errors
/// If the output takes no more.
pub fn write(analysis: &Analysis, style: &Style, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut page = Page::new(*style);
    headline(&mut page, analysis);
    lanes::write(&mut page, analysis);
    let totals = analysis.totals().exposures();
    exposure::write(
        &mut page,
        "Still open",
        Ink::Alarm,
        &sorted(analysis, Exposure::is_open),
        totals.open,
        analysis,
    );
    exposure::write(
        &mut page,
        "Closed",
        Ink::Strong,
        &sorted(analysis, |row| !row.is_open()),
        totals.closed,
        analysis,
    );
    other::write(&mut page, analysis);
    assurance::write(&mut page, analysis);
    cannot_tell(&mut page, analysis);
    Ok(page.print(out)?)
}

/// The page's last sections: what the evidence cannot tell, and where it ends.
fn cannot_tell(page: &mut Page, analysis: &Analysis) {
    page.heading("What this evidence cannot tell", Ink::Strong);
    for line in limits::lines(analysis) {
        page.element(&line);
    }
    if !analysis.coverage.is_empty() {
        page.heading("Where the evidence ends", Ink::Strong);
        page.elements(limits::ends(analysis), MOST_ENDS, "run.json");
    }
}

/// Writes what fits on a screen: for a run whose report goes to a folder.
///
/// # Errors
/// If the output takes no more.
pub fn write_summary(
    analysis: &Analysis,
    style: &Style,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut page = Page::new(*style);
    headline(&mut page, analysis);
    lanes::write(&mut page, analysis);
    let open = analysis.totals().exposures().open;
    exposure::write_short(&mut page, &sorted(analysis, Exposure::is_open), open);
    other::write_short(&mut page, analysis);
    assurance::write_short(&mut page, analysis);
    Ok(page.print(out)?)
}

/// The exposures that are asked for, the longest first.
pub(super) fn sorted(analysis: &Analysis, asked: fn(&Exposure) -> bool) -> Vec<&Exposure> {
    let mut rows: Vec<&Exposure> = analysis.exposures.iter().filter(|row| asked(row)).collect();
    rows.sort_by_key(|row| Reverse(row.duration_seconds));
    rows
}

fn headline(page: &mut Page, analysis: &Analysis) {
    let ink = match analysis.totals().exposed_now {
        0 => Ink::Strong,
        _ => Ink::Alarm,
    };
    page.heading(&told_first(analysis), ink);
    page.blank();
    for (label, value) in ledger(analysis) {
        page.field(label, &value);
    }
    if let Some(parts) = lines::parts(analysis) {
        page.blank();
        page.text(&format!(
            "Note: {parts}. What the rest tells is not in this report."
        ));
    }
    if let Some(beyond) = lines::beyond(analysis) {
        page.blank();
        page.text(&beyond);
    }
}

/// What was found, in a sentence or two.
pub(super) fn told_first(analysis: &Analysis) -> String {
    let totals = analysis.totals();
    let (open, exposed, undecided) = (totals.exposed_now, totals.exposed, totals.undecided);
    let left = match undecided {
        0 => String::new(),
        _ => format!(" {} cannot be decided.", count(undecided, "bucket")),
    };
    let no_log = analysis.no_log().map(|found| lines::no_log_line(&found));
    let told = match (exposed, open) {
        (0, _) if let Some(no_log) = no_log => {
            let rest = no_log.strip_prefix("no").unwrap_or_default();
            format!("No{rest}. Of no bucket can anything be said.")
        }
        (0, _) if analysis.evidence.is_none() => {
            "No record was read: of no bucket can anything be said.".to_owned()
        }
        (0, _) if let Some((last, from)) = analysis.ends_before() => format!(
            "The evidence ends at {last}, before {from}: nothing can be said of the time that was asked for."
        ),
        (0, _) => "No exposure was found.".to_owned(),
        (1, 0) => "1 bucket was exposed; it is closed.".to_owned(),
        (1, _) => "1 bucket is exposed, and still open.".to_owned(),
        (_, 0) => format!("{} buckets were exposed; all are closed.", grouped(exposed)),
        _ => format!(
            "{} buckets were exposed; {} still open.",
            grouped(exposed),
            grouped(open)
        ),
    };
    format!("{told}{left}")
}

/// What was read: the evidence's span, and counts that add up.
pub(super) fn ledger(analysis: &Analysis) -> [(&'static str, String); 3] {
    let counts = &analysis.counts;
    let evidence = match analysis.evidence {
        Some((first, last)) => format!("{first} to {last}"),
        None => "none: no record was read".to_owned(),
    };
    let files = [
        (counts.files_read, "read"),
        (counts.files_skipped, "skipped"),
        (counts.files_lost, "lost"),
    ];
    let records = [
        (counts.used, "used"),
        (counts.not_of_interest, "of no interest here"),
        (counts.duplicates, "repeated"),
        (counts.lost, "lost"),
    ];
    [
        ("evidence", evidence),
        ("files", sum(counts.files, &files)),
        ("records", sum(counts.records, &records)),
    ]
}

/// A number, and what it is the sum of.
fn sum(total: u64, parts: &[(u64, &str)]) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|(number, what)| format!("{} {what}", grouped(*number)))
        .collect();
    format!("{}: {}", grouped(total), parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{attacked, sample};
    use super::*;

    fn told(analysis: &Analysis, style: Style) -> String {
        let mut out = Vec::new();
        write(analysis, &style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn summary(analysis: &Analysis) -> String {
        let mut out = Vec::new();
        write_summary(analysis, &Style::default(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn at_width(width: u16) -> Style {
        Style {
            color: false,
            width,
        }
    }

    #[test]
    fn no_attack_reaches_the_page() {
        let page = told(&attacked(), Style::default());
        let steers = |c: char| c.is_control() && c != '\n';
        assert!(!page.contains(steers), "{page}");
        let hidden = [
            '\u{202e}', '\u{2066}', '\u{200b}', '\u{200d}', '\u{feff}', '\u{9b}',
        ];
        assert!(!page.contains(hidden), "{page}");
        assert!(
            page.len() < 100_000,
            "100 kB of one text were shown: {} bytes",
            page.len()
        );
    }

    #[test]
    fn a_forged_line_stays_inside_its_value() {
        let page = told(&attacked(), Style::default());
        assert!(
            !page.lines().any(|line| line.starts_with("No bucket")),
            "{page}"
        );
    }

    #[test]
    fn no_line_is_wider_than_the_page() {
        for width in [0, 40, 60, 80, 100] {
            for analysis in [sample(), attacked()] {
                let most = usize::from(width.max(40));
                let page = told(&analysis, at_width(width));
                let longest = page.lines().map(|line| line.chars().count()).max();
                assert!(longest.is_some_and(|longest| longest <= most), "{page}");
            }
        }
    }

    #[test]
    fn colours_only_add() {
        let colored = Style {
            color: true,
            ..Style::default()
        };
        let mut page = told(&sample(), colored);
        assert!(page.contains("\u{1b}[1;31m"));
        for code in ["1;31", "1", "2", "33", "34", "0"] {
            page = page.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_eq!(page, told(&sample(), Style::default()));
    }

    #[test]
    fn the_page_reads_from_what_is_open_to_what_cannot_be_told() {
        insta::assert_snapshot!(told(&sample(), Style::default()), @r"
        2 buckets were exposed; 1 still open. 1 bucket cannot be decided.

            evidence    2024-01-01T00:00:00Z to 2024-01-11T10:00:00Z
            files       4: 1 read, 2 skipped, 1 lost
            records     9: 4 used, 3 of no interest here, 1 repeated, 1 lost

                                     2024-01-01 00:00                   2024-01-11 10:00
          amzn-s3-demo-logs          ███████████████████████████████████████████████████
                                     █
          amzn-s3-demo-assets        ▓
          amzn-s3-demo-old           ???????????????????????????????????????????????????

        █ public  ▓ cross-account  ▒ limited  ? unknown  · private  ╌ latent  ╱ no
        evidence  ▁▃▇ came in
        1 of 3 lanes is of a bucket without an exposure: limited to fixed networks,
        sources or services, or unknown.

        Still open (1)

          amzn-s3-demo-logs
            open to     the public
            by          access point partner-feed
            principals  everyone
            owner       account 111122223333, eu-west-1
            since       2024-01-01T00:16:40Z
                        what was before is not in the evidence
            lasted      at least 10 d 9 h
            leans on    no change in times without evidence: 2024-01-01T00:33:20Z to
                        2024-01-01T00:50:00Z
            may         list, read
            on          bucket, public/*
            narrowed by aws:Referer
            through     bucket-policy
            opened by   arn:aws:sts::111122223333:assumed-role/Admin/alice
                        AssumedRole without MFA, from 203.0.113.9
                        aws-cli/2.15.0 Python/3.11.6 Linux/5.10 exe/x86_64 prompt/off
                        command/s3api.put-bucket-policy
                        PutBucketPolicy
                        event ab45689d-69cd-41e7-8705-000000001000
                        record 3 of logs/a.json.gz
            traced to   arn:aws:iam::111122223333:user/alice (from 203.0.113.9, access
                        key AKIAIOSFODNN7EXAMPLE) <-
                        arn:aws:sts::111122223333:assumed-role/Admin/alice (AssumeRole
                        2024-01-01T00:10:00Z, event
                        ab45689d-69cd-41e7-8705-000000000600, from 203.0.113.9)
            came in     3 requests from 1 address, 3.0 MiB sent; 2 denied
                        2024-01-01T00:20:00Z to 2024-01-01T00:21:40Z
                        anonymous from 198.51.100.7: 3 GetObject of about 3 objects, 3.0
                        MiB, [curl/8.5.0]
            assumed     the bucket's public access block was never seen; taken as off
                        the account's public access block was never seen; taken as off

        Closed (1)

          amzn-s3-demo-assets
            open to     account 444455556666
            by          access point partner-feed
            principals  arn:aws:iam::444455556666:root
            owner       account 111122223333, eu-west-1
            when        2024-01-01T00:18:20Z until 2024-01-01T00:57:48Z
                        it was closed at 2024-01-01T00:01:40Z; what opened it since was
                        not seen
                        it was closed by 2024-01-01T01:06:40Z; what closed it was not
                        seen
            lasted      at least 56 min 8 s
            leans on    no change in times without evidence: 2024-01-01T00:33:20Z to
                        2024-01-01T00:50:00Z
            may         list, read
            on          bucket, public/*
            narrowed by aws:Referer
            through     bucket-policy
            opened by   arn:aws:sts::111122223333:assumed-role/Admin/alice
                        AssumedRole without MFA, from 203.0.113.9
                        aws-cli/2.15.0 Python/3.11.6 Linux/5.10 exe/x86_64 prompt/off
                        command/s3api.put-bucket-policy
                        DeleteAccountPublicAccessBlock
                        event ab45689d-69cd-41e7-8705-000000001100
                        record 3 of logs/a.json.gz
            traced to   arn:aws:iam::111122223333:user/alice (from 203.0.113.9, access
                        key AKIAIOSFODNN7EXAMPLE) <-
                        arn:aws:sts::111122223333:assumed-role/Admin/alice (AssumeRole
                        2024-01-01T00:10:00Z, event
                        ab45689d-69cd-41e7-8705-000000000600, from 203.0.113.9)
            granted by  arn:aws:sts::111122223333:assumed-role/Admin/alice
                        PutBucketPolicy at 2024-01-01T00:16:40Z
                        event ab45689d-69cd-41e7-8705-000000001000
            closed by   arn:aws:sts::111122223333:assumed-role/Admin/alice
                        AssumedRole without MFA, from 203.0.113.9
                        aws-cli/2.15.0 Python/3.11.6 Linux/5.10 exe/x86_64 prompt/off
                        command/s3api.put-bucket-policy
                        DeleteBucketPolicy
                        event ab45689d-69cd-41e7-8705-000000003468
                        record 3 of logs/a.json.gz
            traced to   arn:aws:iam::111122223333:user/alice (from 203.0.113.9, access
                        key AKIAIOSFODNN7EXAMPLE) <-
                        arn:aws:sts::111122223333:assumed-role/Admin/alice (AssumeRole
                        2024-01-01T00:10:00Z, event
                        ab45689d-69cd-41e7-8705-000000000600, from 203.0.113.9)
            came in     nobody could have been seen: the evidence holds no data events
                        of this bucket
            certainty   proven: events decide

        Undecided (1 bucket)
        The evidence does not decide who could get in:
          - up to its end: amzn-s3-demo-old

        Public but for a block (1 bucket)
        A public grant is stored, and only a public access block silences it:
          - amzn-s3-demo-assets

        Failed calls (1)
        They changed nothing, but somebody tried:
          - PutBucketAcl on amzn-s3-demo-assets, at 2024-01-01T01:23:20Z: AccessDenied,
            by arn:aws:sts::111122223333:assumed-role/Admin/alice from 203.0.113.9

        Contradictions (1)
        Here the evidence cannot be the whole truth:
          - 2024-01-01T00:16:40Z amzn-s3-demo-logs: S3 accepted a public policy that the
            bucket's block was known to refuse: the removal of BlockPublicPolicy is
            missing from the logs (event ab45689d-69cd-41e7-8705-000000001000)

        Could not be read (2)
          - logs/a.json.gz, record 7, at byte 120: the record has no eventTime
            (missing-field, 64 bytes given up)
          - logs/b.json.gz, at byte 120: the checksum is wrong (corrupt-gzip, 64 bytes
            given up)

        Skipped (2)
          - digest files: 1
          - files that are not CloudTrail's: 1

        Times without evidence (1)
          - account 111122223333, eu-west-1, management: 2024-01-01T00:33:20Z to
            2024-01-01T00:50:00Z, silent, Stopped

        What this evidence cannot tell
          - bucket-block-unseen: the bucket's public access block was never seen; taken
            as off (1 exposure, 3 intervals)
          - account-block-unseen: the account's public access block was never seen;
            taken as off (1 exposure, 3 intervals)
          - the order of changes within one second, which decides 1 interval
          - which objects were public by their own ACL, and who came in, where data
            events of the bucket were not recorded
          - where an access point leads that was made before the first record
          - what happened before the first record, or in a Region without records

        Where the evidence ends
          - account 111122223333, eu-west-1: 2024-01-11T10:00:00Z
        ");
    }

    #[test]
    fn a_summary_fits_on_a_screen() {
        insta::assert_snapshot!(summary(&sample()), @r"
        2 buckets were exposed; 1 still open. 1 bucket cannot be decided.

            evidence    2024-01-01T00:00:00Z to 2024-01-11T10:00:00Z
            files       4: 1 read, 2 skipped, 1 lost
            records     9: 4 used, 3 of no interest here, 1 repeated, 1 lost

                                     2024-01-01 00:00                   2024-01-11 10:00
          amzn-s3-demo-logs          ███████████████████████████████████████████████████
                                     █
          amzn-s3-demo-assets        ▓
          amzn-s3-demo-old           ???????????????????????????????????????????????????

        █ public  ▓ cross-account  ▒ limited  ? unknown  · private  ╌ latent  ╱ no
        evidence  ▁▃▇ came in
        1 of 3 lanes is of a bucket without an exposure: limited to fixed networks,
        sources or services, or unknown.

        Still open (1)
          - amzn-s3-demo-logs: open to the public since 2024-01-01T00:16:40Z, at least
            10 d 9 h

        Besides
          - closed exposures: 1
          - undecided buckets: 1
          - buckets that only a block keeps from being public: 1
          - failed calls: 1
          - contradictions: 1
          - parts that could not be read: 2
          - 1 time without evidence: see the table coverage
        ");
    }

    /// What is told of a call's origin is to be searched for: no id in it is cut.
    #[test]
    fn a_long_origin_is_told_whole() {
        let mut analysis = sample();
        let role = "r".repeat(512);
        let step =
            format!("arn:aws:sts::111122223333:assumed-role/{role}/s (AssumeRole, event ab45689d)");
        for row in &mut analysis.exposures {
            row.origins.opened.steps = vec![step.as_str().into()];
            row.origins.opened.says_more = true;
        }
        let page: String = told(&analysis, Style::default())
            .split_whitespace()
            .collect();
        let step: String = step.split_whitespace().collect();
        assert!(page.contains(&step), "{page}");
    }

    #[test]
    fn without_evidence_nothing_is_called_private() {
        let page = told(&Analysis::default(), Style::default());
        assert!(
            page.contains("No log file was read: there was no file. Of no bucket"),
            "{page}"
        );
        assert!(!page.contains("No exposure"));
        assert!(!page.contains("private"), "{page}");
    }
}
