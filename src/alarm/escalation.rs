//! Who was told of what, and was it escalated?
//!
//! CloudWatch neither repeats nor escalates. The policy replayed here: a notification opens an incident; if something that it
//! tells of is still open after a time, the incident is escalated. "Resolved" means that the finding is closed, not that the
//! alarm left ALARM, which it does by itself. What is told of, or opens, while an
//! incident is open and not yet escalated joins it; its clock is not set back.

use crate::vocab::{Timestamp, named};

/// Something that a notification may tell of: an exposure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// When it opened.
    pub opened: Timestamp,
    /// How it ended.
    pub closing: Closing,
    /// When a notification told of its opening, if one did.
    pub told: Option<Timestamp>,
    /// Whether the filter matched its opening, so that it joins an incident that is open then.
    pub matched: bool,
}

/// How a finding ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// It was closed then.
    Closed(Timestamp),
    /// It is open at the end of its evidence, which is then.
    OpenUntil(Timestamp),
    /// From then on it cannot be told.
    UnknownFrom(Timestamp),
}

impl Closing {
    /// Whether it is open at an instant; `None` where that cannot be told.
    pub fn is_open_at(self, at: Timestamp) -> Option<bool> {
        match self {
            Self::Closed(closed) => Some(at < closed),
            Self::OpenUntil(end) | Self::UnknownFrom(end) => (at <= end).then_some(true),
        }
    }

    /// Whether it is open all the time before an instant: what is closed only then was not closed before.
    fn is_open_until(self, at: Timestamp) -> Option<bool> {
        match self {
            Self::Closed(closed) => Some(at <= closed),
            Self::OpenUntil(_) | Self::UnknownFrom(_) => self.is_open_at(at),
        }
    }
}

named! {
    /// How an incident went.
    Escalation {
        /// All that it tells of was closed in time.
        Resolved = "resolved",
        /// Something was still open when the time was over.
        Escalated = "escalated",
        /// The evidence ends before.
        Undetermined = "undetermined",
        /// Nobody was told, so no clock ran.
        NotTold = "not-told",
    }
}

/// What became of one finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The notification that opened its incident, if it is part of one.
    pub incident: Option<Timestamp>,
    /// How the incident went.
    pub escalation: Escalation,
    /// When it was escalated, if it was.
    pub escalated_at: Option<Timestamp>,
}

/// An incident: when it was opened, and the places of its findings.
struct Incident {
    opened: Timestamp,
    findings: Vec<usize>,
}

/// What becomes of the findings of one bucket, in the order given, if incidents are escalated after so many seconds.
pub fn escalate(findings: &[Finding], after: i64) -> Vec<Told> {
    let incidents = incidents(findings, after);
    let mut told = vec![
        Told {
            incident: None,
            escalation: Escalation::NotTold,
            escalated_at: None,
        };
        findings.len()
    ];
    for incident in &incidents {
        let due = incident.opened.plus(after);
        let escalation = outcome(incident, findings, due);
        for place in &incident.findings {
            if let Some(told) = told.get_mut(*place) {
                *told = Told {
                    incident: Some(incident.opened),
                    escalation,
                    escalated_at: (escalation == Escalation::Escalated).then_some(due),
                };
            }
        }
    }
    told
}

/// Findings enter in the order in which they are told of; those that nobody is told of when they open.
fn incidents(findings: &[Finding], after: i64) -> Vec<Incident> {
    let enters = |finding: &Finding| finding.told.unwrap_or(finding.opened);
    let mut order: Vec<(usize, &Finding)> = findings
        .iter()
        .enumerate()
        .filter(|(_, finding)| finding.matched)
        .collect();
    order.sort_by_key(|(place, finding)| (enters(finding), finding.told.is_none(), *place));
    let mut incidents: Vec<Incident> = Vec::new();
    for (place, finding) in order {
        let at = enters(finding);
        let joins =
            |last: &&mut Incident| at < last.opened.plus(after) && last.is_open_at(findings, at);
        match incidents.last_mut().filter(joins) {
            Some(open) => open.findings.push(place),
            None if finding.told.is_some() => incidents.push(Incident {
                opened: at,
                findings: vec![place],
            }),
            None => {}
        }
    }
    incidents
}

impl Incident {
    fn is_open_at(&self, findings: &[Finding], at: Timestamp) -> bool {
        let open = |finding: &Finding| finding.closing.is_open_at(at) != Some(false);
        at == self.opened || self.members(findings).any(open)
    }

    fn members<'f>(&'f self, findings: &'f [Finding]) -> impl Iterator<Item = &'f Finding> {
        self.findings
            .iter()
            .filter_map(|place| findings.get(*place))
    }
}

/// How an incident stands when the time is over. What opens only then or later does not count against it.
fn outcome(incident: &Incident, findings: &[Finding], due: Timestamp) -> Escalation {
    let open: Vec<Option<bool>> = incident
        .members(findings)
        .filter(|finding| finding.opened < due)
        .map(|finding| finding.closing.is_open_until(due))
        .collect();
    match () {
        () if open.contains(&Some(true)) => Escalation::Escalated,
        () if open.contains(&None) => Escalation::Undetermined,
        () => Escalation::Resolved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(&format!("2024-03-04T{text}:00Z")).unwrap()
    }

    fn finding(opened: &str, told: Option<&str>, closing: Closing) -> Finding {
        Finding {
            opened: at(opened),
            closing,
            told: told.map(at),
            matched: true,
        }
    }

    fn outcomes(findings: &[Finding]) -> Vec<String> {
        let word = |told: Told| {
            let escalated = told
                .escalated_at
                .map_or(String::new(), |at| format!(" {at}"));
            format!("{}{escalated}", told.escalation.name())
        };
        escalate(findings, 7_200).into_iter().map(word).collect()
    }

    #[test]
    fn closed_in_time_is_resolved() {
        let closed = finding("10:02", Some("10:11"), Closing::Closed(at("11:30")));
        assert_eq!(outcomes(&[closed]), ["resolved"]);
    }

    #[test]
    fn closed_too_late_is_escalated() {
        let closed = finding("10:02", Some("10:11"), Closing::Closed(at("12:30")));
        assert_eq!(outcomes(&[closed]), ["escalated 2024-03-04T12:11:00Z"]);
    }

    #[test]
    fn closed_when_the_time_is_over_is_not_closed_before() {
        let closed = finding("10:02", Some("10:11"), Closing::Closed(at("12:11")));
        assert_eq!(outcomes(&[closed]), ["escalated 2024-03-04T12:11:00Z"]);
        let closed = finding(
            "10:02",
            Some("10:11"),
            Closing::Closed(at("12:11").plus(-1)),
        );
        assert_eq!(outcomes(&[closed]), ["resolved"]);
    }

    #[test]
    fn evidence_that_ends_before_leaves_it_undetermined() {
        for closing in [
            Closing::OpenUntil(at("11:50")),
            Closing::UnknownFrom(at("11:50")),
        ] {
            let open = finding("10:02", Some("10:11"), closing);
            assert_eq!(outcomes(&[open]), ["undetermined"]);
        }
    }

    #[test]
    fn two_openings_are_one_incident() {
        let first = finding("10:02", Some("10:11"), Closing::Closed(at("10:30")));
        let swallowed = finding("10:20", None, Closing::OpenUntil(at("18:00")));
        let told = escalate(&[first, swallowed], 7_200);
        assert_eq!(told[0], told[1]);
        assert_eq!(told[1].incident, Some(at("10:11")));
        assert_eq!(told[1].escalated_at, Some(at("12:11")));
    }

    #[test]
    fn what_is_swallowed_after_the_incident_is_over_is_never_told() {
        let first = finding("10:02", Some("10:11"), Closing::Closed(at("10:15")));
        let swallowed = finding("10:20", None, Closing::OpenUntil(at("18:00")));
        assert_eq!(outcomes(&[first, swallowed]), ["resolved", "not-told"]);
    }

    #[test]
    fn a_second_alarm_does_not_set_the_clock_back() {
        let first = finding("10:02", Some("10:11"), Closing::OpenUntil(at("18:00")));
        let second = finding("11:40", Some("11:46"), Closing::Closed(at("12:00")));
        let told = escalate(&[first, second], 7_200);
        assert_eq!(told[1].incident, Some(at("10:11")));
        assert_eq!(told[1].escalated_at, Some(at("12:11")));
    }

    #[test]
    fn after_the_escalation_a_new_incident_begins() {
        let first = finding("10:02", Some("10:11"), Closing::OpenUntil(at("18:00")));
        let second = finding("13:00", Some("13:06"), Closing::OpenUntil(at("18:00")));
        assert_eq!(
            outcomes(&[first, second]),
            [
                "escalated 2024-03-04T12:11:00Z",
                "escalated 2024-03-04T15:06:00Z"
            ]
        );
    }

    #[test]
    fn what_no_filter_matched_is_never_told() {
        let mut unmatched = finding("10:02", None, Closing::OpenUntil(at("18:00")));
        unmatched.matched = false;
        let first = finding("10:01", Some("10:11"), Closing::OpenUntil(at("18:00")));
        assert_eq!(
            outcomes(&[unmatched, first]),
            ["not-told", "escalated 2024-03-04T12:11:00Z"]
        );
    }
}
