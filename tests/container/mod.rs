//! In what do records lie when an analyst gets them? One way to make each.

use super::fixture::archive::{tar, zip};
use super::fixture::gzip;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

#[allow(dead_code, reason = "each test uses some of it")]
/// One form in which records come.
pub struct Container {
    /// What it is.
    pub name: &'static str,
    /// The row of the README's table that promises it.
    pub row: &'static str,
    /// A name that such a file may have.
    pub file: &'static str,
    /// The file that holds these records.
    pub bytes: fn(&[String]) -> Vec<u8>,
    /// The records as they were written in it, one a line.
    pub written: fn(&[String]) -> Vec<String>,
}

const fn container(
    name: &'static str,
    row: &'static str,
    file: &'static str,
    bytes: fn(&[String]) -> Vec<u8>,
) -> Container {
    Container {
        name,
        row,
        file,
        bytes,
        written: <[String]>::to_vec,
    }
}

pub const CONTAINERS: [Container; 36] = [
    container("delivered, plain", "delivered log file", "a.json", log),
    container(
        "delivered, gzip",
        "delivered log file",
        "111122223333_CloudTrail_eu-west-1_20240304T0800Z_p8JWK2YCxLL9EPqK.json.gz",
        |records| gzip(&log(records)),
    ),
    container(
        "gzip without its suffix",
        "delivered log file",
        "flattened",
        |records| gzip(&log(records)),
    ),
    container(
        "a member cut anywhere",
        "delivered log file",
        "a.json.gz",
        |records| {
            let text = log(records);
            let (head, tail) = text.split_at(text.len() / 2);
            [gzip(head), gzip(tail)].concat()
        },
    ),
    container(
        "log files joined",
        "delivered log file",
        "joined.json.gz",
        |records| each(records, |record| gzip(&log(&[record]))),
    ),
    container("array", "array of records", "a.json", |records| {
        array(records)
    }),
    Container {
        written: |records| {
            records
                .iter()
                .map(|record| spaced(record).replace('\n', " "))
                .collect()
        },
        ..container("pretty-printed", "array of records", "a.json", |records| {
            spaced(&String::from_utf8(log(records)).unwrap()).into_bytes()
        })
    },
    container("JSON Lines", "JSON Lines of records", "a.jsonl", lines),
    container(
        "JSON Lines of Windows",
        "JSON Lines of records",
        "a.jsonl",
        |records| format!("\u{feff}{}\r\n", records.join("\r\n")).into_bytes(),
    ),
    container(
        "lookup-events",
        "`aws cloudtrail lookup-events`",
        "events.json",
        |records| {
            json!({"Events": wrap(records, lookup), "NextToken": "x"})
                .to_string()
                .into_bytes()
        },
    ),
    container(
        "lookup-events, pretty-printed",
        "`aws cloudtrail lookup-events`",
        "events.json",
        |records| serde_json::to_vec_pretty(&json!({"Events": wrap(records, lookup)})).unwrap(),
    ),
    container(
        "lookup-events, a line each",
        "`aws cloudtrail lookup-events`",
        "events.jsonl",
        |records| lines(&texts(records, lookup)),
    ),
    container(
        "lookup-events, only the records",
        "`aws cloudtrail lookup-events`",
        "events.json",
        |records| json!(records).to_string().into_bytes(),
    ),
    container(
        "lookup-events, a string a line",
        "`aws cloudtrail lookup-events`",
        "events.json",
        |records| lines(&texts(records, |record| json!(record))),
    ),
    container(
        "event history",
        "Event history download (JSON)",
        "event_history.json",
        log,
    ),
    container(
        "export task",
        "CloudWatch Logs export task",
        "000000.gz",
        |records| {
            gzip(&each(records, |record| {
                format!("2024-03-04T08:59:00.123Z {record}\n").into_bytes()
            }))
        },
    ),
    container(
        "export task, milliseconds",
        "CloudWatch Logs export task",
        "000000",
        |records| {
            each(records, |record| {
                format!("1709542740123 {record}\n").into_bytes()
            })
        },
    ),
    container("aws logs tail", "`aws logs tail`", "tail.log", |records| {
        each(records, |record| {
            format!("2024-03-04T08:59:00.123000+00:00 111122223333_CloudTrail_eu-west-1 {record}\n")
                .into_bytes()
        })
    }),
    container(
        "filter-log-events",
        "`aws logs filter-log-events`, `get-log-events`",
        "log-events.json",
        |records| {
            serde_json::to_vec_pretty(
                &json!({"events": wrap(records, message), "searchedLogStreams": []}),
            )
            .unwrap()
        },
    ),
    container(
        "subscription, gzip",
        "CloudWatch Logs subscription",
        "payload.gz",
        |records| gzip(&subscription(records)),
    ),
    container(
        "subscription, base64",
        "CloudWatch Logs subscription",
        "payload.b64",
        |records| wrapped_base64(&gzip(&subscription(records))),
    ),
    container(
        "subscription, Lambda",
        "CloudWatch Logs subscription",
        "event.json",
        |records| {
            json!({"awslogs": {"data": base64(&gzip(&subscription(records)))}})
                .to_string()
                .into_bytes()
        },
    ),
    container(
        "subscription, Kinesis get-records",
        "CloudWatch Logs subscription",
        "stream.json",
        |records| {
            let data = |record: &str| json!({"SequenceNumber": "1", "Data": base64(&gzip(&subscription(&[record.to_owned()]))), "PartitionKey": "x"});
            let control = json!({"SequenceNumber": "0", "Data": base64(&gzip(&control())), "PartitionKey": "x"});
            let mut all = vec![control];
            all.extend(wrap(records, data));
            json!({"Records": all, "MillisBehindLatest": 0})
                .to_string()
                .into_bytes()
        },
    ),
    container(
        "subscription, Kinesis to Lambda",
        "CloudWatch Logs subscription",
        "event.json",
        |records| {
            let data = |record: &str| {
                json!({"kinesis": {"kinesisSchemaVersion": "1.0", "data": base64(&gzip(&subscription(&[record.to_owned()])))},
            "eventSource": "aws:kinesis", "eventName": "aws:kinesis:record", "awsRegion": "eu-west-1"})
            };
            json!({"Records": wrap(records, data)})
                .to_string()
                .into_bytes()
        },
    ),
    container(
        "Firehose",
        "Firehose object of a subscription",
        "trail-1-2024-03-04-08-59-00-0c1d",
        |records| {
            let part = |record: String| gzip(&subscription(&[record]));
            [gzip(&control()), each(records, part)].concat()
        },
    ),
    container(
        "Firehose, not compressed",
        "Firehose object of a subscription",
        "trail-1-2024-03-04-08-59-00-0c1d",
        |records| each(records, |record| subscription(&[record])),
    ),
    container(
        "Firehose, compressed again",
        "Firehose object of a subscription",
        "trail-1-2024-03-04-08-59-00-0c1d.gz",
        |records| gzip(&each(records, |record| gzip(&subscription(&[record])))),
    ),
    container(
        "EventBridge",
        "EventBridge event",
        "events.jsonl",
        |records| lines(&bus(records)),
    ),
    container(
        "EventBridge in a log group",
        "EventBridge event",
        "log-events.json",
        |records| {
            json!({"events": wrap(&bus(records), message)})
                .to_string()
                .into_bytes()
        },
    ),
    container("Splunk", "Splunk export (JSON)", "splunk.json", |records| {
        lines(&texts(
            records,
            |record| json!({"preview": false, "result": {"_raw": record, "_time": "2024-03-04"}}),
        ))
    }),
    container(
        "Elastic",
        "Elastic export with `event.original`",
        "elastic.ndjson",
        |records| {
            lines(&texts(
                records,
                |record| json!({"@timestamp": "2024-03-04T08:59:00Z", "aws": {"cloudtrail": {}}, "event": {"original": record}}),
            ))
        },
    ),
    container(
        "Elastic, hits",
        "Elastic export with `event.original`",
        "elastic.ndjson",
        |records| {
            lines(&texts(
                records,
                |record| json!({"_index": "logs", "_source": {"event": {"original": record}}}),
            ))
        },
    ),
    container("zip", "zip of any of these", "logs.zip", |records| {
        zip(&parts(records))
    }),
    container(
        "tar",
        "tar of any of these, gzip or not",
        "logs.tar",
        |records| tar(&parts(records)),
    ),
    container(
        "tar, gzip",
        "tar of any of these, gzip or not",
        "logs.tgz",
        |records| gzip(&tar(&parts(records))),
    ),
    container(
        "zip in a tar",
        "zip of any of these",
        "logs.tar",
        |records| tar(&[("inner.zip".to_owned(), zip(&parts(records)))]),
    ),
];

fn log(records: &[impl AsRef<str>]) -> Vec<u8> {
    format!(
        "{{\"Records\":{}}}",
        String::from_utf8(array(records)).unwrap()
    )
    .into_bytes()
}

fn array(records: &[impl AsRef<str>]) -> Vec<u8> {
    let records: Vec<&str> = records.iter().map(AsRef::as_ref).collect();
    format!("[{}]", records.join(",")).into_bytes()
}

fn lines(records: &[String]) -> Vec<u8> {
    (records.join("\n") + "\n").into_bytes()
}

fn each(records: &[String], part: impl Fn(String) -> Vec<u8>) -> Vec<u8> {
    records.iter().cloned().flat_map(part).collect()
}

fn wrap(records: &[String], envelope: impl Fn(&str) -> Value) -> Vec<Value> {
    records.iter().map(|record| envelope(record)).collect()
}

fn texts(records: &[String], envelope: impl Fn(&str) -> Value) -> Vec<String> {
    wrap(records, envelope)
        .iter()
        .map(Value::to_string)
        .collect()
}

fn lookup(record: &str) -> Value {
    json!({"EventId": "x", "EventName": "PutBucketPolicy", "ReadOnly": "false", "EventTime": "2024-03-04T08:59:00-07:00",
        "EventSource": "s3.amazonaws.com", "Username": "alice", "Resources": [], "CloudTrailEvent": record})
}

fn message(record: &str) -> Value {
    json!({"logStreamName": "111122223333_CloudTrail_eu-west-1", "timestamp": 1_709_542_740_000_u64, "message": record, "eventId": "1"})
}

fn subscription(records: &[String]) -> Vec<u8> {
    let event =
        |record: &str| json!({"id": "1", "timestamp": 1_709_542_740_000_u64, "message": record});
    json!({"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "trail", "logStream": "s",
        "subscriptionFilters": ["f"], "logEvents": wrap(records, event)})
    .to_string()
    .into_bytes()
}

fn control() -> Vec<u8> {
    json!({"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "", "subscriptionFilters": [],
        "logEvents": [{"id": "", "timestamp": 1, "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose."}]})
    .to_string()
    .into_bytes()
}

/// An event bus writes the record as an object, so it stays as it was written.
fn bus(records: &[String]) -> Vec<String> {
    let envelope = |record: &String| {
        format!(
            "{{\"version\":\"0\",\"id\":\"x\",\"detail-type\":\"AWS API Call via CloudTrail\",\"source\":\"aws.s3\",\"account\":\"111122223333\",\"time\":\"2024-03-04T08:59:00Z\",\"region\":\"eu-west-1\",\"resources\":[],\"detail\":{record}}}"
        )
    };
    records.iter().map(envelope).collect()
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// As the `base64` command prints it: 76 characters a line.
fn wrapped_base64(bytes: &[u8]) -> Vec<u8> {
    let text = base64(bytes);
    let lines = text
        .as_bytes()
        .chunks(76)
        .map(|line| [line, b"\n"].concat());
    lines.flatten().collect()
}

/// White space after whatever is no string.
fn spaced(text: &str) -> String {
    let (mut spaced, mut quoted, mut escaped) = (String::new(), false, false);
    for character in text.chars() {
        spaced.push(character);
        quoted = quoted != (character == '"' && !escaped);
        escaped = quoted && character == '\\' && !escaped;
        if !quoted && ",:{[".contains(character) {
            spaced.push_str("\n  ");
        }
    }
    spaced
}

/// A folder of log files: a delivered one for each record, and what lies beside them.
fn parts(records: &[String]) -> Vec<(String, Vec<u8>)> {
    let part = |(number, record): (usize, &String)| {
        let name = format!(
            "AWSLogs/111122223333/CloudTrail/eu-west-1/2024/03/04/111122223333_CloudTrail_eu-west-1_20240304T0800Z_{number:016}.json.gz"
        );
        (name, gzip(&log(&[record])))
    };
    let mut parts: Vec<_> = records.iter().enumerate().map(part).collect();
    parts.push(("../notes.txt".to_owned(), b"call Bob".to_vec()));
    parts
}
