//! What does a busy account's trail hold? Records in the shape, the key order and the mix of real ones; all ids are made up.

use super::dice::Dice;
use leaktrail::vocab::Timestamp;

/// 2024-03-01T00:00:00Z
const BEGIN: i64 = 1_709_251_200;

const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const ACCOUNT: &str = "111122223333";

/// A service's event: its source, its name, whether it only reads.
type Event = (&'static str, &'static str, bool);

/// The mix of events, in percent.
const MIX: [(u64, Event); 16] = [
    (10, ("ec2", "DescribeInstances", true)),
    (8, ("ec2", "DescribeNetworkInterfaces", true)),
    (17, ("sts", "AssumeRole", true)),
    (10, ("kms", "Decrypt", true)),
    (5, ("kms", "GenerateDataKey", true)),
    (8, ("logs", "CreateLogStream", false)),
    (3, ("s3", "GetBucketAcl", true)),
    (3, ("s3", "GetObject", true)),
    (2, ("s3", "GetBucketLocation", true)),
    (7, ("lambda", "GetFunction20150331v2", true)),
    (6, ("monitoring", "DescribeAlarms", true)),
    (6, ("iam", "GetRole", true)),
    (5, ("ssm", "GetParameters", true)),
    (4, ("dynamodb", "DescribeTable", true)),
    (3, ("elasticloadbalancing", "DescribeTargetHealth", true)),
    (3, ("secretsmanager", "GetSecretValue", true)),
];

/// Who calls, in percent.
const CALLERS: [(u64, Caller); 3] = [
    (78, Caller::Role),
    (10, Caller::User),
    (12, Caller::Service),
];

#[derive(Clone, Copy)]
enum Caller {
    Role,
    User,
    Service,
}

/// A record of everyday traffic.
pub fn everyday(dice: &mut Dice, second: u64) -> String {
    let event = dice.weighted(&MIX);
    if event.0 == "sts" {
        return assumption(dice, second, event);
    }
    if event.1 == "GetObject" {
        return on_object(dice, second, event, ACCOUNT);
    }
    let (service, name, _) = event;
    let parameters = match service {
        "s3" => s3_parameters(dice, name),
        "ec2" => format!(
            r#"{{"instancesSet":{{"items":[{{"instanceId":"i-{:017x}"}}]}},"filterSet":{{}}}}"#,
            dice.roll() >> 4
        ),
        _ => format!(
            r#"{{"encryptionContext":{{"resource":"{}"}},"name":"/service/{}/{}"}}"#,
            dice.text(20, UPPER),
            dice.below(40),
            dice.text(8, UPPER)
        ),
    };
    record(dice, second, event, &Told::management(&parameters))
}

/// A request for an object, now and then from outside.
pub fn request(dice: &mut Dice, second: u64) -> String {
    let event = dice.weighted(&[
        (30, ("s3", "GetObject", true)),
        (8, ("s3", "PutObject", false)),
        (4, ("s3", "ListObjects", true)),
        (3, ("s3", "HeadObject", true)),
    ]);
    let caller = dice.weighted(&[(999, ACCOUNT), (1, "444455556666")]);
    on_object(dice, second, event, caller)
}

/// A session of a role is given out.
fn assumption(dice: &mut Dice, second: u64, event: Event) -> String {
    let (role, session) = (role(dice), dice.text(12, UPPER));
    let parameters = format!(
        r#"{{"roleArn":"arn:aws:iam::{ACCOUNT}:role/{role}","roleSessionName":"{session}","durationSeconds":3600}}"#
    );
    let response = format!(
        r#"{{"credentials":{{"accessKeyId":"ASIA{}","sessionToken":"{}","expiration":"Mar 1, 2024, 1:00:00 AM"}},"assumedRoleUser":{{"assumedRoleId":"AROA{}:{session}","arn":"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"}}}}"#,
        dice.text(16, UPPER),
        dice.text(180, BASE64),
        dice.text(17, UPPER),
    );
    let resources = format!(
        r#""resources":[{{"accountId":"{ACCOUNT}","type":"AWS::IAM::Role","ARN":"arn:aws:iam::{ACCOUNT}:role/{role}"}}],"#
    );
    let told = Told {
        parameters: &parameters,
        response: &response,
        resources: &resources,
        caller: ACCOUNT,
        is_data: false,
    };
    record(dice, second, event, &told)
}

fn on_object(dice: &mut Dice, second: u64, event: Event, caller: &str) -> String {
    let bucket = format!("amzn-s3-demo-data-{}", dice.below(200));
    let key = format!(
        "2024/{:02}/{}.parquet",
        dice.below(12),
        dice.text(24, UPPER)
    );
    let parameters = format!(
        r#"{{"bucketName":"{bucket}","Host":"{bucket}.s3.us-east-1.amazonaws.com","key":"{key}"}}"#
    );
    let resources = format!(
        r#""resources":[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{bucket}/{key}"}},{{"accountId":"{ACCOUNT}","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{bucket}"}}],"#
    );
    let told = Told {
        parameters: &parameters,
        response: "null",
        resources: &resources,
        caller,
        is_data: true,
    };
    record(dice, second, event, &told)
}

/// What a record tells beside the usual.
struct Told<'t> {
    parameters: &'t str,
    response: &'t str,
    resources: &'t str,
    caller: &'t str,
    is_data: bool,
}

impl<'t> Told<'t> {
    fn management(parameters: &'t str) -> Self {
        Self {
            parameters,
            response: "null",
            resources: "",
            caller: ACCOUNT,
            is_data: false,
        }
    }
}

fn s3_parameters(dice: &mut Dice, name: &str) -> String {
    let bucket = format!("amzn-s3-demo-data-{}", dice.below(200));
    let asked = name.trim_start_matches("GetBucket").to_lowercase();
    format!(
        r#"{{"bucketName":"{bucket}","Host":"{bucket}.s3.us-east-1.amazonaws.com","{asked}":""}}"#
    )
}

/// A change of who can get into a bucket: four steps, of which the third opens an exposure and the fourth ends it.
pub fn change(dice: &mut Dice, second: u64, number: u64) -> String {
    let bucket = format!("amzn-s3-demo-public-{}", number / 4);
    let policy = format!(
        r#""bucketPolicy":{{"Version":"2012-10-17","Statement":[{{"Sid":"Read","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/*"}}]}},"#
    );
    let (name, asked) = match number % 4 {
        0 => ("CreateBucket", ""),
        1 => (
            "DeleteBucketPublicAccessBlock",
            r#""publicAccessBlock":"","#,
        ),
        2 => ("PutBucketPolicy", policy.as_str()),
        _ => ("DeleteBucketPolicy", r#""policy":"","#),
    };
    let parameters = format!(
        r#"{{{asked}"bucketName":"{bucket}","Host":"{bucket}.s3.us-east-1.amazonaws.com"}}"#
    );
    let event = ("s3", name, false);
    record(dice, second, event, &Told::management(&parameters))
}

fn record(dice: &mut Dice, second: u64, (service, name, reads): Event, told: &Told<'_>) -> String {
    let (identity, address, agent) = caller(dice, told.caller);
    let (parameters, response, resources) = (told.parameters, told.response, told.resources);
    // Who comes from outside finds the door closed.
    let refusal = match told.caller {
        ACCOUNT => "",
        _ => r#""errorCode":"AccessDenied","errorMessage":"Access Denied","#,
    };
    let management = !told.is_data;
    let category = match management {
        true => "Management",
        false => "Data",
    };
    let time = Timestamp::from_unix(BEGIN + second.cast_signed());
    format!(
        r#"{{"eventVersion":"1.09","userIdentity":{identity},"eventTime":"{time}","eventSource":"{service}.amazonaws.com","eventName":"{name}","awsRegion":"us-east-1","sourceIPAddress":"{address}","userAgent":"{agent}",{refusal}"requestParameters":{parameters},"responseElements":{response},"additionalEventData":{{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"{}=","bytesTransferredOut":{}}},"requestID":"{}","eventID":"{}","readOnly":{reads},{resources}"eventType":"AwsApiCall","managementEvent":{management},"recipientAccountId":"{ACCOUNT}","eventCategory":"{category}","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{service}.us-east-1.amazonaws.com"}}}}"#,
        dice.text(75, BASE64),
        dice.below(9_000),
        dice.text(16, UPPER),
        dice.guid(),
    )
}

/// An identity, its address, its user agent.
fn caller(dice: &mut Dice, account: &str) -> (String, String, &'static str) {
    let address = format!("203.0.113.{}", dice.below(256));
    match dice.weighted(&CALLERS) {
        Caller::Role => (
            assumed_role(dice, account),
            address,
            "Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux#5.10.209-218.812.amzn2.x86_64 md/arch#x86_64 lang/python#3.12.1 cfg/retry-mode#legacy",
        ),
        Caller::User => (
            user(dice, account),
            address,
            "aws-cli/2.15.24 Python/3.11.8 Linux/6.5.0-1014-aws exe/x86_64.ubuntu.22 prompt/off",
        ),
        Caller::Service => {
            let service = "lambda.amazonaws.com";
            (
                format!(r#"{{"type":"AWSService","invokedBy":"{service}"}}"#),
                service.to_owned(),
                service,
            )
        }
    }
}

fn role(dice: &mut Dice) -> String {
    format!("service-role-{}", dice.below(150))
}

fn assumed_role(dice: &mut Dice, account: &str) -> String {
    let (role, session) = (role(dice), format!("i-{:017x}", dice.roll() >> 4));
    let id = format!("AROA{}", dice.text(17, UPPER));
    format!(
        r#"{{"type":"AssumedRole","principalId":"{id}:{session}","arn":"arn:aws:sts::{account}:assumed-role/{role}/{session}","accountId":"{account}","accessKeyId":"ASIA{}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"{id}","arn":"arn:aws:iam::{account}:role/{role}","accountId":"{account}","userName":"{role}"}},"attributes":{{"creationDate":"2024-03-01T00:{:02}:{:02}Z","mfaAuthenticated":"false"}},"ec2RoleDelivery":"2.0"}}}}"#,
        dice.text(16, UPPER),
        dice.below(60),
        dice.below(60),
    )
}

fn user(dice: &mut Dice, account: &str) -> String {
    let name = format!("user-{}", dice.below(40));
    format!(
        r#"{{"type":"IAMUser","principalId":"AIDA{}","arn":"arn:aws:iam::{account}:user/{name}","accountId":"{account}","accessKeyId":"AKIA{}","userName":"{name}"}}"#,
        dice.text(17, UPPER),
        dice.text(16, UPPER),
    )
}
