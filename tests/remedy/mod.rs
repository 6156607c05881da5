//! What a plan proposes for a bucket, as `leaktrail plan` tells it, and how a shell takes it.
#![allow(dead_code, reason = "each test uses some of it")]

use crate::program::{folder, leaktrail, log, put, record};
use serde_json::{Value, json};
use std::process::Command;

pub const BUCKET: &str = "arn:aws:s3:::amzn-s3-demo-bucket/*";

/// The one bucket's remedy.
pub fn remedy(records: &[Value]) -> Value {
    let folder = folder();
    put(&folder, "logs/a.json", log(records));
    let told = leaktrail(folder.path(), &["plan", "logs", "--format", "json"]);
    let (_, text) = told.split_once("--- stdout\n").unwrap();
    let plan: Value = serde_json::from_str(text.split_once("--- stderr").unwrap().0).unwrap();
    assert_eq!(plan.as_array().unwrap().len(), 1, "{told}");
    plan[0].clone()
}

pub fn text_of(records: &[Value]) -> String {
    let folder = folder();
    put(&folder, "logs/a.json", log(records));
    leaktrail(folder.path(), &["plan", "logs"])
}

pub fn allow(principal: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": BUCKET})
}

pub fn put_policy(statements: &[Value]) -> Value {
    let policy = json!({"Version": "2012-10-17", "Id": "p", "Statement": statements});
    record(
        "2022-03-04T09:00:00Z",
        "PutBucketPolicy",
        json!({ "bucketPolicy": policy }),
    )
}

/// The arguments that a shell gives to `aws` for a command; whatever else it would run is an error.
fn arguments(command: &str) -> Vec<String> {
    let script = format!("aws() {{ for it; do printf '%s\\0' \"$it\"; done; }}\n{command}");
    let output = Command::new("/bin/sh")
        .args(["-c", &script])
        .env_clear()
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{command}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// The commands of a verb, each as a shell takes it.
pub fn commands(remedy: &Value, verb: &str) -> Vec<Vec<String>> {
    let steps = remedy["steps"].as_array().unwrap().iter();
    let commands = steps.flat_map(|step| step["commands"].as_array().unwrap());
    let of_verb = commands
        .map(|command| command.as_str().unwrap())
        .filter(|command| command.contains(&format!(" {verb} ")) && !command.contains(" > "));
    of_verb.map(arguments).collect()
}

/// The policies that commands of a verb would put.
pub fn policies(remedy: &Value, verb: &str) -> Vec<Value> {
    let policy = |words: Vec<String>| {
        let at = words.iter().position(|word| word == "--policy").unwrap();
        serde_json::from_str(&words[at + 1]).unwrap()
    };
    commands(remedy, verb).into_iter().map(policy).collect()
}

/// Where a step with that verb stands, and what undoes it.
pub fn place(remedy: &Value, verb: &str) -> Option<(usize, String)> {
    let steps = remedy["steps"].as_array().unwrap();
    let is = |step: &Value| {
        let command = step["commands"][0].as_str().unwrap();
        command.contains(&format!(" {verb} "))
    };
    let at = steps.iter().position(is)?;
    Some((at, steps[at]["undo"].as_str().unwrap().to_owned()))
}
