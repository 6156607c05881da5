//! Who asks, from where, for what, and which condition keys does the request carry?

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caller {
    Anonymous,
    /// A user of an account, in an organization or in none.
    User(&'static str, Option<&'static str>),
    Service,
}

/// From where: an address of the Internet, or an endpoint in a VPC, which hides the address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Internet(&'static str),
    Endpoint(&'static str, &'static str),
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub caller: Caller,
    pub place: Place,
    pub action: &'static str,
    /// The key, for actions on objects.
    pub key: Option<&'static str>,
    pub over_tls: bool,
    pub referer: Option<&'static str>,
}

impl Request {
    /// The ARN that the action acts on.
    pub fn resource(&self) -> String {
        let below = self.key.map(|key| format!("/{key}")).unwrap_or_default();
        format!("arn:aws:s3:::amzn-s3-demo-bucket{below}")
    }

    fn arn(&self) -> Option<String> {
        match self.caller {
            Caller::User(account, _) => Some(format!("arn:aws:iam::{account}:user/dev/app")),
            _ => None,
        }
    }

    /// Whether a principal under `AWS` names the caller: its account, the account's root ARN, or its own ARN.
    pub fn is_aws(&self, name: &str) -> bool {
        match self.caller {
            Caller::User(account, _) => {
                name == account
                    || name == format!("arn:aws:iam::{account}:root")
                    || Some(name.to_owned()) == self.arn()
            }
            _ => false,
        }
    }

    /// The values of a condition key; none where the request does not carry it.
    pub fn values(&self, key: &str) -> Vec<String> {
        let (account, organization) = match self.caller {
            Caller::User(account, organization) => (Some(account), organization),
            _ => (None, None),
        };
        let value = match key.to_lowercase().as_str() {
            "aws:sourceip" => match self.place {
                Place::Internet(address) => Some(address.to_owned()),
                Place::Endpoint(..) => None,
            },
            "aws:sourcevpce" => match self.place {
                Place::Endpoint(endpoint, _) => Some(endpoint.to_owned()),
                Place::Internet(_) => None,
            },
            "aws:sourcevpc" => match self.place {
                Place::Endpoint(_, vpc) => Some(vpc.to_owned()),
                Place::Internet(_) => None,
            },
            "aws:securetransport" => Some(self.over_tls.to_string()),
            "aws:referer" => self.referer.map(str::to_owned),
            "aws:principalaccount" => account.map(str::to_owned),
            "aws:principalorgid" => organization.map(str::to_owned),
            "aws:principalorgpaths" => {
                organization.map(|id| format!("{id}/r-ab12/ou-ab12-11111111/"))
            }
            "aws:principalarn" => self.arn(),
            "aws:username" => account.map(|_| "app".to_owned()),
            "aws:principaltype" => account.map(|_| "User".to_owned()),
            "aws:multifactorauthpresent" => account.map(|_| organization.is_some().to_string()),
            "aws:resourceaccount" | "s3:resourceaccount" => Some("111122223333".to_owned()),
            "aws:principalisawsservice" => match self.caller {
                Caller::Anonymous => None,
                caller => Some((caller == Caller::Service).to_string()),
            },
            other => panic!("the oracle does not know {other}"),
        };
        value.into_iter().collect()
    }
}
