//! A certificate for 127.0.0.1 that lives as long as the demo.

use anyhow::{Context as _, Result};
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};

pub(super) struct Certificate {
    pub(super) public: Vec<u8>,
    pub(super) key: Vec<u8>,
}

/// Makes one, signed by itself.
pub(super) fn make() -> Result<Certificate> {
    sign().context("cannot create a certificate for the temporary server")
}

fn sign() -> Result<Certificate, ErrorStack> {
    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let key = PKey::from_ec_key(EcKey::generate(&curve)?)?;
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::COMMONNAME, "stitch-pg demo")?;
    let name = name.build();
    let mut serial = BigNum::new()?;
    serial.rand(128, MsbOption::MAYBE_ZERO, false)?;
    let mut certificate = X509::builder()?;
    certificate.set_version(2)?;
    certificate.set_serial_number(&*serial.to_asn1_integer()?)?;
    certificate.set_subject_name(&name)?;
    certificate.set_issuer_name(&name)?;
    certificate.set_pubkey(&key)?;
    certificate.set_not_before(&*Asn1Time::days_from_now(0)?)?;
    certificate.set_not_after(&*Asn1Time::days_from_now(2)?)?;
    // Its own authority, so that it can be named as the root that is trusted.
    certificate.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    let addresses = SubjectAlternativeName::new()
        .ip("127.0.0.1")
        .build(&certificate.x509v3_context(None, None))?;
    certificate.append_extension(addresses)?;
    certificate.sign(&key, MessageDigest::sha256())?;
    Ok(Certificate {
        public: certificate.build().to_pem()?,
        key: key.private_key_to_pem_pkcs8()?,
    })
}
