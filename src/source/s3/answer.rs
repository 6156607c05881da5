//! What does S3 say? Lists of objects, and errors, as XML.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

use super::place::unescaped;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

/// An object, as it is listed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Object {
    pub key: String,
    pub bytes: u64,
    /// Without its quotes.
    pub etag: Option<Box<str>>,
}

/// One page of a list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Page {
    pub objects: Vec<Object>,
    /// With a delimiter: how the other keys begin, up to it.
    pub prefixes: Vec<String>,
    /// How to ask for the next page.
    pub next: Option<String>,
}

/// Why S3 did not do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Complaint {
    pub code: String,
    pub message: String,
    /// The bucket's Region, where another was taken for it.
    pub region: Option<String>,
}

/// Reads a list; `None` where it is none.
pub(super) fn page(xml: &[u8]) -> Option<Page> {
    let (mut page, mut object, mut is_escaped, mut is_cut) =
        (Page::default(), Object::default(), false, false);
    let mut is_list = false;
    texts(xml, &mut |path, text| match path {
        ["ListBucketResult"] => is_list = true,
        ["ListBucketResult", "EncodingType"] => is_escaped = text == "url",
        ["ListBucketResult", "IsTruncated"] => is_cut = text == "true",
        ["ListBucketResult", "NextContinuationToken"] => page.next = Some(text),
        ["ListBucketResult", "CommonPrefixes", "Prefix"] => page.prefixes.push(text),
        ["ListBucketResult", "Contents", "Key"] => object.key = text,
        ["ListBucketResult", "Contents", "Size"] => object.bytes = text.parse().unwrap_or(0),
        ["ListBucketResult", "Contents", "ETag"] => object.etag = Some(bare(&text).into()),
        ["ListBucketResult", "Contents"] => page.objects.push(std::mem::take(&mut object)),
        _ => {}
    })?;
    page.next = page.next.filter(|_| is_cut);
    if is_escaped {
        for object in &mut page.objects {
            object.key = unescaped(&object.key)?;
        }
        for prefix in &mut page.prefixes {
            *prefix = unescaped(prefix)?;
        }
    }
    (is_list && !(is_cut && page.next.is_none())).then_some(page)
}

/// An ETag without its quotes.
pub(super) fn bare(etag: &str) -> &str {
    etag.trim_matches('"')
}

/// Reads an error; of what is none, nothing.
pub(super) fn complaint(xml: &[u8]) -> Complaint {
    let mut complaint = Complaint::default();
    let read = texts(xml, &mut |path, text| match path {
        ["Error", "Code"] => complaint.code = text,
        ["Error", "Message"] => complaint.message = text,
        ["Error", "Region"] => complaint.region = Some(text),
        _ => {}
    });
    read.map(|()| complaint).unwrap_or_default()
}

/// Hands out the text of every element, when it ends, with the names of those around it.
fn texts(xml: &[u8], take: &mut dyn FnMut(&[&str], String)) -> Option<()> {
    let mut reader = Reader::from_reader(xml);
    let (mut path, mut text): (Vec<String>, String) = Default::default();
    let mut end = |path: &mut Vec<String>, text: &mut String| {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        take(&names, std::mem::take(text));
        path.pop();
    };
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                path.push(local(start.local_name().as_ref())?);
                text.clear();
            }
            Event::Empty(start) => {
                path.push(local(start.local_name().as_ref())?);
                text.clear();
                end(&mut path, &mut text);
            }
            Event::Text(piece) => text.push_str(&piece.decode().ok()?),
            Event::CData(piece) => text.push_str(&piece.decode().ok()?),
            Event::GeneralRef(reference) => text.push(character(&reference)?),
            Event::End(_) => end(&mut path, &mut text),
            Event::Eof => return path.is_empty().then_some(()),
            _ => {}
        }
    }
}

fn local(name: &[u8]) -> Option<String> {
    Some(std::str::from_utf8(name).ok()?.to_owned())
}

/// What `&amp;` and its like stand for.
fn character(reference: &BytesRef<'_>) -> Option<char> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        return Some(character);
    }
    Some(match reference.decode().ok()?.as_ref() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read() {
        let xml = br#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix></Prefix><KeyCount>3</KeyCount>
<IsTruncated>true</IsTruncated><NextContinuationToken>1x&#x2F;=</NextContinuationToken>
<Contents><Key> a&amp;b&#13;&#1;//c </Key><LastModified>2024-03-05T00:00:00.000Z</LastModified><ETag>&quot;d41d8&quot;</ETag><Size>12</Size>
<Owner><ID>1</ID></Owner></Contents>
<CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes><Contents><Key>e</Key><Size>0</Size></Contents></ListBucketResult>"#;
        let page = page(xml).unwrap();
        assert_eq!(page.objects[0].key, " a&b\r\u{1}//c ");
        assert_eq!(page.objects[0].etag.as_deref(), Some("d41d8"));
        assert_eq!(page.objects[0].bytes, 12);
        assert_eq!(
            (page.objects[1].key.as_str(), page.objects[1].bytes),
            ("e", 0)
        );
        assert_eq!(page.objects[1].etag, None);
        assert_eq!(page.prefixes, ["d/"]);
        assert_eq!(page.next.as_deref(), Some("1x/="));
    }

    #[test]
    fn an_escaped_list_is_read() {
        let xml = b"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><NextContinuationToken>x</NextContinuationToken>\
            <Contents><Key>a+b%2Bc%00</Key></Contents><CommonPrefixes><Prefix>d+e/</Prefix></CommonPrefixes></ListBucketResult>";
        let page = page(xml).unwrap();
        assert_eq!(page.objects[0].key, "a b+c\0");
        assert_eq!((page.prefixes, page.next), (vec!["d e/".to_owned()], None));
    }

    #[test]
    fn what_is_no_list_is_none() {
        for xml in [
            &b""[..],
            b"<html></html>",
            b"<ListBucketResult><Contents><Key>a",
            b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            b"<ListBucketResult><Contents><Key>&nbsp;</Key></Contents></ListBucketResult>",
            b"<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%</Key></Contents></ListBucketResult>",
        ] {
            assert_eq!(page(xml), None, "{}", String::from_utf8_lossy(xml));
        }
        assert_eq!(page(b"<ListBucketResult/>"), Some(Page::default()));
    }

    #[test]
    fn an_error_is_read() {
        let xml = b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'us-east-1' is wrong; expecting 'eu-west-1'</Message><Region>eu-west-1</Region></Error>";
        let found = complaint(xml);
        assert_eq!(found.code, "AuthorizationHeaderMalformed");
        assert_eq!(found.region.as_deref(), Some("eu-west-1"));
        assert_eq!(complaint(b"Bad Gateway"), Complaint::default());
    }
}
