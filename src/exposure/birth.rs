//! What does S3 give a new bucket?
//!
//! Since April 2023 new buckets have all four flags of the public access block on and ACLs disabled. The change was rolled out
//! during April 2023 and announced as complete on the 27th; of buckets made in those weeks it cannot be told which they got.
//! <https://aws.amazon.com/blogs/aws/heads-up-amazon-s3-security-changes-are-coming-in-april-of-2023/>

use crate::vocab::Timestamp;

/// 2023-04-01T00:00:00Z: before it, no Region had the new defaults.
const ROLL_OUT_BEGINS: Timestamp = Timestamp::from_unix(1_680_307_200);
/// 2023-04-28T00:00:00Z: from it on, every Region had them.
const ROLL_OUT_ENDS: Timestamp = Timestamp::from_unix(1_682_640_000);

/// Which defaults a bucket got when it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Defaults {
    /// No block, ACLs enabled (ObjectWriter).
    Old,
    /// These or those: it was made during the roll-out.
    Either,
    /// All four flags on, ACLs disabled (BucketOwnerEnforced).
    New,
}

/// The defaults of a bucket made at that instant.
pub fn defaults_at(created: Timestamp) -> Defaults {
    match created {
        created if created < ROLL_OUT_BEGINS => Defaults::Old,
        created if created < ROLL_OUT_ENDS => Defaults::Either,
        _ => Defaults::New,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_turn_in_april_2023() {
        for (time, expected) in [
            ("2023-03-31T23:59:59Z", Defaults::Old),
            ("2023-04-01T00:00:00Z", Defaults::Either),
            ("2023-04-27T23:59:59Z", Defaults::Either),
            ("2023-04-28T00:00:00Z", Defaults::New),
        ] {
            assert_eq!(
                Timestamp::parse(time).map(defaults_at),
                Some(expected),
                "{time}"
            );
        }
    }
}
