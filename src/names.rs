//! Names that come from people: checked once, on the way in, whether from a flag, the environment, a file or a prompt.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use anyhow::{Error, Result, bail, ensure};
use ipnet::IpNet;

mod rules;

/// Longest identifier PostgreSQL keeps, in bytes; it cuts longer ones silently (`NAMEDATALEN - 1`, docs 4.1.1).
pub const IDENTIFIER_BYTES: usize = 63;

macro_rules! text_name {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub struct $name(String);

        impl $name {
            /// The name as it is, unquoted.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                $check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            /// Between double quotes, as messages have it.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

text_name! {
    /// A database's name exactly as stored in `pg_database` (case kept; quoted wherever it is used).
    DatabaseName, rules::identifier
}
text_name! {
    /// A role's name exactly as stored in `pg_roles`.
    RoleName, rules::role
}
text_name! {
    /// A schema's name exactly as stored in `pg_namespace`; never a system schema.
    SchemaName, rules::schema
}
text_name! {
    /// A login name on a Linux machine: what `useradd` and BusyBox `adduser` both take.
    LinuxUser, rules::linux_user
}
text_name! {
    /// A host to dial: a DNS name, an IPv4 or IPv6 address, or the directory of a Unix socket (starts with `/`).
    HostName, rules::host
}

impl HostName {
    /// A directory that holds the server's Unix socket, as libpq understands `host=/run/postgresql`.
    pub fn is_socket(&self) -> bool {
        self.0.starts_with('/')
    }

    /// Whether it may be reached over the internet, as far as it is written in the name itself.
    pub fn is_public(&self) -> bool {
        match self.address() {
            Some(IpAddr::V4(address)) => !(address.is_loopback() || address.is_private() || address.is_link_local()),
            Some(IpAddr::V6(address)) => {
                !(address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local())
            }
            None => !self.is_local(),
        }
    }

    /// The address, when the host is written as one.
    pub fn address(&self) -> Option<IpAddr> {
        self.0.parse().ok()
    }

    /// A loopback name or address, or a socket: reachable from the same machine only.
    pub fn is_local(&self) -> bool {
        self.is_socket() || self.0.eq_ignore_ascii_case("localhost") || self.address().is_some_and(|a| a.is_loopback())
    }
}

/// A network as written in an allow list: `52.23.137.21/32`; a bare address means that address alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr(IpNet);

impl Cidr {
    /// The address and prefix length as `ipnet` has them.
    pub fn net(self) -> IpNet {
        self.0
    }

    /// The first address in it, the one that is asked about.
    pub fn address(self) -> IpAddr {
        self.0.addr()
    }
}

impl FromStr for Cidr {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.into()));
        }
        let net: IpNet = match text.parse() {
            Ok(net) => net,
            Err(_) => bail!("{text:?} is not an address or a network; write it like 52.23.137.21/32"),
        };
        ensure!(
            net.addr() == net.network(),
            "{text} has bits set behind its mask; write {} for the network or {}/{} for the address",
            net.trunc(),
            net.addr(),
            net.max_prefix_len()
        );
        Ok(Self(net))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A TCP port, 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(u16);

impl Port {
    /// PostgreSQL's registered port.
    pub const POSTGRES: Self = Self(5432);
    /// SSH's registered port.
    pub const SSH: Self = Self(22);

    /// The port number, 1 to 65535.
    pub fn number(self) -> u16 {
        self.0
    }
}

impl From<Port> for u16 {
    fn from(port: Port) -> Self {
        port.0
    }
}

impl FromStr for Port {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.parse::<u16>() {
            Ok(number) if number > 0 => Ok(Self(number)),
            _ => bail!("{text:?} is not a port; write a number from 1 to 65535"),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
