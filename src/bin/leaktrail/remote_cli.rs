//! What was typed of S3, and where do the sources lie?

use crate::cli::Running;
use clap::Args;
use leaktrail::source::{DirSource, FileChoice, Source, Sources, is_remote};
use std::path::{Path, PathBuf};

/// How S3 is asked. It is only listed and read.
#[cfg(feature = "s3")]
#[derive(Args, Debug)]
#[command(next_help_heading = "Options for s3:// sources")]
pub struct Remote {
    /// Ask this address instead of AWS's own [env: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL]
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// Sign nothing: for buckets that everybody may read
    #[arg(long)]
    pub no_sign_request: bool,
    /// Pay for the requests, as buckets that are so configured ask
    #[arg(long)]
    pub request_payer: bool,
    /// Use this profile of the AWS configuration [env: AWS_PROFILE]
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// How many requests are under way at once
    #[arg(long, value_name = "N", value_parser = requests, default_value = "64")]
    pub s3_concurrency: usize,
}

/// Nothing can be said of S3 where it cannot be reached.
#[cfg(not(feature = "s3"))]
#[derive(Args, Debug)]
pub struct Remote {}

#[cfg(feature = "s3")]
fn requests(text: &str) -> Result<usize, &'static str> {
    let requests = text.parse().ok();
    let requests = requests.filter(|requests| (1..=1024).contains(requests));
    requests.ok_or("expected a number of requests, 1 to 1024")
}

impl Running {
    /// The sources that were typed.
    pub fn sources(&self, paths: &[PathBuf], choice: &FileChoice) -> anyhow::Result<Sources> {
        let is_remote = |path: &&PathBuf| path.to_str().is_some_and(is_remote);
        let (afar, here): (Vec<&PathBuf>, Vec<&PathBuf>) = paths.iter().partition(is_remote);
        let here: Vec<PathBuf> = here.into_iter().cloned().collect();
        let here = (!here.is_empty()).then(|| DirSource::new(here));
        let urls: Vec<String> = afar.into_iter().filter_map(|path| url(path)).collect();
        let afar = match urls.as_slice() {
            [] => None,
            urls => Some(open(urls, self, choice)?),
        };
        Ok(Sources::new(here, afar))
    }
}

#[cfg(feature = "s3")]
impl Running {
    /// How S3 is asked.
    pub fn remote_settings(&self) -> leaktrail::source::S3Settings {
        use leaktrail::source::{Payer, S3Settings, Signing};
        let remote = &self.remote;
        S3Settings {
            endpoint_url: remote.endpoint_url.clone(),
            profile: remote.profile.clone(),
            signing: match remote.no_sign_request {
                true => Signing::Anonymous,
                false => Signing::Signed,
            },
            payer: match remote.request_payer {
                true => Payer::Requester,
                false => Payer::Owner,
            },
            concurrency: remote.s3_concurrency,
            ..S3Settings::default()
        }
    }
}

fn url(path: &Path) -> Option<String> {
    path.to_str().map(str::to_owned)
}

#[cfg(feature = "s3")]
fn open(
    urls: &[String],
    running: &Running,
    choice: &FileChoice,
) -> anyhow::Result<Box<dyn Source + Send>> {
    use leaktrail::source::{S3Source, Talk};
    let talk: Talk = match running.quiet {
        true => Box::new(|_| {}),
        false => Box::new(crate::talk::note),
    };
    Ok(Box::new(S3Source::new(
        urls,
        running.remote_settings(),
        choice,
        talk,
    )?))
}

#[cfg(not(feature = "s3"))]
fn open(urls: &[String], _: &Running, _: &FileChoice) -> anyhow::Result<Box<dyn Source + Send>> {
    let url = urls.first().map_or("s3://", String::as_str);
    Err(crate::exit::Misuse(format!(
        "cannot read `{url}`: this program was built without the network\nhint: build it with the feature `s3`, or copy the files here"
    ))
    .into())
}
