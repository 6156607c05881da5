//! What does a record say at a glance?
//!
//! The few strings by which it is told whether a record is of interest, found on the way through the text: nothing is copied,
//! and the record is not read. A glance is only given where it says what [`Record`](super::Record) would say: of a record with
//! a key written twice, in other case or with escapes there is none, and the record is read.

use super::context;
use super::places::Places;

/// The fields that a glance takes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// `eventTime`
    Time,
    /// `eventSource`
    Source,
    /// `eventName`
    Name,
    /// `awsRegion`
    Region,
    /// `recipientAccountId`
    Recipient,
    /// `eventCategory`
    Category,
    /// `eventType`
    Type,
    /// `userIdentity.type`
    CallerType,
    /// `userIdentity.accountId`
    CallerAccount,
    /// `userIdentity.invokedBy`
    InvokedBy,
    /// `eventID`
    Id,
    /// `sharedEventID`
    Shared,
    /// `responseElements.credentials.accessKeyId`, of the Security Token Service.
    IssuedKey,
    /// `responseElements.assumedRoleUser.arn`, of the Security Token Service.
    IssuedSession,
    /// `requestParameters.bucketName`, of S3.
    Bucket,
    /// `requestParameters.key`, of S3.
    Key,
    /// `resources.accountId`, of S3: of several, which are all the same.
    Owner,
    /// `sourceIPAddress`
    Address,
    /// `userIdentity.arn`
    CallerArn,
    /// `userIdentity.accessKeyId`
    CallerKey,
}

impl Field {
    /// The field to which these names lead, one within the other.
    pub fn at(names: &[&str]) -> Option<Self> {
        Some(match names {
            ["eventTime"] => Self::Time,
            ["eventSource"] => Self::Source,
            ["eventName"] => Self::Name,
            ["awsRegion"] => Self::Region,
            ["recipientAccountId"] => Self::Recipient,
            ["eventCategory"] => Self::Category,
            ["eventType"] => Self::Type,
            ["eventID"] => Self::Id,
            ["sharedEventID"] => Self::Shared,
            ["userIdentity", "type"] => Self::CallerType,
            ["userIdentity", "accountId"] => Self::CallerAccount,
            ["userIdentity", "invokedBy"] => Self::InvokedBy,
            ["requestParameters", "bucketName"] => Self::Bucket,
            ["requestParameters", "key"] => Self::Key,
            _ => return None,
        })
    }
}

/// The last letters by which two keys are told apart at once.
pub(super) type Tail = [u8; 8];

/// A record's strings at a glance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glance<'t> {
    raw: &'t [u8],
    places: &'t Places,
}

impl<'t> Glance<'t> {
    pub(super) fn new(raw: &'t [u8], places: &'t Places) -> Option<Self> {
        (!places.is_doubtful()).then_some(Self { raw, places })
    }

    /// The field's string, which has no escape; `None` where the record has none, or another kind of value.
    pub fn get(&self, field: Field) -> Option<&'t [u8]> {
        self.places.of(self.raw, field)
    }

    /// Whether a field's value is a string, or the record has no such field.
    pub fn is_plain(&self, field: Field) -> bool {
        self.get(field).is_some() || !self.places.has(Key::Of(field))
    }

    /// `userIdentity.sessionContext.attributes.creationDate`, empty where there is none; `None` where the record must be read to know.
    pub fn session_began(&self) -> Option<&'t str> {
        match self.places.context() {
            0 if !self.places.has(Key::Context) => Some(""),
            0 => None,
            place => context::began(self.raw, usize::from(place)),
        }
    }

    /// Whether the record has an `errorCode`.
    pub fn has_error_code(&self) -> bool {
        self.places.has(Key::ErrorCode)
    }

    /// Whether all members of the Security Token Service's answer are known ones.
    pub fn has_known_response(&self) -> bool {
        !self.places.is_strange(Strange::Response)
    }

    /// Whether none of S3's parameters can be an ACL, or a part of one.
    pub fn has_known_parameters(&self) -> bool {
        !self.places.is_strange(Strange::Parameters)
    }

    /// Whether all owners that S3's resources name are told.
    pub fn has_known_resources(&self) -> bool {
        !self.places.is_strange(Strange::Resources)
    }

    /// Whether the record has a top-level `managementEvent` or `resources`: without eventCategory, its kind rests on these.
    pub fn may_tell_category_otherwise(&self) -> bool {
        let keys = [Key::ManagementEvent, Key::Resources];
        keys.into_iter().any(|key| self.places.has(key))
    }
}

/// The keys that are looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    /// Of a field.
    Of(Field),
    Identity,
    Context,
    ManagementEvent,
    Resources,
    ErrorCode,
    Response,
    Credentials,
    AssumedUser,
    Parameters,
    /// One that may stand beside others, of whatever value.
    Beside(&'static [u8]),
}

/// What has members that it mostly has not: set among the keys that were met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Strange {
    Parameters,
    Response,
    Resources,
}

impl Strange {
    pub const fn bit(self) -> u32 {
        match self {
            Self::Parameters => 1 << 29,
            Self::Response => 1 << 30,
            Self::Resources => 1 << 31,
        }
    }
}

impl Key {
    /// Its name, as AWS writes it.
    pub const fn name(self) -> &'static [u8] {
        match self {
            Self::Of(Field::Time) => b"eventTime",
            Self::Of(Field::Source) => b"eventSource",
            Self::Of(Field::Name) => b"eventName",
            Self::Of(Field::Region) => b"awsRegion",
            Self::Of(Field::Recipient) => b"recipientAccountId",
            Self::Of(Field::Category) => b"eventCategory",
            Self::Of(Field::Type) => b"eventType",
            Self::Of(Field::CallerType) => b"type",
            Self::Of(Field::CallerAccount | Field::Owner) => b"accountId",
            Self::Of(Field::InvokedBy) => b"invokedBy",
            Self::Of(Field::Id) => b"eventID",
            Self::Of(Field::Shared) => b"sharedEventID",
            Self::Of(Field::IssuedKey | Field::CallerKey) => b"accessKeyId",
            Self::Of(Field::IssuedSession | Field::CallerArn) => b"arn",
            Self::Of(Field::Bucket) => b"bucketName",
            Self::Of(Field::Key) => b"key",
            Self::Of(Field::Address) => b"sourceIPAddress",
            Self::Identity => b"userIdentity",
            Self::Context => b"sessionContext",
            Self::ManagementEvent => b"managementEvent",
            Self::Resources => b"resources",
            Self::ErrorCode => b"errorCode",
            Self::Response => b"responseElements",
            Self::Credentials => b"credentials",
            Self::AssumedUser => b"assumedRoleUser",
            Self::Parameters => b"requestParameters",
            Self::Beside(name) => name,
        }
    }

    /// The bit for a key that may be met once; none for the others.
    pub const fn bit(self) -> u32 {
        match self {
            Self::Of(Field::Owner) | Self::Beside(_) => 0,
            Self::Of(field) => 1 << field as u32,
            Self::Identity => 1 << 20,
            Self::ManagementEvent => 1 << 21,
            Self::Resources => 1 << 22,
            Self::ErrorCode => 1 << 23,
            Self::Response => 1 << 24,
            Self::Credentials => 1 << 25,
            Self::AssumedUser => 1 << 26,
            Self::Parameters => 1 << 27,
            Self::Context => 1 << 28,
        }
    }

    /// Whose keys lie in the object that is its value; for [`Key::Resources`], in the objects of the array.
    pub fn within(self) -> Option<Level> {
        Some(match self {
            Self::Identity => Level::Identity,
            Self::Response => Level::Response,
            Self::Credentials => Level::Credentials,
            Self::AssumedUser => Level::AssumedUser,
            Self::Parameters => Level::Parameters,
            Self::Resources => Level::Resource,
            _ => return None,
        })
    }
}

/// Whose key it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Level {
    Record,
    Identity,
    Response,
    Credentials,
    AssumedUser,
    Parameters,
    Resource,
}

impl Level {
    const fn keys(self) -> &'static [Key] {
        match self {
            Self::Record => &[
                Key::Of(Field::Time),
                Key::Of(Field::Source),
                Key::Of(Field::Name),
                Key::Of(Field::Region),
                Key::Of(Field::Recipient),
                Key::Of(Field::Category),
                Key::Of(Field::Type),
                Key::Of(Field::Id),
                Key::Of(Field::Shared),
                Key::Of(Field::Address),
                Key::Identity,
                Key::ManagementEvent,
                Key::Resources,
                Key::ErrorCode,
                Key::Response,
                Key::Parameters,
            ],
            Self::Identity => &[
                Key::Of(Field::CallerType),
                Key::Of(Field::CallerAccount),
                Key::Of(Field::InvokedBy),
                Key::Of(Field::CallerArn),
                Key::Of(Field::CallerKey),
                Key::Context,
            ],
            Self::Response => &[
                Key::Credentials,
                Key::AssumedUser,
                Key::Beside(b"packedPolicySize"),
                Key::Beside(b"sourceIdentity"),
                Key::Beside(b"subject"),
                Key::Beside(b"subjectType"),
                Key::Beside(b"issuer"),
                Key::Beside(b"audience"),
                Key::Beside(b"provider"),
                Key::Beside(b"nameQualifier"),
            ],
            Self::Credentials => &[
                Key::Of(Field::IssuedKey),
                Key::Beside(b"expiration"),
                Key::Beside(b"sessionToken"),
            ],
            Self::AssumedUser => &[Key::Of(Field::IssuedSession), Key::Beside(b"assumedRoleId")],
            Self::Parameters => &[
                Key::Of(Field::Bucket),
                Key::Of(Field::Key),
                Key::Beside(b"x-id"),
                Key::Beside(b"x-amz-storage-class"),
                Key::Beside(b"x-amz-server-side-encryption"),
                Key::Beside(b"x-amz-server-side-encryption-aws-kms-key-id"),
            ],
            Self::Resource => &[
                Key::Of(Field::Owner),
                Key::Beside(b"type"),
                Key::Beside(b"ARN"),
                Key::Beside(b"ARNPrefix"),
            ],
        }
    }

    /// What is strange where it has other keys, if that is.
    pub fn closed(self) -> Option<Strange> {
        match self {
            Self::Response | Self::Credentials | Self::AssumedUser => Some(Strange::Response),
            Self::Resource => Some(Strange::Resources),
            Self::Record | Self::Identity | Self::Parameters => None,
        }
    }

    /// Whether a key that is looked for may end so, in any case.
    pub fn may_have(self, tail: &Tail) -> bool {
        let mut ends = self.keys().iter().filter_map(|key| key.name().last_chunk());
        ends.any(|end: &Tail| end.eq_ignore_ascii_case(tail))
    }
}

/// What a key was found to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// None that is looked for.
    Other,
    /// That one.
    Wanted(Key),
    /// It looks like one, and is written otherwise.
    Doubtful,
}

/// Which key ends, with its quote, before that place of the text.
pub(super) fn key_before(text: &[u8], place: usize, level: Level) -> Found {
    let head = text.get(..place.wrapping_sub(1)).unwrap_or_default();
    for key in level.keys() {
        let name = key.name();
        let Some((before, written)) = head.split_at_checked(head.len().wrapping_sub(name.len()))
        else {
            continue;
        };
        match before {
            [.., b'"'] if !written.eq_ignore_ascii_case(name) => {}
            [.., b'\\', b'"'] => return Found::Doubtful,
            [.., b'"'] if written == name => return Found::Wanted(*key),
            [.., b'"'] => return Found::Doubtful,
            _ => {}
        }
    }
    Found::Other
}
