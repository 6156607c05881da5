//! How does CloudTrail write a call down? In the shapes of every era, from eventVersion 1.03 to 1.11 (semantics.md 6):
//! header values in one-element arrays or bare, `host` or `Host` or none, with and without `resources` and more.

use crate::calendar::rfc3339;
use crate::dice::Dice;
use crate::json::{Fields, Json};
use crate::names::OURS;
use crate::parameters::{Naming, parameters};
use crate::point::arn;
use crate::s3::{Call, Request};
use crate::style::{Order, Style, style};

/// The record of a call, one line of JSON.
pub fn record(call: &Call, dice: &mut Dice) -> String {
    let style = style(&call.request, dice);
    let naming = naming(call, style, dice);
    let mut fields: Fields = vec![
        ("eventVersion", style.version.into()),
        (
            "userIdentity",
            call.actor.identity(&rfc3339(call.second - 3_000), dice),
        ),
        ("eventTime", rfc3339(call.second).into()),
        ("eventSource", "s3.amazonaws.com".into()),
        ("eventName", event_name(&call.request).into()),
        ("awsRegion", call.region.into()),
        ("sourceIPAddress", call.actor.address.into()),
        ("userAgent", call.actor.agent.into()),
    ];
    fields.extend(error(call, style, dice));
    fields.push(("requestParameters", parameters(call, style, naming, dice)));
    fields.push(("responseElements", Json::Null));
    fields.extend(rest(call, style, dice));
    if style.order == Order::Sorted {
        fields.sort_by_key(|field| field.0);
    } else if dice.chance(5) {
        dice.shuffle(&mut fields);
    }
    Json::Object(fields).text()
}

fn naming(call: &Call, style: &Style, dice: &mut Dice) -> Naming {
    match dice.below(12) {
        _ if call.named_bucket().is_none() => Naming::Parameters,
        0 if style.host.is_some() => Naming::Host,
        1 if style.resources && has_resources(call) => Naming::Resources,
        _ => Naming::Parameters,
    }
}

/// CreateBucket and account-wide calls have none, nor a bucket that is not there.
fn has_resources(call: &Call) -> bool {
    let creates = matches!(call.request, Request::CreateBucket { .. });
    let absent = call
        .refused
        .as_ref()
        .is_some_and(|refusal| refusal.code == "NoSuchBucket");
    call.bucket.is_some() && !creates && !absent
}

fn error(call: &Call, style: &Style, dice: &mut Dice) -> Fields {
    match &call.refused {
        Some(refusal) if style.listed && !refusal.names_a_block() && dice.chance(30) => {
            vec![("errorCode", refusal.code.into())]
        }
        Some(refusal) => vec![
            ("errorCode", refusal.code.into()),
            ("errorMessage", refusal.message.into()),
        ],
        None if style.order == Order::NullErrors => {
            vec![("errorCode", Json::Null), ("errorMessage", Json::Null)]
        }
        None => vec![],
    }
}

fn rest(call: &Call, style: &Style, dice: &mut Dice) -> Fields {
    let account = OURS[call.account].id;
    let mut fields: Fields = Vec::new();
    if style.extra {
        fields.push(("additionalEventData", extra(call, style, dice)));
    }
    fields.push(("requestID", dice.hex(16).to_uppercase().into()));
    fields.push(("eventID", call.event_id.clone().into()));
    if style.late {
        fields.push(("readOnly", matches!(call.request, Request::Read(_)).into()));
    }
    if style.resources && has_resources(call) {
        fields.push(("resources", resources(account, call, dice)));
    }
    fields.push(("eventType", "AwsApiCall".into()));
    if style.late {
        fields.push(("managementEvent", (!call.is_data()).into()));
    }
    if style.recipient {
        fields.push(("recipientAccountId", account.into()));
    }
    if style.late {
        let category = if call.is_data() { "Data" } else { "Management" };
        fields.push(("eventCategory", category.into()));
        let tls = vec![
            ("tlsVersion", "TLSv1.2".into()),
            ("cipherSuite", "ECDHE-RSA-AES128-GCM-SHA256".into()),
        ];
        fields.push(("tlsDetails", Json::Object(tls)));
    }
    fields
}

fn extra(call: &Call, style: &Style, dice: &mut Dice) -> Json {
    let mut fields: Fields = vec![
        ("SignatureVersion", "SigV4".into()),
        ("CipherSuite", "ECDHE-RSA-AES128-SHA".into()),
        ("AuthenticationMethod", "AuthHeader".into()),
    ];
    if style.late {
        fields.push(("bytesTransferredIn", Json::Number(dice.between(0, 700))));
        fields.push(("x-amz-id-2", dice.hex(40).into()));
        fields.push(("bytesTransferredOut", Json::Number(call.bytes_out)));
    }
    Json::Object(fields)
}

fn resources(account: &str, call: &Call, dice: &mut Dice) -> Json {
    let of = |kind: &str, arn: String| {
        vec![
            ("accountId", account.into()),
            ("type", format!("AWS::S3::{kind}").into()),
            ("ARN", arn.into()),
        ]
    };
    let bucket = format!("arn:aws:s3:::{}", call.bucket.unwrap_or_default());
    let mut entries = match &call.request {
        Request::Point(name, _) => vec![of("AccessPoint", arn(name, call))],
        Request::Object(key, _) => {
            let mut object = of("Object", format!("{bucket}/{key}"));
            object.remove(0);
            vec![object, of("Bucket", bucket)]
        }
        _ => vec![of("Bucket", bucket)],
    };
    if dice.chance(30) {
        entries.iter_mut().for_each(|entry| dice.shuffle(entry));
    }
    Json::List(entries.into_iter().map(Json::Object).collect())
}

/// The name under which CloudTrail logs the call.
pub fn event_name(request: &Request) -> &'static str {
    match request {
        Request::CreateBucket { .. } => "CreateBucket",
        Request::DeleteBucket => "DeleteBucket",
        Request::PutPolicy(_) => "PutBucketPolicy",
        Request::DeletePolicy => "DeleteBucketPolicy",
        Request::PutAcl(_) => "PutBucketAcl",
        Request::PutBlock(_) => "PutBucketPublicAccessBlock",
        Request::DeleteBlock => "DeleteBucketPublicAccessBlock",
        Request::PutAccountBlock(_) => "PutAccountPublicAccessBlock",
        Request::DeleteAccountBlock => "DeleteAccountPublicAccessBlock",
        Request::PutOwnership(_) => "PutBucketOwnershipControls",
        Request::DeleteOwnership => "DeleteBucketOwnershipControls",
        Request::Amplify(name) => name,
        Request::Read(read) => read.event_name(),
        Request::Object(_, object) => object.event_name(),
        Request::Point(_, point) => point.event_name(),
    }
}
