//! The inside of a public key (RFC 4253 section 6.6): strings with their lengths in front. These give the length of the key, and so
//! how many of the pasted words belong to it.

use anyhow::{Context, Result, bail, ensure};
use openssl::base64;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcPoint};
use openssl::nid::Nid;

/// The types that can be written to `authorized_keys`, and how many strings each is made of.
const KINDS: [(&str, usize); 7] = [
    ("ssh-ed25519", 2),
    ("ssh-rsa", 3),
    ("ecdsa-sha2-nistp256", 3),
    ("ecdsa-sha2-nistp384", 3),
    ("ecdsa-sha2-nistp521", 3),
    ("sk-ssh-ed25519@openssh.com", 3),
    ("sk-ecdsa-sha2-nistp256@openssh.com", 4),
];

/// Whether the word names a type we can install.
pub(super) fn is_kind(word: &str) -> bool {
    KINDS.iter().any(|(kind, _)| *kind == word)
}

/// Whether the word looks like the beginning of a body: all of them begin with the length of a short string.
pub(super) fn is_body(word: &str) -> bool {
    word.starts_with("AAAA")
}

/// The type a body names inside.
pub(super) fn kind_inside(word: &str) -> Option<String> {
    let bytes = decode_prefix(word)?;
    let (kind, _) = string(&bytes)?;
    String::from_utf8(kind.to_vec()).ok()
}

/// Joins as many words as the key is long; what is left over is the comment.
pub(super) fn join<'a>(kind: &str, words: &'a [String]) -> Result<(Vec<u8>, Vec<&'a str>)> {
    let strings = KINDS
        .iter()
        .find(|(known, _)| *known == kind)
        .map(|(_, strings)| *strings)
        .with_context(|| format!("{kind} is not a type that can be installed"))?;
    let mut body = String::new();
    for (index, word) in words.iter().enumerate() {
        let is_base64 = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
        if !is_base64 {
            break;
        }
        body.push_str(word);
        let Some(bytes) = decode_prefix(&body) else { break };
        match measure(&bytes, strings) {
            Length::Complete => {
                check_kind(kind, &bytes)?;
                let comment = words[index + 1..].iter().map(String::as_str).collect();
                return Ok((bytes, comment));
            }
            Length::TooLong => bail!("the {kind} key has extra data at its end; copy it again from Stitch's page"),
            Length::Short => {}
        }
    }
    ensure!(!body.is_empty(), "the text after {kind} is not a key");
    bail!(
        "the {kind} key is cut short or damaged: {} characters were pasted and the key does not end there; \
         copy the whole field from Stitch's page",
        body.len()
    )
}

/// Whether a key's bytes have all the strings of its type, and no more. Of a type that is not known here, any number.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let Some((kind, mut rest)) = string(bytes) else {
        return false;
    };
    if let Some((_, strings)) = KINDS.iter().find(|(known, _)| known.as_bytes() == kind) {
        return matches!(measure(bytes, *strings), Length::Complete);
    }
    while let Some((_, more)) = string(rest).filter(|(_, more)| more.len() < rest.len()) {
        rest = more;
    }
    rest.is_empty()
}

enum Length {
    Short,
    Complete,
    TooLong,
}

fn measure(mut bytes: &[u8], strings: usize) -> Length {
    for _ in 0..strings {
        match string(bytes) {
            Some((_, rest)) => bytes = rest,
            None => return Length::Short,
        }
    }
    if bytes.is_empty() {
        Length::Complete
    } else {
        Length::TooLong
    }
}

fn check_kind(kind: &str, bytes: &[u8]) -> Result<()> {
    let inside = string(bytes).map(|(inside, _)| String::from_utf8_lossy(inside).into_owned());
    ensure!(
        inside.as_deref() == Some(kind),
        "the key's prefix is {kind}, but its data is {}; copy it again from Stitch's page",
        inside.as_deref().unwrap_or("nothing")
    );
    Ok(())
}

/// Whether the numbers in a whole key can be a key of its kind (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4; OpenSSH's PROTOCOL.u2f).
/// The size in bits of an RSA key.
///
/// # Errors
/// A point that is on no curve, a length that no key has, a number that is not positive.
pub(super) fn check(kind: &str, blob: &[u8]) -> Result<Option<usize>> {
    let (mut parts, mut rest) = (Vec::new(), blob);
    while let Some((part, more)) = string(rest) {
        parts.push(part);
        rest = more;
    }
    let on_curve = |curve: &[u8], name: &str, nid: Nid, point: &[u8]| -> Result<()> {
        ensure!(curve == name.as_bytes(), "it has another curve");
        let group = EcGroup::from_curve_name(nid)?;
        EcPoint::from_bytes(&group, point, &mut *BigNumContext::new()?)?;
        Ok(())
    };
    match (kind, &parts[1..]) {
        ("ssh-rsa", [exponent, modulus]) => {
            let positive =
                |number: &[u8]| number.first().is_some_and(|byte| *byte < 0x80) && number.iter().any(|byte| *byte > 0);
            ensure!(positive(exponent) && positive(modulus), "a number is not positive");
            return Ok(usize::try_from(BigNum::from_slice(modulus)?.num_bits()).ok());
        }
        ("ssh-ed25519", [point]) | ("sk-ssh-ed25519@openssh.com", [point, _]) => {
            ensure!(point.len() == 32, "it is not 32 bytes long");
        }
        ("ecdsa-sha2-nistp256", [curve, point]) | ("sk-ecdsa-sha2-nistp256@openssh.com", [curve, point, _]) => {
            on_curve(curve, "nistp256", Nid::X9_62_PRIME256V1, point)?;
        }
        ("ecdsa-sha2-nistp384", [curve, point]) => on_curve(curve, "nistp384", Nid::SECP384R1, point)?,
        ("ecdsa-sha2-nistp521", [curve, point]) => on_curve(curve, "nistp521", Nid::SECP521R1, point)?,
        _ => bail!("its parts are not those of such a key"),
    }
    Ok(None)
}

/// The bytes of the key in a line as `ssh-keygen` writes it to a `.pub` file.
pub(crate) fn blob_of(line: &str) -> Option<Vec<u8>> {
    base64::decode_block(line.split_whitespace().nth(1)?)
        .ok()
        .filter(|blob| is_whole(blob))
}

/// One length-prefixed string and what follows it.
pub(crate) fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// Decodes what is decodable so far: whole groups of four characters, and the last one when its padding is missing.
fn decode_prefix(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=');
    // What is not ASCII is no base64, and could not be cut at any byte.
    if bare.contains('=') || !bare.is_ascii() {
        return None;
    }
    let missing = match bare.len() % 4 {
        0 => "",
        2 => "==",
        3 => "=",
        // One character too many says nothing yet; more words may follow.
        _ => return base64::decode_block(&bare[..bare.len() - 1]).ok(),
    };
    base64::decode_block(&format!("{bare}{missing}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_end_where_they_say() {
        assert_eq!(string(&[0, 0, 0, 1, 7, 8]), Some((&[7][..], &[8][..])));
        assert_eq!(string(&[0, 0, 0, 2, 7]), None);
        assert_eq!(string(&[0xff, 0xff, 0xff, 0xff, 7]), None);
    }

    #[test]
    fn a_key_is_whole_or_cut_off() {
        let key = |strings: &[&[u8]]| {
            let length = |string: &&[u8]| u32::try_from(string.len()).unwrap().to_be_bytes();
            strings
                .iter()
                .flat_map(|string| [&length(string)[..], string].concat())
                .collect::<Vec<u8>>()
        };
        for key in [
            key(&[b"ssh-rsa", b"\x01\0\x01", &[7; 257]]),
            key(&[b"ssh-ed25519", &[7; 32]]),
            key(&[b"ecdsa-sha2-nistp256", b"nistp256", &[7; 65]]),
        ] {
            for cut in 0..key.len() {
                assert!(!is_whole(&key[..cut]), "{cut}");
            }
            assert!(is_whole(&key));
        }
        assert!(is_whole(&key(&[b"another", b"one"])) && !is_whole(&key(&[b"another", b"one"])[..12]));
    }

    #[test]
    fn what_is_no_base64_is_not_cut_within_a_character() {
        assert_eq!(decode_prefix("AAAA-AAé"), None);
        assert_eq!(decode_prefix("AAAAé"), None);
        assert_eq!(decode_prefix("AAAAA"), Some(vec![0, 0, 0]));
    }
}
