//! When does a request carry a condition key?
//!
//! A test that a request without the key cannot pass shuts out whoever never has it. A key that neither list names is one
//! that AWS does not document, and what a condition on it does cannot be told.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys>

/// Which requests carry a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carried {
    /// Every request from the Internet, signed or not.
    Always,
    /// Whoever sends it: a header, a parameter, a property of the object or of the connection.
    IfSent,
    /// Only signed requests.
    IfSigned,
    /// Only requests that come through a VPC, an endpoint, an access point or an AWS service.
    FromElsewhere,
}

use Carried::{Always, FromElsewhere, IfSent, IfSigned};

/// Who carries a key, given in lower case; `None` where AWS does not document it.
pub fn carried(key: &str) -> Option<Carried> {
    KEYS.iter()
        .find(|(name, _)| *name == key)
        .or_else(|| {
            PREFIXES
                .iter()
                .find(|(prefix, _)| key.len() > prefix.len() && key.starts_with(prefix))
        })
        .map(|(_, carried)| *carried)
        .or_else(|| is_of_identity_provider(key).then_some(IfSigned))
}

/// `accounts.google.com:aud`, `saml:sub`: keys of federated sessions, named after who vouches for them.
fn is_of_identity_provider(key: &str) -> bool {
    key.split_once(':').is_some_and(|(provider, name)| {
        !name.is_empty() && (provider.contains('.') || provider == "saml")
    })
}

/// Keys with a name of the caller's behind them.
const PREFIXES: [(&str, Carried); 7] = [
    ("aws:principaltag/", IfSigned),
    ("aws:requesttag/", IfSent),
    ("aws:resourcetag/", IfSent),
    ("s3:existingobjecttag/", IfSent),
    ("s3:requestobjecttag/", IfSent),
    ("s3:buckettag/", IfSent),
    ("s3:accesspointtag/", IfSent),
];

const KEYS: [(&str, Carried); 98] = [
    ("aws:sourceip", Always),
    ("aws:securetransport", Always),
    ("aws:currenttime", Always),
    ("aws:epochtime", Always),
    ("aws:requestedregion", Always),
    ("aws:viaawsservice", Always),
    ("aws:resourceaccount", Always),
    ("s3:resourceaccount", Always),
    ("aws:referer", IfSent),
    ("aws:useragent", IfSent),
    ("aws:tagkeys", IfSent),
    ("aws:resourceorgid", IfSent),
    ("aws:resourceorgpaths", IfSent),
    ("aws:principalarn", IfSigned),
    ("aws:principalaccount", IfSigned),
    ("aws:principalorgid", IfSigned),
    ("aws:principalorgpaths", IfSigned),
    ("aws:principaltype", IfSigned),
    ("aws:userid", IfSigned),
    ("aws:username", IfSigned),
    ("aws:assumedroot", IfSigned),
    ("aws:federatedprovider", IfSigned),
    ("aws:tokenissuetime", IfSigned),
    ("aws:multifactorauthage", IfSigned),
    ("aws:multifactorauthpresent", IfSigned),
    ("aws:chatbotsourcearn", IfSigned),
    ("aws:ec2instancesourcevpc", IfSigned),
    ("aws:ec2instancesourceprivateipv4", IfSigned),
    ("aws:sourceidentity", IfSigned),
    ("aws:calledvia", IfSigned),
    ("aws:calledviafirst", IfSigned),
    ("aws:calledvialast", IfSigned),
    ("ec2:roledelivery", IfSigned),
    ("ec2:sourceinstancearn", IfSigned),
    ("lambda:sourcefunctionarn", IfSigned),
    ("ssm:sourceinstancearn", IfSigned),
    ("glue:roleassumedby", IfSigned),
    ("glue:credentialissuingservice", IfSigned),
    ("codebuild:buildarn", IfSigned),
    ("codebuild:projectarn", IfSigned),
    ("identitystore:userid", IfSigned),
    ("aws:principalisawsservice", IfSigned),
    ("aws:principalservicename", FromElsewhere),
    ("aws:principalservicenameslist", FromElsewhere),
    ("aws:sourcearn", FromElsewhere),
    ("aws:sourceaccount", FromElsewhere),
    ("aws:sourceowner", FromElsewhere),
    ("aws:sourceorgid", FromElsewhere),
    ("aws:sourceorgpaths", FromElsewhere),
    ("aws:sourcevpc", FromElsewhere),
    ("aws:sourcevpcarn", FromElsewhere),
    ("aws:sourcevpce", FromElsewhere),
    ("aws:vpceaccount", FromElsewhere),
    ("aws:vpceorgid", FromElsewhere),
    ("aws:vpceorgpaths", FromElsewhere),
    ("aws:vpcsourceip", FromElsewhere),
    ("s3:accessgrantsinstancearn", FromElsewhere),
    ("s3:accesspointnetworkorigin", FromElsewhere),
    ("s3:dataaccesspointaccount", FromElsewhere),
    ("s3:dataaccesspointarn", FromElsewhere),
    ("s3:authtype", IfSigned),
    ("s3:signatureage", IfSigned),
    ("s3:signatureversion", IfSigned),
    ("s3:delimiter", IfSent),
    ("s3:if-match", IfSent),
    ("s3:if-none-match", IfSent),
    ("s3:inventoryaccessibleoptionalfields", IfSent),
    ("s3:jobsuspendedcause", IfSent),
    ("s3:locationconstraint", IfSent),
    ("s3:max-keys", IfSent),
    ("s3:object-lock-legal-hold", IfSent),
    ("s3:object-lock-mode", IfSent),
    ("s3:object-lock-remaining-retention-days", IfSent),
    ("s3:object-lock-retain-until-date", IfSent),
    ("s3:objectcreationoperation", IfSent),
    ("s3:prefix", IfSent),
    ("s3:requestjoboperation", IfSent),
    ("s3:requestjobpriority", IfSent),
    ("s3:requestobjecttagkeys", IfSent),
    ("s3:tlsversion", IfSent),
    ("s3:versionid", IfSent),
    ("s3:x-amz-acl", IfSent),
    ("s3:x-amz-bucket-namespace", IfSent),
    ("s3:x-amz-content-sha256", IfSent),
    ("s3:x-amz-copy-source", IfSent),
    ("s3:x-amz-grant-full-control", IfSent),
    ("s3:x-amz-grant-read", IfSent),
    ("s3:x-amz-grant-read-acp", IfSent),
    ("s3:x-amz-grant-write", IfSent),
    ("s3:x-amz-grant-write-acp", IfSent),
    ("s3:x-amz-metadata-directive", IfSent),
    ("s3:x-amz-object-ownership", IfSent),
    ("s3:x-amz-server-side-encryption", IfSent),
    (KMS_KEY, IfSent),
    ("s3:x-amz-server-side-encryption-customer-algorithm", IfSent),
    ("s3:x-amz-storage-class", IfSent),
    ("s3:x-amz-website-redirect-location", IfSent),
    ("s3:isreplicationpauserequest", IfSent),
];

/// The key that S3's list of fixed values held until 2023.
pub const KMS_KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_by_who_carries_them() {
        for (key, expected) in [
            ("aws:sourceip", Some(Always)),
            ("aws:principaltag/team", Some(IfSigned)),
            ("aws:principaltag/", None),
            ("cognito-identity.amazonaws.com:aud", Some(IfSigned)),
            ("saml:aud", Some(IfSigned)),
            ("s3:prefix", Some(IfSent)),
            ("aws:sourcevpc", Some(FromElsewhere)),
            ("aws:madeup", None),
            ("sourceip", None),
            ("", None),
        ] {
            assert_eq!(carried(key), expected, "{key}");
        }
    }

    #[test]
    fn each_key_stands_once_in_lower_case() {
        let mut names: Vec<_> = KEYS.iter().map(|(name, _)| *name).collect();
        assert!(names.iter().all(|name| *name == name.to_ascii_lowercase()));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KEYS.len());
    }
}
