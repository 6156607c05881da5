//! Where in S3 is something? `s3://bucket/key`, as it is typed and as a file is named.

/// How a name in S3 begins.
pub(super) const SCHEME: &str = "s3://";

/// A bucket, and a key or the beginning of keys in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub bucket: String,
    pub key: String,
}

impl Place {
    /// Reads `s3://bucket/key`; a bucket alone is all of it.
    pub fn parse(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix(SCHEME).unwrap_or(url);
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if bucket.is_empty() || bucket.len() > 255 || !bucket.bytes().all(fits) {
            return Err(
                "expected s3://bucket or s3://bucket/prefix, with a bucket's name or an access point's alias"
                    .to_owned(),
            );
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The file of that name.
    pub fn of_file(name: &str) -> Option<(&str, &str)> {
        name.strip_prefix(SCHEME)?.split_once('/')
    }

    /// How what has this key is named.
    pub fn name(&self, key: &str) -> String {
        format!("{SCHEME}{}/{key}", self.bucket)
    }
}

/// A key as a path or a query: every byte that could mean something else is escaped, slashes are kept or not.
pub(super) fn escaped(text: &str, kept: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if plain || kept.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// What `%XX` and `+` stand for; `None` where that is no text.
pub(super) fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'%' => {
                let (code, after) = rest.split_at_checked(2)?;
                bytes.push(u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok()?);
                rest = after;
            }
            b'+' => bytes.push(b' '),
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

/// Whether no URL can name a key: its `.` and `..` are taken away on the way, whichever way they are written.
pub(super) fn cannot_be_asked_for(key: &str) -> bool {
    key.split('/').any(|part| matches!(part, "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_bucket_and_a_key() {
        for (url, expected) in [
            ("s3://trail-bucket", Some(("trail-bucket", ""))),
            ("s3://trail-bucket/", Some(("trail-bucket", ""))),
            ("s3://trail-bucket/a//b/", Some(("trail-bucket", "a//b/"))),
            ("s3://trail-bucket//a", Some(("trail-bucket", "/a"))),
            ("s3://My_Old.Bucket/a", Some(("My_Old.Bucket", "a"))),
            ("s3://", None),
            ("s3:///a", None),
            ("s3://arn:aws:s3:us-east-1:111122223333:accesspoint/a", None),
            ("s3://a@b/c", None),
        ] {
            let place = Place::parse(url).ok();
            let found = place
                .as_ref()
                .map(|it| (it.bucket.as_str(), it.key.as_str()));
            assert_eq!(found, expected, "{url}");
        }
    }

    #[test]
    fn what_is_escaped_is_the_same_again() {
        for (key, path) in [
            ("a/b.json.gz", "a/b.json.gz"),
            ("a//b", "a//b"),
            ("a b+c%20", "a%20b%2Bc%2520"),
            ("\u{e9}\u{1}?#&", "%C3%A9%01%3F%23%26"),
        ] {
            assert_eq!(escaped(key, b"/"), path);
            assert_eq!(unescaped(path).as_deref(), Some(key));
        }
        assert_eq!(escaped("a/b", b""), "a%2Fb");
        assert_eq!(unescaped("a+b").as_deref(), Some("a b"));
        for broken in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(unescaped(broken), None, "{broken}");
        }
    }

    #[test]
    fn keys_with_dots_for_parts_cannot_be_asked_for() {
        for (key, expected) in [
            ("a/../b", true),
            ("./a", true),
            ("a/.", true),
            ("..a/.b/c..", false),
            ("a//b", false),
        ] {
            assert_eq!(cannot_be_asked_for(key), expected, "{key}");
        }
    }
}
