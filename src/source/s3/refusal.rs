//! Why was something not got from S3, and what is to be done?

use super::answer::Complaint;
use http::{Method, StatusCode};

/// Why one attempt failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// Another attempt may succeed.
    Passing(String),
    /// The bucket lies in this Region.
    Elsewhere(String),
    /// The credentials were not accepted.
    Unknown(Refusal),
    /// None will.
    Final(Refusal),
}

/// Why a request is given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    /// What S3 says, or what happened.
    pub why: String,
    /// What to do.
    pub hint: Option<&'static str>,
}

impl Refusal {
    pub fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            hint: None,
        }
    }

    /// In one line.
    pub fn line(&self) -> String {
        match self.hint {
            Some(hint) => format!("{} ({hint})", self.why),
            None => self.why.clone(),
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    /// Keys.
    List,
    /// An object.
    Object,
}

/// What an answer without success means.
pub(super) fn trouble(
    (status, method): (StatusCode, &Method),
    told: Complaint,
    region: Option<&str>,
    asked: Asked,
) -> Trouble {
    let code = match told.code.as_str() {
        // An answer to HEAD has no body.
        "" if status == StatusCode::NOT_FOUND && method == Method::HEAD => "NoSuchKey",
        "" => status
            .canonical_reason()
            .unwrap_or("an answer without a code"),
        code => code,
    };
    let why = match told.message.as_str() {
        "" => format!("S3 answers {code} ({})", status.as_u16()),
        message => format!("S3 answers {code} ({}): {message}", status.as_u16()),
    };
    let region = region.or(told.region.as_deref());
    if let Some(region) = region.filter(|_| is_elsewhere(code, status)) {
        return Trouble::Elsewhere(region.to_owned());
    }
    let refusal = Refusal {
        hint: hint(code, &told.message, asked),
        why,
    };
    if is_passing(code, status) {
        return Trouble::Passing(refusal.why);
    }
    match is_of_credentials(code) {
        true => Trouble::Unknown(refusal),
        false => Trouble::Final(refusal),
    }
}

/// Whether S3 says that the bucket lies in another Region.
fn is_elsewhere(code: &str, status: StatusCode) -> bool {
    matches!(
        code,
        "PermanentRedirect"
            | "TemporaryRedirect"
            | "Redirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException"
    ) || status.is_redirection()
}

fn is_passing(code: &str, status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(status.as_u16(), 408 | 429)
        || matches!(
            code,
            "SlowDown"
                | "RequestTimeout"
                | "InternalError"
                | "ServiceUnavailable"
                | "ThrottlingException"
                | "KMS.ThrottlingException"
                | "RequestThrottled"
        )
}

fn is_of_credentials(code: &str) -> bool {
    matches!(
        code,
        "ExpiredToken"
            | "ExpiredTokenException"
            | "TokenRefreshRequired"
            | "InvalidToken"
            | "InvalidAccessKeyId"
            | "RequestTimeTooSkewed"
            | "InvalidSecurity"
            | "NotSignedUp"
    )
}

/// What to do about it.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn hint(code: &str, message: &str, asked: Asked) -> Option<&'static str> {
    let is_of_key = message.to_ascii_lowercase().contains("kms");
    Some(match code {
        "AccessDenied" | "Forbidden" | "AllAccessDisabled" if is_of_key => {
            "the object is encrypted with a KMS key: whoever reads needs kms:Decrypt on that key"
        }
        "AccessDenied" | "Forbidden" | "AllAccessDisabled" => match asked {
            Asked::List => {
                "listing needs s3:ListBucket on the bucket; if whoever asks pays there, give --request-payer; another identity: --profile"
            }
            Asked::Object => {
                "reading needs s3:GetObject on the object, and kms:Decrypt if a KMS key encrypts it; if whoever asks pays there, give --request-payer"
            }
        },
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => {
            "the credentials have expired: sign in anew, for example with `aws sso login`, and run again"
        }
        "InvalidToken" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidSecurity" => {
            "these are not credentials that S3 knows: choose others with --profile or AWS_PROFILE"
        }
        "RequestTimeTooSkewed" => "this machine's clock is wrong by more than 15 minutes",
        "NoSuchBucket" => {
            "there is no bucket of that name; at another address than AWS's it needs --endpoint-url"
        }
        "NoSuchKey" => "it was listed, and was deleted since",
        "InvalidObjectState" => {
            "the object is archived: restore it first, `aws s3api restore-object`"
        }
        _ if code.starts_with("KMS.") => {
            "the KMS key that encrypts the object cannot be used: it may be disabled or deleted"
        }
        _ if is_elsewhere(code, StatusCode::OK) => "set AWS_REGION to the bucket's Region",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, code: &str, message: &str, region: Option<&str>, asked: Asked) -> Trouble {
        let complaint = Complaint {
            code: code.to_owned(),
            message: message.to_owned(),
            region: None,
        };
        let status = StatusCode::from_u16(status).unwrap();
        trouble((status, &Method::GET), complaint, region, asked)
    }

    #[test]
    fn what_passes_is_tried_again() {
        for (status, code) in [
            (500, "InternalError"),
            (503, "SlowDown"),
            (503, ""),
            (502, ""),
            (429, ""),
            (400, "RequestTimeout"),
            (400, "KMS.ThrottlingException"),
        ] {
            let found = told(status, code, "", None, Asked::Object);
            assert!(
                matches!(found, Trouble::Passing(_)),
                "{status} {code}: {found:?}"
            );
        }
    }

    #[test]
    fn what_does_not_pass_says_what_to_do() {
        for (status, code, message, asked, hint) in [
            (
                403,
                "AccessDenied",
                "Access Denied",
                Asked::List,
                "s3:ListBucket",
            ),
            (
                403,
                "AccessDenied",
                "Access Denied",
                Asked::List,
                "--request-payer",
            ),
            (
                403,
                "AccessDenied",
                "Access Denied",
                Asked::Object,
                "s3:GetObject",
            ),
            (
                403,
                "AccessDenied",
                "no identity-based policy allows the kms:Decrypt action",
                Asked::Object,
                "kms:Decrypt on that key",
            ),
            (
                400,
                "KMS.DisabledException",
                "is disabled",
                Asked::Object,
                "disabled",
            ),
            (404, "NoSuchKey", "", Asked::Object, "deleted since"),
            (404, "NoSuchBucket", "", Asked::List, "--endpoint-url"),
            (
                403,
                "InvalidObjectState",
                "",
                Asked::Object,
                "restore-object",
            ),
            (301, "PermanentRedirect", "", Asked::List, "AWS_REGION"),
        ] {
            let Trouble::Final(found) = told(status, code, message, None, asked) else {
                panic!("{code} may pass");
            };
            assert!(found.line().contains(hint), "{code}: {found:?}");
            assert!(found.line().contains(code), "{code}: {found:?}");
        }
    }

    #[test]
    fn credentials_that_are_not_accepted_are_told_apart() {
        for (code, hint) in [
            ("ExpiredToken", "aws sso login"),
            ("InvalidAccessKeyId", "--profile"),
            ("RequestTimeTooSkewed", "clock"),
        ] {
            let Trouble::Unknown(found) = told(403, code, "", None, Asked::List) else {
                panic!("{code}");
            };
            assert!(found.line().contains(hint), "{code}: {found:?}");
        }
    }

    #[test]
    fn a_bucket_of_another_region_is_looked_for_there() {
        for (status, code) in [
            (301, "PermanentRedirect"),
            (400, "AuthorizationHeaderMalformed"),
            (301, ""),
        ] {
            let found = told(status, code, "", Some("eu-west-1"), Asked::List);
            assert_eq!(found, Trouble::Elsewhere("eu-west-1".to_owned()), "{code}");
        }
        let denied = told(403, "AccessDenied", "", Some("eu-west-1"), Asked::List);
        assert!(matches!(denied, Trouble::Final(_)));
    }
}
