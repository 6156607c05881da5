//! What is an executor told beside the files? How to read them; never as whom.

use crate::pipeline::{Options, Way};
use crate::source::{Payer, S3Settings, Signing};
use serde::{Deserialize, Serialize};

/// How files are to be read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    max_inflated: u64,
    slow: bool,
    endpoint_url: Option<String>,
    anonymous: bool,
    requester_pays: bool,
    concurrency: usize,
}

impl Orders {
    /// What of the options and settings concerns whoever reads. Credentials and profiles stay here: each executor has its own.
    pub fn of(options: &Options, remote: &S3Settings) -> Self {
        Self {
            max_inflated: options.max_inflated,
            slow: options.way == Way::Slow,
            endpoint_url: remote.endpoint_url.clone(),
            anonymous: remote.signing == Signing::Anonymous,
            requester_pays: remote.payer == Payer::Requester,
            concurrency: remote.concurrency,
        }
    }

    /// A unit is read by one thread: there are as many units at once as cores.
    pub fn options(&self) -> Options {
        Options {
            threads: Some(1),
            max_inflated: self.max_inflated,
            way: match self.slow {
                true => Way::Slow,
                false => Way::Fast,
            },
            ..Options::default()
        }
    }

    /// How S3 is asked by one of so many readers of a machine.
    pub fn remote(&self, readers: usize) -> S3Settings {
        let usual = S3Settings::default();
        let readers = readers.max(1);
        S3Settings {
            endpoint_url: self.endpoint_url.clone(),
            signing: match self.anonymous {
                true => Signing::Anonymous,
                false => Signing::Signed,
            },
            payer: match self.requester_pays {
                true => Payer::Requester,
                false => Payer::Owner,
            },
            concurrency: self.concurrency.div_ceil(readers).max(8),
            held_bytes: (usual.held_bytes / readers as u64).max(16 << 20),
            ..usual
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Identity;

    #[test]
    fn nothing_secret_is_in_the_orders() {
        let remote = S3Settings {
            signing: Signing::As(Identity {
                access_key_id: "AKIAEXAMPLE".to_owned(),
                secret_access_key: "a secret".to_owned(),
                session_token: Some("a token".to_owned()),
            }),
            profile: Some("a profile".to_owned()),
            ..S3Settings::default()
        };
        let text = serde_json::to_string(&Orders::of(&Options::default(), &remote)).unwrap();
        for word in ["AKIAEXAMPLE", "a secret", "a token", "a profile"] {
            assert!(!text.contains(word), "{text}");
        }
    }

    #[test]
    fn orders_are_what_was_asked() {
        let options = Options {
            max_inflated: 77,
            way: Way::Slow,
            ..Options::default()
        };
        let remote = S3Settings {
            endpoint_url: Some("http://127.0.0.1:1".to_owned()),
            signing: Signing::Anonymous,
            payer: Payer::Requester,
            concurrency: 40,
            ..S3Settings::default()
        };
        let orders = Orders::of(&options, &remote);
        let there = orders.options();
        assert_eq!((there.max_inflated, there.way), (77, Way::Slow));
        let there = orders.remote(4);
        assert_eq!(there.endpoint_url, remote.endpoint_url);
        assert_eq!((there.signing, there.payer), (remote.signing, remote.payer));
        assert_eq!(there.concurrency, 10);
    }
}
