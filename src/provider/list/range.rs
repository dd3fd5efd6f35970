//! What one entry of an allow list lets in: a network, or addresses from one to another.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

/// Addresses from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    first: IpAddr,
    last: IpAddr,
    net: Option<IpNet>,
}

impl Range {
    /// From one to the other, both included.
    pub(in crate::provider) fn between(first: IpAddr, last: IpAddr) -> Self {
        Self { first, last, net: None }
    }

    /// Whether all of the network is in it.
    pub fn covers(&self, net: IpNet) -> bool {
        let same_family = self.first.is_ipv4() == net.addr().is_ipv4();
        same_family && self.first <= net.network() && net.broadcast() <= self.last
    }

    /// Whether it is the whole internet.
    pub fn is_everybody(&self) -> bool {
        let everybody = |all: &str| all.parse().is_ok_and(|all| self.covers(all));
        everybody("0.0.0.0/0") || everybody("::/0")
    }

    /// The address, when it is a single one.
    pub fn single(&self) -> Option<IpAddr> {
        (self.first == self.last).then_some(self.first)
    }
}

impl From<IpNet> for Range {
    fn from(net: IpNet) -> Self {
        Self {
            first: net.network(),
            last: net.broadcast(),
            net: Some(net),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.net, self.single()) {
            (Some(net), _) => write!(f, "{net}"),
            (None, Some(address)) => write!(f, "{address}"),
            (None, None) => write!(f, "{}-{}", self.first, self.last),
        }
    }
}
