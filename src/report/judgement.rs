//! How is one verdict told: whether a bucket with certain documents is public, and why?

use super::escape;
use crate::exposure::Judgement;
use crate::vocab::Untrusted;
use serde::ser::{SerializeMap, Serializer};
use std::io::{self, Write};

/// Writes the verdict as one JSON object.
///
/// # Errors
/// If the output takes no more.
pub fn write_json(judged: &Judgement, out: &mut dyn Write) -> io::Result<()> {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::pretty(&mut text);
    let mut object = serializer.serialize_map(None)?;
    object.serialize_entry("verdict", judged.verdict.name())?;
    object.serialize_entry("aws_public", judged.aws_public.name())?;
    object.serialize_entry("certainty", judged.certainty().name())?;
    for (name, texts) in lists(judged) {
        object.serialize_entry(name, &texts)?;
    }
    object.serialize_entry("latent", &judged.latent)?;
    object.serialize_entry("decided_by", &escape::exact_texts(&judged.decided_by))?;
    object.serialize_entry("reason", escape::exact_text(&judged.reason))?;
    object.end()?;
    writeln!(out, "{}", escape::json(&String::from_utf8_lossy(&text)))
}

/// The lists of a verdict, exact, in their order.
fn lists(judged: &Judgement) -> [(&'static str, Vec<&str>); 6] {
    let reach = &judged.reach;
    [
        (
            "assumptions",
            judged.assumptions.iter().map(|it| it.name()).collect(),
        ),
        (
            "permissions",
            reach.permissions.iter().map(|it| it.name()).collect(),
        ),
        ("principals", escape::exact_texts(&reach.principals)),
        ("resources", escape::exact_texts(&reach.resources)),
        ("qualifiers", escape::exact_texts(&reach.qualifiers)),
        (
            "mechanisms",
            reach.mechanisms.iter().map(|it| it.name()).collect(),
        ),
    ]
}

/// Writes the verdict as a few lines.
///
/// # Errors
/// If the output takes no more.
pub fn write_text(judged: &Judgement, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{} ({})",
        judged.verdict.name(),
        judged.certainty().name()
    )?;
    let latent = if judged.latent {
        "a public grant is stored that only a block silences"
    } else {
        ""
    };
    let lines = [
        ("reason", escape::sentence(&judged.reason)),
        ("decided by", shown(judged.decided_by.iter())),
        ("who", shown(judged.reach.principals.iter())),
        (
            "may",
            names(judged.reach.permissions.iter().map(|it| it.name())),
        ),
        ("on", shown(judged.reach.resources.iter())),
        ("provided", shown(judged.reach.qualifiers.iter())),
        (
            "through",
            names(judged.reach.mechanisms.iter().map(|it| it.name())),
        ),
        (
            "assumed",
            names(judged.assumptions.iter().map(|it| it.name())),
        ),
        ("latent", latent.to_owned()),
        (
            "S3 calls the policy public",
            judged.aws_public.name().to_owned(),
        ),
    ];
    for (name, text) in lines.into_iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(out, "  {name}: {text}")?;
    }
    Ok(())
}

fn shown<'a>(texts: impl Iterator<Item = &'a Untrusted>) -> String {
    texts.map(escape::terminal).collect::<Vec<_>>().join(", ")
}

fn names(names: impl Iterator<Item = &'static str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
