//! Which records need not be read, because they lack every word that a match needs?
//!
//! A byte search: it may say "perhaps" wrongly, never "no". JSON may write any character as `\uXXXX`, so a text with such an
//! escape in it is always a "perhaps" where fields are asked for.

use super::filter::{Thoroughness, Unseen};
use crate::pattern::{Field, MetricFilter, Needles};
use crate::record::Decoder;
use aho_corasick::{AhoCorasick, Match, packed};
use memchr::memmem::{self, Finder};
use std::sync::atomic::{AtomicBool, Ordering};

/// What some patterns need, ready to be searched for.
#[derive(Debug)]
pub(super) struct Prefilter {
    /// One of these must occur; `None`: nothing can be ruled out.
    words: Option<Words>,
    /// Whether an escape may hide a word.
    escapable: bool,
    asked: Vec<Asked>,
    /// Whether a glance mostly tells whether a record matches.
    is_for_glances: bool,
}

/// A selector, the names that must occur for it to find anything, and whether it led to something in any record.
#[derive(Debug)]
struct Asked {
    selector: String,
    field: Option<Field>,
    names: Vec<Name>,
    met: AtomicBool,
}

/// A name on a selector's way.
#[derive(Debug)]
struct Name {
    name: String,
    quoted: Finder<'static>,
    seen: AtomicBool,
}

impl Name {
    fn is_seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }
}

impl Asked {
    /// Whether its names occur, and nothing was met yet to which it leads.
    fn is_open(&self) -> bool {
        !self.met.load(Ordering::Relaxed) && self.names.iter().all(Name::is_seen)
    }
}

/// Where in a text something stands that a match may need.
#[derive(Debug)]
pub(super) enum Places {
    /// Nothing can be ruled out.
    Everywhere,
    /// From where to where, in order.
    At(Vec<(usize, usize)>),
}

impl Places {
    /// Whether one of them touches the text from a place on, so many bytes long. Those found do not overlap, so that one
    /// that is hidden by another touches what the other touches.
    pub(super) fn touch(&self, start: usize, bytes: usize) -> bool {
        let Self::At(places) = self else {
            return true;
        };
        let next = places.partition_point(|(_, end)| *end <= start);
        let first = places.get(next);
        first.is_some_and(|(from, _)| *from < start.saturating_add(bytes))
    }
}

impl Prefilter {
    /// What these filters need.
    pub(super) fn of(filters: &[MetricFilter], thoroughness: Thoroughness) -> Self {
        let needles: Vec<Needles> = filters
            .iter()
            .map(|filter| filter.pattern.needles())
            .collect();
        let words = match thoroughness {
            Thoroughness::Likely => any_of(&needles),
            Thoroughness::Everything => None,
        };
        Self {
            escapable: needles
                .iter()
                .any(|needles| matches!(needles, Needles::InJson(_))),
            words,
            asked: filters.iter().flat_map(asked).collect(),
            is_for_glances: thoroughness == Thoroughness::Likely
                && filters
                    .iter()
                    .all(|it| it.pattern.asks_for_glanced_fields()),
        }
    }

    /// Whether a glance mostly tells whether a record matches, so that few records are searched.
    pub(super) fn is_for_glances(&self) -> bool {
        self.is_for_glances
    }

    /// Where in a text something stands that a match may need. The text is searched once, however many records it holds.
    pub(super) fn search(&self, text: &[u8]) -> Places {
        let Some(words) = &self.words else {
            return Places::Everywhere;
        };
        let mut places = words.places(text);
        if self.escapable {
            places.extend(memmem::find_iter(text, b"\\u").map(|at| (at, at + 2)));
            places = apart(places);
        }
        Places::At(places)
    }

    /// Looks which selectors' names occur. Each is searched for only until it is found.
    pub(super) fn look_for_names(&self, text: &[u8]) {
        let names = self.asked.iter().flat_map(|asked| &asked.names);
        for name in names.filter(|name| !name.is_seen()) {
            if name.quoted.find(text).is_some() {
                name.seen.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Whether there is a selector whose names occur, and that led to nothing yet.
    pub(super) fn is_any_open(&self) -> bool {
        self.asked.iter().any(Asked::is_open)
    }

    /// Looks whether such a selector leads to something in a record. Read is a record only that holds all its names.
    pub(super) fn follow(&self, raw: &[u8], decoder: &mut Decoder) {
        for asked in self.asked.iter().filter(|asked| asked.is_open()) {
            let mut names = asked.names.iter();
            if !names.all(|name| name.quoted.find(raw).is_some()) {
                continue;
            }
            if let (Some(field), Ok(record)) = (&asked.field, decoder.decode(raw))
                && field.is_in(record.view())
            {
                asked.met.store(true, Ordering::Relaxed);
            }
        }
    }

    /// The selectors of which a name was never met, each with the first such.
    pub(super) fn unseen(&self) -> Vec<Unseen> {
        let unseen = self.asked.iter().filter_map(|asked| {
            let name = asked.names.iter().find(|name| !name.is_seen())?;
            Some(Unseen {
                selector: asked.selector.clone(),
                name: name.name.clone(),
            })
        });
        let mut unseen: Vec<Unseen> = unseen.collect();
        unseen.dedup_by(|later, earlier| later.selector == earlier.selector);
        unseen
    }

    /// The selectors whose names all occur, and that lead to nothing in any record.
    pub(super) fn unmet(&self) -> Vec<String> {
        let open = self.asked.iter().filter(|asked| asked.is_open());
        let mut unmet: Vec<String> = open.map(|asked| asked.selector.clone()).collect();
        unmet.dedup();
        unmet
    }
}

/// The same places in order, those that overlap joined into one.
fn apart(mut places: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    places.sort_unstable();
    let mut apart: Vec<(usize, usize)> = Vec::with_capacity(places.len());
    for (start, end) in places {
        match apart.last_mut() {
            Some((_, last)) if start < *last => *last = end.max(*last),
            _ => apart.push((start, end)),
        }
    }
    apart
}

fn asked(filter: &MetricFilter) -> Vec<Asked> {
    let name = |name: &str| Name {
        name: name.to_owned(),
        quoted: Finder::new(&format!("\"{name}\"")).into_owned(),
        seen: AtomicBool::new(false),
    };
    let asked = |(selector, names): (&str, Vec<&str>)| Asked {
        selector: selector.to_owned(),
        field: Field::parse(selector).ok(),
        names: names.into_iter().map(name).collect(),
        met: AtomicBool::new(false),
    };
    filter.pattern.selectors().into_iter().map(asked).collect()
}

fn any_of(needles: &[Needles]) -> Option<Words> {
    let mut words: Vec<&Vec<u8>> = Vec::new();
    for needles in needles {
        match needles {
            Needles::Anything => return None,
            Needles::InJson(more) | Needles::InText(more) => words.extend(more),
        }
    }
    Words::new(&words)
}

/// Many words, searched for at once.
#[derive(Debug)]
enum Words {
    /// With vector instructions, which takes a hundred words or so, and a processor that has them.
    Packed(packed::Searcher),
    /// With an automaton.
    Automaton(AhoCorasick),
}

impl Words {
    fn new(words: &[&Vec<u8>]) -> Option<Self> {
        let packed = packed::Config::new().builder().extend(words).build();
        match packed {
            Some(searcher) => Some(Self::Packed(searcher)),
            None => AhoCorasick::new(words).ok().map(Self::Automaton),
        }
    }

    fn places(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let place = |found: Match| (found.start(), found.end());
        match self {
            Self::Packed(words) => words.find_iter(text).map(place).collect(),
            Self::Automaton(words) => words.find_iter(text).map(place).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_search_find_the_same() {
        let words = [
            b"\"Put\"".to_vec(),
            b"\"PutBucket\"".to_vec(),
            b"Delete".to_vec(),
        ];
        let words: Vec<&Vec<u8>> = words.iter().collect();
        let text = b"{\"a\":\"Put\",\"b\":\"PutBucket\",\"c\":\"xDeleteDeletex\",\"d\":\"Puts\"}"
            .repeat(3);
        let automaton = Words::Automaton(AhoCorasick::new(&words).unwrap());
        let places = automaton.places(&text);
        assert_eq!(places.len(), 12);
        assert_eq!(Words::new(&words).unwrap().places(&text), places);
    }

    #[test]
    fn a_text_touches_what_lies_in_it_or_reaches_into_it() {
        let places = Places::At(apart(vec![(10, 30), (12, 14), (40, 42), (41, 50)]));
        for (start, bytes, expected) in [
            (0, 10, false),
            (0, 11, true),
            (20, 5, true),
            (29, 1, true),
            (30, 10, false),
            (30, 11, true),
            (49, 1, true),
            (50, 100, false),
        ] {
            assert_eq!(
                places.touch(start, bytes),
                expected,
                "{start}, {bytes} bytes"
            );
        }
        assert!(Places::Everywhere.touch(7, 0));
    }
}
