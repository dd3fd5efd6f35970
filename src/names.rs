//! Names that come from people: checked once, on the way in, whether from a flag, the environment, a file or a prompt; what each
//! kind may look like, and what is said when it does not.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use anyhow::{Error, Result, bail, ensure};
use ipnet::IpNet;

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
    DatabaseName, identifier
}
text_name! {
    /// A role's name exactly as stored in `pg_roles`.
    RoleName, role
}
text_name! {
    /// A schema's name exactly as stored in `pg_namespace`; never a system schema.
    SchemaName, schema
}
text_name! {
    /// A login name on a Linux machine: what `useradd` and BusyBox `adduser` both take.
    LinuxUser, linux_user
}
text_name! {
    /// A host to connect to: a DNS name, an IPv4 or IPv6 address, or the directory of a Unix socket (starts with `/`).
    HostName, host
}

impl HostName {
    /// A directory that holds the server's Unix socket, as libpq understands `host=/run/postgresql`.
    pub fn is_socket(&self) -> bool {
        self.0.starts_with('/')
    }

    /// Whether it may be reached over the internet, as far as it is written in the name itself.
    pub fn is_public(&self) -> bool {
        self.address().map_or_else(|| !self.is_local(), is_public)
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

/// Whether an address is one of the internet, and not of a machine's or a network's own.
pub(crate) fn is_public(address: IpAddr) -> bool {
    let is_own = match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
    };
    !(is_own || address.is_loopback())
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

fn identifier(text: &str) -> Result<()> {
    ensure!(!text.is_empty(), "it is empty");
    if let Some(at) = text.find(char::is_control) {
        bail!("{text:?} holds a control character or line break at byte {at}; check what you pasted");
    }
    ensure!(text.trim() == text, "{text:?} begins or ends with a space; remove it");
    ensure!(
        text.len() <= IDENTIFIER_BYTES,
        "{text:?} has {} bytes; PostgreSQL keeps only {IDENTIFIER_BYTES} and silently drops the rest",
        text.len()
    );
    Ok(())
}

fn role(text: &str) -> Result<()> {
    identifier(text)?;
    ensure!(
        !matches!(text, "public" | "none"),
        "{text:?} is a reserved role name in PostgreSQL; choose another, such as stitch"
    );
    ensure!(
        !text.starts_with("pg_"),
        "{text:?} begins with pg_, which PostgreSQL reserves for its own roles; choose another, such as stitch"
    );
    Ok(())
}

fn schema(text: &str) -> Result<()> {
    identifier(text)?;
    ensure!(
        !text.starts_with("pg_") && text != "information_schema",
        "{text:?} is one of PostgreSQL's own schemas; name an integration schema"
    );
    Ok(())
}

fn linux_user(text: &str) -> Result<()> {
    let mut characters = text.chars();
    let first_is_fine = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let rest_is_fine = characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    ensure!(
        first_is_fine && rest_is_fine && !text.ends_with('.'),
        "{text:?} is not a Linux user name; use a letter or _ first, then letters, digits, _ - ."
    );
    ensure!(
        text.len() <= 32,
        "{text:?} has {} characters; Linux user names have at most 32",
        text.len()
    );
    ensure!(
        text != "root",
        "root must not be Stitch's login; give a separate user, such as stitch"
    );
    Ok(())
}

fn host(text: &str) -> Result<()> {
    ensure!(!text.is_empty(), "it is empty");
    if let Some(at) = text.find(|c: char| c.is_control() || c.is_whitespace()) {
        bail!("{text:?} holds white space or a control character at byte {at}; check what you pasted");
    }
    if text.starts_with('/') || text.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    let parts = text.rsplit_once(':');
    if let Some((name, port)) = parts.filter(|(_, port)| port.parse::<u16>().is_ok()) {
        bail!("{text:?} contains a port; give the host {name} and the port {port} separately");
    }
    if let Some(unbracketed) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        bail!("{text:?}: write an IPv6 address without brackets, {unbracketed}");
    }
    let is_fine = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    ensure!(text.chars().all(is_fine), "{text:?} is not a host name or address");
    ensure!(
        text.len() <= 253,
        "{} bytes is too long for a host name (253 at most)",
        text.len()
    );
    Ok(())
}

#[cfg(test)]
mod tests;
