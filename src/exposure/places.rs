//! May a request that came from an address meet the conditions that hold a grant to places?
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-network-properties>

use super::condition::Test;
use super::keys::{Carried, carried};
use super::network;
use super::verdict::Audience;
use crate::event::Condition;
use crate::vocab::Untrusted;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// Whether it may, as far as its caller and address tell: the public has not signed. What holds a grant otherwise than by a positive
/// test is not looked at.
pub fn may_be_met(
    conditions: &BTreeSet<Condition>,
    caller: &Audience,
    address: &Untrusted,
) -> bool {
    let lacks = |condition: &Condition| {
        *caller == Audience::Public && carried(&condition.key) == Some(Carried::IfSigned)
    };
    let mut positive = conditions
        .iter()
        .filter(|condition| Test::of(&condition.operator) == Some(Test::Positive));
    positive.all(|condition| !lacks(condition) && may_meet(condition, address.reveal()))
}

fn may_meet(condition: &Condition, address: &str) -> bool {
    match condition.key.as_str() {
        "aws:sourceip" => network::holds(condition.values.iter(), address) != Some(false),
        // What comes by an endpoint comes from its VPC's addresses; of IPv6 these are of the Internet too.
        "aws:sourcevpc" | "aws:sourcevpce" | "aws:sourcevpcarn" | "aws:vpceaccount"
        | "aws:vpceorgid" | "aws:vpceorgpaths" => !address
            .parse()
            .is_ok_and(|address| is_of_the_internet(&address)),
        // An access point that lets somebody in does so by its own policy.
        "s3:dataaccesspointarn" | "s3:dataaccesspointaccount" => false,
        // Only AWS services carry these, and they are nobody from outside.
        "aws:sourcearn" | "aws:sourceaccount" | "aws:sourceowner" | "aws:sourceorgid"
        | "aws:sourceorgpaths" => false,
        _ => true,
    }
}

/// Neither private nor shared (RFC 1918, RFC 6598), nor of the machine or its link.
fn is_of_the_internet(address: &Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    !(address.is_private() || is_shared || address.is_loopback() || address.is_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Quantifier;

    fn meets(operator: &str, key: &str, value: &str, address: &str) -> bool {
        let condition = Condition {
            quantifier: Quantifier::Single,
            operator: operator.to_owned(),
            if_exists: false,
            key: key.to_owned(),
            values: BTreeSet::from([value.to_owned()]),
        };
        let caller = Audience::Public;
        may_be_met(&BTreeSet::from([condition]), &caller, &address.into())
    }

    #[test]
    fn an_address_tells_from_which_places_a_request_may_have_come() {
        let range = "203.0.113.0/24";
        for (operator, key, value, address, may) in [
            ("ipaddress", "aws:sourceip", range, "203.0.113.9", true),
            ("ipaddress", "aws:sourceip", range, "198.51.100.7", false),
            ("ipaddress", "aws:sourceip", range, "2001:db8::1", false),
            ("ipaddress", "aws:sourceip", range, "AWS Internal", true),
            (
                "ipaddress",
                "aws:sourceip",
                "2001:db8::/32",
                "2001:db8::1",
                true,
            ),
            (
                "ipaddress",
                "aws:sourceip",
                "everywhere",
                "198.51.100.7",
                true,
            ),
            ("stringequals", "aws:sourcevpce", "vpce-1", "10.0.0.7", true),
            (
                "stringequals",
                "aws:sourcevpce",
                "vpce-1",
                "172.31.9.9",
                true,
            ),
            (
                "stringequals",
                "aws:sourcevpce",
                "vpce-1",
                "100.64.0.1",
                true,
            ),
            (
                "stringequals",
                "aws:sourcevpce",
                "vpce-1",
                "2600:1f18::1",
                true,
            ),
            (
                "stringequals",
                "aws:sourcevpc",
                "vpc-1",
                "198.51.100.7",
                false,
            ),
            ("stringequals", "aws:sourceaccount", "1", "10.0.0.7", false),
            (
                "arnlike",
                "aws:sourcearn",
                "arn:aws:sns:*",
                "10.0.0.7",
                false,
            ),
            (
                "stringequals",
                "s3:dataaccesspointaccount",
                "1",
                "198.51.100.7",
                false,
            ),
            ("bool", "aws:securetransport", "true", "198.51.100.7", true),
            (
                "stringequals",
                "aws:ec2instancesourcevpc",
                "vpc-1",
                "10.0.0.7",
                false,
            ),
            ("notipaddress", "aws:sourceip", range, "203.0.113.9", true),
        ] {
            let told = meets(operator, key, value, address);
            assert_eq!(told, may, "{operator} {key} {value} from {address}");
        }
    }
}
