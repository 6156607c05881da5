//! How is one step of an origin told: a session and the event that issued it, or who an identity provider vouched for?

use super::words::{event, name, say};
use crate::event::{Actor, CitedIssuance, IssuanceKind};

/// An event, when it was, with or without a second factor, from where.
fn occasion(cited: &CitedIssuance) -> String {
    let issuance = &cited.issuance;
    let with = match issuance.mfa {
        Some(true) => " with MFA",
        Some(false) => " without MFA",
        None => "",
    };
    let from = say(", from", &issuance.parent.source_ip);
    format!(
        "{} {}{with}, {}{from}",
        issuance.name,
        issuance.time,
        event(&cited.event)
    )
}

/// A session, and the event that issued it; the sign-in to the console that shows it too.
pub(super) fn step(
    actor: &Actor,
    cited: &CitedIssuance,
    console: Option<&CitedIssuance>,
) -> String {
    let issuance = &cited.issuance;
    let who = match issuance.kind {
        IssuanceKind::IdentityCenter => {
            let user = &issuance.parent.session;
            let named = [&user.user, &user.on_behalf_of, &user.principal_id];
            let named = named.into_iter().find(|text| !text.is_empty());
            let user = named.map_or("of unknown name".to_owned(), name);
            format!("Identity Center user {user} <- {}", name(&actor.name))
        }
        _ => name(&actor.name),
    };
    let source = say(", source identity", &issuance.source_identity);
    let delivery = match actor.session.delivery.reveal() {
        "1.0" => ", by IMDSv1",
        "2.0" => ", by IMDSv2",
        _ => "",
    };
    let console = console.map_or_else(String::new, |login| format!("; {}", occasion(login)));
    format!("{who} ({}{source}{delivery}{console})", occasion(cited))
}

/// The subject that an identity provider vouched for.
pub(super) fn vouched_for(actor: &Actor, through: Option<&CitedIssuance>) -> String {
    let issuance = through.map(|cited| &cited.issuance);
    let subject = issuance.map(|it| &it.subject).filter(|it| !it.is_empty());
    let provider = issuance.map(|it| &it.provider).filter(|it| !it.is_empty());
    let named = [subject, Some(&actor.session.user), Some(&actor.name)];
    let named = named.into_iter().flatten().find(|text| !text.is_empty());
    let kind = match actor.kind.reveal() {
        "SAMLUser" => "SAML user",
        _ => "web identity",
    };
    let provider = provider.unwrap_or(&actor.session.provider);
    let from = say("from", &actor.source_ip);
    format!(
        "{kind} {}{} ({from})",
        named.map_or("of unknown name".to_owned(), name),
        say(" of", provider)
    )
}

pub(super) fn identity_center(actor: &Actor, from: &str) -> String {
    let named = [
        &actor.session.on_behalf_of,
        &actor.session.user,
        &actor.name,
    ];
    let named = named.into_iter().find(|text| !text.is_empty());
    let user = named.map_or("of unknown name".to_owned(), name);
    format!("Identity Center user {user} ({from})")
}
