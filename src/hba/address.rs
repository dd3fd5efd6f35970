//! Addresses in rules: written as the server's `getaddrinfo` reads them, compared bit by bit under any mask.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::rules::Address;

/// How much of a network of clients a rule's address covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cover {
    All,
    Some,
    None,
}

/// Compares as `pg_range_sockaddr` does: never across families, bits behind the mask ignored, any mask.
pub(super) fn cover(address: IpAddr, mask: IpAddr, clients: IpNet) -> Cover {
    let (rule, mask) = (bits(address), bits(mask));
    let (client, fixed) = (bits(clients.addr()), bits(clients.netmask()));
    if address.is_ipv4() != clients.addr().is_ipv4() || (rule ^ client) & mask & fixed != 0 {
        Cover::None
    } else if mask & !fixed == 0 {
        Cover::All
    } else {
        Cover::Some
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The mask of a prefix length, or the reason against it.
pub(super) fn mask(prefix: &str, address: IpAddr) -> Option<IpAddr> {
    let net = IpNet::new(address, prefix.parse().ok()?).ok()?;
    Some(net.netmask())
}

/// An address as `getaddrinfo` with `AI_NUMERICHOST` takes it: besides the usual forms `127.1`, `0x7f.0.0.1`, octal
/// parts, and a scope behind an IPv6 address, which the comparison ignores. `None`: it is a host name.
pub(crate) fn numeric(text: &str) -> Option<IpAddr> {
    let without_scope = text.split_once('%').map_or(text, |(address, _)| address);
    match without_scope.parse::<Ipv6Addr>() {
        Ok(v6) => Some(IpAddr::V6(v6)),
        Err(_) => classful(text).map(IpAddr::V4),
    }
}

/// `inet_aton`: one to four parts, the last one filling the rest.
fn classful(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text.split('.').map(part).collect::<Option<_>>()?;
    let (last, leading) = parts.split_last()?;
    if leading.len() > 3 || leading.iter().any(|part| *part > 255) {
        return None;
    }
    let room = 8 * (4 - u32::try_from(leading.len()).ok()?);
    if room < 32 && *last >> room != 0 {
        return None;
    }
    let head = leading
        .iter()
        .zip([24, 16, 8])
        .fold(0, |sum, (part, shift)| sum | part << shift);
    Some(Ipv4Addr::from_bits(head | last))
}

fn part(text: &str) -> Option<u32> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    // `from_str_radix` takes a sign; `inet_aton` does not.
    let digits_only = digits.bytes().all(|b| b.is_ascii_hexdigit());
    digits_only.then(|| u32::from_str_radix(digits, radix).ok()).flatten()
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::SameHost => f.write_str("samehost"),
            Self::SameNet => f.write_str("samenet"),
            Self::Name(name) => f.write_str(name),
            Self::Net { address, mask } => match ipnet::ip_mask_to_prefix(*mask) {
                Ok(length) => write!(f, "{address}/{length}"),
                Err(_) => write!(f, "{address} {mask}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_as_getaddrinfo_reads_them() {
        for (text, is) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.1", "127.0.0.1"),
            ("10.513", "10.0.2.1"),
            ("10.1.258", "10.1.1.2"),
            ("1", "0.0.0.1"),
            ("0", "0.0.0.0"),
            ("0x7f.0.0.1", "127.0.0.1"),
            ("010.0.0.1", "8.0.0.1"),
            ("4294967295", "255.255.255.255"),
            ("::1", "::1"),
            ("fe80::1%lo", "fe80::1"),
            ("::ffff:1.2.3.4", "::ffff:1.2.3.4"),
        ] {
            assert_eq!(numeric(text), Some(ip(is)), "{text}");
        }
        for name in [
            "",
            "localhost",
            ".example.com",
            "1.2.3.4.5",
            "256.1.1.1",
            "1.2.3.256",
            "09.1.1.1",
            "1.",
            "+1.2.3.4",
        ] {
            assert_eq!(numeric(name), None, "{name}");
        }
    }

    #[test]
    fn masks() {
        assert_eq!(mask("0", ip("10.0.0.0")), Some(ip("0.0.0.0")));
        assert_eq!(mask("32", ip("10.0.0.0")), Some(ip("255.255.255.255")));
        assert_eq!(mask("33", ip("10.0.0.0")), None);
        assert_eq!(mask("64", ip("::")), Some(ip("ffff:ffff:ffff:ffff::")));
        assert_eq!(mask("129", ip("::")), None);
        assert_eq!(mask("", ip("::")), None);
    }

    #[test]
    fn cover_of_addresses_and_networks() {
        let cover =
            |address: &str, mask: &str, clients: &str| super::cover(ip(address), ip(mask), clients.parse().unwrap());
        assert_eq!(cover("10.1.2.3", "255.0.0.0", "10.9.9.9/32"), Cover::All);
        assert_eq!(cover("10.0.0.0", "255.0.0.0", "11.0.0.0/32"), Cover::None);
        assert_eq!(cover("10.0.0.0", "255.0.0.0", "10.1.0.0/16"), Cover::All);
        assert_eq!(cover("10.1.0.0", "255.255.0.0", "10.0.0.0/8"), Cover::Some);
        assert_eq!(cover("0.0.0.0", "0.0.0.0", "0.0.0.0/0"), Cover::All);
        assert_eq!(cover("0.0.0.0", "0.0.0.0", "::1/128"), Cover::None);
        assert_eq!(cover("::", "::", "10.0.0.1/32"), Cover::None);
        assert_eq!(
            cover(
                "::ffff:10.0.0.1",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                "10.0.0.1/32"
            ),
            Cover::None
        );
        assert_eq!(cover("10.0.0.1", "255.0.255.255", "10.77.0.1/32"), Cover::All);
        assert_eq!(cover("10.0.0.1", "255.0.255.255", "10.77.0.2/32"), Cover::None);
    }
}
