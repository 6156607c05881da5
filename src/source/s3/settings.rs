//! How is S3 asked?

use std::time::Duration;

/// How S3 is asked: where, as whom, how much at once, how patiently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct S3Settings {
    /// Another address than AWS's own.
    pub endpoint_url: Option<String>,
    /// The profile of the shared configuration files; `None` for what the environment says.
    pub profile: Option<String>,
    /// Whether requests are signed.
    pub signing: Signing,
    /// Who pays for the requests.
    pub payer: Payer,
    /// How many requests are under way at once.
    pub concurrency: usize,
    /// How many bytes of files are held ahead of their readers; one file is always.
    pub held_bytes: u64,
    /// How long to try.
    pub patience: Patience,
}

impl Default for S3Settings {
    fn default() -> Self {
        Self {
            endpoint_url: None,
            profile: None,
            signing: Signing::Signed,
            payer: Payer::Owner,
            concurrency: 64,
            held_bytes: 128 << 20,
            patience: Patience::default(),
        }
    }
}

/// Whether requests are signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Signing {
    /// With the credentials that the standard chain of AWS finds.
    Signed,
    /// With these.
    As(Identity),
    /// Not at all: for buckets that are public.
    Anonymous,
}

/// Credentials that whoever uses the library has found out.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The access key's id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The token of a session.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Identity")
            .field(&self.access_key_id)
            .finish()
    }
}

/// Who pays for requests to a bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Payer {
    /// Its owner.
    Owner,
    /// Whoever asks: needed where the bucket is so configured.
    Requester,
}

/// How long to try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// How often a request is made before it is given up.
    pub attempts: u32,
    /// The longest pause before the second; each further pause is up to twice as long.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
    /// Nothing heard for so long is as good as a broken connection.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 10,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(5),
            silence: Duration::from_secs(20),
        }
    }
}
