//! Who is the first of a chain of sessions, and does he stand behind calls by himself?

use super::origin::{MOST_CANDIDATES, Tracer, permission_set};
use super::steps::{identity_center, vouched_for};
use super::words::{event, name, say};
use crate::event::{Actor, CitedIssuance};
use crate::vocab::{AccountId, Timestamp};
use std::collections::BTreeSet;

impl Tracer {
    /// The first of the chain, and whether it is one that stands behind calls by itself.
    pub(super) fn first(
        &self,
        actor: &Actor,
        at: Timestamp,
        through: Option<&CitedIssuance>,
    ) -> (String, bool) {
        let from = say("from", &actor.source_ip);
        let session = actor.session.began.is_some() && actor.invoked_by.is_empty();
        let kind = actor.kind.reveal();
        match kind {
            "Anonymous" => (format!("anonymous ({from})"), true),
            "AWSService" => (format!("AWS service {}", name(&actor.invoked_by)), true),
            "SAMLUser" | "WebIdentityUser" => (vouched_for(actor, through), true),
            "IdentityCenterUser" => (identity_center(actor, &from), true),
            "IAMUser" | "Root" if !session => {
                let key = say(", access key", &actor.access_key_id);
                (format!("{} ({from}{key})", name(&actor.name)), true)
            }
            "AWSAccount" => {
                let account = actor.session.account.as_ref().map_or("", AccountId::as_str);
                let who = say(", principal", &actor.session.principal_id);
                let whose =
                    format!("account {account}{who} ({from}; its own trail names the caller)");
                (whose, false)
            }
            "IAMUser" | "Root" | "AssumedRole" | "FederatedUser" => {
                (self.untraced(actor, at, &from), false)
            }
            "" if actor.name.is_empty() => (format!("nobody is named ({from})"), false),
            "" => (format!("{} ({from})", name(&actor.name)), true),
            kind => (
                format!("{} ({}, {from})", name(&actor.name), name(&kind.into())),
                true,
            ),
        }
    }

    /// What is known of a session whose issuance was not found.
    fn untraced(&self, actor: &Actor, at: Timestamp, from: &str) -> String {
        let session = &actor.session;
        let began = session.began;
        let since = began.map_or_else(String::new, |began| format!(", session since {began}"));
        let role = say(", of", &session.issuer);
        let source = say(", source identity", &session.source_identity);
        let user = match permission_set(actor) {
            Some(_) => ", an Identity Center user by its session's name",
            None => "",
        };
        let place = (actor.name.clone(), began.unwrap_or(at));
        let near = self.candidates.get(&place).into_iter().flatten();
        let near = near.map(|(at, key)| format!("{} at {at}", event(key)));
        let one_of = self.issuers(actor, at, &BTreeSet::new());
        let one_of = one_of.iter().take(MOST_CANDIDATES);
        let one_of = one_of.map(|it| format!("{} at {}", event(&it.event), it.issuance.time));
        let (near, one_of): (Vec<_>, Vec<_>) = (near.collect(), one_of.collect());
        let issuance = match (one_of.as_slice(), near.as_slice()) {
            ([], []) => "its issuance is not in the evidence".to_owned(),
            ([], near) => format!(
                "its issuance is not in the evidence; perhaps issued by {}",
                near.join(" or ")
            ),
            (all, _) => format!(
                "it cannot be told which of these issued it: {}",
                all.join(" or ")
            ),
        };
        format!(
            "{}{since}{role}{source}{user} ({from}; {issuance})",
            name(&actor.name)
        )
    }
}
