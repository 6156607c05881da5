//! Was the program asked to stop?

use futures::future::{pending, select};
use std::pin::pin;
use tokio::signal::unix::{SignalKind, signal};

/// Waits until somebody asks for it to stop: Ctrl-C, or whoever started it.
pub(super) async fn asked_to_stop() {
    let interrupted = pin!(of(SignalKind::interrupt()));
    let terminated = pin!(of(SignalKind::terminate()));
    select(interrupted, terminated).await;
}

/// Waits until it is asked to end in an orderly way.
pub(super) async fn asked_to_end() {
    of(SignalKind::terminate()).await;
}

/// Where a signal cannot be heard it does what it does anyway.
async fn of(kind: SignalKind) {
    match signal(kind) {
        Ok(mut heard) => _ = heard.recv().await,
        Err(_) => pending().await,
    }
}
