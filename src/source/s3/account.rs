//! As whom is S3 asked, and in which Region does a bucket lie?
//!
//! Credentials come from the standard chain: environment, profiles (SSO, roles, processes), web identity, container, instance.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>

use super::settings::{Identity, S3Settings, Signing};
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::Builder as HttpBuilder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use object_store::aws::AwsCredential;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// Credentials are renewed so long before they expire.
const EARLY: Duration = Duration::from_secs(300);
/// Where a bucket is looked for first that no configuration places; S3 tells its Region then.
const FIRST_REGION: &str = "us-east-1";

/// Who asks.
pub(super) struct Account {
    provider: Option<SharedCredentialsProvider>,
    /// The profile that was asked for.
    profile: Option<String>,
    held: Mutex<Option<(Arc<AwsCredential>, Option<SystemTime>)>>,
    /// The configured Region.
    pub region: String,
    /// The configured address.
    pub endpoint_url: Option<String>,
}

impl Account {
    /// What the environment and the shared configuration files say.
    pub async fn load(settings: &S3Settings) -> Self {
        let http = HttpBuilder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let region = region(settings.profile.as_deref()).await;
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http.clone())
            .region(region.clone());
        if let Some(name) = &settings.profile {
            loader = loader.profile_name(name);
        }
        loader = match (&settings.signing, &settings.profile) {
            (Signing::Signed, None) => loader,
            (Signing::Signed, Some(name)) => {
                // The chain would take the environment's credentials first, and an instance's where there is no such profile.
                let configuration = ProviderConfig::without_region()
                    .with_region(Some(region.clone()))
                    .with_http_client(http);
                let profile = ProfileFileCredentialsProvider::builder()
                    .configure(&configuration)
                    .profile_name(name);
                loader.credentials_provider(profile.build())
            }
            (Signing::Anonymous, _) => loader.no_credentials(),
            (Signing::As(identity), _) => loader.credentials_provider(given(identity)),
        };
        let config = loader.load().await;
        let of_s3 = std::env::var("AWS_ENDPOINT_URL_S3").ok();
        let configured = of_s3.or_else(|| config.endpoint_url().map(str::to_owned));
        Self {
            provider: config
                .credentials_provider()
                .filter(|_| settings.signing != Signing::Anonymous),
            profile: settings.profile.clone(),
            held: Mutex::default(),
            region: region.as_ref().to_owned(),
            endpoint_url: settings.endpoint_url.clone().or(configured),
        }
    }

    /// What to sign with; nothing where requests are not signed.
    pub async fn credential(&self) -> Result<Option<Arc<AwsCredential>>, String> {
        let Some(provider) = &self.provider else {
            return Ok(None);
        };
        let mut held = self.held.lock().await;
        if let Some((credential, expires)) = &*held
            && expires.is_none_or(|expires| SystemTime::now() + EARLY < expires)
        {
            return Ok(Some(credential.clone()));
        }
        let found = provider.provide_credentials().await;
        let found = found.map_err(|error| match &self.profile {
            Some(profile) => format!("in profile `{profile}`: {}", causes(&error)),
            None => causes(&error),
        })?;
        let credential = Arc::new(usable(&found)?);
        *held = Some((credential.clone(), found.expiry()));
        Ok(Some(credential))
    }

    /// Forgets credentials that are not accepted, so that the chain is asked anew.
    pub async fn forget(&self, refused: Option<&Arc<AwsCredential>>) {
        let mut held = self.held.lock().await;
        let known = held.as_ref().map(|(credential, _)| credential);
        if known
            .zip(refused)
            .is_some_and(|(known, refused)| Arc::ptr_eq(known, refused))
        {
            *held = None;
        }
    }
}

/// The configured Region. An instance's own is not asked for: S3 tells where the bucket lies.
async fn region(profile: Option<&str>) -> Region {
    let mut of_profile = ProfileFileRegionProvider::builder();
    if let Some(name) = profile {
        of_profile = of_profile.profile_name(name);
    }
    let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(of_profile.build());
    let configured = chain.region().await;
    configured.unwrap_or(Region::from_static(FIRST_REGION))
}

fn given(identity: &Identity) -> Credentials {
    Credentials::new(
        &identity.access_key_id,
        &identity.secret_access_key,
        identity.session_token.clone(),
        None,
        "given",
    )
}

/// Credentials that can stand in a request's header.
fn usable(found: &Credentials) -> Result<AwsCredential, String> {
    let is_plain =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let token = found.session_token();
    if !is_plain(found.access_key_id()) || !token.is_none_or(is_plain) {
        return Err(
            "the access key id or the session token holds characters that no key has".to_owned(),
        );
    }
    Ok(AwsCredential {
        key_id: found.access_key_id().to_owned(),
        secret_key: found.secret_access_key().to_owned(),
        token: token.map(str::to_owned),
    })
}

/// An error and what caused it, outer to inner, in one line.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut told = vec![error.to_string()];
    let mut inner = error.source();
    while let Some(cause) = inner {
        let text = cause.to_string();
        if !told.iter().any(|known| known.contains(&text)) {
            told.push(text);
        }
        inner = cause.source();
    }
    // Some say it in several lines.
    let told = told.join(": ");
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}
