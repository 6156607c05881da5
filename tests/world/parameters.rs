//! What was asked? `requestParameters`: the bucket, the headers and query of interest, the body turned into JSON.

use crate::dice::Dice;
use crate::json::{Fields, Json, one_or_many};
use crate::names::OURS;
use crate::s3::{Call, Flags, Ownership, Request};
use crate::style::{Order, Style};

const XMLNS: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
const XMLNS_CONTROL: &str = "http://awss3control.amazonaws.com/doc/2018-08-20/";

/// Where the record names the bucket.
#[derive(Clone, Copy, PartialEq)]
pub enum Naming {
    Parameters,
    Resources,
    Host,
}

/// `requestParameters` of the call.
pub fn parameters(call: &Call, style: &Style, naming: Naming, dice: &mut Dice) -> Json {
    let denied = call
        .refused
        .as_ref()
        .is_some_and(|refusal| refusal.code == "AccessDenied");
    if denied && naming == Naming::Resources {
        return Json::Null;
    }
    let mut fields: Fields = Vec::new();
    if let (Some(bucket), Naming::Parameters) = (call.named_bucket(), naming) {
        fields.push(("bucketName", bucket.into()));
    }
    fields.extend(body(call, dice));
    let headers = [host(call, style, naming, dice), marker(&call.request)]
        .into_iter()
        .flatten();
    fields.extend(headers);
    if style.listed {
        fields = fields.into_iter().map(listed).collect();
    }
    match style.order {
        Order::Sorted => fields.sort_by_key(|field| field.0),
        _ => dice.shuffle(&mut fields),
    }
    Json::Object(fields)
}

/// Values of headers and query strings, not bodies and names, came in one-element arrays until 2019.
fn listed((key, value): (&'static str, Json)) -> (&'static str, Json) {
    match value {
        Json::Text(text) if !["bucketName", "bucketPolicy", "key"].contains(&key) => {
            (key, Json::List(vec![text.into()]))
        }
        value => (key, value),
    }
}

fn host(
    call: &Call,
    style: &Style,
    naming: Naming,
    dice: &mut Dice,
) -> Option<(&'static str, Json)> {
    let region = call.region;
    let Some(bucket) = call.named_bucket() else {
        let host = format!(
            "{}.s3-control.{region}.amazonaws.com",
            OURS[call.account].id
        );
        return Some((style.host.unwrap_or("Host"), host.into()));
    };
    let bare = region == "us-east-1";
    let endpoint = match dice.below(6) {
        0 if bare => "s3.amazonaws.com".to_owned(),
        1 => format!("s3-{region}.amazonaws.com"),
        2 => format!("s3.dualstack.{region}.amazonaws.com"),
        _ => format!("s3.{region}.amazonaws.com"),
    };
    let virtual_host = naming == Naming::Host || dice.chance(50);
    let host = if virtual_host {
        format!("{bucket}.{endpoint}")
    } else {
        endpoint
    };
    style.host.map(|key| (key, host.into()))
}

/// The sub-resource of the request, as its query string names it.
fn marker(request: &Request) -> Option<(&'static str, Json)> {
    let name = match request {
        Request::PutPolicy(_) | Request::DeletePolicy => "policy",
        Request::PutAcl(_) => "acl",
        Request::PutBlock(_) | Request::DeleteBlock => "publicAccessBlock",
        Request::PutOwnership(_) | Request::DeleteOwnership => "ownershipControls",
        Request::Amplify(name) if name.ends_with("Cors") => "cors",
        Request::Amplify(_) => "website",
        Request::Read(read) => read.marker()?,
        Request::Object(_, object) => object.marker()?,
        _ => return None,
    };
    Some((name, "".into()))
}

fn body(call: &Call, dice: &mut Dice) -> Fields {
    let owner = &OURS[call.account];
    match &call.request {
        Request::CreateBucket { acl, ownership } => {
            let mut fields = location(call.region);
            fields.extend(acl.iter().flat_map(|ask| ask.fields(owner, dice)));
            fields.extend(
                ownership.map(|one| ("x-amz-object-ownership", ownership_name(one).into())),
            );
            fields
        }
        Request::PutPolicy(policy) => {
            let json = policy.json(
                &format!("arn:aws:s3:::{}", call.bucket.unwrap_or_default()),
                "",
                owner,
            );
            vec![(
                "bucketPolicy",
                if dice.chance(8) {
                    json.text().into()
                } else {
                    json
                },
            )]
        }
        Request::PutAcl(ask) => ask.fields(owner, dice),
        Request::PutBlock(flags) => vec![block(*flags, XMLNS, dice)],
        Request::PutAccountBlock(flags) => vec![block(*flags, XMLNS_CONTROL, dice)],
        Request::PutOwnership(ownership) => {
            let rule = Json::Object(vec![("ObjectOwnership", ownership_name(*ownership).into())]);
            let rules = one_or_many(vec![rule], dice);
            vec![(
                "OwnershipControls",
                Json::Object(vec![("xmlns", XMLNS.into()), ("Rule", rules)]),
            )]
        }
        Request::Amplify(name) => amplification(name),
        Request::Object(key, object) => object.fields(key, owner, dice),
        Request::Point(name, point) => point.fields(name, call, dice),
        _ => vec![],
    }
}

fn location(region: &str) -> Fields {
    if region == "us-east-1" {
        return vec![];
    }
    let fields = vec![
        ("LocationConstraint", region.into()),
        ("xmlns", XMLNS.into()),
    ];
    vec![("CreateBucketConfiguration", Json::Object(fields))]
}

/// A flag that is off may be left out: the PUT replaces the set.
pub fn block(flags: Flags, xmlns: &str, dice: &mut Dice) -> (&'static str, Json) {
    let all = [
        ("BlockPublicAcls", flags.block_acls),
        ("IgnorePublicAcls", flags.ignore_acls),
        ("BlockPublicPolicy", flags.block_policy),
        ("RestrictPublicBuckets", flags.restrict),
    ];
    let written = all.into_iter().filter(|(_, on)| *on || dice.chance(60));
    let mut fields: Fields = written.map(|(name, on)| (name, on.into())).collect();
    fields.push(("xmlns", xmlns.into()));
    dice.shuffle(&mut fields);
    ("PublicAccessBlockConfiguration", Json::Object(fields))
}

fn ownership_name(ownership: Ownership) -> &'static str {
    match ownership {
        Ownership::ObjectWriter => "ObjectWriter",
        Ownership::BucketOwnerPreferred => "BucketOwnerPreferred",
        Ownership::BucketOwnerEnforced => "BucketOwnerEnforced",
    }
}

fn amplification(name: &str) -> Fields {
    let object = |key: &'static str, value: Json| Json::Object(vec![(key, value)]);
    match name {
        "PutBucketCors" => {
            let rule = vec![
                ("AllowedOrigin", "*".into()),
                ("AllowedMethod", "GET".into()),
            ];
            vec![("CORSConfiguration", object("CORSRule", Json::Object(rule)))]
        }
        "PutBucketWebsite" => {
            let index = object("Suffix", "index.html".into());
            vec![("WebsiteConfiguration", object("IndexDocument", index))]
        }
        _ => vec![],
    }
}
