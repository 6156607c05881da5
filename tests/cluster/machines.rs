//! What is a cluster on one machine? The program itself, as processes on loopback: a scheduler and executors, each at a port that
//! was free.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// So long anything may take.
const PATIENCE: Duration = Duration::from_secs(240);

/// A process that is killed when it is dropped.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    said: Arc<Mutex<String>>,
}

impl Process {
    /// Starts the program somewhere, with nothing but this in its environment.
    pub fn start(folder: &Path, words: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_leaktrail"))
            .args(words)
            .current_dir(folder)
            .env_clear()
            .env("COLUMNS", "100")
            .env("HOME", folder)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = channel();
        let said = Arc::new(Mutex::new(String::new()));
        let (stderr, heard) = (child.stderr.take().unwrap(), Arc::clone(&said));
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                heard.lock().unwrap().push_str(&format!("{line}\n"));
                _ = send.send(line);
            }
        });
        Self { child, lines, said }
    }

    /// What it said until now.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits for a line that begins so, and tells the rest of it.
    fn line(&self, beginning: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("it said only:\n{}", self.said()));
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.to_owned();
            }
        }
    }

    /// Waits for its end: the status, and what it said.
    pub fn end(mut self) -> (i32, String) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                // The last lines may still be on their way.
                while let Ok(_) | Err(std::sync::mpsc::RecvTimeoutError::Timeout) =
                    self.lines.recv_timeout(Duration::from_millis(50))
                {}
                return (status.code().unwrap_or(-1), self.said());
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not end:\n{}", self.said());
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// As `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// The most memory that it had, in MB.
    pub fn most_memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let number = line.unwrap().split_whitespace().nth(1).unwrap();
        number.parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A scheduler and some executors.
pub struct Machines {
    pub scheduler: Process,
    pub executors: Vec<Process>,
    /// The scheduler's `host:port`.
    pub place: String,
    environment: Vec<(String, String)>,
    folder: TempDir,
}

impl Machines {
    pub fn start(executors: usize) -> Self {
        Self::start_with(executors, &[], &[])
    }

    /// With words for the scheduler, and with an environment for the executors.
    pub fn start_with(executors: usize, words: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let words = [&["cluster", "scheduler", "--bind-port", "0"], words].concat();
        let scheduler = Process::start(folder.path(), &words, &[]);
        let place = scheduler.line("scheduler at df://");
        let environment = environment.iter();
        let mut machines = Self {
            scheduler,
            executors: Vec::new(),
            place,
            environment: environment
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            folder,
        };
        (0..executors).for_each(|_| machines.add(&[]));
        machines.await_executors(executors);
        machines
    }

    /// Starts an executor of one core.
    pub fn add(&mut self, words: &[&str]) {
        let work = self.folder.path().to_str().unwrap();
        let own = [
            "cluster",
            "executor",
            "--scheduler",
            &self.place,
            "--cores",
            "1",
            "--work-dir",
            work,
        ];
        let environment = self.environment.iter();
        let environment: Vec<(&str, &str)> = environment
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let executor = Process::start(self.folder.path(), &[&own, words].concat(), &environment);
        executor.line("executor ");
        self.executors.push(executor);
    }

    /// Starts a scheduler where there was one.
    pub fn restart_scheduler(&mut self) {
        let (_, port) = self.place.rsplit_once(':').unwrap();
        let words = ["cluster", "scheduler", "--bind-port", port];
        self.scheduler = Process::start(self.folder.path(), &words, &[]);
        self.scheduler.line("scheduler at df://");
    }

    /// Waits until so many executors have joined.
    pub fn await_executors(&self, count: usize) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self
                .ask("/api/executors")
                .matches("\"specification\"")
                .count()
                >= count
            {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("the executors do not join:\n{}", self.scheduler.said());
    }

    /// Asks the scheduler's REST interface.
    pub fn ask(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(&self.place).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    /// How many tasks of all jobs are done.
    pub fn tasks_done(&self) -> usize {
        let jobs = self.ask("/api/jobs");
        let ids = jobs.split("\"job_id\":\"").skip(1);
        let ids = ids.filter_map(|rest| rest.split('"').next());
        ids.map(|id| {
            let stages = self.ask(&format!("/api/job/{id}/stages"));
            stages.matches("\"status\":\"Successful\"").count()
        })
        .sum()
    }

    /// The name of the cluster.
    pub fn url(&self) -> String {
        format!("df://{}", self.place)
    }

    /// Where the executors work, and from where they see files by relative paths.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Begins a scan by these machines.
    pub fn begin(&self, folder: &Path, words: &[&str]) -> Process {
        let environment = self.environment.iter();
        let environment: Vec<(&str, &str)> = environment
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let url = self.url();
        let words = [&["scan", "--cluster", &url][..], words].concat();
        Process::start(folder, &words, &environment)
    }
}

/// Runs the program to its end, on this machine alone.
pub fn run(folder: &Path, words: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_leaktrail"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("COLUMNS", "100")
        .env("HOME", folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    // What goes away meanwhile is not there.
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// The files of a report but `run.json`, which says how it was asked for, and what it says of counts.
pub fn report(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    for path in files(folder) {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.strip_prefix(folder).unwrap().to_owned();
        // The page and the statement of custody say how they were asked for.
        let bytes = match name.to_str() {
            Some("report.html") => without_line(&bytes, "<footer><p>Made by leaktrail "),
            Some("custody.txt") => without_page(&without_line(&bytes, "command ")),
            _ => bytes,
        };
        match path.ends_with("run.json") {
            false => _ = found.insert(name, bytes),
            true => {
                let run: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                let counts = [&run["files"], &run["records"]].map(ToString::to_string);
                found.insert(name, counts.join("\n").into_bytes());
            }
        }
    }
    assert!(found.len() > 8, "{} has no report", folder.display());
    found
}

/// A statement of custody without the page's hash.
fn without_page(text: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let lines = text.lines().filter(|line| !line.ends_with("  report.html"));
    lines.collect::<Vec<_>>().join("\n").into_bytes()
}

fn without_line(text: &[u8], beginning: &str) -> Vec<u8> {
    let text = std::str::from_utf8(text).unwrap();
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with(beginning))
        .collect();
    assert_eq!(kept.len() + 1, text.lines().count());
    kept.join("\n").into_bytes()
}

/// Fails where two reports differ, and names the file and the first line.
pub fn assert_same(one: &Path, other: &Path) {
    let (one, other) = (report(one), report(other));
    assert!(one.keys().eq(other.keys()), "{:?}", one.keys());
    for (name, bytes) in &one {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (here, there) = (text(bytes), text(&other[name]));
        let mut lines = here.lines().zip(there.lines());
        let first = lines.find(|(one, other)| one != other);
        assert!(
            *bytes == other[name],
            "{} differs: {first:?}, {} and {} lines",
            name.display(),
            here.lines().count(),
            there.lines().count()
        );
    }
}
