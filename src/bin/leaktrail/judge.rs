//! `leaktrail judge`: is a bucket with these documents public, and why?

use crate::cli::{Answer, Judge};
use crate::exit::Exit;
use crate::talk::note;
use anyhow::{Context, bail};
use leaktrail::event::{Acl, Document};
use leaktrail::exposure::{
    AclSetting, BlockSetting, BucketState, Known, Owner, PolicyInForce, PolicyKind, PolicyMeaning,
    Verdict, judge,
};
use leaktrail::report::{judgement, printable};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

pub fn run(asked: &Judge) -> anyhow::Result<Exit> {
    let documents = asked
        .documents
        .iter()
        .map(|path| read(path))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let account_block = asked.account_block.as_deref().map(read).transpose()?;
    let owner = owner(asked, &documents);
    let (bucket, missing) = state(&asked.documents, documents, &owner)?;
    if !missing.is_empty() {
        note(&format!(
            "not given, and taken as absent: {}",
            missing.join(", ")
        ));
    }
    let account = match account_block {
        None => Default::default(),
        Some(Document::Block(flags)) => flags,
        Some(_) => bail!(
            "the account's block is no public access block\nhint: save what `aws s3control get-public-access-block` prints"
        ),
    };
    let mut judged = judge(&bucket, &Known::Observed(account), &owner);
    if asked.account.is_none() && judged.verdict == Verdict::CrossAccount {
        judged.reason = format!(
            "{}; without --account every account that is named counts as an outsider",
            judged.reason.reveal()
        )
        .into();
    }
    let mut out = std::io::stdout().lock();
    match asked.format {
        Answer::Json => judgement::write_json(&judged, &mut out)?,
        Answer::Text => judgement::write_text(&judged, &mut out)?,
    }
    Ok(Exit::Done)
}

fn read(path: &Path) -> anyhow::Result<Document> {
    let name = || printable(&path.to_string_lossy());
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", name()))?;
    let text = bytes
        .strip_prefix(b"\xef\xbb\xbf".as_slice())
        .unwrap_or(&bytes);
    let value: Value =
        serde_json::from_slice(text).with_context(|| format!("`{}` is not JSON", name()))?;
    match Document::read(&value) {
        Ok(document) => Ok(document),
        Err(why) => bail!(
            "cannot use `{}`: {why}\nhint: give what the AWS CLI prints for a policy, an ACL, a public access block or ownership controls",
            name()
        ),
    }
}

fn owner(asked: &Judge, documents: &[Document]) -> Owner {
    let canonical = documents.iter().filter_map(|document| match document {
        Document::Acl(acl) => acl.owner.clone(),
        _ => None,
    });
    Owner {
        account: asked.account.clone(),
        canonical_ids: canonical.collect(),
        ..Owner::default()
    }
}

/// The state that the documents describe, and which documents are not given: their controls are absent.
fn state(
    paths: &[std::path::PathBuf],
    documents: Vec<Document>,
    owner: &Owner,
) -> anyhow::Result<(BucketState, Vec<&'static str>)> {
    let mut state = BucketState {
        policy: Known::Observed(None),
        acl: Known::Observed(Arc::new(Acl::owner_only())),
        ownership: Known::Observed(AclSetting::Enabled),
        block: Known::Observed(BlockSetting::Exactly(Default::default())),
    };
    let mut given = Vec::new();
    for (path, document) in paths.iter().zip(documents) {
        let kind = kind(&document);
        if given.contains(&kind) {
            bail!(
                "`{}` is a second {kind}\nhint: judge takes the documents of one bucket, each once",
                printable(&path.to_string_lossy())
            );
        }
        given.push(kind);
        match document {
            Document::Policy(policy) => {
                let meaning = PolicyMeaning::of(&policy, owner, PolicyKind::of(&policy));
                state.policy = Known::Observed(Some(Arc::new(PolicyInForce { policy, meaning })));
            }
            Document::Acl(acl) => state.acl = Known::Observed(Arc::new(acl)),
            Document::Block(flags) => state.block = Known::Observed(BlockSetting::Exactly(flags)),
            Document::Ownership(ownership) => {
                state.ownership = Known::Observed(AclSetting::Exactly(ownership))
            }
        }
    }
    let mut missing = vec!["policy", "ACL", "public access block", "ownership"];
    missing.retain(|kind| !given.contains(kind));
    Ok((state, missing))
}

fn kind(document: &Document) -> &'static str {
    match document {
        Document::Policy(_) => "policy",
        Document::Acl(_) => "ACL",
        Document::Block(_) => "public access block",
        Document::Ownership(_) => "ownership",
    }
}
