//! What else is in a trail? Records of no interest: other services, reads, and words that look like interest.

use crate::actor::Actor;
use crate::calendar::rfc3339;
use crate::dice::Dice;
use crate::json::{Fields, Json};
use crate::names::OURS;
use crate::script::Noise;

/// A record that changes nothing about any bucket, but is evidence that the trail was on.
pub fn record(noise: &Noise, dice: &mut Dice) -> String {
    match dice.below(5) {
        0 => own(
            noise,
            "ec2.amazonaws.com",
            "DescribeInstances",
            described(),
            dice,
        ),
        1 => own(
            noise,
            "iam.amazonaws.com",
            "PutRolePolicy",
            role_policy(),
            dice,
        ),
        2 => own(noise, "s3.amazonaws.com", "GetObject", object(), dice),
        3 => own(noise, "sts.amazonaws.com", "AssumeRole", role(noise), dice),
        _ => by_service(noise, dice),
    }
}

fn own(noise: &Noise, source: &str, name: &str, parameters: Json, dice: &mut Dice) -> String {
    let actor = Actor::any(noise.account, dice);
    let data = name == "GetObject";
    let mut fields: Fields = vec![
        ("eventVersion", "1.08".into()),
        (
            "userIdentity",
            actor.identity(&rfc3339(noise.second - 3_000), dice),
        ),
        ("eventTime", rfc3339(noise.second).into()),
        ("eventSource", source.into()),
        ("eventName", name.into()),
        ("awsRegion", noise.region.into()),
        ("sourceIPAddress", actor.address.into()),
        (
            "userAgent",
            "aws-cli/2.17.32 md/command#s3api.put-bucket-policy".into(),
        ),
        ("requestParameters", parameters),
        ("responseElements", Json::Null),
    ];
    if data {
        let method = vec![
            ("SignatureVersion", "SigV4".into()),
            ("AuthenticationMethod", "AuthHeader".into()),
        ];
        fields.push(("additionalEventData", Json::Object(method)));
    }
    fields.extend(tail(noise, !data, dice));
    Json::Object(fields).text()
}

fn tail(noise: &Noise, management: bool, dice: &mut Dice) -> Fields {
    vec![
        ("requestID", dice.hex(16).to_uppercase().into()),
        ("eventID", dice.event_id().into()),
        ("readOnly", true.into()),
        ("eventType", "AwsApiCall".into()),
        ("managementEvent", management.into()),
        ("recipientAccountId", OURS[noise.account].id.into()),
        (
            "eventCategory",
            if management { "Management" } else { "Data" }.into(),
        ),
    ]
}

/// CloudTrail looks at the ACL of its bucket every few minutes.
fn by_service(noise: &Noise, dice: &mut Dice) -> String {
    let service = "cloudtrail.amazonaws.com";
    let identity = vec![("type", "AWSService".into()), ("invokedBy", service.into())];
    let parameters = vec![
        ("bucketName", "amzn-s3-demo-trail".into()),
        ("acl", "".into()),
    ];
    let mut fields: Fields = vec![
        ("eventVersion", "1.08".into()),
        ("userIdentity", Json::Object(identity)),
        ("eventTime", rfc3339(noise.second).into()),
        ("eventSource", "s3.amazonaws.com".into()),
        ("eventName", "GetBucketAcl".into()),
        ("awsRegion", noise.region.into()),
        ("sourceIPAddress", service.into()),
        ("userAgent", service.into()),
        ("requestParameters", Json::Object(parameters)),
        ("responseElements", Json::Null),
        ("sharedEventID", dice.event_id().into()),
    ];
    fields.extend(tail(noise, true, dice));
    Json::Object(fields).text()
}

fn described() -> Json {
    Json::Object(vec![
        ("instancesSet", Json::Object(vec![])),
        ("filterSet", Json::Object(vec![])),
    ])
}

/// Names the calls of interest without being one.
fn role_policy() -> Json {
    let document = r#"{"Statement":[{"Effect":"Allow","Action":["s3:PutBucketPolicy","s3:PutBucketAcl"],"Resource":"*"}]}"#;
    Json::Object(vec![
        ("roleName", "Deploy".into()),
        ("policyName", "DeleteBucket".into()),
        ("policyDocument", document.into()),
    ])
}

fn object() -> Json {
    Json::Object(vec![
        ("bucketName", "amzn-s3-demo-trail".into()),
        ("key", "reports/2022.csv".into()),
    ])
}

fn role(noise: &Noise) -> Json {
    let arn = format!("arn:aws:iam::{}:role/Deploy", OURS[noise.account].id);
    Json::Object(vec![
        ("roleArn", arn.into()),
        ("roleSessionName", "ci-7".into()),
    ])
}
