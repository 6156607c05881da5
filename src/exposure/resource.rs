//! On what does a statement act: the bucket, its objects, or some of them?

use super::action::Target;
use crate::event::Selection;
use crate::vocab::Untrusted;
use std::collections::BTreeSet;

/// Which parts of a bucket a statement's resources name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// Whether the bucket itself is among them.
    pub bucket: bool,
    /// The key patterns among them.
    pub keys: BTreeSet<String>,
    /// What a NotResource leaves out.
    pub all_but: BTreeSet<String>,
}

impl Scope {
    /// Reads the resources of a statement.
    pub fn of(resources: &Selection) -> Self {
        match resources {
            Selection::Only(patterns) => patterns
                .iter()
                .fold(Self::default(), |scope, pattern| scope.with(pattern)),
            Selection::AllBut(patterns) => {
                let left_out = patterns
                    .iter()
                    .fold(Self::default(), |scope, pattern| scope.with(pattern));
                Self {
                    bucket: !left_out.bucket,
                    keys: if left_out.keys.contains("*") {
                        BTreeSet::new()
                    } else {
                        BTreeSet::from(["*".to_owned()])
                    },
                    all_but: left_out.keys,
                }
            }
        }
    }

    fn with(mut self, pattern: &str) -> Self {
        let tail = tail_of(pattern);
        match tail {
            "" => {}
            _ => match tail.split_once('/') {
                Some((_, key)) => {
                    self.keys.insert(key.to_owned());
                }
                None => {
                    self.bucket = true;
                    if tail.contains(['*', '?']) {
                        self.keys.insert("*".to_owned());
                    }
                }
            },
        }
        self
    }

    /// Whether the scope has anything on which such an action acts.
    pub fn has(&self, target: Target) -> bool {
        match target {
            Target::Bucket => self.bucket,
            Target::Object => !self.keys.is_empty(),
        }
    }

    /// How the scope is shown: `bucket` and key patterns, of those that the targets touch.
    pub fn names(&self, targets: &[Target]) -> BTreeSet<Untrusted> {
        let bucket = (self.bucket && targets.contains(&Target::Bucket)).then(|| "bucket".into());
        let keys = self
            .keys
            .iter()
            .filter(|_| targets.contains(&Target::Object));
        bucket
            .into_iter()
            .chain(keys.map(|key| Untrusted::from(key.as_str())))
            .collect()
    }

    /// How much of another scope this one covers, for actions on that target.
    pub fn cover(&self, other: &Self, target: Target) -> Cover {
        match target {
            Target::Bucket if self.bucket => Cover::All,
            Target::Bucket => Cover::Nothing,
            Target::Object if !self.all_but.is_empty() => Cover::Some,
            Target::Object => self.cover_keys(other),
        }
    }

    fn cover_keys(&self, other: &Self) -> Cover {
        let covered = |key: &String| self.keys.iter().any(|wide| covers_pattern(wide, key));
        let touched = |key: &String| self.keys.iter().any(|mine| may_overlap(mine, key));
        if other.keys.iter().all(covered) {
            Cover::All
        } else if other.keys.iter().any(touched) {
            Cover::Some
        } else {
            Cover::Nothing
        }
    }
}

/// How much of one thing another covers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Cover {
    /// Nothing: they are disjoint.
    Nothing,
    /// A part.
    Some,
    /// All of it.
    All,
}

/// What follows `:::` in a bucket's or object's ARN, or what follows `/object/` in an access point's; `*` stands for all.
fn tail_of(pattern: &str) -> &str {
    if pattern == "*" {
        return "*";
    }
    match pattern.split_once(":::") {
        Some((_, tail)) => tail,
        None => access_point_tail(pattern),
    }
}

/// An access point's ARN: itself stands for the bucket, what is below `/object/` for keys.
fn access_point_tail(pattern: &str) -> &str {
    match pattern.split_once(":accesspoint/") {
        Some((_, name)) => match name.split_once("/object") {
            Some((_, keys)) => keys,
            None => name,
        },
        None => "",
    }
}

/// Whether every key of the narrow pattern is one of the wide pattern: sure for `*`, equal patterns and prefixes.
fn covers_pattern(wide: &str, narrow: &str) -> bool {
    wide == narrow
        || wide
            .strip_suffix('*')
            .is_some_and(|prefix| !prefix.contains(['*', '?', '$']) && narrow.starts_with(prefix))
}

/// Whether one shown resource takes in another: the bucket only itself, a pattern whatever it surely covers.
pub(super) fn covers_key(wide: &Untrusted, narrow: &Untrusted) -> bool {
    let (wide, narrow) = (wide.reveal(), narrow.reveal());
    wide == narrow || (narrow != "bucket" && covers_pattern(wide, narrow))
}

/// Whether some key may match both patterns: surely not if their literal beginnings differ.
fn may_overlap(left: &str, right: &str) -> bool {
    let (left_start, right_start) = (literal_start(left), literal_start(right));
    let compatible = left_start.starts_with(right_start) || right_start.starts_with(left_start);
    compatible && (left_start != left || right_start != right || left == right)
}

fn literal_start(pattern: &str) -> &str {
    pattern
        .find(['*', '?', '$'])
        .and_then(|end| pattern.get(..end))
        .unwrap_or(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(patterns: &[&str]) -> Scope {
        Scope::of(&Selection::Only(
            patterns
                .iter()
                .map(|pattern| (*pattern).to_owned())
                .collect(),
        ))
    }

    #[test]
    fn arns_name_the_bucket_or_keys() {
        for (pattern, bucket, keys) in [
            ("arn:aws:s3:::b", true, vec![]),
            ("arn:aws:s3:::b/*", false, vec!["*"]),
            ("arn:aws:s3:::b/a/b.txt", false, vec!["a/b.txt"]),
            ("arn:aws:s3:::b*", true, vec!["*"]),
            ("*", true, vec!["*"]),
            (
                "arn:aws:s3:us-east-1:111122223333:accesspoint/ap/object/*",
                false,
                vec!["*"],
            ),
            (
                "arn:aws:s3:us-east-1:111122223333:accesspoint/ap",
                true,
                vec![],
            ),
            ("nonsense", false, vec![]),
        ] {
            let scope = scope(&[pattern]);
            assert_eq!(
                (
                    scope.bucket,
                    scope.keys.iter().map(String::as_str).collect::<Vec<_>>()
                ),
                (bucket, keys),
                "{pattern}"
            );
        }
    }

    #[test]
    fn covers_are_sure_or_partial() {
        for (wide, narrow, expected) in [
            ("*", "a/*", Cover::All),
            ("a/*", "*", Cover::Some),
            ("a/*", "b/*", Cover::Nothing),
            ("a/*", "a/b/*", Cover::All),
            ("*.txt", "a/*", Cover::Some),
            ("a", "a", Cover::All),
            ("a", "ab", Cover::Nothing),
        ] {
            let cover = scope(&[&format!("arn:aws:s3:::b/{wide}")]).cover(
                &scope(&[&format!("arn:aws:s3:::b/{narrow}")]),
                Target::Object,
            );
            assert_eq!(cover, expected, "{wide} {narrow}");
        }
    }
}
