//! What does a pattern with `*` and `?` match, and what can be said of two of them?
//!
//! Policies write such patterns for actions, resources and values; `*` also runs over `/` and `:`.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html#reference_policies_elements_resource_wildcards>

pub use crate::vocab::matches_pattern as matches;

use crate::vocab::matches_by;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

/// Whether a text holds a wildcard.
pub fn is_wild(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether a text holds a policy variable.
pub fn has_variable(text: &str) -> bool {
    text.contains("${")
}

/// Whether every text of the narrow pattern surely is one of the wide pattern. A `*` of the narrow one is taken in only by a
/// `*`, so that the answer may be a "no" for patterns that say the same in odd ways, and never a wrong "yes".
pub fn covers(wide: &str, narrow: &str) -> bool {
    if has_variable(wide) {
        return wide == narrow;
    }
    let narrow = without_variables(narrow);
    matches_by(wide, &narrow, |wanted, given| {
        given != b'*' && (wanted == b'?' || wanted == given)
    })
}

/// Whether some text may match both patterns.
pub fn may_overlap(left: &str, right: &str) -> bool {
    let (left, right) = (without_variables(left), without_variables(right));
    let starts = (literal_start(&left), literal_start(&right));
    let compatible = starts.0.starts_with(starts.1) || starts.1.starts_with(starts.0);
    compatible && overlap(left.as_bytes(), right.as_bytes())
}

/// Walks both patterns at once; a pair of places is looked at once.
fn overlap(left: &[u8], right: &[u8]) -> bool {
    let (mut open, mut seen) = (vec![(0, 0)], HashSet::new());
    while let Some((i, j)) = open.pop() {
        if !seen.insert((i, j)) {
            continue;
        }
        match (left.get(i), right.get(j)) {
            (None, None) => return true,
            (Some(b'*'), other) => {
                open.push((i + 1, j));
                open.extend(other.map(|_| (i, j + 1)));
            }
            (other, Some(b'*')) => {
                open.push((i, j + 1));
                open.extend(other.map(|_| (i + 1, j)));
            }
            (Some(a), Some(b)) if a == b || *a == b'?' || *b == b'?' => open.push((i + 1, j + 1)),
            _ => {}
        }
    }
    false
}

/// What is left of a pattern after it has matched a text that the whole begins with: one remainder for each way to match.
pub fn remainders(pattern: &str, beginning: &str) -> BTreeSet<String> {
    if let Some(rest) = plain_remainder(pattern, beginning) {
        return rest.map(str::to_owned).into_iter().collect();
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let is_star = |at: usize| pattern.get(at) == Some(&'*');
    let mut places = BTreeSet::from([0]);
    for given in beginning.chars() {
        let mut next = BTreeSet::new();
        for at in with_stars_skipped(&places, is_star) {
            match pattern.get(at) {
                Some('*') => {
                    next.insert(at);
                }
                Some(&wanted) if wanted == '?' || wanted == given => {
                    next.insert(at + 1);
                }
                _ => {}
            }
        }
        places = next;
    }
    places
        .into_iter()
        .map(|at| pattern.iter().skip(at).collect())
        .collect()
}

/// The same where the pattern has no wildcard as far as that decides: there is one remainder, or none.
fn plain_remainder<'p>(pattern: &'p str, beginning: &str) -> Option<Option<&'p str>> {
    let plain = literal_start(pattern);
    if plain.len() >= beginning.len() {
        return Some(pattern.strip_prefix(beginning));
    }
    (!beginning.starts_with(plain)).then_some(None)
}

/// Whether a text that begins so may match the pattern.
pub fn may_begin(pattern: &str, beginning: &str) -> bool {
    let plain = literal_start(pattern);
    plain.starts_with(beginning) || beginning.starts_with(plain)
}

/// The places from which matching may go on: a `*` may stand for nothing.
fn with_stars_skipped(
    places: &BTreeSet<usize>,
    is_star: impl Fn(usize) -> bool,
) -> BTreeSet<usize> {
    let mut all = places.clone();
    for &place in places {
        let mut at = place;
        while is_star(at) {
            at += 1;
            all.insert(at);
        }
    }
    all
}

/// The pattern with `*` in the place of each policy variable: whatever it may stand for.
pub fn without_variables(pattern: &str) -> Cow<'_, str> {
    if !has_variable(pattern) {
        return Cow::Borrowed(pattern);
    }
    let mut parts = pattern.split("${");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push('*');
        plain.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    Cow::Owned(plain)
}

fn literal_start(pattern: &str) -> &str {
    pattern
        .find(['*', '?'])
        .and_then(|end| pattern.get(..end))
        .unwrap_or(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_is_never_wrongly_sure() {
        for (wide, narrow, expected) in [
            ("*", "a/*", true),
            ("a/*", "*", false),
            ("*.pdf", "a/*.pdf", true),
            ("a?", "a*", false),
            ("a?", "ab", true),
            ("a*", "a?", true),
            ("?", "?", true),
            ("home/${aws:username}/*", "home/x/*", false),
            ("home/*", "home/${aws:username}/*", true),
            ("a${x}", "a${x}", true),
        ] {
            assert_eq!(covers(wide, narrow), expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn patterns_overlap_where_some_text_matches_both() {
        for (left, right, expected) in [
            ("a/*", "b/*", false),
            ("*.txt", "a/*", true),
            ("*.txt", "*.pdf", false),
            ("a", "a", true),
            ("a", "ab", false),
            ("a?", "*b", true),
            ("${aws:username}/*", "a/*", true),
            ("*a*b", "b*a", false),
            ("", "*", true),
        ] {
            assert_eq!(may_overlap(left, right), expected, "{left} {right}");
            assert_eq!(may_overlap(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn remainders_are_what_a_beginning_leaves() {
        let of = |pattern, beginning| {
            remainders(pattern, beginning)
                .into_iter()
                .collect::<Vec<_>>()
        };
        assert_eq!(of("b/*", "b/"), ["*"]);
        assert_eq!(of("b/a", "b/"), ["a"]);
        assert_eq!(of("b", "b/"), Vec::<String>::new());
        assert_eq!(of("*", "b/"), ["*"]);
        assert_eq!(of("*/a", "b/"), ["*/a", "a"]);
        assert_eq!(of("*.pdf", "b/"), ["*.pdf"]);
        assert_eq!(of("b/", "b/"), [""]);
        assert_eq!(of("c*", "b/"), Vec::<String>::new());
        assert_eq!(of("b*", "b/"), ["*"]);
        assert_eq!(of("b/c*d", "b/"), ["c*d"]);
        assert_eq!(of("?/*", "b/"), ["*"]);
    }
}
