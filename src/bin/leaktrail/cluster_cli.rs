//! What was typed of clusters?

use clap::Args;

/// By whom files are read.
#[cfg(feature = "cluster")]
#[derive(Args, Debug)]
#[command(next_help_heading = "Options for clusters")]
pub struct Clustering {
    /// Have the files read by the executors of this scheduler; they must lie in S3, or in folders that all executors see at the same path
    #[arg(long, value_name = "df://HOST:PORT", value_parser = cluster)]
    pub cluster: Option<leaktrail::cluster::Cluster>,
    /// Wait so many seconds for a scheduler that went away, or for the first executor
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub cluster_wait: u64,
    /// Cut the work into so many units at least, for tests
    #[arg(long, value_name = "N", hide = true, default_value_t = 0)]
    pub cluster_units: usize,
}

/// Nothing can be said of clusters where there are none.
#[cfg(not(feature = "cluster"))]
#[derive(Args, Debug)]
pub struct Clustering {}

#[cfg(feature = "cluster")]
pub use servers::Server;

#[cfg(feature = "cluster")]
fn cluster(text: &str) -> Result<leaktrail::cluster::Cluster, String> {
    let parsed = leaktrail::cluster::Cluster::parse(text);
    parsed.map_err(|_| "expected a scheduler, such as df://10.0.0.5:50050".to_owned())
}

#[cfg(feature = "cluster")]
mod servers {
    use clap::{Args, Subcommand};
    use std::path::PathBuf;

    /// The processes of a cluster. Nothing that they send each other is encrypted, and nobody is asked who he is: run them in a
    /// private network.
    #[derive(Subcommand, Debug)]
    pub enum Server {
        /// Hand out work, until stopped
        Scheduler(Scheduler),
        /// Read files for a scheduler, until stopped
        Executor(Executor),
    }

    #[derive(Args, Debug)]
    pub struct Scheduler {
        /// The host name or address to listen at
        #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
        pub bind_host: String,
        /// The port; 0 for any that is free
        #[arg(long, value_name = "PORT", default_value_t = 50050)]
        pub bind_port: u16,
        /// Let clients fetch results from here, where they cannot reach the executors
        #[arg(long)]
        pub proxy_results: bool,
        #[command(flatten)]
        pub serving: Serving,
    }

    #[derive(Args, Debug)]
    pub struct Executor {
        /// The scheduler to work for
        #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
        pub scheduler: String,
        /// The address to listen at
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
        pub bind_host: String,
        /// The port at which others fetch what was found; 0 for any that is free
        #[arg(long, value_name = "PORT", default_value_t = 0)]
        pub bind_port: u16,
        /// The name under which others reach it [default: the address from which it reaches the scheduler]
        #[arg(long, value_name = "HOST")]
        pub external_host: Option<String>,
        /// How many units of files are read at once [default: one a core]
        #[arg(long, value_name = "N", value_parser = crate::cli::threads)]
        pub cores: Option<usize>,
        /// Where to put what is worked on; it is removed at the end [default: the folder for temporary files]
        #[arg(long, value_name = "DIR")]
        pub work_dir: Option<PathBuf>,
        #[command(flatten)]
        pub serving: Serving,
    }

    #[derive(Args, Debug)]
    pub struct Serving {
        /// Say nothing on stderr but errors
        #[arg(short, long)]
        pub quiet: bool,
        /// Pass on what the engine says
        #[arg(short, long, conflicts_with = "quiet")]
        pub verbose: bool,
        /// Speak this version, for tests
        #[arg(long, value_name = "VERSION", hide = true)]
        pub speak_version: Option<String>,
    }
}
