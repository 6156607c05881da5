//! Who does what is asynchronous? One thread, which waits for all answers at once.

use std::{io, thread};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A thread that does all that is asynchronous, until it is dropped.
pub(super) struct Runtime {
    pub handle: Handle,
    end: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Runtime {
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let thread = thread::Builder::new().name("s3".to_owned()).spawn(move || {
            // An error says that nobody is left to end it.
            _ = runtime.block_on(ended);
            runtime.shutdown_background();
        });
        Ok(Self {
            handle,
            end: Some(end),
            thread: Some(thread?),
        })
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A thread that broke has nothing left to end.
            _ = thread.join();
        }
    }
}
