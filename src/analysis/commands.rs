//! Which commands of the AWS CLI would close one bucket? Each says what it changes, and how it is undone.

use super::edit::PolicyEdit;
use super::plan::{Open, Remedy, Step, outcome};
use crate::event::BlockFlags;
use crate::exposure::Mechanism;
use crate::timeline::Scope;
use crate::vocab::{BucketName, Untrusted};
use std::collections::BTreeSet;

/// The commands for one bucket.
pub(super) struct Commands<'r> {
    pub remedy: &'r Remedy,
    /// Its exposures that are open.
    pub rows: &'r [Open<'r>],
    /// The access points that are open.
    pub points: BTreeSet<Untrusted>,
    /// What can be taken out of policies, smallest first.
    pub edits: Vec<PolicyEdit>,
}

impl Commands<'_> {
    /// All steps, smallest first.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = vec![self.save()];
        steps.extend(self.put_block());
        let (of_points, of_bucket): (Vec<_>, Vec<_>) =
            self.edits.iter().partition(|edit| edit.point.is_some());
        let of_bucket = of_bucket.into_iter().filter(|_| self.can_go_unpublic());
        steps.extend(
            of_points
                .into_iter()
                .filter_map(|edit| self.put_without(edit)),
        );
        let points = self.points.iter();
        steps.extend(points.filter_map(|name| self.delete_point(name)));
        steps.extend(of_bucket.filter_map(|edit| self.put_without(edit)));
        steps.extend(self.by_mechanism());
        steps
    }

    /// Whether no access point would let anybody in if the bucket policy was public no longer, and a block did not silence it for that:
    /// those that are open are closed first.
    fn can_go_unpublic(&self) -> bool {
        let mut rows = self.rows.iter();
        let mut points = self.points.iter();
        points.all(|name| self.point(name).is_some())
            && !rows.any(|open| open.remains.silenced_points)
    }

    /// Whether a step is to close a mechanism: it is open, or it would be if the policy went, whose Deny statements silence it.
    fn closes(&self, mechanism: Mechanism) -> bool {
        let open = &self.remedy.mechanisms;
        let mut rows = self.rows.iter();
        let is_denied = open.contains(&Mechanism::BucketPolicy)
            && rows.any(|open| open.remains.open_without_policy.contains(&mechanism));
        open.contains(&mechanism) || is_denied
    }

    /// What must be kept to undo the rest. It changes nothing.
    fn save(&self) -> Step {
        // Saved as the commands that put them back take them.
        let ownership = (
            "get-bucket-ownership-controls",
            " --query OwnershipControls",
        );
        let of_objects = self.closes(Mechanism::ObjectAcl);
        let of_bucket = [
            (
                "get-public-access-block",
                " --query PublicAccessBlockConfiguration",
            ),
            ("get-bucket-policy", " --query Policy --output text"),
            ("get-bucket-acl", ""),
        ]
        .into_iter()
        .chain(of_objects.then_some(ownership))
        .map(|(verb, how)| {
            let saved = self.saved(verb.trim_start_matches("get-"));
            format!("{} > {saved}", self.s3api(verb, how))
        });
        let points = self.points.iter().filter_map(|name| self.point(name));
        let of_points = points.map(|point| {
            let get = point.call("get", " --query Policy --output text");
            format!("{get} > {}", point.saved)
        });
        let what: Vec<String> = of_bucket.chain(of_points).collect();
        Step {
            command: what.join("\n"),
            closes: BTreeSet::new(),
            ends: Vec::new(),
            changes: "nothing: it saves what is set now, which the steps below need to be undone (an error says that nothing is set)".to_owned(),
            undo: "nothing to undo".to_owned(),
        }
    }

    /// Turns on the flags that silence public grants. A put sets all four flags: those that are on stay on, and where they
    /// are not known all are turned on, so that no protection goes. `None` where they would silence nothing.
    fn put_block(&self) -> Option<Step> {
        let public = self.rows.iter().filter(|open| open.is_public());
        let needed = silencing(&public.flat_map(Open::blocked).collect());
        let known = self.rows.first().and_then(|open| open.remains.block);
        let flags = known.map_or(BlockFlags::ALL, |known| known.or(needed));
        let how = match known {
            Some(_) => "the other flags stay as they were last seen",
            None => "the flags that are set now are not known, so all four are turned on",
        };
        let (closes, ends) = self.closed_by_block(flags);
        if needed == BlockFlags::NONE || closes.is_empty() && ends.is_empty() {
            return None;
        }
        Some(Step {
            command: self.s3api("put-public-access-block", &configuration(flags)),
            closes,
            ends,
            changes: format!(
                "the bucket's public access block silences public grants, and leaves policy and ACLs as they are; {how}. A public policy then reaches only the owner's account and AWS services, so grants to fixed accounts in it stop too"
            ),
            undo: match known {
                Some(known) if known == BlockFlags::NONE => {
                    self.s3api("delete-public-access-block", "")
                }
                Some(known) => self.s3api("put-public-access-block", &configuration(known)),
                None => format!(
                    "{}; if none was set: {}",
                    self.put_back(
                        "put-public-access-block",
                        "--public-access-block-configuration",
                        "public-access-block"
                    ),
                    self.s3api("delete-public-access-block", "")
                ),
            },
        })
    }

    /// What a block with these flags closes, and which exposures it ends.
    fn closed_by_block(&self, flags: BlockFlags) -> (BTreeSet<Mechanism>, Vec<String>) {
        let is_silenced = |mechanism: &Mechanism| {
            let needed = silencing(&BTreeSet::from([*mechanism]));
            flags.or(needed) == flags
        };
        let closing = self.rows.iter().flat_map(Open::blocked).filter(is_silenced);
        outcome(self.rows, &closing.collect(), |open| {
            let remains = open.remains;
            let stays = |it: &&Mechanism| remains.despite_block.contains(it) || !is_silenced(it);
            remains.mechanisms.iter().filter(stays).copied().collect()
        })
    }

    /// What closing a mechanism for some exposures comes to.
    fn closed_for(
        &self,
        mechanism: Mechanism,
        reaches: impl Fn(&Open<'_>) -> bool,
    ) -> (BTreeSet<Mechanism>, Vec<String>) {
        outcome(self.rows, &BTreeSet::from([mechanism]), |open| {
            let mut left = open.remains.mechanisms.clone();
            if reaches(open) {
                left.remove(&mechanism);
            }
            left
        })
    }

    /// Takes the grants themselves away. A new mechanism needs its own way; what was only observed has none. The policy goes last, when
    /// nothing is left that its Deny statements silence.
    fn by_mechanism(&self) -> impl Iterator<Item = Step> {
        let closes = |mechanism| self.closes(mechanism);
        let acl = closes(Mechanism::BucketAcl).then(|| self.reset_acl());
        let acls = closes(Mechanism::ObjectAcl).then(|| self.disable_acls());
        let policy = closes(Mechanism::BucketPolicy).then(|| self.delete_policy());
        [acl, acls, policy].into_iter().flatten()
    }

    fn reset_acl(&self) -> Step {
        let (closes, ends) = self.closed_for(Mechanism::BucketAcl, |_| true);
        Step {
            command: self.s3api("put-bucket-acl", " --acl private"),
            closes,
            ends,
            changes: "the bucket's ACL grants nobody but the owner, log delivery included"
                .to_owned(),
            undo: self.put_back("put-bucket-acl", "--access-control-policy", "bucket-acl"),
        }
    }

    fn disable_acls(&self) -> Step {
        let (closes, ends) = self.closed_for(Mechanism::ObjectAcl, |_| true);
        Step {
            command: self.s3api(
                "put-bucket-ownership-controls",
                " --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'",
            ),
            closes,
            ends,
            changes: "ACLs are disabled: no ACL of the bucket or its objects grants anything, and uploads that ask for one fail. S3 refuses it while the bucket's ACL grants others".to_owned(),
            undo: format!(
                "{}; if none was set: {}",
                self.put_back(
                    "put-bucket-ownership-controls",
                    "--ownership-controls",
                    "bucket-ownership-controls"
                ),
                self.s3api("delete-bucket-ownership-controls", "")
            ),
        }
    }

    fn delete_policy(&self) -> Step {
        let closing = BTreeSet::from([Mechanism::BucketPolicy]);
        let (closes, ends) = outcome(self.rows, &closing, |open| {
            open.remains.without_policy.clone()
        });
        Step {
            command: self.s3api("delete-bucket-policy", ""),
            closes,
            ends,
            changes: "the whole policy goes, wanted grants and Deny statements with it. To take only the grant away put the saved policy back without the statement that makes it".to_owned(),
            undo: self.put_back("put-bucket-policy", "--policy", "bucket-policy"),
        }
    }

    /// Takes an access point's policy away.
    fn delete_point(&self, name: &Untrusted) -> Option<Step> {
        let point = self.point(name)?;
        let (closes, ends) = self.closed_for(Mechanism::AccessPointPolicy, leads_by(name));
        Some(Step {
            command: point.call("delete", ""),
            closes,
            ends,
            changes: format!(
                "the access point `{}` lets nobody in by a policy of its own; {OTHER_OWNER}",
                point.name
            ),
            undo: point.put_back(),
        })
    }

    /// Puts a policy back without the statements that let outsiders in.
    fn put_without(&self, edit: &PolicyEdit) -> Option<Step> {
        let policy = format!(" --policy '{}'", edit.edit.text);
        let (command, undo, (closes, ends), whose) = match &edit.point {
            None => (
                self.s3api("put-bucket-policy", &policy),
                self.put_back("put-bucket-policy", "--policy", "bucket-policy"),
                self.closed_for(Mechanism::BucketPolicy, |_| true),
                "the bucket policy".to_owned(),
            ),
            Some(name) => {
                let point = self.point(name)?;
                (
                    point.call("put", &policy),
                    point.put_back(),
                    self.closed_for(Mechanism::AccessPointPolicy, leads_by(name)),
                    format!(
                        "the policy of the access point `{}` ({OTHER_OWNER})",
                        point.name
                    ),
                )
            }
        };
        Some(Step {
            command,
            closes,
            ends,
            changes: edit.told(&whose),
            undo,
        })
    }

    /// The access point of that name. One that AWS could not have given does not get into a command.
    fn point<'n>(&self, name: &'n Untrusted) -> Option<Point<'n>> {
        let name = name.reveal();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.starts_with('-') || !name.bytes().all(fits) {
            return None;
        }
        let region = match &self.remedy.region {
            Some(region) => format!(" --region {region}"),
            None => String::new(),
        };
        Some(Point {
            name,
            place: format!(
                "--account-id {} --name {name}{region}",
                self.remedy.account.as_ref()?
            ),
            saved: self.saved(&format!("{name}.access-point-policy")),
        })
    }

    /// The file that keeps what is set now.
    fn saved(&self, what: &str) -> String {
        let bucket = self.remedy.bucket.as_ref().map_or("", BucketName::as_str);
        format!("{bucket}.{what}.json")
    }

    /// The call that puts back what was saved.
    fn put_back(&self, verb: &str, option: &str, what: &str) -> String {
        self.s3api(verb, &format!(" {option} file://{}", self.saved(what)))
    }

    /// A call on the bucket. Its name is of letters, digits and `.-_` only, so it needs no quotes.
    fn s3api(&self, verb: &str, more: &str) -> String {
        let bucket = self.remedy.bucket.as_ref().map_or("", BucketName::as_str);
        let region = match &self.remedy.region {
            Some(region) => format!(" --region {region}"),
            None => String::new(),
        };
        format!("aws s3api {verb} --bucket={bucket}{region}{more}")
    }
}

/// Whose account a call on an access point is to name.
const OTHER_OWNER: &str = "if another account owns it, that account's id is to be given";

/// An access point, as commands name it.
struct Point<'n> {
    name: &'n str,
    place: String,
    /// The file that keeps its policy.
    saved: String,
}

impl Point<'_> {
    fn call(&self, verb: &str, more: &str) -> String {
        format!(
            "aws s3control {verb}-access-point-policy {}{more}",
            self.place
        )
    }

    fn put_back(&self) -> String {
        self.call("put", &format!(" --policy file://{}", self.saved))
    }
}

/// Whether an exposure is one by an access point of that name.
fn leads_by(name: &Untrusted) -> impl Fn(&Open<'_>) -> bool {
    move |open| {
        let row = open.row;
        row.scope == Scope::AccessPoint && row.access_point.as_ref() == Some(name)
    }
}

/// The flags that silence public grants of these mechanisms. How somebody got in who was only observed is not known: by policy or ACL.
fn silencing(mechanisms: &BTreeSet<Mechanism>) -> BlockFlags {
    let has = |mechanism| mechanisms.contains(&mechanism);
    BlockFlags {
        restrict_public_buckets: has(Mechanism::BucketPolicy)
            || has(Mechanism::AccessPointPolicy)
            || has(Mechanism::Observed),
        ignore_public_acls: has(Mechanism::BucketAcl)
            || has(Mechanism::ObjectAcl)
            || has(Mechanism::Observed),
        ..BlockFlags::NONE
    }
}

/// The option that gives a block's flags.
fn configuration(flags: BlockFlags) -> String {
    format!(" --public-access-block-configuration {}", flag_words(flags))
}

/// The flags of a block, as the AWS CLI takes them.
pub(super) fn flag_words(flags: BlockFlags) -> String {
    format!(
        "BlockPublicAcls={},IgnorePublicAcls={},BlockPublicPolicy={},RestrictPublicBuckets={}",
        flags.block_public_acls,
        flags.ignore_public_acls,
        flags.block_public_policy,
        flags.restrict_public_buckets
    )
}
