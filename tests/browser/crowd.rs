//! Archives for the browser: many buckets that open, close and open again; and one whose every text is an attack.

use serde_json::{Value, json};

/// Attacks by their names.
pub const ATTACKS: [(&str, &str); 8] = [
    ("script", "<script>window.attacked=1</script>"),
    ("image", "\"><img src=x onerror=window.attacked=1>"),
    ("quote", "' onmouseover='window.attacked=1"),
    ("comment", "--><svg onload=window.attacked=1><!--"),
    ("formula", "=HYPERLINK(\"http://evil.example\",\"click\")"),
    ("OSC 52", "\u{1b}]52;c;cm0gLXJmIC8=\u{7}"),
    ("CR and bidi", "a\rb\u{202e}gpj.exe\u{200b}"),
    (
        "template",
        "{{ 7 * 7 }}{% raw %}</style></title></textarea>",
    ),
];

/// So many buckets of eleven accounts, with so many changes each: public policies put and deleted in turn, an hour and more apart.
pub fn many(buckets: usize, changes: usize) -> Value {
    let mut records = Vec::new();
    for bucket in 0..buckets {
        let name = format!("amzn-s3-demo-crowd-{bucket:05}");
        for change in 0..changes {
            let second = (bucket * 977 + change * (3_600 + bucket)) as i64;
            records.push(call(
                &name,
                bucket % 11,
                second,
                change,
                "arn:aws:iam::111122223333:user/ops",
            ));
        }
    }
    json!({ "Records": records })
}

/// A bucket for each attack, which stands in every text that whoever calls may choose, and for all together, 100 kB long.
pub fn attacked() -> Value {
    let long = ATTACKS.map(|(_, text)| text).concat().repeat(400);
    let texts = ATTACKS
        .iter()
        .map(|(_, text)| (*text).to_owned())
        .chain([long]);
    let mut records = Vec::new();
    for (at, text) in texts.enumerate() {
        let name = format!("amzn-s3-demo-attack-{at}");
        let mut put = call(&name, 0, at as i64 * 60, 0, &text);
        put["userAgent"] = json!(text);
        put["sourceIPAddress"] = json!(text);
        put["userIdentity"]["userName"] = json!(text);
        put["requestParameters"]["bucketPolicy"]["Statement"][0]["Sid"] = json!(text);
        put["requestParameters"]["bucketPolicy"]["Statement"][0]["Resource"] =
            json!(format!("arn:aws:s3:::{name}/{text}*"));
        put["eventID"] = json!(format!("e-{at}-<b>\"'{}", "x".repeat(at)));
        records.push(put);
        let mut failed = call(&name, 0, at as i64 * 60 + 1, 1, &text);
        failed["errorCode"] = json!(text);
        failed["errorMessage"] = json!(text);
        records.push(failed);
        records.push(read(&name, at as i64 * 60 + 30, &text));
    }
    json!({ "Records": records })
}

/// A policy that is put or deleted.
fn call(bucket: &str, account: usize, second: i64, change: usize, who: &str) -> Value {
    let account = format!("1111222233{account:02}");
    let puts = change.is_multiple_of(2);
    let mut parameters = json!({"bucketName": bucket});
    if puts {
        parameters["bucketPolicy"] = json!({"Version": "2012-10-17", "Statement": [{"Sid": "Read", "Effect": "Allow", "Principal": "*",
            "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*")}]});
    }
    json!({"eventVersion": "1.10", "eventTime": instant(second), "eventSource": "s3.amazonaws.com",
        "eventName": if puts { "PutBucketPolicy" } else { "DeleteBucketPolicy" }, "eventID": format!("{bucket}-{change}"),
        "recipientAccountId": account, "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.9", "userAgent": "[aws-cli/2.15.0]",
        "userIdentity": {"type": "IAMUser", "arn": who, "accountId": account, "principalId": "AIDAEXAMPLE"},
        "requestParameters": parameters, "responseElements": null, "eventType": "AwsApiCall", "managementEvent": true,
        "eventCategory": "Management"})
}

/// An object that somebody without an account reads.
fn read(bucket: &str, second: i64, text: &str) -> Value {
    json!({"eventVersion": "1.10", "eventTime": instant(second), "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "eventID": format!("{bucket}-read"), "recipientAccountId": "111122223300", "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7", "userAgent": text,
        "userIdentity": {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"},
        "requestParameters": {"bucketName": bucket, "key": text}, "responseElements": null,
        "additionalEventData": {"bytesTransferredOut": 10}, "eventType": "AwsApiCall", "managementEvent": false,
        "eventCategory": "Data"})
}

/// So many seconds after 2024-01-01T00:00:00Z.
fn instant(second: i64) -> String {
    leaktrail::vocab::Timestamp::from_unix(1_704_067_200 + second).to_string()
}
