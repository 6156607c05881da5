//! How often is something tried? With pauses that grow and are never alike, and no longer where nothing comes back at all.
//!
//! <https://docs.aws.amazon.com/general/latest/gr/api-retries.html>

use super::refusal::{Refusal, Trouble};
use super::settings::Patience;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How it goes with S3 on the whole.
pub(super) struct Health {
    /// How many requests were given up since one succeeded.
    failed: AtomicUsize,
    /// So many are enough.
    most: usize,
    /// Why there is no point in asking again: the credentials are not accepted.
    refused: OnceLock<Refusal>,
}

impl Health {
    /// Of that many requests under way at once.
    pub fn new(concurrency: usize) -> Self {
        Self {
            failed: AtomicUsize::new(0),
            most: concurrency.saturating_mul(2).max(16),
            refused: OnceLock::new(),
        }
    }

    /// Why nothing is asked for any more, if so.
    fn over(&self) -> Option<Refusal> {
        if let Some(refusal) = self.refused.get() {
            return Some(refusal.clone());
        }
        let failed = self.failed.load(Ordering::Relaxed);
        (failed >= self.most).then(|| {
            Refusal::new(format!(
                "not asked for any more: the last {failed} requests to S3 were made in vain"
            ))
        })
    }
}

/// The attempts at one thing.
pub(super) struct Tries<'t> {
    patience: &'t Patience,
    health: &'t Health,
    made: u32,
    /// Whether the credentials were changed for it.
    has_new_credentials: bool,
}

/// A Region is changed so often at most.
const MOST_REGIONS: u32 = 3;

impl<'t> Tries<'t> {
    /// Before the first.
    ///
    /// # Errors
    /// If nothing is asked for any more.
    pub fn begin(patience: &'t Patience, health: &'t Health) -> Result<Self, Refusal> {
        match health.over() {
            Some(refusal) => Err(refusal),
            None => Ok(Self {
                patience,
                health,
                made: 0,
                has_new_credentials: false,
            }),
        }
    }

    /// It was got.
    pub fn succeeded<T>(&self, got: T) -> T {
        self.health.failed.store(0, Ordering::Relaxed);
        got
    }

    /// Waits until the next attempt may be made.
    ///
    /// # Errors
    /// If none is to be made.
    pub async fn after(&mut self, trouble: Trouble) -> Result<(), Refusal> {
        self.made += 1;
        match trouble {
            Trouble::Final(refusal) => {
                self.health.failed.store(0, Ordering::Relaxed);
                Err(refusal)
            }
            Trouble::Elsewhere(_) if self.made <= MOST_REGIONS => Ok(()),
            Trouble::Elsewhere(region) => Err(Refusal::new(format!(
                "S3 sends requests on, last to Region {region}"
            ))),
            Trouble::Unknown(refusal) if self.has_new_credentials => {
                let refused = self.health.refused.get_or_init(|| refusal);
                Err(refused.clone())
            }
            Trouble::Unknown(_) => {
                self.has_new_credentials = true;
                Ok(())
            }
            Trouble::Passing(why) => self.pause(why).await,
        }
    }

    async fn pause(&self, why: String) -> Result<(), Refusal> {
        if self.made >= self.patience.attempts || self.health.over().is_some() {
            self.health.failed.fetch_add(1, Ordering::Relaxed);
            let times = match self.made {
                1 => "one attempt".to_owned(),
                made => format!("{made} attempts"),
            };
            return Err(Refusal::new(format!("{why}; given up after {times}")));
        }
        let most = longest(self.patience, self.made);
        tokio::time::sleep(most.mul_f64(chance())).await;
        Ok(())
    }
}

/// The longest pause after so many attempts.
fn longest(patience: &Patience, made: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(made.saturating_sub(1));
    let grown = patience.first_pause.saturating_mul(doubled);
    grown.min(patience.longest_pause)
}

/// A number from 0 to 1, so that those who failed together do not come back together. No result depends on it.
fn chance() -> f64 {
    let drawn = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(drawn >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_limit() {
        let patience = Patience::default();
        let pauses: Vec<_> = (1..=9)
            .map(|made| longest(&patience, made).as_millis())
            .collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
        assert_eq!(longest(&patience, u32::MAX), patience.longest_pause);
    }

    #[test]
    fn chances_differ_and_stay_in_their_range() {
        let drawn: Vec<f64> = (0..64).map(|_| chance()).collect();
        assert!(drawn.iter().all(|it| (0.0..=1.0).contains(it)));
        assert!(drawn.iter().any(|it| (it - drawn[0]).abs() > 1e-6));
    }
}
