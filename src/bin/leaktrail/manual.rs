//! `leaktrail completions` and `leaktrail man`: what a shell and `man` are told of the command line.

use crate::cli::Cli;
use crate::exit::{Exit, Misuse};
use clap::{Args, Command, CommandFactory};
use std::io::Write;

/// What `exit.rs` ends with, for the page.
const EXIT_STATUS: &str = ".SH \"EXIT STATUS\"
The first that holds:
.TP
.B 2
the arguments cannot be meant, or a pattern cannot be read
.TP
.B 1
there is no report
.TP
.B 5
(verify) a log file or a digest is invalid or missing
.TP
.B 3
finished, but something could not be read; the losses are listed
.TP
.B 4
(scan, report) exposures were found as --fail-on names them
.TP
.B 0
finished
";

#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub struct Man {
    /// The command; without one the program itself
    pub command: Option<String>,
}

/// Prints a script that completes the command line in a shell.
pub fn completions(asked: &Completions) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut Cli::command(), "leaktrail", &mut script);
    print(&script)
}

/// Prints the manual page of the program, or of one of its commands.
pub fn page(asked: &Man) -> anyhow::Result<Exit> {
    let mut program = Cli::command();
    program.build();
    let page = match &asked.command {
        None => program,
        Some(name) => subcommand(&program, name)?,
    };
    let mut text = Vec::new();
    let program = concat!("leaktrail ", env!("CARGO_PKG_VERSION"));
    clap_mangen::Man::new(page)
        .source(program)
        .render(&mut text)?;
    text.extend(EXIT_STATUS.as_bytes());
    print(&text)
}

fn subcommand(program: &Command, name: &str) -> Result<Command, Misuse> {
    let found = program.find_subcommand(name).cloned();
    found.ok_or_else(|| {
        let names: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
        Misuse(format!(
            "there is no command `{name}`: expected one of {}",
            names.join(", ")
        ))
    })
}

fn print(bytes: &[u8]) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(Exit::Done)
}
