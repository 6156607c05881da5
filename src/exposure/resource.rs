//! On what does a statement act: the bucket, its objects, or some of them?

use super::action::Target;
use super::pattern::{
    covers, is_wild, matches, may_begin, may_overlap, remainders, without_variables,
};
use crate::event::{Policy, Selection};
use crate::vocab::Untrusted;
use std::collections::BTreeSet;

/// Which parts of a bucket a statement's resources name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scope {
    /// Whether the bucket itself is among them.
    pub bucket: bool,
    /// The key patterns among them.
    pub keys: BTreeSet<String>,
    /// The key patterns that a NotResource leaves out.
    pub all_but: BTreeSet<String>,
}

/// The bucket that a policy speaks of: its name, where it is known. S3 accepts no policy that names another bucket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    name: String,
    is_known: bool,
}

impl Named {
    /// The bucket of that name; where the name is not known, the one that the policy's own resources name.
    pub fn of(name: Option<&str>, policy: &Policy) -> Self {
        let patterns = policy
            .statements
            .iter()
            .flat_map(|statement| statement.resources.patterns());
        let guessed = || {
            let mut names: Vec<String> = patterns
                .filter_map(|pattern| bucket_part(pattern))
                .collect();
            names.retain(|name| !name.starts_with(['*', '?']));
            names.sort_by_key(|name| (is_wild(name), std::cmp::Reverse(name.len())));
            names.first().map(|name| name.replace(['*', '?'], "x"))
        };
        match name {
            Some(name) => Self {
                name: name.to_owned(),
                is_known: true,
            },
            None => Self {
                name: guessed().unwrap_or_default(),
                is_known: false,
            },
        }
    }

    /// The name under which a pattern is read: where the bucket's is not known, a plain name is taken to be it.
    fn under<'n>(&'n self, part: &'n str) -> &'n str {
        if self.is_known || is_wild(part) {
            &self.name
        } else {
            part
        }
    }
}

impl Scope {
    /// Everything in the bucket: what an ACL speaks of.
    pub fn everything() -> Self {
        Self {
            bucket: true,
            keys: BTreeSet::from(["*".to_owned()]),
            all_but: BTreeSet::new(),
        }
    }

    /// One object.
    pub fn of_key(key: &Untrusted) -> Self {
        Self {
            keys: BTreeSet::from([key.reveal().to_owned()]),
            ..Self::default()
        }
    }

    /// Reads the resources of a statement, as far as they are in that bucket.
    pub fn of(resources: &Selection, bucket: &Named) -> Self {
        let named = |patterns: &BTreeSet<String>| {
            patterns.iter().fold(Self::default(), |scope, pattern| {
                scope.with(pattern, bucket)
            })
        };
        match resources {
            Selection::Only(patterns) => named(patterns),
            Selection::AllBut(patterns) => named(patterns).inverted(),
        }
    }

    /// Everything that this scope does not name.
    fn inverted(self) -> Self {
        let is_all = self.keys.contains("*");
        Self {
            bucket: !self.bucket,
            keys: if is_all {
                BTreeSet::new()
            } else {
                BTreeSet::from(["*".to_owned()])
            },
            all_but: self.keys,
        }
    }

    fn with(mut self, pattern: &str, bucket: &Named) -> Self {
        match access_point_tail(pattern) {
            Some(tail) => self.add_access_point(tail),
            None => {
                let part = bucket_part(pattern).unwrap_or_default();
                self.add(&whole_pattern(pattern), bucket.under(&part));
            }
        }
        self
    }

    fn add(&mut self, pattern: &str, name: &str) {
        for beginning in BEGINNINGS {
            if !may_begin(pattern, beginning) {
                continue;
            }
            let arn = format!("{beginning}{name}");
            self.bucket |= matches(pattern, &arn);
            let keys = remainders(pattern, &format!("{arn}/"));
            let widest = |key: &&String| {
                !key.is_empty() && !keys.iter().any(|other| other != *key && covers(other, key))
            };
            self.keys.extend(keys.iter().filter(widest).cloned());
        }
    }

    /// An access point's ARN stands for the bucket, what is below `/object/` for keys.
    fn add_access_point(&mut self, tail: &str) {
        match tail.split_once("/object/").or_else(|| tail.split_once('/')) {
            Some((_, "")) => {}
            Some((_, key)) => {
                self.keys.insert(key.to_owned());
            }
            None => {
                self.bucket = true;
                if tail.contains('*') {
                    self.keys.insert("*".to_owned());
                }
            }
        }
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
            Target::Bucket if self.bucket && other.bucket => Cover::All,
            Target::Bucket => Cover::Nothing,
            Target::Object => self.cover_keys(other),
        }
    }

    fn cover_keys(&self, other: &Self) -> Cover {
        let spares = |key: &String| self.all_but.iter().any(|spared| covers(spared, key));
        let left_out = |mine: &String| other.all_but.iter().any(|spared| covers(spared, mine));
        let covered = |key: &String| {
            self.keys.iter().any(|wide| covers(wide, key))
                && !self.all_but.iter().any(|spared| may_overlap(spared, key))
        };
        let touched = |key: &String| {
            !spares(key)
                && self
                    .keys
                    .iter()
                    .any(|mine| !left_out(mine) && may_overlap(mine, key))
        };
        let same_exception = !self.all_but.is_empty()
            && self.keys.contains("*")
            && self
                .all_but
                .iter()
                .all(|spared| other.all_but.iter().any(|kept| covers(kept, spared)));
        if other.keys.iter().all(covered) || same_exception {
            Cover::All
        } else if other.keys.iter().any(touched) {
            Cover::Some
        } else {
            Cover::Nothing
        }
    }

    /// Whether the scope may take in that very key.
    pub fn may_have_key(&self, key: &str) -> bool {
        let taken = |pattern: &String| matches(&without_variables(pattern), key);
        self.keys.iter().any(taken) && !self.all_but.iter().any(|spared| matches(spared, key))
    }

    /// Some keys that the scope surely takes in.
    pub fn sample_keys(&self) -> Vec<String> {
        let fillings = ["", "w", "leaktrail/witness", "~/w.w"];
        let filled = self.keys.iter().flat_map(|pattern| {
            fillings.map(|filling| {
                without_variables(pattern)
                    .replace('*', filling)
                    .replace('?', "w")
            })
        });
        filled
            .filter(|key| !key.is_empty() && self.surely_has_key(key))
            .collect()
    }

    fn surely_has_key(&self, key: &str) -> bool {
        !self
            .all_but
            .iter()
            .any(|spared| matches(&without_variables(spared), key))
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

/// What a bucket's ARN begins with in each partition of AWS. <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
const BEGINNINGS: [&str; 6] = [
    "arn:aws:s3:::",
    "arn:aws-cn:s3:::",
    "arn:aws-us-gov:s3:::",
    "arn:aws-eusc:s3:::",
    "arn:aws-iso:s3:::",
    "arn:aws-iso-b:s3:::",
];

/// What stands for the bucket in a resource's ARN: what follows `:::` up to a `/`.
fn bucket_part(pattern: &str) -> Option<String> {
    let (_, tail) = pattern.split_once(":::")?;
    tail.split('/')
        .next()
        .map(|part| without_variables(part).into_owned())
        .filter(|part| !part.is_empty())
}

/// The pattern, with variables in the bucket's place as `*`; those in keys stay, to be shown.
fn whole_pattern(pattern: &str) -> String {
    match pattern.split_once('/') {
        Some((bucket, key)) => format!("{}/{key}", without_variables(bucket)),
        None => without_variables(pattern).into_owned(),
    }
}

/// What follows `:accesspoint/` in an access point's ARN.
fn access_point_tail(pattern: &str) -> Option<&str> {
    pattern.split_once(":accesspoint/").map(|(_, tail)| tail)
}

/// Whether one shown resource takes in another: the bucket only itself, a pattern whatever it surely covers.
pub(super) fn covers_key(wide: &Untrusted, narrow: &Untrusted) -> bool {
    let (wide, narrow) = (wide.reveal(), narrow.reveal());
    wide == narrow || (narrow != "bucket" && wide != "bucket" && covers(wide, narrow))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope_in(name: Option<&str>, patterns: &[&str]) -> Scope {
        let resources = Selection::Only(
            patterns
                .iter()
                .map(|pattern| (*pattern).to_owned())
                .collect(),
        );
        let policy = Policy {
            length: None,
            has_variables: true,
            statements: Vec::new(),
        };
        Scope::of(&resources, &Named::of(name, &policy))
    }

    fn scope(patterns: &[&str]) -> Scope {
        scope_in(Some("b"), patterns)
    }

    #[test]
    fn arns_name_the_bucket_or_keys() {
        for (pattern, bucket, keys) in [
            ("arn:aws:s3:::b", true, vec![]),
            ("arn:aws:s3:::b/*", false, vec!["*"]),
            ("arn:aws-cn:s3:::b/*", false, vec!["*"]),
            ("arn:aws-us-gov:s3:::b", true, vec![]),
            ("arn:*:s3:::b/*", false, vec!["*"]),
            ("arn:aws:s3:::b/a/b.txt", false, vec!["a/b.txt"]),
            ("arn:aws:s3:::b*", true, vec!["*"]),
            ("arn:aws:s3:::*/a", false, vec!["*/a", "a"]),
            ("arn:aws:s3:::*.pdf", false, vec!["*.pdf"]),
            ("arn:aws:s3:::other", false, vec![]),
            ("arn:aws:s3:::other/*", false, vec![]),
            ("arn:aws:s3:::bb*", false, vec![]),
            (
                "arn:aws:s3:::b/${aws:username}/*",
                false,
                vec!["${aws:username}/*"],
            ),
            ("arn:aws:sns:us-east-1:111122223333:b", false, vec![]),
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
            let shown: Vec<&str> = scope.keys.iter().map(String::as_str).collect();
            assert_eq!((scope.bucket, shown), (bucket, keys), "{pattern}");
        }
    }

    #[test]
    fn without_a_name_the_policy_tells_it() {
        let scope = scope_in(None, &["arn:aws:s3:::any/*", "arn:aws:s3:::any"]);
        assert!(scope.bucket && scope.keys.contains("*"));
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
