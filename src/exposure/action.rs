//! Which S3 actions are there, on what do they act, and what can one do with them?
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>

use super::verdict::Permission::{
    self, Delete, List, Other, Read, ReadAcl, ReadConfig, Takeover, Write, WriteAcl,
};

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
    action("initiatereplication", Other, Bucket),
    action("pausereplication", Other, Bucket),
];

/// Whether only an identity of the bucket's own account can use the action: others get 405 Method Not Allowed.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html>
pub fn is_for_owner_only(action: &Action) -> bool {
    matches!(action.name, "putbucketpolicy" | "deletebucketpolicy")
}

/// Whether a pattern with `*` and `?` matches the whole text.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut from) = (0, 0);
    let mut retry = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at, from));
                at += 1;
            }
            Some(&byte) if byte == b'?' || Some(&byte) == text.get(from) => {
                (at, from) = (at + 1, from + 1)
            }
            _ => match &mut retry {
                Some((star, taken)) => {
                    *taken += 1;
                    (at, from) = (*star + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_glob_does() {
        for (pattern, text, expected) in [
            ("get*", "getobject", true),
            ("*", "", true),
            ("getobject", "getobjectacl", false),
            ("get?bject", "getobject", true),
            ("*acl", "putbucketacl", true),
            ("a*b*c", "axxbxxbc", true),
            ("a*b*c", "axxbxx", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn each_action_stands_once() {
        let mut names: Vec<_> = ACTIONS.iter().map(|action| action.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ACTIONS.len());
    }
}
