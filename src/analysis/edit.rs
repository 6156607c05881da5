//! What is left of a policy without the statements that let certain outsiders in?
//!
//! All of it is text that an attacker may have written, on its way into a command that a person is to run. So it becomes JSON of
//! printable ASCII without `'`: within single quotes a POSIX shell then takes every byte as it is, and nothing steers a terminal.

use super::plan::Remedy;
use crate::event::{
    AccessPointChange, Asked, Change, Copies, Effect, Policy, Statement, policy_written,
};
use crate::exposure::{Audience, Mechanism, Owner, PolicyKind, PolicyMeaning};
use crate::timeline::{Cause, Exposure, Scope};
use crate::vocab::Untrusted;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// S3's limit for a bucket policy, and for an access point's.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html>
const LONGEST: usize = 20 << 10;

/// What can be taken out of one policy.
pub(super) struct PolicyEdit {
    /// The access point whose policy it is; `None` for the bucket's.
    pub point: Option<Untrusted>,
    /// The call that put the policy.
    put: Cause,
    /// To whom the policy is closed by it.
    to: &'static str,
    pub edit: Edit,
}

impl PolicyEdit {
    /// What it would change.
    pub fn told(&self, whose: &str) -> String {
        let Edit {
            gone,
            kept,
            takes_more,
            ..
        } = &self.edit;
        let more = match takes_more {
            true => " (others get in by it too, and would not any more)",
            false => "",
        };
        let stay = match kept {
            1 => "the other one stays".to_owned(),
            kept => format!("the other {kept} stay"),
        };
        let id = self.put.event.event_id();
        let event = id.map_or(String::new(), |id| format!(" by event {id}"));
        format!(
            "takes {} out of {whose}, for what is granted there to {}{more}; {stay}. The text is that of the policy that was put {}{event}: if the saved one says something else by now, edit that instead",
            named(gone),
            self.to,
            self.put.event.time
        )
    }
}

/// What can be taken out of the policies that are open: what lets in anybody of those to whom they are open. What lets everybody in
/// is not taken out alone: a block of the bucket cuts off fixed accounts only while the policy is public, so what is left would let
/// them in again.
pub(super) fn edits(remedy: &Remedy, rows: &[&Exposure]) -> Vec<PolicyEdit> {
    let owner = Owner {
        account: remedy.account.clone(),
        bucket: remedy.bucket.clone(),
        ..Owner::default()
    };
    let mut of_policy: BTreeMap<Option<&Untrusted>, Vec<&Exposure>> = BTreeMap::new();
    let is_by_policy = |row: &&&Exposure| match row.scope {
        // Of one that is this or that, what is left of the one says nothing of the other.
        Scope::Bucket => {
            remedy.mechanisms.contains(&Mechanism::BucketPolicy)
                && row.remains.as_ref().is_some_and(|it| it.policy_is_known)
        }
        Scope::AccessPoint => true,
        Scope::Objects => false,
    };
    for row in rows.iter().filter(is_by_policy) {
        of_policy
            .entry(row.access_point.as_ref())
            .or_default()
            .push(row);
    }
    let of_one = |(point, rows): (Option<&Untrusted>, Vec<&Exposure>)| {
        let (put, document) = last_put(point, &rows)?;
        let kind = match point {
            None => PolicyKind::Bucket,
            Some(_) => PolicyKind::AccessPoint,
        };
        let mut all: BTreeSet<Audience> = rows.iter().map(|row| row.audience.clone()).collect();
        if point.is_some() {
            // What an access point's policy grants to everybody, the bucket policy may hold to somebody.
            all.insert(Audience::Public);
        }
        Some(PolicyEdit {
            point: point.cloned(),
            put,
            to: match all.iter().all(|who| *who == Audience::Public) {
                true => "everybody",
                false => "those to whom it is open",
            },
            edit: without(&document, kind, &owner, &all)?,
        })
    };
    of_policy.into_iter().filter_map(of_one).collect()
}

/// The last call that put the policy through which some exposures are open, and what it put; `None` where its copies disagree.
fn last_put(point: Option<&Untrusted>, rows: &[&Exposure]) -> Option<(Cause, Value)> {
    let puts = |cause: &&Cause| match (&cause.event.change, point) {
        (Change::PutPolicy(Asked::Said(_)), None) => true,
        (Change::AccessPoint(name, AccessPointChange::PutPolicy(Asked::Said(_))), Some(point)) => {
            name == point
        }
        _ => false,
    };
    let granted = rows.iter().flat_map(|row| &row.granted);
    let last = granted.filter(puts).max_by_key(|cause| cause.event.time)?;
    let is_one = last.copies != Copies::Differ;
    let document = policy_written(&last.event.record).filter(|_| is_one)?;
    Some((last.clone(), document))
}

/// A policy without some of its statements.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Edit {
    /// How many statements go, and which by their place, counted from 1.
    pub gone: Vec<usize>,
    /// How many stay.
    pub kept: usize,
    /// Whether those that go grant something to the owner's account, AWS services or held places too.
    pub takes_more: bool,
    /// The new text, fit to stand between single quotes.
    pub text: String,
}

/// Takes out of a policy, as it was written, the statements that let one of these audiences in. `None` where none does, where no
/// statement would be left, and where the text is no longer what S3 was given: then nobody should put it back.
fn without(
    document: &Value,
    kind: PolicyKind,
    owner: &Owner,
    audiences: &BTreeSet<Audience>,
) -> Option<Edit> {
    let policy = Policy::parse(document)?;
    let written = match document.get("Statement")? {
        Value::Array(written) => written.iter().collect(),
        one => vec![one],
    };
    if written.len() != policy.statements.len() || !is_as_written(document, &written, &policy) {
        return None;
    }
    let mut edit = Edit {
        gone: Vec::new(),
        kept: 0,
        takes_more: false,
        text: String::new(),
    };
    let mut left = Vec::new();
    for (index, statement) in written.into_iter().enumerate() {
        let let_in = let_in_by(index, &policy, kind, owner);
        match audiences
            .iter()
            .any(|who| let_in.contains(&Some(who.clone())))
        {
            true => {
                edit.gone.push(index + 1);
                let others = |who: &Option<Audience>| {
                    who.as_ref().is_none_or(|who| !audiences.contains(who))
                };
                edit.takes_more |= let_in.iter().any(others);
            }
            false => left.push(statement),
        }
    }
    edit.kept = left.len();
    edit.text = text_of(document, &left)?;
    let is_smaller = !edit.gone.is_empty() && !left.is_empty();
    (is_smaller && edit.text.len() <= LONGEST).then_some(edit)
}

/// Whom one statement lets in, after the policy's Deny statements; `None` is somebody who is no outsider.
fn let_in_by(
    index: usize,
    policy: &Policy,
    kind: PolicyKind,
    owner: &Owner,
) -> BTreeSet<Option<Audience>> {
    let numbered = policy.statements.iter().enumerate();
    let alone = Policy {
        statements: numbered
            .filter(|(place, other)| *place == index || other.effect == Some(Effect::Deny))
            .map(|(_, statement)| statement.clone())
            .collect(),
        ..policy.clone()
    };
    let meaning = PolicyMeaning::of(&alone, owner, kind);
    let usable = meaning.grants.iter().filter(|grant| grant.is_usable());
    usable.map(|grant| grant.audience()).collect()
}

/// Whether a policy still has the form in which S3 takes it. Exporters change the case of keys, `:` in them, and the version, which
/// they take for a date.
fn is_as_written(document: &Value, statements: &[&Value], policy: &Policy) -> bool {
    const TOP: [&str; 3] = ["Version", "Id", "Statement"];
    const ELEMENTS: [&str; 9] = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    let has_only = |value: &Value, names: &[&str]| {
        let object = value.as_object();
        object.is_some_and(|object| object.keys().all(|key| names.contains(&key.as_str())))
    };
    let version = document.get("Version");
    let is_version = |value: &Value| value == "2012-10-17" || value == "2008-10-17";
    let sound = |it: &Statement| it.effect.is_some() && it.malformed.is_none();
    has_only(document, &TOP)
        && version.is_none_or(is_version)
        && statements
            .iter()
            .all(|it| has_only(it, &ELEMENTS) && has_own_names(it))
        && policy.statements.iter().all(sound)
}

/// Whether a statement's operators and condition keys are named as IAM names them.
fn has_own_names(statement: &Value) -> bool {
    let operators = statement.get("Condition").and_then(Value::as_object);
    let mut operators = operators.into_iter().flatten();
    operators.all(|(operator, keys)| {
        let mut keys = keys.as_object().into_iter().flat_map(serde_json::Map::keys);
        !operator.contains('_') && keys.all(|key| key.contains(':'))
    })
}

/// The document with these statements only, in the order in which policies are usually written.
fn text_of(document: &Value, statements: &[&Value]) -> Option<String> {
    let kept = ["Version", "Id"].iter().filter_map(|key| {
        let value = document.get(key)?;
        Some(format!("\"{key}\":{value}"))
    });
    let statements = serde_json::to_string(statements).ok()?;
    let members: Vec<String> = kept
        .chain([format!("\"Statement\":{statements}")])
        .collect();
    Some(printable(&format!("{{{}}}", members.join(","))))
}

/// JSON whose every character is printable ASCII, and none a `'`. What is neither stands in strings only, so no value changes.
fn printable(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            ' '..='~' if c != '\'' => text.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    text
}

/// How statements are called: by their places, for a `Sid` is anybody's text.
fn named(places: &[usize]) -> String {
    let numbers: Vec<String> = places.iter().map(ToString::to_string).collect();
    match numbers.as_slice() {
        [one] => format!("statement {one}"),
        several => format!("statements {}", several.join(", ")),
    }
}
