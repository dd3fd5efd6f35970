use super::*;

const ED25519: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAXpHvUqj4I4TuCEZxnxwyEU8T02FnjXcz+KsP57hxZm";
const ED25519_FINGERPRINT: &str = "SHA256:Ln829hxI3Sc381FF8qC9y9b7NYDArlQdq3d8rzEk2ZQ";
const RSA: &str = "AAAAB3NzaC1yc2EAAAADAQABAAABAQCrg9hBalkKiBr1k6EYYLvKWxBBfzDDfyDLZxgUnidQHC2j7ePLIxU0tw9yVq2IwjzY9J1LGz+owQgzk4kngLZ8tQxW3IKqwg6+nJWEUzqiNCCXcCic3SIFKnjKQERiQuv3MLUwSbnnUyTKRKdEfuaVdJf5VWyFW9QACfO2NcPPtqJepDIR/IhGrLeFTEnheudPldTsPsH1tCbuoAbf7xP9mVLXb1TFY2AFUR6BvZbpWtaX/Wb74dzEuOmNEWFHN0wY1kzWWfzq0FcklrHWFFJgf2z5TkLdNanxrHuDESEOHVPp7V19N9jwZZCkfKWh4asXf3k6VwlsHsHmEL/MlSkZ";
const RSA_FINGERPRINT: &str = "SHA256:kT4B/cryitPGAI9WzwouCBOlrtNgXx2ajkfnyk2wwg8";
const RSA_1024: &str = "AAAAB3NzaC1yc2EAAAADAQABAAAAgQDis2qIgmIh4MhztqpsMjVP5hc9bkqmI19xsEkme1By3k0H9LsOpiT+0GsiFPyt9hjNLoSNa4S26tfJT2657nusJordswWpbdlWrIs4mBUtZ60y6m+A+CKeKtMT7IYjQ1je9csD0zYJIKLVaLgiAm2b8x3/zJEM1W4mEJW/mXc1Aw==";
const ECDSA: &str = "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGTFyz0Oaj4IpKo0dpubJdTGgXp+nOVZGLLVTc9ch8OMORiIOa5yug07G1lDnjVTlqtG2F8MOMNVr8QdghSpnso=";
const ECDSA_FINGERPRINT: &str = "SHA256:yc6m48TBxahAeR6AA4Vde1gXGcxqnLqeTtr+WqeF8FY";

fn parse(text: &str) -> PublicKey {
    text.parse().unwrap()
}

fn refusal(text: &str) -> String {
    format!("{:#}", text.parse::<PublicKey>().unwrap_err())
}

#[test]
fn one_line_as_it_should_be() {
    let key = parse(&format!("ssh-ed25519 {ED25519} stitch@example"));
    assert_eq!(key.line(), format!("ssh-ed25519 {ED25519} stitch@example"));
    assert_eq!(key.fingerprint(), ED25519_FINGERPRINT);
    assert_eq!(key.kind(), "ssh-ed25519");
    assert_eq!(key.bits(), None);
    assert_eq!(parse(&format!("ssh-rsa {RSA}")).bits(), Some(2048));
    assert_eq!(parse(&format!("ssh-rsa {RSA}")).fingerprint(), RSA_FINGERPRINT);
    let ecdsa = parse(&format!("ecdsa-sha2-nistp256 {ECDSA}"));
    assert_eq!(ecdsa.fingerprint(), ECDSA_FINGERPRINT);
}

#[test]
fn every_way_people_paste_it_gives_the_same_key() {
    let (head, tail) = RSA.split_at(70);
    let (middle, tail) = tail.split_at(70);
    let wanted = parse(&format!("ssh-rsa {RSA} stitch key"));
    for pasted in [
        format!("  ssh-rsa {RSA} stitch key  \n"),
        format!("ssh-rsa\n{head}\n{middle}\n{tail} stitch key"),
        format!("ssh-rsa {head}\r\n{middle}\r\n{tail}\r\nstitch key\r\n"),
        format!("ssh-rsa {head}\\n{middle}{tail} stitch key\\n"),
        format!("ssh-rsa {head}\\r\\n{middle}{tail} stitch key\\r\\n"),
        format!("\"ssh-rsa {RSA} stitch key\""),
        format!("'ssh-rsa {RSA} stitch key'\n"),
        format!("\u{feff}ssh-rsa {head} {middle} {tail} stitch key"),
        format!("{RSA} stitch key"),
    ] {
        assert_eq!(parse(&pasted), wanted, "{pasted:?}");
    }
}

#[test]
fn comments_cannot_break_the_line() {
    let key = parse(&format!("ssh-ed25519 {ED25519} we`ird \u{1b}[31m\u{7} commént"));
    assert_eq!(key.line(), format!("ssh-ed25519 {ED25519} we`ird [31m commnt"));
    assert!(parse(&format!("ssh-ed25519 {ED25519}")).line().ends_with(" stitch"));
}

#[test]
fn private_keys_are_called_a_leak() {
    for private in [
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n",
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n",
    ] {
        assert!(refusal(private).contains("treat it as leaked"), "{private}");
    }
}

#[test]
fn what_is_no_public_key_is_refused_with_the_reason() {
    let cut = &RSA[..200];
    let damaged = RSA.replacen("AAAAB3", "AAAAB4", 1);
    for (pasted, reason) in [
        (String::new(), "is empty"),
        ("\n".into(), "is empty"),
        ("\"\"".into(), "is empty"),
        (format!("ssh-rsa {cut}"), "cut short"),
        (format!("ssh-rsa {cut} stitch"), "cut short"),
        (format!("ssh-rsa {}", &RSA[..RSA.len() - 1]), "cut short"),
        (format!("ssh-rsa {}", &RSA[4..]), "cut short"),
        (format!("ssh-rsa {RSA}AAAA"), "extra data at its end"),
        (format!("ssh-rsa {damaged}"), "but its data is"),
        (format!("ssh-ed25519 {RSA}"), "extra data at its end"),
        ("ssh-rsa".into(), "no key after ssh-rsa"),
        ("ssh-rsa <PUBLIC KEY>".into(), "not a key"),
        (format!("ssh-rsa {RSA_1024}"), "1024 bits"),
        ("ssh-dss AAAAB3NzaC1kc3M=".into(), "DSA"),
        ("ssh-rsa-cert-v01@openssh.com AAAA".into(), "certificate"),
        ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA".into(), "ssh-keygen -i"),
        ("-----BEGIN PUBLIC KEY-----\nMIIB".into(), "PEM"),
        (
            format!("no-pty,command=\"ls -l\" ssh-ed25519 {ED25519}"),
            "options in front",
        ),
        (format!("ssh-ed25519 {ED25519} a\nssh-rsa {RSA} b"), "2 public keys"),
        ("https://app.stitchdata.com".into(), "not an SSH key type"),
    ] {
        let refusal = refusal(&pasted);
        assert!(refusal.contains(reason), "{pasted:?}: {refusal}");
    }
}

/// Keys that are whole and yet none: a point that is on no curve, another curve's name, a negative number.
#[test]
fn what_cannot_be_a_key_is_refused() {
    let damaged = |kind: &str, body: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut blob = base64::decode_block(body).unwrap();
        change(&mut blob);
        refusal(&format!("{kind} {}", base64::encode_block(&blob)))
    };
    for refused in [
        damaged("ecdsa-sha2-nistp256", ECDSA, &|blob| *blob.last_mut().unwrap() ^= 1),
        damaged("ecdsa-sha2-nistp256", ECDSA, &|blob| blob[30] = b'3'),
        damaged("ssh-rsa", RSA, &|blob| blob[22] = 0x80),
    ] {
        assert!(refused.contains("key is damaged"), "{refused}");
    }
}

#[test]
fn every_cut_of_a_key_is_noticed() {
    for length in 0..ED25519.len() {
        let cut = format!("ssh-ed25519 {}", &ED25519[..length]);
        assert!(cut.parse::<PublicKey>().is_err(), "{cut}");
    }
}
