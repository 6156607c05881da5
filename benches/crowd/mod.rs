//! A bucket that the whole world reads: log files that are made when they are asked for, and nowhere kept.

use leaktrail::source::{Listing, LogFile, Source, SourceError};
use leaktrail::vocab::{LogFileId, Loss, Timestamp};
use std::fmt::Write;

/// When the bucket is opened.
const BEGIN: i64 = 1_709_280_000;

/// So many data events of one bucket, so many in a file.
pub struct Crowd {
    pub events: u64,
    pub in_a_file: u64,
}

impl Crowd {
    /// The text of a file: its number says what is in it.
    pub fn text(&self, number: u64) -> String {
        let mut text = String::from("{\"Records\":[");
        if number == 0 {
            text.push_str(&opening());
        }
        let (first, last) = (number * self.in_a_file, (number + 1) * self.in_a_file);
        for event in first..last.min(self.events) {
            if !text.ends_with('[') {
                text.push(',');
            }
            write_read(&mut text, event);
        }
        text.push_str("]}");
        text
    }

    fn files(&self) -> u64 {
        self.events.div_ceil(self.in_a_file)
    }

    /// How many bytes the largest file takes, inflated.
    pub fn largest(&self) -> u64 {
        let sizes = [0, self.files() / 2, self.files() - 1].map(|number| self.text(number).len());
        sizes.into_iter().max().unwrap_or(0) as u64
    }
}

impl Source for Crowd {
    fn list(&self) -> Result<Listing, SourceError> {
        let file =
            |number| LogFile::new(LogFileId::new(format!("{number:08}.json")), self.in_a_file);
        Ok(Listing {
            files: (0..self.files()).map(file).collect(),
            ..Listing::default()
        })
    }

    fn read(&self, file: &LogFile) -> Result<Vec<u8>, Loss> {
        let name = file.id.as_str().trim_end_matches(".json");
        Ok(self.text(name.parse().unwrap_or(0)).into_bytes())
    }
}

fn opening() -> String {
    format!(
        r#"{{"eventVersion":"1.09","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333","accessKeyId":"AKIAALICEEXAMPLE","userName":"alice"}},"eventTime":"{}","eventSource":"s3.amazonaws.com","eventName":"PutBucketPolicy","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.10","userAgent":"[aws-cli/2.15.24]","requestParameters":{{"bucketName":"amzn-s3-demo-crowd","policy":"","bucketPolicy":{{"Statement":[{{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::amzn-s3-demo-crowd/*"}}]}}}},"eventID":"00000000-0000-4000-8000-ffffffffffff","eventCategory":"Management","managementEvent":true,"recipientAccountId":"111122223333"}}"#,
        Timestamp::from_unix(BEGIN - 60)
    )
}

/// An unsigned read: ten a second, from 997 addresses with 7 programs, of 100,003 objects. The eventIDs are in no order.
fn write_read(text: &mut String, event: u64) {
    let mixed = event.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (address, program, object) = (event % 997, event % 7, mixed % 100_003);
    let _ = write!(
        text,
        r#"{{"eventVersion":"1.10","userIdentity":{{"type":"AWSAccount","principalId":"","accountId":"anonymous"}},"eventTime":"{}","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1","sourceIPAddress":"198.51.{}.{}","userAgent":"[Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/12{program}.0.0.0 Safari/537.36]","requestParameters":{{"bucketName":"amzn-s3-demo-crowd","Host":"amzn-s3-demo-crowd.s3.eu-west-1.amazonaws.com","key":"photos/2024/{object:06}.jpg"}},"responseElements":null,"additionalEventData":{{"CipherSuite":"ECDHE-RSA-AES128-GCM-SHA256","bytesTransferredIn":0,"x-amz-id-2":"{mixed:016x}EXAMPLEEXAMPLEEXAMPLEEXAMPLE","bytesTransferredOut":{}}},"requestID":"{:016X}","eventID":"{:08x}-{:04x}-4000-8000-{event:012x}","readOnly":true,"resources":[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::amzn-s3-demo-crowd/photos/2024/{object:06}.jpg"}},{{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::amzn-s3-demo-crowd"}}],"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"111122223333","sharedEventID":"{:08x}-{:04x}-4000-9000-{event:012x}","eventCategory":"Data","tlsDetails":{{"tlsVersion":"TLSv1.2","cipherSuite":"ECDHE-RSA-AES128-GCM-SHA256","clientProvidedHostHeader":"amzn-s3-demo-crowd.s3.eu-west-1.amazonaws.com"}}}}"#,
        Timestamp::from_unix(BEGIN + (event / 10).cast_signed()),
        address / 250,
        address % 250,
        1000 + object,
        mixed >> 3,
        mixed >> 32,
        mixed & 0xffff,
        mixed >> 32,
        mixed & 0xffff,
    );
}

/// The most memory that this process held so far, in bytes, where the system tells.
pub fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
