//! Who made the call, as the record itself tells?

use super::json::{Tree, text_at};
use super::session::Session;
use crate::vocab::Untrusted;

/// Who made a call, from where and with what.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Actor {
    /// The caller's ARN; without one, the best name the record has.
    pub name: Untrusted,
    /// userIdentity.type; `Anonymous` for unsigned requests.
    pub kind: Untrusted,
    /// The access key's id.
    pub access_key_id: Untrusted,
    /// Whether the session was opened with a second factor, where the record says.
    pub mfa: Option<bool>,
    /// sourceIPAddress: an address, or the DNS name of an AWS service.
    pub source_ip: Untrusted,
    /// userAgent.
    pub user_agent: Untrusted,
    /// The AWS service that made the call for the caller.
    pub invoked_by: Untrusted,
    /// The session it was made in, and what else the record says of the caller.
    pub session: Session,
}

impl Actor {
    /// Reads the caller from a record. Missing fields stay empty.
    pub(super) fn read<'v>(record: impl Tree<'v>) -> Self {
        let outside = Self {
            source_ip: text_at(record, &["sourceIPAddress"]).into(),
            user_agent: text_at(record, &["userAgent"]).into(),
            ..Self::default()
        };
        let Some(identity) = record.under("userIdentity") else {
            return outside;
        };
        let anonymous = is_anonymous(identity);
        Self {
            name: if anonymous {
                "anonymous".into()
            } else {
                name_of(identity).into()
            },
            kind: if anonymous {
                "Anonymous".into()
            } else {
                text_at(identity, &["type"]).into()
            },
            access_key_id: text_at(identity, &["accessKeyId"]).into(),
            mfa: mfa_of(identity),
            invoked_by: text_at(identity, &["invokedBy"]).into(),
            session: Session::read(identity),
            ..outside
        }
    }
}

/// Whether the request was unsigned.
fn is_anonymous<'v>(identity: impl Tree<'v>) -> bool {
    is_nobody(text_at(identity, &["accountId"]))
}

/// Whether an account's id stands for nobody: both spellings that CloudTrail has used.
pub(super) fn is_nobody(account: &str) -> bool {
    matches!(account, "anonymous" | "ANONYMOUS_PRINCIPAL")
}

/// The caller's best name: ARN, else principal id, else the invoking service, else Identity Center's user id, else the account,
/// else the user's name.
fn name_of<'v>(identity: impl Tree<'v>) -> &'v str {
    let names: [&[&str]; 6] = [
        &["arn"],
        &["principalId"],
        &["invokedBy"],
        &["onBehalfOf", "userId"],
        &["accountId"],
        &["userName"],
    ];
    let mut texts = names.into_iter().map(|path| text_at(identity, path));
    texts.find(|text| !text.is_empty()).unwrap_or("")
}

fn mfa_of<'v>(identity: impl Tree<'v>) -> Option<bool> {
    match text_at(
        identity,
        &["sessionContext", "attributes", "mfaAuthenticated"],
    ) {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_role_session_is_named_by_its_arn() {
        let actor = Actor::read(&json!({
            "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Admin/alice", "accessKeyId": "ASIAEXAMPLE",
                "sessionContext": {"attributes": {"mfaAuthenticated": "true", "creationDate": "2024-01-01T00:00:00Z"}}},
            "sourceIPAddress": "203.0.113.9", "userAgent": "aws-cli/2"}));
        assert_eq!(
            actor.name.reveal(),
            "arn:aws:sts::111122223333:assumed-role/Admin/alice"
        );
        assert_eq!(
            (actor.kind.reveal(), actor.mfa),
            ("AssumedRole", Some(true))
        );
        assert_eq!(actor.source_ip.reveal(), "203.0.113.9");
    }

    #[test]
    fn both_spellings_of_nobody_are_anonymous() {
        for account in ["anonymous", "ANONYMOUS_PRINCIPAL"] {
            let actor = Actor::read(
                &json!({"userIdentity": {"type": "AWSAccount", "principalId": "", "accountId": account}}),
            );
            assert_eq!(
                (actor.name.reveal(), actor.kind.reveal()),
                ("anonymous", "Anonymous")
            );
        }
    }

    #[test]
    fn a_record_without_identity_has_an_empty_actor() {
        assert_eq!(Actor::read(&json!({})), Actor::default());
    }
}
