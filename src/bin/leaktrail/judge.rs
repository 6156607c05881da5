//! `leaktrail judge`: is a bucket with these documents public, and why?

use crate::cli::{Answer, Judge};
use crate::exit::Exit;
use crate::talk::note;
use anyhow::{Context, bail};
use leaktrail::event::{Acl, BlockFlags, HeldKind, Told, held, held_of_bucket};
use leaktrail::exposure::{
    AclSetting, BlockSetting, BucketState, Known, Owner, PolicyInForce, PolicyKind, PolicyMeaning,
    Verdict, judge,
};
use leaktrail::report::{judgement, printable};
use std::path::Path;
use std::sync::Arc;

pub fn run(asked: &Judge) -> anyhow::Result<Exit> {
    let documents = asked
        .documents
        .iter()
        .map(|path| read(path))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let account = asked
        .account_block
        .as_deref()
        .map(account_block)
        .transpose()?;
    let owner = owner(asked, &documents);
    let (bucket, missing) = state(&asked.documents, documents, &owner)?;
    if !missing.is_empty() {
        note(&format!(
            "not given, and taken as absent: {}",
            missing.join(", ")
        ));
    }
    let mut judged = judge(
        &bucket,
        &Known::Observed(account.unwrap_or_default()),
        &owner,
    );
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

type Document = (HeldKind, Told);

fn read(path: &Path) -> anyhow::Result<Document> {
    let name = printable(&path.to_string_lossy());
    match held_of_bucket(&bytes(path)?) {
        Ok(document) => Ok(document),
        Err(why) => bail!(
            "cannot use `{name}`: {why}\nhint: give what the AWS CLI prints for a policy, an ACL, a public access block or ownership controls, or the error that it prints where there is none"
        ),
    }
}

fn account_block(path: &Path) -> anyhow::Result<BlockFlags> {
    match held(HeldKind::AccountBlock, &bytes(path)?) {
        Ok(Told::AccountBlock(flags)) => Ok(flags),
        Ok(_) | Err(_) => bail!(
            "the account's block is no public access block\nhint: save what `aws s3control get-public-access-block` prints"
        ),
    }
}

fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let name = || printable(&path.to_string_lossy());
    std::fs::read(path).with_context(|| format!("cannot read `{}`", name()))
}

fn owner(asked: &Judge, documents: &[Document]) -> Owner {
    let canonical = documents.iter().filter_map(|(_, told)| match told {
        Told::Acl(acl) => acl.owner.clone(),
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
    for (path, (kind, told)) in paths.iter().zip(documents) {
        if given.contains(&kind) {
            bail!(
                "`{}` is a second {}\nhint: judge takes the documents of one bucket, each once",
                printable(&path.to_string_lossy()),
                name_of(kind)
            );
        }
        given.push(kind);
        match told {
            Told::Policy(policy) => {
                let in_force = policy.map(|policy| {
                    let meaning = PolicyMeaning::of(&policy, owner, PolicyKind::of(&policy));
                    Arc::new(PolicyInForce { policy, meaning })
                });
                state.policy = Known::Observed(in_force);
            }
            Told::Acl(acl) => state.acl = Known::Observed(Arc::new(acl)),
            Told::Block(flags) => state.block = Known::Observed(BlockSetting::Exactly(flags)),
            Told::Ownership(ownership) => {
                state.ownership = Known::Observed(AclSetting::Exactly(ownership))
            }
            _ => bail!(
                "`{}` is no document of a bucket",
                printable(&path.to_string_lossy())
            ),
        }
    }
    let kinds = [
        HeldKind::Policy,
        HeldKind::Acl,
        HeldKind::Block,
        HeldKind::Ownership,
    ];
    let missing = kinds.into_iter().filter(|kind| !given.contains(kind));
    Ok((state, missing.map(name_of).collect()))
}

fn name_of(kind: HeldKind) -> &'static str {
    match kind {
        HeldKind::Policy => "policy",
        HeldKind::Acl => "ACL",
        HeldKind::Block => "public access block",
        HeldKind::Ownership => "ownership",
        HeldKind::AccountBlock => "account's public access block",
    }
}
