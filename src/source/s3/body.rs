//! How does an answer's body arrive? Piece by piece, never in silence for long, whole or not at all.

use super::account::causes;
use super::refusal::Trouble;
use http_body_util::BodyExt;
use object_store::client::HttpResponseBody;
use std::time::Duration;
use tokio::time::timeout;

/// What a longer body is expected to need at once.
const MOST_AT_ONCE: u64 = 64 << 20;

/// A body of that many bytes.
pub(super) async fn read(
    body: HttpResponseBody,
    bytes: u64,
    silence: Duration,
) -> Result<Vec<u8>, Trouble> {
    let room = usize::try_from(bytes.min(MOST_AT_ONCE)).unwrap_or(0);
    let read = collect(body, Vec::with_capacity(room), bytes, silence).await?;
    match read.len() as u64 == bytes {
        true => Ok(read),
        false => Err(Trouble::Passing(format!(
            "{} of {bytes} bytes came",
            read.len()
        ))),
    }
}

/// A body, however long up to a limit.
pub(super) async fn read_all(
    body: HttpResponseBody,
    most: u64,
    silence: Duration,
) -> Result<Vec<u8>, Trouble> {
    collect(body, Vec::new(), most, silence).await
}

async fn collect(
    mut body: HttpResponseBody,
    mut read: Vec<u8>,
    most: u64,
    silence: Duration,
) -> Result<Vec<u8>, Trouble> {
    loop {
        let frame = timeout(silence, body.frame()).await;
        let frame = match frame.map_err(|_| silent(silence))? {
            None => return Ok(read),
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Err(Trouble::Passing(causes(&error))),
        };
        if let Some(piece) = frame.data_ref() {
            if (read.len() as u64).saturating_add(piece.len() as u64) > most {
                return Err(Trouble::Passing(format!("more than {most} bytes came")));
            }
            read.extend_from_slice(piece);
        }
    }
}

/// Nothing came.
pub(super) fn silent(silence: Duration) -> Trouble {
    Trouble::Passing(format!(
        "nothing was heard for {} seconds",
        silence.as_secs_f32()
    ))
}
