//! How did a call end: did it take effect?

use super::json::Tree;
use crate::vocab::Untrusted;
use serde_json::Value;

/// How a call ended.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Outcome {
    /// It took effect: the record has no errorCode.
    Took,
    /// It failed with this code and changed nothing.
    Failed(Untrusted),
    /// It ended in a server's error or a timeout, after which it may have taken effect.
    Uncertain(Untrusted),
}

impl Outcome {
    /// The outcome that a record's errorCode tells (spec: a failed call changes nothing; a server's failure may have applied).
    pub fn of(error_code: Option<&str>) -> Self {
        match error_code {
            None | Some("") => Self::Took,
            Some(code) if is_server_failure(code) => Self::Uncertain(code.into()),
            Some(code) => Self::Failed(code.into()),
        }
    }

    /// The outcome that a whole record tells. An errorCode that is no text is none that AWS writes: it leaves the end open.
    pub(super) fn of_record<'v>(record: impl Tree<'v>) -> Self {
        let Some(code) = record.under("errorCode") else {
            return Self::Took;
        };
        match (code.text(), &*code.read()) {
            (_, Value::Null) => Self::Took,
            (_, Value::Number(code)) => Self::of(Some(&code.to_string())),
            (Some(code), _) => Self::of(Some(code)),
            (None, _) => Self::Uncertain("unreadable".into()),
        }
    }

    /// The errorCode, where there is one.
    pub fn error_code(&self) -> Option<&Untrusted> {
        match self {
            Self::Took => None,
            Self::Failed(code) | Self::Uncertain(code) => Some(code),
        }
    }

    /// The outcome's name in the changes table.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Took => "took",
            Self::Failed(_) => "failed",
            Self::Uncertain(_) => "uncertain",
        }
    }
}

/// Whether an errorCode leaves open if the call took effect.
///
/// S3 answers 500 InternalError, 503 ServiceUnavailable or SlowDown, and 400 RequestTimeout; SDKs and exports put the status,
/// `Server.` or `Client.` before it, or spaces into it.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>
fn is_server_failure(code: &str) -> bool {
    const CODES: [&str; 8] = [
        "internalerror",
        "internalfailure",
        "internalservererror",
        "internalserviceerror",
        "serviceunavailable",
        "slowdown",
        "serverbusy",
        "unavailable",
    ];
    let bare: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    let name = ["server", "client"]
        .iter()
        .find_map(|prefix| bare.strip_prefix(prefix).filter(|_| code.contains('.')))
        .unwrap_or(&bare);
    let (status, name) =
        name.split_at(name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len());
    let name = name.strip_suffix("exception").unwrap_or(name);
    matches!(status, "500" | "502" | "503" | "504")
        || CODES.contains(&name)
        || name.contains("timeout")
        || name.contains("timedout")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn server_failures_leave_the_end_open() {
        for code in [
            "InternalError",
            "ServiceUnavailable",
            "ServiceUnavailableException",
            "503 Slow Down",
            "503 SlowDown",
            "SlowDown",
            "RequestTimeout",
            "GatewayTimeout",
            "Timeout",
            "Server.InternalError",
            "Client.RequestTimeout",
            "503",
        ] {
            assert!(
                matches!(Outcome::of(Some(code)), Outcome::Uncertain(_)),
                "{code}"
            );
        }
        for code in [
            "AccessDenied",
            "NoSuchBucket",
            "403",
            "Client.UnauthorizedOperation",
            "InvalidBucketState",
        ] {
            assert!(
                matches!(Outcome::of(Some(code)), Outcome::Failed(_)),
                "{code}"
            );
        }
    }

    #[test]
    fn an_error_code_that_is_no_text_is_no_success() {
        let of = |code| Outcome::of_record(&json!({ "errorCode": code }));
        assert_eq!(of(json!(null)), Outcome::Took);
        assert_eq!(of(json!("")), Outcome::Took);
        assert!(matches!(of(json!(403)), Outcome::Failed(_)));
        for code in [json!({}), json!([]), json!(false), json!(["A", "B"])] {
            assert!(matches!(of(code.clone()), Outcome::Uncertain(_)), "{code}");
        }
    }
}
