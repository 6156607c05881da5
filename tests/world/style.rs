//! Of which age is a record? A table of the shapes that eventVersion 1.03 to 1.11 have, and that exports gave them.

use crate::dice::Dice;
use crate::reads::Read;
use crate::s3::Request;

/// What a record has to itself by its age and by the tool that exported it.
pub struct Style {
    pub version: &'static str,
    /// Header and query values are one-element arrays.
    pub listed: bool,
    pub host: Option<&'static str>,
    pub resources: bool,
    pub recipient: bool,
    /// additionalEventData
    pub extra: bool,
    /// readOnly, managementEvent, eventCategory, tlsDetails
    pub late: bool,
    pub order: Order,
}

#[derive(PartialEq)]
pub enum Order {
    AsDelivered,
    Sorted,
    /// As delivered, with `errorCode: null` on success.
    NullErrors,
}

const OLDEST: Style = Style {
    version: "1.03",
    listed: true,
    host: None,
    resources: false,
    recipient: false,
    extra: false,
    late: false,
    order: Order::AsDelivered,
};
const NEWEST: Style = Style {
    version: "1.08",
    listed: false,
    host: Some("Host"),
    resources: true,
    recipient: true,
    extra: true,
    late: true,
    order: Order::AsDelivered,
};

/// Oldest first.
const STYLES: [Style; 14] = [
    OLDEST,
    Style {
        host: Some("host"),
        recipient: true,
        extra: true,
        ..OLDEST
    },
    Style {
        version: "1.04",
        recipient: true,
        ..OLDEST
    },
    Style {
        version: "1.05",
        host: Some("host"),
        recipient: true,
        extra: true,
        ..OLDEST
    },
    Style {
        version: "1.05",
        host: Some("host"),
        extra: true,
        ..OLDEST
    },
    Style {
        version: "1.05",
        host: Some("host"),
        recipient: true,
        extra: true,
        order: Order::Sorted,
        ..OLDEST
    },
    Style {
        version: "1.07",
        ..NEWEST
    },
    NEWEST,
    NEWEST,
    Style {
        host: Some("host"),
        resources: false,
        extra: false,
        ..NEWEST
    },
    Style {
        order: Order::NullErrors,
        resources: false,
        ..NEWEST
    },
    Style {
        version: "1.09",
        order: Order::Sorted,
        ..NEWEST
    },
    Style {
        version: "1.10",
        ..NEWEST
    },
    Style {
        version: "1.11",
        resources: false,
        extra: false,
        ..NEWEST
    },
];
/// Block Public Access came with 1.05, Object Ownership with 1.07.
const WITH_BLOCKS: usize = 3;
const WITH_OWNERSHIP: usize = 6;

/// A style in which the call can have been written: not older than the call itself.
pub fn style(request: &Request, dice: &mut Dice) -> &'static Style {
    let styles = &STYLES[first_style(request)..];
    &styles[dice.below(styles.len())]
}

fn first_style(request: &Request) -> usize {
    match request {
        Request::PutOwnership(_) | Request::DeleteOwnership | Request::Read(Read::Ownership) => {
            WITH_OWNERSHIP
        }
        Request::CreateBucket {
            ownership: Some(_), ..
        } => WITH_OWNERSHIP,
        Request::Point(..) => WITH_OWNERSHIP,
        Request::PutBlock(_) | Request::DeleteBlock | Request::Object(..) => WITH_BLOCKS,
        Request::PutAccountBlock(_) | Request::DeleteAccountBlock | Request::Read(_) => WITH_BLOCKS,
        _ => 0,
    }
}
