//! How are names and events put into an origin's line, so that no name can pass for a step?

use crate::event::EventKey;
use crate::vocab::Untrusted;

/// A name; in backticks where its characters could be taken for the line's own.
pub(super) fn name(text: &Untrusted) -> String {
    let text = text.reveal();
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '(' | ')' | ',' | ';' | '`');
    match text {
        "" => "unknown".to_owned(),
        text if text.chars().all(plain) => text.to_owned(),
        text => format!("`{}`", text.replace('`', "'").replace('<', "‹")),
    }
}

/// A word and a name; nothing where there is no name.
pub(super) fn say(word: &str, text: &Untrusted) -> String {
    match (text.is_empty(), word) {
        (true, "from") => "from an unknown address".to_owned(),
        (true, _) => String::new(),
        (false, word) => format!("{word} {}", name(text)),
    }
}

/// Which event.
pub(super) fn event(key: &EventKey) -> String {
    match key {
        EventKey::Id(id, _) => format!("event {}", name(&id.as_str().into())),
        EventKey::Content(_) => "an event without an id".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_pass_for_a_step() {
        assert_eq!(
            name(&"arn:aws:iam::111122223333:user/a".into()),
            "arn:aws:iam::111122223333:user/a"
        );
        assert_eq!(name(&"x <- root (MFA)".into()), "`x ‹- root (MFA)`");
        assert_eq!(name(&"`".into()), "`'`");
        assert_eq!(name(&"".into()), "unknown");
    }
}
