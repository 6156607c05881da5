//! Who and where? Two accounts that own the log, a stranger, three Regions: documentation names throughout.

/// An AWS account by its two names.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    pub id: &'static str,
    pub canonical: &'static str,
}

/// The accounts whose trails are read.
pub const OURS: [Account; 2] = [
    Account {
        id: "111122223333",
        canonical: "1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a",
    },
    Account {
        id: "444455556666",
        canonical: "4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b",
    },
];

/// An account that no trail tells about.
pub const STRANGER: Account = Account {
    id: "777788889999",
    canonical: "7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c",
};

pub const ORGANIZATION: &str = "o-a1b2c3d4e5";

pub const REGIONS: [&str; 3] = ["us-east-1", "eu-west-1", "ap-southeast-2"];

pub const BUCKETS: [&str; 12] = [
    "amzn-s3-demo-assets",
    "amzn-s3-demo-backups",
    "amzn-s3-demo-billing",
    "amzn-s3-demo-builds",
    "amzn-s3-demo-exports",
    "amzn-s3-demo-invoices",
    "amzn-s3-demo-logs",
    "amzn-s3-demo-media",
    "amzn-s3-demo-models",
    "amzn-s3-demo-reports",
    "amzn-s3-demo-uploads",
    "www.example.com",
];

/// The index of the other of our two accounts.
pub fn other(account: usize) -> usize {
    1 - account
}

/// Somebody who may get in: the audience of an exposure, as reports.md keeps rows apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    Public,
    Account(&'static str),
    Canonical(&'static str),
    Organization(&'static str),
}

impl Audience {
    /// Who gets in where one rule lets in this one and another rule that one.
    pub fn both(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Public, narrow) | (narrow, Self::Public) => Some(narrow),
            (one, other) => (one == other).then_some(one),
        }
    }

    /// The columns `audience` and `outsider`.
    pub fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::Public => ("public", ""),
            Self::Account(id) | Self::Canonical(id) | Self::Organization(id) => {
                ("cross-account", id)
            }
        }
    }
}
