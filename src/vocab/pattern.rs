//! Does a name match a pattern?

/// Whether a pattern with `*` and `?` matches the whole text.
pub fn matches_pattern(pattern: &str, text: &str) -> bool {
    matches_by(pattern, text, |wanted, given| {
        wanted == b'?' || wanted == given
    })
}

/// Matches byte by byte, as `one` says of one; a `*` takes any number of them.
pub fn matches_by(pattern: &str, text: &str, one: fn(u8, u8) -> bool) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut from) = (0, 0);
    let mut retry = None;
    while let Some(&given) = text.get(from) {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at, from));
                at += 1;
            }
            Some(&wanted) if one(wanted, given) => (at, from) = (at + 1, from + 1),
            _ => match &mut retry {
                Some((star, taken)) => {
                    *taken += 1;
                    (at, from) = (*star + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_glob_does() {
        for (pattern, text, expected) in [
            ("get*", "getobject", true),
            ("*", "", true),
            ("getobject", "getobjectacl", false),
            ("get?bject", "getobject", true),
            ("*acl", "putbucketacl", true),
            ("a*b*c", "axxbxxbc", true),
            ("a*b*c", "axxbxx", false),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches_pattern(pattern, text), expected, "{pattern} {text}");
        }
    }
}
