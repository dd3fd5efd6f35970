//! The server's certificate: what it says, and what is wrong with it.

use std::net::IpAddr;

use openssl::nid::Nid;
use openssl::x509::{X509Ref, X509StoreContextRef, X509VerifyResult};

/// What was made of the server's certificate, whether or not it had to pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Examined {
    /// The names it is for.
    pub(crate) names: Vec<String>,
    /// The day it ends, as OpenSSL writes it.
    pub(crate) ends: String,
    /// What is wrong with it, in the order in which OpenSSL found it.
    pub(crate) faults: Vec<Fault>,
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No authority that was given vouches for it.
    Authority,
    /// It is no longer, or not yet, valid.
    Expired,
    /// It is for another name.
    Name,
    /// Its authority has revoked it.
    Revoked,
    /// Whether it is revoked cannot be seen: no list of its authority was given, or an old one.
    Unlisted,
    Other,
}

impl Fault {
    pub(super) fn of(error: X509VerifyResult) -> Self {
        // The numbers of OpenSSL's x509_vfy.h; the crate has no names for them.
        match error.as_raw() {
            2 | 18 | 19 | 20 | 21 | 24 | 26..=30 => Self::Authority,
            9 | 10 => Self::Expired,
            23 => Self::Revoked,
            3 | 5 | 8 | 11 | 12 | 15 | 16 | 33 | 35 | 36 => Self::Unlisted,
            62 | 64 => Self::Name,
            _ => Self::Other,
        }
    }
}

impl Examined {
    pub(super) fn note(&mut self, fault: Option<Fault>, context: &X509StoreContextRef) {
        self.faults.extend(fault.filter(|fault| !self.faults.contains(fault)));
        // Depth 0 is the server's own.
        if let Some(certificate) = context.current_cert().filter(|_| context.error_depth() == 0) {
            self.ends = certificate.not_after().to_string();
            self.names = names(certificate);
        }
    }
}

fn names(certificate: &X509Ref) -> Vec<String> {
    let alternatives = certificate.subject_alt_names().into_iter().flatten();
    let mut names: Vec<String> = alternatives
        .filter_map(|name| {
            let address = |bytes: &[u8]| {
                let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
                v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
            };
            let address = name.ipaddress().and_then(address).as_ref().map(IpAddr::to_string);
            name.dnsname().map(str::to_owned).or(address)
        })
        .collect();
    if names.is_empty() {
        let common = certificate.subject_name().entries_by_nid(Nid::COMMONNAME);
        names.extend(common.filter_map(|entry| entry.data().to_string().ok()));
    }
    names
}
