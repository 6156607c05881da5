//! Which S3 actions are there, on what do they act, and what can one do with them?
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>

use super::pattern::matches;
use super::verdict::Permission::{
    self, Delete, List, Other, Read, ReadAcl, ReadConfig, Takeover, Write, WriteAcl,
};

use crate::event::Selection;

/// On what an action acts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// On the bucket itself.
    Bucket,
    /// On objects.
    Object,
}

use Target::{Bucket, Object};

/// One action: its name in lower case without `s3:`, its class and what it acts on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Action {
    /// The name, in lower case, without the prefix `s3:`.
    pub name: &'static str,
    /// What one can do with it.
    pub permission: Permission,
    /// On what it acts.
    pub target: Target,
}

const fn action(name: &'static str, permission: Permission, target: Target) -> Action {
    Action {
        name,
        permission,
        target,
    }
}

/// The actions that a bucket policy can grant.
pub static ACTIONS: &[Action] = &[
    action("listbucket", List, Bucket),
    action("listbucketversions", List, Bucket),
    action("listbucketmultipartuploads", List, Bucket),
    action("getobject", Read, Object),
    action("getobjectversion", Read, Object),
    action("getobjectattributes", Read, Object),
    action("getobjectversionattributes", Read, Object),
    action("getobjecttorrent", Read, Object),
    action("getobjectversiontorrent", Read, Object),
    action("getobjectversionforreplication", Read, Object),
    action("putobject", Write, Object),
    action("restoreobject", Write, Object),
    action("abortmultipartupload", Write, Object),
    action("replicateobject", Write, Object),
    action("replicatetags", Other, Object),
    action("replicatedelete", Delete, Object),
    action("updateobjectencryption", Other, Object),
    action("deleteobject", Delete, Object),
    action("deleteobjectversion", Delete, Object),
    action("getobjectacl", ReadAcl, Object),
    action("getobjectversionacl", ReadAcl, Object),
    action("putobjectacl", WriteAcl, Object),
    action("putobjectversionacl", WriteAcl, Object),
    action("putbucketacl", WriteAcl, Bucket),
    action("bypassgovernanceretention", WriteAcl, Object),
    action("objectowneroverridetobucketowner", WriteAcl, Object),
    action("putbucketpolicy", Takeover, Bucket),
    action("deletebucketpolicy", Takeover, Bucket),
    action("putbucketpublicaccessblock", Takeover, Bucket),
    action("putbucketownershipcontrols", Takeover, Bucket),
    action("putbucketwebsite", Takeover, Bucket),
    action("deletebucketwebsite", Other, Bucket),
    action("putreplicationconfiguration", Takeover, Bucket),
    action("putlifecycleconfiguration", Takeover, Bucket),
    action("getbucketacl", ReadConfig, Bucket),
    action("getbucketpolicy", ReadConfig, Bucket),
    action("getbucketpolicystatus", ReadConfig, Bucket),
    action("getbucketpublicaccessblock", ReadConfig, Bucket),
    action("getbucketownershipcontrols", ReadConfig, Bucket),
    action("getbucketlocation", ReadConfig, Bucket),
    action("getbucketcors", ReadConfig, Bucket),
    action("getbucketwebsite", ReadConfig, Bucket),
    action("getbucketlogging", ReadConfig, Bucket),
    action("getbucketnotification", ReadConfig, Bucket),
    action("getbucketobjectlockconfiguration", ReadConfig, Bucket),
    action("getbucketrequestpayment", ReadConfig, Bucket),
    action("getbuckettagging", ReadConfig, Bucket),
    action("getbucketversioning", ReadConfig, Bucket),
    action("getbucketmetadatatableconfiguration", ReadConfig, Bucket),
    action("getaccelerateconfiguration", ReadConfig, Bucket),
    action("getanalyticsconfiguration", ReadConfig, Bucket),
    action("getencryptionconfiguration", ReadConfig, Bucket),
    action("getintelligenttieringconfiguration", ReadConfig, Bucket),
    action("getinventoryconfiguration", ReadConfig, Bucket),
    action("getlifecycleconfiguration", ReadConfig, Bucket),
    action("getmetricsconfiguration", ReadConfig, Bucket),
    action("getreplicationconfiguration", ReadConfig, Bucket),
    action("createbucket", Other, Bucket),
    action("deletebucket", Other, Bucket),
    action("putaccelerateconfiguration", Other, Bucket),
    action("putanalyticsconfiguration", Other, Bucket),
    action("putbucketcors", Other, Bucket),
    action("putbucketlogging", Other, Bucket),
    action("putbucketnotification", Other, Bucket),
    action("putbucketobjectlockconfiguration", Other, Bucket),
    action("putbucketrequestpayment", Other, Bucket),
    action("putbuckettagging", Other, Bucket),
    action("putbucketversioning", Other, Bucket),
    action("putencryptionconfiguration", Other, Bucket),
    action("putintelligenttieringconfiguration", Other, Bucket),
    action("putinventoryconfiguration", Other, Bucket),
    action("putmetricsconfiguration", Other, Bucket),
    action("createbucketmetadatatableconfiguration", Other, Bucket),
    action("deletebucketmetadatatableconfiguration", Other, Bucket),
    action("listmultipartuploadparts", Other, Object),
    action("getobjectlegalhold", Other, Object),
    action("getobjectretention", Other, Object),
    action("getobjecttagging", Other, Object),
    action("getobjectversiontagging", Other, Object),
    action("putobjectlegalhold", Other, Object),
    action("putobjectretention", Other, Object),
    action("putobjecttagging", Other, Object),
    action("putobjectversiontagging", Other, Object),
    action("deleteobjecttagging", Other, Object),
    action("deleteobjectversiontagging", Other, Object),
    action("getbucketabac", ReadConfig, Bucket),
    action("putbucketabac", Other, Bucket),
    action("listtagsforresource", ReadConfig, Bucket),
    action("tagresource", Other, Bucket),
    action("untagresource", Other, Bucket),
    action(
        "updatebucketmetadatainventorytableconfiguration",
        Other,
        Bucket,
    ),
    action(
        "updatebucketmetadatajournaltableconfiguration",
        Other,
        Bucket,
    ),
    action("initiatereplication", Other, Bucket),
    action("pausereplication", Other, Bucket),
];

/// Whether only an identity of the bucket's own account can use the action: others get 405 Method Not Allowed.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html>
pub fn is_for_owner_only(action: &Action) -> bool {
    matches!(action.name, "putbucketpolicy" | "deletebucketpolicy")
}

/// The listed actions that a selection takes in, and whether it names others.
pub fn expand(selection: &Selection) -> (Vec<&'static Action>, bool) {
    let named = |action: &&Action| {
        selection
            .patterns()
            .iter()
            .any(|pattern| takes(pattern, action))
    };
    let is_unlisted = |pattern: &String| {
        pattern.starts_with("s3:") && !ACTIONS.iter().any(|action| takes(pattern, action))
    };
    match selection {
        Selection::Only(patterns) => (
            ACTIONS.iter().filter(named).collect(),
            patterns.iter().any(is_unlisted),
        ),
        Selection::AllBut(_) => (
            ACTIONS.iter().filter(|action| !named(action)).collect(),
            false,
        ),
    }
}

/// Whether a pattern takes in an action. Nearly all patterns spell the service, and need no text made to match against.
fn takes(pattern: &str, action: &Action) -> bool {
    match pattern.strip_prefix("s3:") {
        Some(rest) => matches(rest, action.name),
        None if pattern
            .bytes()
            .take(3)
            .any(|byte| matches!(byte, b'*' | b'?')) =>
        {
            pattern == "*" || matches(pattern, &format!("s3:{}", action.name))
        }
        None => false,
    }
}

/// The actions of that name, in lower case without `s3:`.
pub fn actions_named(names: &[&str]) -> Vec<&'static Action> {
    ACTIONS
        .iter()
        .filter(|action| names.contains(&action.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_stands_once() {
        let mut names: Vec<_> = ACTIONS.iter().map(|action| action.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ACTIONS.len());
    }

    #[test]
    fn patterns_are_matched_against_the_whole_name() {
        for pattern in [
            "*",
            "**",
            "?3:*",
            "s*",
            "s*t",
            "s?:getobject",
            "s3*object",
            "s3?getobject*",
            "s3:*",
            "s3:get*",
            "s3:getobject",
            "s3:getobject*",
            "s3:get?bject",
            "s3:",
            "s3",
            "s",
            "",
            "ec2:*",
            "getobject",
            "sts:*",
            "s3x:*",
            "*:getobject",
            "s3:?etobject",
        ] {
            for action in ACTIONS {
                let whole = format!("s3:{}", action.name);
                let expected = matches(pattern, &whole);
                assert_eq!(takes(pattern, action), expected, "{pattern} {whole}");
            }
        }
    }
}
