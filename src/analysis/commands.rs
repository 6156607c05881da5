//! Which commands of the AWS CLI would close one bucket? Each says what it changes, and how it is undone.

use super::edit::PolicyEdit;
use super::plan::{Remedy, Step};
use crate::event::BlockFlags;
use crate::exposure::Mechanism;
use crate::vocab::{BucketName, Untrusted};
use std::collections::BTreeSet;

/// The commands for one bucket.
pub(super) struct Commands<'r> {
    pub remedy: &'r Remedy,
    /// Its block, where that is known.
    pub block: Option<BlockFlags>,
    /// The access points that are open.
    pub points: BTreeSet<Untrusted>,
    /// What can be taken out of policies, smallest first.
    pub edits: Vec<PolicyEdit>,
}

impl Commands<'_> {
    /// All steps, smallest first.
    pub fn steps(&self, public: &BTreeSet<Mechanism>) -> Vec<Step> {
        let mut steps = vec![self.save()];
        if !public.is_empty() {
            steps.push(self.put_block(public));
        }
        let edits = self.edits.iter();
        steps.extend(edits.filter_map(|edit| self.put_without(edit)));
        steps.extend(self.by_mechanism());
        steps
    }

    /// What must be kept to undo the rest. It changes nothing.
    fn save(&self) -> Step {
        // Saved as the commands that put them back take them.
        let ownership = (
            "get-bucket-ownership-controls",
            " --query OwnershipControls",
        );
        let of_objects = self.remedy.mechanisms.contains(&Mechanism::ObjectAcl);
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
            changes: "nothing: it saves what is set now, which the steps below need to be undone (an error says that nothing is set)".to_owned(),
            undo: "nothing to undo".to_owned(),
        }
    }

    /// Turns on the flags that silence public grants. A put sets all four flags: those that are on stay on, and where they
    /// are not known all are turned on, so that no protection goes.
    fn put_block(&self, public: &BTreeSet<Mechanism>) -> Step {
        // How somebody got in who was only observed is not known: policy or ACL.
        let has = |mechanism| public.contains(&mechanism);
        let needed = BlockFlags {
            restrict_public_buckets: has(Mechanism::BucketPolicy)
                || has(Mechanism::AccessPointPolicy)
                || has(Mechanism::Observed),
            ignore_public_acls: has(Mechanism::BucketAcl)
                || has(Mechanism::ObjectAcl)
                || has(Mechanism::Observed),
            ..BlockFlags::NONE
        };
        let flags = self.block.map_or(BlockFlags::ALL, |known| known.or(needed));
        let how = match self.block {
            Some(_) => "the other flags stay as they were last seen",
            None => "the flags that are set now are not known, so all four are turned on",
        };
        Step {
            command: self.s3api(
                "put-public-access-block",
                &format!(" --public-access-block-configuration {}", flag_words(flags)),
            ),
            closes: public.clone(),
            changes: format!(
                "the bucket's public access block silences public grants, and leaves policy and ACLs as they are; {how}. A public policy then reaches only the owner's account and AWS services, so grants to fixed accounts in it stop too"
            ),
            undo: match self.block {
                Some(known) if known == BlockFlags::NONE => {
                    self.s3api("delete-public-access-block", "")
                }
                Some(known) => self.s3api(
                    "put-public-access-block",
                    &format!(" --public-access-block-configuration {}", flag_words(known)),
                ),
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
        }
    }

    /// Takes the grants themselves away. A new mechanism needs its own way; what was only observed has none.
    fn by_mechanism(&self) -> impl Iterator<Item = Step> {
        let points = self
            .points
            .iter()
            .filter_map(|name| self.delete_point(name));
        self.remedy.mechanisms.iter().filter_map(|mechanism| {
            let (verb, more, changes, undo) = match mechanism {
                Mechanism::BucketAcl => (
                    "put-bucket-acl",
                    " --acl private",
                    "the bucket's ACL grants nobody but the owner, log delivery included",
                    self.put_back("put-bucket-acl", "--access-control-policy", "bucket-acl"),
                ),
                Mechanism::ObjectAcl => (
                    "put-bucket-ownership-controls",
                    " --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerEnforced}]'",
                    "ACLs are disabled: no ACL of the bucket or its objects grants anything, and uploads that ask for one fail. S3 refuses it while the bucket's ACL grants others",
                    format!(
                        "{}; if none was set: {}",
                        self.put_back(
                            "put-bucket-ownership-controls",
                            "--ownership-controls",
                            "bucket-ownership-controls"
                        ),
                        self.s3api("delete-bucket-ownership-controls", "")
                    ),
                ),
                Mechanism::BucketPolicy => (
                    "delete-bucket-policy",
                    "",
                    "the whole policy goes, wanted grants and Deny statements with it. To take only the grant away put the saved policy back without the statement that makes it",
                    self.put_back("put-bucket-policy", "--policy", "bucket-policy"),
                ),
                Mechanism::AccessPointPolicy | Mechanism::Observed => return None,
            };
            Some(Step {
                command: self.s3api(verb, more),
                closes: BTreeSet::from([*mechanism]),
                changes: changes.to_owned(),
                undo,
            })
        })
        .chain(points)
    }

    /// Takes an access point's policy away.
    fn delete_point(&self, name: &Untrusted) -> Option<Step> {
        let point = self.point(name)?;
        Some(Step {
            command: point.call("delete", ""),
            closes: BTreeSet::from([Mechanism::AccessPointPolicy]),
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
        let (command, undo, mechanism, whose) = match &edit.point {
            None => (
                self.s3api("put-bucket-policy", &policy),
                self.put_back("put-bucket-policy", "--policy", "bucket-policy"),
                Mechanism::BucketPolicy,
                "the bucket policy".to_owned(),
            ),
            Some(name) => {
                let point = self.point(name)?;
                (
                    point.call("put", &policy),
                    point.put_back(),
                    Mechanism::AccessPointPolicy,
                    format!(
                        "the policy of the access point `{}` ({OTHER_OWNER})",
                        point.name
                    ),
                )
            }
        };
        Some(Step {
            command,
            closes: BTreeSet::from([mechanism]),
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
