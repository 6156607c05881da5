//! A headless Chromium, spoken to in the DevTools protocol over a pipe: JSON messages with a zero byte behind each.
//!
//! <https://chromedevtools.github.io/devtools-protocol/>

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tempfile::TempDir;

const FLAGS: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
    "about:blank",
];

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    number: u64,
    session: Option<String>,
    /// Every event since it was last cleared.
    events: Vec<Value>,
    _profile: TempDir,
}

/// Where Chromium is, if it is here.
pub fn chromium() -> Option<PathBuf> {
    let asked = std::env::var_os("LEAKTRAIL_CHROMIUM").map(PathBuf::from);
    let usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].map(PathBuf::from);
    asked.into_iter().chain(usual).find(|path| path.exists())
}

impl Browser {
    /// Starts one with an empty profile.
    pub fn start(chromium: &Path) -> Self {
        let profile = tempfile::tempdir().unwrap();
        // The browser reads commands from descriptor 3 and writes to descriptor 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 1>&2 2>/dev/null"])
            .arg(chromium)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(FLAGS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut browser = Self {
            child,
            to,
            from: BufReader::new(from),
            number: 0,
            session: None,
            events: Vec::new(),
            _profile: profile,
        };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({"url": "about:blank"}));
        let asked = json!({"targetId": target["targetId"], "flatten": true});
        let attached = self.call("Target.attachToTarget", asked);
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Asks for something, and waits for the answer.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
        self.to.flush().unwrap();
        loop {
            let said = self.hear();
            if said["id"] == json!(self.number) {
                assert!(said.get("error").is_none(), "{method}: {said}");
                return said["result"].clone();
            }
            self.events.push(said);
        }
    }

    fn hear(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).unwrap();
        assert!(!bytes.is_empty(), "the browser has gone");
        bytes.pop();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Opens a file and waits until it is loaded.
    pub fn open(&mut self, file: &Path, fragment: &str) {
        self.events.clear();
        let url = format!("file://{}{fragment}", file.display());
        self.call("Page.navigate", json!({"url": url}));
        while !self.happened("Page.loadEventFired") {
            let said = self.hear();
            self.events.push(said);
        }
    }

    fn happened(&self, method: &str) -> bool {
        self.events.iter().any(|event| event["method"] == method)
    }

    /// What a script in the page answers.
    pub fn ask(&mut self, script: &str) -> Value {
        let asked = json!({"expression": script, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", asked);
        assert!(
            answer.get("exceptionDetails").is_none(),
            "{script}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// The same, as a number.
    pub fn count(&mut self, script: &str) -> u64 {
        let answer = self.ask(script);
        answer
            .as_u64()
            .unwrap_or_else(|| panic!("{script}: {answer}"))
    }

    /// Sets the size of the window.
    pub fn resize(&mut self, width: u32, height: u32) {
        let phone = width < 600;
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone});
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// A mouse's button or movement, at a place in the window.
    pub fn mouse(&mut self, kind: &str, (x, y): (f64, f64)) {
        let pressed = u8::from(kind != "mouseMoved");
        let event = json!({"type": kind, "x": x, "y": y, "button": if pressed == 1 { "left" } else { "none" }, "clickCount": pressed});
        self.call("Input.dispatchMouseEvent", event);
    }

    /// A picture of the window as PNG, in base64.
    pub fn picture(&mut self) -> String {
        let answer = self.call("Page.captureScreenshot", json!({"format": "png"}));
        answer["data"].as_str().unwrap().to_owned()
    }

    /// The same, smaller: as WebP.
    pub fn small_picture(&mut self) -> String {
        let asked = json!({"format": "webp", "quality": 82});
        let answer = self.call("Page.captureScreenshot", asked);
        answer["data"].as_str().unwrap().to_owned()
    }

    /// The page as PDF, in base64.
    pub fn print(&mut self) -> String {
        let asked = json!({"printBackground": true, "preferCSSPageSize": true});
        let answer = self.call("Page.printToPDF", asked);
        answer["data"].as_str().unwrap().to_owned()
    }

    /// Whatever the page complained of, or the browser of the page.
    pub fn complaints(&self) -> Vec<String> {
        let of = |event: &&Value| {
            matches!(
                event["method"].as_str(),
                Some(
                    "Runtime.consoleAPICalled"
                        | "Runtime.exceptionThrown"
                        | "Log.entryAdded"
                        | "Page.javascriptDialogOpening"
                )
            )
        };
        self.events
            .iter()
            .filter(of)
            .map(Value::to_string)
            .collect()
    }

    /// The addresses that were asked for.
    pub fn requests(&self) -> Vec<String> {
        let asked = self
            .events
            .iter()
            .filter(|event| event["method"] == "Network.requestWillBeSent");
        asked
            .filter_map(|event| event["params"]["request"]["url"].as_str())
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
