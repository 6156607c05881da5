//! `leaktrail filter`: which records match?

use crate::cli::{Filter, Running};
use crate::exit::{Exit, Misuse};
use crate::patterns::{self, Meant};
use crate::progress::Bar;
use crate::{scan, talk};
use anyhow::Context;
use leaktrail::pattern::{Field, MetricFilter};
use leaktrail::pipeline::{self, Filtered, Query, Thoroughness, Unseen, Wanted};
use leaktrail::record::{Decoder, Record};
use leaktrail::report::{self, Format, printable};
use std::collections::BTreeSet;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;

/// What a table shows where no field is asked for.
const USUAL: [&str; 9] = [
    "$.eventTime",
    "$.recipientAccountId",
    "$.awsRegion",
    "$.eventSource",
    "$.eventName",
    "$.userIdentity.arn",
    "$.sourceIPAddress",
    "$.errorCode",
    "$.eventID",
];

pub fn run(asked: &Filter) -> anyhow::Result<Exit> {
    let mut out = std::io::BufWriter::new(std::io::stdout());
    if asked.list_presets {
        patterns::list(&mut out)?;
        out.flush()?;
        return Ok(Exit::Done);
    }
    let meant = patterns::read(&asked.patterns)?;
    if !asked.running.quiet {
        patterns::warn(&meant);
    }
    let exit = match &asked.test {
        Some(file) => try_on(file, &meant.filters, &mut out)?,
        None => search(asked, &meant, &mut out)?,
    };
    out.flush()?;
    Ok(exit.or(meant.exit))
}

fn search(asked: &Filter, meant: &Meant, out: &mut (dyn Write + Send)) -> anyhow::Result<Exit> {
    let fields = fields(asked)?;
    let format = asked.format.unwrap_or(Format::Csv);
    if format == Format::Parquet && std::io::stdout().is_terminal() {
        let text =
            "Parquet is no text for a terminal\nhint: send it to a file: `> records.parquet`";
        return Err(Misuse(text.to_owned()).into());
    }
    let query = Query {
        filters: &meant.filters,
        wanted: match fields.as_slice() {
            [] if asked.count => Wanted::Count,
            [] => Wanted::Records,
            fields => Wanted::Fields(fields),
        },
        thoroughness: Thoroughness::Likely,
    };
    let bar = Bar::new(asked.running.quiet);
    let options = scan::read_options(&asked.rows, &asked.files, &asked.running);
    let source = asked.running.sources(&asked.sources, &options.choice)?;
    let filtered = pipeline::filter(&source, &options, &query, out, &bar);
    bar.finish();
    let filtered = filtered?;
    if !fields.is_empty() {
        write_table(&fields, &filtered, format, out)?;
    }
    if asked.count {
        write_counts(&meant.filters, &filtered, out)?;
    }
    tell(&asked.running, meant, &filtered);
    Ok(match filtered.losses.is_empty() {
        true => Exit::Done,
        false => Exit::Incomplete,
    })
}

fn fields(asked: &Filter) -> anyhow::Result<Vec<Field>> {
    let usual = asked.format.filter(|_| asked.field.is_empty());
    let texts: Vec<&str> = match usual {
        Some(_) => USUAL.to_vec(),
        None => asked.field.iter().map(String::as_str).collect(),
    };
    let read = |text: &&str| {
        Field::parse(text).map_err(|error| {
            let text = error.to_string().replacen("the pattern", "the field", 1);
            Misuse(text).into()
        })
    };
    let fields: Vec<Field> = texts.iter().map(read).collect::<anyhow::Result<_>>()?;
    let mut names = BTreeSet::new();
    match fields.iter().find(|field| !names.insert(field.written())) {
        None => Ok(fields),
        // Two columns of one name cannot be told apart, and JSON has no such objects.
        Some(again) => {
            let text = format!("the field `{}` is asked for twice", again.written());
            Err(Misuse(text).into())
        }
    }
}

fn write_table(
    fields: &[Field],
    filtered: &Filtered,
    format: Format,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    // A column's name lives as long as the program: these few are given to it.
    let names: Vec<&'static str> = fields
        .iter()
        .map(|field| &*field.written().to_owned().leak())
        .collect();
    let rows = || {
        let rows = filtered.rows.iter();
        Box::new(rows.map(|row| (row.cells.as_slice(), &row.citation)))
            as Box<dyn Iterator<Item = _>>
    };
    format.write(&report::chosen_fields(&names, rows), out)?;
    Ok(())
}

/// One number; with several filters one for each, with its name.
fn write_counts(
    filters: &[MetricFilter],
    filtered: &Filtered,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    if let [_] = filters {
        return writeln!(out, "{}", filtered.matched);
    }
    for (filter, count) in filters.iter().zip(&filtered.matched_each) {
        writeln!(out, "{count} {}", printable(&filter.name))?;
    }
    writeln!(out, "{} any of them", filtered.matched)
}

fn tell(running: &Running, meant: &Meant, filtered: &Filtered) {
    if !running.quiet {
        let unseen = filtered.unseen.iter();
        for Unseen { selector, name } in unseen.filter(|it| meant.asks_for(&it.selector)) {
            let (selector, name) = (printable(selector), printable(name));
            talk::note(&format!(
                "warning: no record has a field of the name `{name}`, which `{selector}` asks for: is it spelled right?"
            ));
        }
        let unmet = filtered.unmet.iter();
        for selector in unmet.filter(|selector| meant.asks_for(selector)) {
            let selector = printable(selector);
            talk::note(&format!(
                "warning: `{selector}` leads to nothing in any record, though its names occur elsewhere: is that the way?"
            ));
        }
        talk::note(&format!(
            "{} of {} records match; {} losses",
            filtered.matched,
            filtered.records,
            filtered.losses.len()
        ));
    }
    if let Some(found) = filtered.no_log() {
        talk::note(&format!("warning: {}", report::no_log_line(found)));
    }
    scan::name_losses(running.verbose, &filtered.losses);
}

/// Tries the patterns on a file of messages, one a line, and prints the numbers of those that match.
fn try_on(file: &Path, filters: &[MetricFilter], out: &mut dyn Write) -> anyhow::Result<Exit> {
    let text = read_messages(file)
        .with_context(|| format!("cannot read `{}`", printable(&file.to_string_lossy())))?;
    let text = text
        .strip_prefix(b"\xef\xbb\xbf".as_slice())
        .unwrap_or(&text);
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let mut decoder = Decoder::new();
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let message = line.strip_suffix(b"\r").unwrap_or(line);
        let record = decoder.decode(message).ok();
        let view = record.as_ref().map(Record::view);
        if filters
            .iter()
            .any(|filter| filter.pattern.matches(message, view))
        {
            writeln!(out, "{}", number + 1)?;
        }
    }
    Ok(Exit::Done)
}

fn read_messages(file: &Path) -> std::io::Result<Vec<u8>> {
    if file != Path::new("-") {
        return std::fs::read(file);
    }
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text)?;
    Ok(text)
}
