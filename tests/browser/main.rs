//! Does the page work where it is read, in a browser? Chromium opens it, counts, filters, zooms, points, prints, and is attacked.
//!
//! Without Chromium (`/usr/bin/chromium`, or what `LEAKTRAIL_CHROMIUM` names) these tests say so and are passed over.
//! `LEAKTRAIL_PICTURES` names a folder that takes what they see; `report.webp` of these is the README's, in `fixtures`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::cast_possible_wrap,
    reason = "a test may stop, and talk"
)]

mod crowd;
mod devtools;

use base64::Engine;
use devtools::Browser;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A report that the program wrote.
struct Report {
    folder: TempDir,
}

impl Report {
    /// Of an archive, by the program's own command.
    fn of(archive: &Path, formats: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_leaktrail"));
        command
            .arg("scan")
            .arg(archive)
            .arg("-o")
            .arg(folder.path().join("report"))
            .arg("-q");
        for format in formats {
            command.args(["-f", format]);
        }
        let status = command.output().unwrap().status.code();
        assert!(matches!(status, Some(0 | 3)), "{status:?}");
        Self { folder }
    }

    /// Of records.
    fn of_records(records: &Value) -> Self {
        let archive = tempfile::tempdir().unwrap();
        fs::write(archive.path().join("a.json"), records.to_string()).unwrap();
        Self::of(archive.path(), &["csv", "html"])
    }

    fn page(&self) -> PathBuf {
        self.folder.path().join("report/report.html")
    }

    /// The values of some columns of a table.
    fn column(&self, table: &str, columns: &[&str]) -> Vec<Vec<String>> {
        let path = self.folder.path().join(format!("report/{table}.csv"));
        let mut reader = csv::Reader::from_path(path).unwrap();
        let headers = reader.headers().unwrap().clone();
        let places: Vec<usize> = columns
            .iter()
            .map(|column| headers.iter().position(|name| name == *column).unwrap())
            .collect();
        reader
            .records()
            .map(|record| {
                let record = record.unwrap();
                places
                    .iter()
                    .map(|place| record[*place].to_owned())
                    .collect()
            })
            .collect()
    }

    /// How many buckets were anything but private at any time.
    fn buckets(&self) -> usize {
        let timeline = self.column("timeline", &["account_id", "bucket", "verdict"]);
        let told = timeline
            .into_iter()
            .filter(|row| row[2] != "private")
            .map(|row| row[..2].to_vec());
        let exposed = self.column("exposures", &["account_id", "bucket"]);
        told.chain(exposed).collect::<BTreeSet<_>>().len()
    }
}

/// A browser; none where there is no Chromium.
fn browser() -> Option<Browser> {
    let chromium = devtools::chromium();
    if chromium.is_none() {
        eprintln!("Chromium is not installed: the browser's tests are passed over");
    }
    chromium.map(|path| Browser::start(&path))
}

const LANES: &str = "document.querySelectorAll('#lanes > li:not([hidden])').length";
const STORIES: &str = "document.querySelectorAll('.story:not([hidden])').length";
const CHANGES: &str = "document.querySelectorAll('#changes tbody tr:not([hidden])').length";
const FRAMES: &str =
    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))";
const WIDTH: &str = "document.querySelector('#lanes svg.z').getAttribute('width')";

/// Keeps what is seen, where that is asked for.
fn keep(name: &str, base64: &str) {
    if let Some(folder) = std::env::var_os("LEAKTRAIL_PICTURES") {
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(base64)
            .unwrap();
        fs::write(Path::new(&folder).join(name), bytes).unwrap();
    }
}

fn check_quiet(browser: &Browser, page: &Path) {
    assert_eq!(browser.complaints(), Vec::<String>::new());
    let own = format!("file://{}", page.display());
    let others: Vec<String> = browser
        .requests()
        .into_iter()
        .filter(|url| !url.starts_with(&own))
        .collect();
    assert_eq!(others, Vec::<String>::new(), "the page asks for something");
    assert!(!browser.requests().is_empty(), "requests are not seen");
}

fn type_into(browser: &mut Browser, id: &str, text: &str, event: &str) {
    let script = format!(
        "(() => {{ const it = document.getElementById('{id}'); it.value = {}; it.dispatchEvent(new Event('{event}', {{ bubbles: true }})); }})()",
        json!(text)
    );
    browser.ask(&script);
}

/// What every report must hold, whatever its size.
fn check_counts(browser: &mut Browser, report: &Report) {
    let count = |table: &str| report.column(table, &[]).len() as u64;
    assert_eq!(browser.count(LANES), report.buckets().min(2_000) as u64);
    assert_eq!(browser.count(STORIES), count("exposures").min(1_000));
    assert_eq!(browser.count(CHANGES), count("changes").min(5_000));
    let bands = browser.count("document.querySelectorAll('#lanes rect.s').length");
    assert!(bands >= browser.count(LANES), "lanes without bands");
}

#[test]
fn the_fixtures_report_is_whole_and_quiet() {
    let Some(mut browser) = browser() else { return };
    let report = Report::of(Path::new("fixtures/archives"), &["csv", "html"]);
    browser.resize(1280, 900);
    browser.open(&report.page(), "");
    check_counts(&mut browser, &report);
    check_quiet(&browser, &report.page());
    keep("desktop.png", &browser.picture());
    browser.resize(1280, 1130);
    keep("report.webp", &browser.small_picture());
    browser.resize(1280, 900);
    filters(&mut browser, &report);
    zooms(&mut browser);
    points(&mut browser, &report);
    leads(&mut browser, &report);
    check_quiet(&browser, &report.page());
}

fn filters(browser: &mut Browser, report: &Report) {
    let lanes = browser.count(LANES);
    type_into(browser, "f-text", "open-datasets", "input");
    let rows = report.column("exposures", &["bucket"]);
    let named = rows
        .iter()
        .filter(|row| row[0].contains("open-datasets"))
        .count() as u64;
    assert_eq!((browser.count(LANES), browser.count(STORIES)), (1, named));
    assert!(browser.count(CHANGES) >= named);
    type_into(browser, "f-text", "", "input");
    type_into(browser, "f-account", "444455556666", "input");
    let rows = report.column("exposures", &["account_id"]);
    let owned = rows.iter().filter(|row| row[0] == "444455556666").count() as u64;
    assert_eq!(browser.count(STORIES), owned);
    type_into(browser, "f-account", "", "input");
    type_into(browser, "f-status", "open", "input");
    let rows = report.column("exposures", &["status"]);
    let open = rows.iter().filter(|row| row[0] == "open").count() as u64;
    assert_eq!((browser.count(LANES), browser.count(STORIES)), (open, open));
    type_into(browser, "f-status", "", "input");
    browser.ask("document.querySelector('input[value=public]').click()");
    let foreign =
        "document.querySelectorAll('#lanes > li:not([hidden])[data-v=\"public\"]').length";
    assert_eq!(browser.count(foreign), 0);
    assert!(browser.count(LANES) < lanes && browser.count(LANES) > 0);
    let told = browser.ask("document.getElementById('f-told').textContent");
    assert!(
        told.as_str()
            .unwrap()
            .contains(&format!("of {lanes} lanes")),
        "{told}"
    );
    browser.ask("document.getElementById('z-reset').click()");
    browser.ask("new Promise((done) => setTimeout(done))");
    assert_eq!(browser.count(LANES), lanes);
}

fn zooms(browser: &mut Browser) {
    assert_eq!(browser.ask(WIDTH), "100%");
    let labels =
        "Array.from(document.querySelectorAll('#axis text'), (it) => it.textContent).join()";
    let before = browser.ask(labels);
    browser.ask("document.getElementById('z-in').click()");
    assert_eq!(browser.ask(WIDTH), "200%");
    assert_ne!(browser.ask(labels), before);
    browser.ask("document.getElementById('z-out').click()");
    assert_eq!(browser.ask(WIDTH), "100%");
    let box_of = "(() => { const it = document.getElementById('axis').getBoundingClientRect(); return [it.left, it.top, it.width]; })()";
    browser.ask("document.getElementById('picture').scrollIntoView()");
    let at = browser.ask(box_of);
    let place = |share: f64| {
        (
            at[0].as_f64().unwrap() + at[2].as_f64().unwrap() * share,
            at[1].as_f64().unwrap() + 80.0,
        )
    };
    browser.mouse("mousePressed", place(0.25));
    for share in [0.4, 0.5] {
        browser.mouse("mouseMoved", place(share));
    }
    browser.mouse("mouseReleased", place(0.5));
    assert_eq!(
        browser.ask(WIDTH).as_str().unwrap().split('.').next(),
        Some("400%"),
        "a quarter of the axis was dragged over"
    );
    keep("zoomed.png", &browser.picture());
    type_into(browser, "z-from", "2024-03-05T09:00:00Z", "change");
    type_into(browser, "z-to", "2024-03-05T12:00:00Z", "change");
    assert_eq!(
        browser.ask("document.getElementById('z-from').value"),
        "2024-03-05T09:00:00Z"
    );
    assert!(
        browser.count(CHANGES)
            < browser.count("document.querySelectorAll('#changes tbody tr').length")
    );
    type_into(browser, "z-to", "nonsense", "change");
    assert_eq!(
        browser.ask("document.getElementById('z-to').value"),
        "2024-03-05T12:00:00Z"
    );
    browser.ask("document.getElementById('z-reset').click()");
    browser.ask("new Promise((done) => setTimeout(done))");
    assert_eq!(browser.ask(WIDTH), "100%");
}

fn points(browser: &mut Browser, report: &Report) {
    let middle = "(() => { const it = document.querySelector('#lanes use[href=\"#m-opened\"]'); it.scrollIntoView({ block: 'center' }); const box = it.getBoundingClientRect(); return [box.left + box.width / 2, box.top + 4]; })()";
    browser.ask(middle);
    // Scrolling takes the word away; it is over with the next frame but one.
    browser.ask(FRAMES);
    let at = browser.ask(middle);
    let place = (at[0].as_f64().unwrap(), at[1].as_f64().unwrap());
    browser.mouse("mouseMoved", place);
    assert_eq!(browser.ask("document.getElementById('tip').hidden"), false);
    let tip = browser.ask("document.getElementById('tip').textContent");
    let ids = report.column("exposures", &["opened_event_id"]);
    let tip = tip.as_str().unwrap();
    assert!(
        ids.iter()
            .any(|id| tip.contains(&format!("event {}", id[0]))),
        "{tip}"
    );
    keep("pointed.png", &browser.picture());
}

fn leads(browser: &mut Browser, report: &Report) {
    let ids = report.column("changes", &["event_id"]);
    let last = &ids.last().unwrap()[0];
    browser.ask("document.querySelector('input[value=public]').click()");
    browser.ask(&format!("location.hash = '#e-{last}'"));
    browser.ask(FRAMES);
    let seen = format!(
        "(() => {{ const box = document.getElementById('e-{last}').getBoundingClientRect(); return box.height > 0 && box.top >= 0 && box.top < innerHeight; }})()"
    );
    assert_eq!(
        browser.ask(&seen),
        true,
        "the change that is linked to is not in sight"
    );
    let dead = "Array.from(document.querySelectorAll('a[href^=\"#\"]')).filter((it) => !document.getElementById(decodeURIComponent(it.getAttribute('href').slice(1)))).length";
    assert_eq!(browser.count(dead), 0, "links that lead nowhere");
    let ids = "(() => { const ids = Array.from(document.querySelectorAll('[id]'), (it) => it.id); return ids.length - new Set(ids).size; })()";
    assert_eq!(browser.count(ids), 0, "ids that stand twice");
    browser.ask("document.getElementById('z-reset').click()");
}

#[test]
fn it_fits_a_phone_the_dark_and_paper() {
    let Some(mut browser) = browser() else { return };
    let report = Report::of(Path::new("fixtures/archives"), &["html"]);
    browser.resize(390, 844);
    browser.open(&report.page(), "");
    let wider = "document.documentElement.scrollWidth - innerWidth";
    assert_eq!(browser.ask(wider), 0, "the page is wider than a phone");
    keep("phone.png", &browser.picture());
    browser.ask("document.getElementById('picture').scrollIntoView()");
    keep("phone-lanes.png", &browser.picture());
    browser.resize(1280, 900);
    let ground = "getComputedStyle(document.body).backgroundColor";
    let light = browser.ask(ground);
    let dark = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]});
    browser.call("Emulation.setEmulatedMedia", dark);
    assert_ne!(browser.ask(ground), light);
    browser.ask("scrollTo(0, 0)");
    keep("dark.png", &browser.picture());
    browser.call("Emulation.setEmulatedMedia", json!({"media": "print"}));
    assert_eq!(
        browser.ask("getComputedStyle(document.getElementById('controls')).display"),
        "none"
    );
    let pdf = browser.print();
    keep("print.pdf", &pdf);
    assert!(pdf.starts_with("JVBERi0"), "no PDF");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn two_thousand_buckets_are_drawn() {
    let Some(mut browser) = browser() else { return };
    let report = Report::of_records(&crowd::many(2_000, 3));
    browser.resize(1280, 900);
    browser.open(&report.page(), "");
    check_counts(&mut browser, &report);
    assert_eq!(browser.count(LANES), 2_000);
    let bounds = browser.count("document.querySelectorAll('.bound').length");
    assert_eq!(
        bounds, 2,
        "of exposures and changes it says that more are in the tables"
    );
    type_into(&mut browser, "f-text", "crowd-01234", "input");
    assert_eq!(browser.count(LANES), 1);
    type_into(&mut browser, "f-text", "", "input");
    browser.ask("document.getElementById('z-in').click()");
    assert_eq!(browser.ask(WIDTH), "200%");
    keep("crowd.png", &browser.picture());
    check_quiet(&browser, &report.page());
}

#[test]
fn attacks_are_inert_and_shown() {
    let Some(mut browser) = browser() else { return };
    let report = Report::of_records(&crowd::attacked());
    browser.resize(1280, 900);
    browser.open(&report.page(), "");
    browser.ask("document.querySelectorAll('details').forEach((it) => (it.open = true))");
    assert_eq!(browser.count(STORIES), crowd::ATTACKS.len() as u64 + 1);
    for kind in ["script", "style", "title"] {
        assert_eq!(
            browser.count(&format!("document.querySelectorAll('{kind}').length")),
            1,
            "{kind}"
        );
    }
    assert_eq!(browser.count("document.querySelectorAll('img, iframe, object, embed, link, base, [onerror], [onload], [onmouseover]').length"), 0);
    assert_eq!(browser.ask("window.attacked === undefined"), true);
    let text = browser.ask("document.body.innerText");
    let text = text.as_str().unwrap();
    for (name, attack) in crowd::ATTACKS {
        if !attack.contains(['\u{1b}', '\r']) {
            assert!(text.contains(attack), "{name} is not shown");
        }
    }
    assert!(text.contains("\\u{1b}]52;c;") && text.contains("\\u{202e}gpj.exe\\u{200b}"));
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{200b}']));
    let wider = "document.documentElement.scrollWidth - innerWidth";
    assert_eq!(browser.ask(wider), 0, "long text makes the page wider");
    leads(&mut browser, &report);
    keep("attacked.png", &browser.picture());
    check_quiet(&browser, &report.page());
}

#[test]
fn its_policy_holds() {
    let Some(mut browser) = browser() else { return };
    let report = Report::of(Path::new("fixtures/archives"), &["html"]);
    browser.open(&report.page(), "");
    // What an attacker would have to get past, even if some text stood in the page raw.
    browser.ask("document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.attacked = 1' }))");
    browser.ask("document.body.insertAdjacentHTML('beforeend', '<img src=\"http://127.0.0.1:9/x\" onerror=\"window.attacked = 1\">')");
    assert_eq!(
        browser.ask("fetch('http://127.0.0.1:9/').then(() => true, () => false)"),
        false
    );
    assert_eq!(browser.ask("window.attacked === undefined"), true);
    let refused = browser.complaints().concat();
    for word in ["script-src", "img-src", "connect-src"] {
        assert!(
            refused.contains(word) || refused.contains("default-src"),
            "{word}: {refused}"
        );
    }
    assert!(
        refused.matches("Content Security Policy").count() >= 3,
        "{refused}"
    );
}

#[test]
fn without_scripts_it_says_the_same() {
    let Some(mut browser) = browser() else { return };
    let report = Report::of(Path::new("fixtures/archives"), &["csv", "html"]);
    browser.call(
        "Emulation.setScriptExecutionDisabled",
        json!({"value": true}),
    );
    browser.open(&report.page(), "");
    assert_eq!(
        browser.ask("document.getElementById('controls').hidden"),
        true
    );
    check_counts(&mut browser, &report);
    assert!(browser.count("document.querySelectorAll('#axis text').length") >= 2);
}
