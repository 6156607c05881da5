//! `leaktrail cluster`, and `leaktrail scan --cluster`: many machines read what one would.

use crate::cli::Scan;
use crate::cluster_cli::Server;
use crate::exit::Exit;
use crate::progress::Bar;
use crate::scan::Outcome;
use crate::{store, talk};
use leaktrail::cluster::{self, Cluster, ExecutorSettings, SchedulerSettings, Watch};
use leaktrail::pipeline::Options;
use leaktrail::source::Sources;
use leaktrail::store::Store;
use std::time::Duration;

/// `leaktrail cluster scheduler` and `leaktrail cluster executor`
pub fn serve(server: &Server) -> anyhow::Result<Exit> {
    match server {
        Server::Scheduler(asked) => {
            talk::listen(asked.serving.quiet, asked.serving.verbose);
            let settings = SchedulerSettings {
                bind_host: asked.bind_host.clone(),
                bind_port: asked.bind_port,
                proxy_results: asked.proxy_results,
                version: asked.serving.speak_version.clone(),
            };
            cluster::scheduler(&settings, &|place| {
                say(asked.serving.quiet, &format!("scheduler at df://{place}"));
            })?;
        }
        Server::Executor(asked) => {
            talk::listen(asked.serving.quiet, asked.serving.verbose);
            let settings = ExecutorSettings {
                scheduler: asked.scheduler.clone(),
                bind_host: asked.bind_host.clone(),
                bind_port: asked.bind_port,
                external_host: asked.external_host.clone(),
                cores: asked.cores,
                folder: asked.work_dir.clone().unwrap_or_else(std::env::temp_dir),
                version: asked.serving.speak_version.clone(),
            };
            cluster::executor(&settings, &|name| {
                let words = format!("executor {name} works for {}", settings.scheduler);
                say(asked.serving.quiet, &words);
            })?;
        }
    }
    Ok(Exit::Done)
}

fn say(quiet: bool, words: &str) {
    if !quiet {
        talk::note(words);
    }
}

/// Has a cluster read what the store does not know, and tells what it holds then. Without a store that is to be kept there is one
/// for as long as this takes.
pub fn scan(
    (cluster, source): (&Cluster, &Sources),
    store: Option<Store>,
    options: Options,
    asked: &Scan,
    bar: &Bar,
    outcome: Outcome<'_>,
) -> anyhow::Result<Exit> {
    let cluster = cluster
        .clone()
        .with_units(asked.clustering.cluster_units)
        .with_patience(Duration::from_secs(asked.clustering.cluster_wait));
    let read = |store: &mut Store| {
        let watch = Telling {
            bar,
            quiet: outcome.quiet,
        };
        let remote = asked.running.remote_settings();
        let shard = asked.keeping.shard;
        let told = (bar as _, &watch as _);
        let kept = cluster::keep(&cluster, (source, &remote), store, &options, shard, told);
        bar.finish();
        kept
    };
    match store {
        Some(mut store) => {
            let added = read(&mut store)?.added;
            store::tell_added(store, options, added, asked, outcome)
        }
        None => {
            let folder = tempfile::tempdir()?;
            let mut store = Store::open_to_write(folder.path())?.passing();
            let kept = read(&mut store)?;
            // A scan checks digests with the signatures that came with them; a store does not keep these.
            let options = Options {
                metadata: options.metadata.clone().with(kept.signatures),
                ..options
            };
            store::tell(&mut store, &options, kept.added.left_out, outcome)
        }
    }
}

/// Tells how far a job is.
struct Telling<'b> {
    bar: &'b Bar,
    quiet: bool,
}

impl Watch for Telling<'_> {
    fn tasks(&self, done: u64, all: u64) {
        self.bar.tasks(done, all);
    }

    fn say(&self, words: &str) {
        say(self.quiet, words);
    }
}
