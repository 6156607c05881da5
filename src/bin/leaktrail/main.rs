//! The door: arguments as typed become settings as meant, one subcommand runs, and its end becomes an exit status.

mod alarm_cli;
mod alarms;
mod choices;
mod cli;
#[cfg(feature = "cluster")]
mod cluster;
mod cluster_cli;
mod exit;
mod filter;
mod judge;
mod manual;
mod patterns;
mod plan;
mod progress;
mod remote_cli;
mod scan;
mod store;
mod store_cli;
mod talk;
mod verify;

use cli::{Cli, Command};
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let ran = match &cli.command {
        Command::Scan(asked) => scan::run(asked),
        Command::Filter(asked) => filter::run(asked),
        Command::Judge(asked) => judge::run(asked),
        Command::Alarms(asked) => alarms::run(asked),
        Command::Plan(asked) => plan::run(asked),
        Command::Verify(asked) => verify::run(asked),
        Command::Report(asked) => store::report(asked),
        Command::Merge(asked) => store::merge(asked),
        #[cfg(feature = "cluster")]
        Command::Cluster(server) => cluster::serve(server),
        Command::Completions(asked) => manual::completions(asked),
        Command::Man(asked) => manual::page(asked),
    };
    match ran {
        Ok(exit) => exit.into(),
        Err(error) => exit::failed(&error),
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
