use super::*;

const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAXpHvUqj4I4TuCEZxnxwyEU8T02FnjXcz+KsP57hxZm";
const OTHER: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIFqv+Ci36aHNs16woRgw3iY7+CPGqH0tgULvcyVbrR1H";
const RSA: &str = "AAAAB3NzaC1yc2EAAAADAQABAAABAQCrg9hBalkKiBr1k6EYYLvKWxBBfzDDfyDLZxgUnidQHC2j7ePLIxU0tw9yVq2IwjzY9J1LGz+owQgzk4kngLZ8tQxW3IKqwg6+nJWEUzqiNCCXcCic3SIFKnjKQERiQuv3MLUwSbnnUyTKRKdEfuaVdJf5VWyFW9QACfO2NcPPtqJepDIR/IhGrLeFTEnheudPldTsPsH1tCbuoAbf7xP9mVLXb1TFY2AFUR6BvZbpWtaX/Wb74dzEuOmNEWFHN0wY1kzWWfzq0FcklrHWFFJgf2z5TkLdNanxrHuDESEOHVPp7V19N9jwZZCkfKWh4asXf3k6VwlsHsHmEL/MlSkZ";
/// Made by `ssh-keygen -H` for `hashed.example` and `[hashed.example]:2222`.
const HASHED: [&str; 2] = [
    "|1|TufsPMqvPV2ZcR7tXbekWP63u3w=|TwO2XO9+NDYHgpgIo5H3jMH7Pds=",
    "|1|hNFouFgnU841xgDTtz8lc3flwuQ=|48JLA4ZCk3wyzz0WlBiHy6A9hHs=",
];

fn known(lines: &[String]) -> KnownHosts {
    let mut known = KnownHosts::default();
    known.add("kh", &lines.join("\n"));
    known
}

fn judge(lines: &[String], host: &str, port: &str) -> HostKeyVerdict {
    let key = base64::decode_block(KEY).unwrap();
    known(lines).judge(&Name::new(host, port.parse().unwrap()), "ssh-ed25519", &key)
}

fn unknown() -> HostKeyVerdict {
    HostKeyVerdict::Unknown { note: String::new() }
}

#[test]
fn names_are_found_however_they_are_written() {
    for (hosts, host, port) in [
        ("bastion.example", "bastion.example", "22"),
        ("bastion.example", "Bastion.Example", "22"),
        ("other,bastion.example,198.51.100.2", "198.51.100.2", "22"),
        ("[bastion.example]:2222", "bastion.example", "2222"),
        ("bastion.example", "bastion.example", "2222"),
        ("*.example", "bastion.example", "22"),
        ("198.51.100.?", "198.51.100.2", "22"),
        ("[*.example]:2222", "bastion.example", "2222"),
        ("[fd77::1]:2222", "fd77::1", "2222"),
        (HASHED[0], "hashed.example", "22"),
        (HASHED[1], "hashed.example", "2222"),
    ] {
        let line = format!("{hosts} ssh-ed25519 {KEY} comment");
        assert_eq!(judge(&[line], host, port), HostKeyVerdict::Known, "{hosts}");
    }
}

#[test]
fn other_hosts_are_unknown() {
    for (hosts, host) in [
        ("bastion.example", "other.example"),
        ("*.example,!bastion.example", "bastion.example"),
        ("[bastion.example]:2222", "bastion.example"),
        (HASHED[0], "bastion.example"),
    ] {
        let line = format!("{hosts} ssh-ed25519 {KEY}");
        assert_eq!(judge(&[line], host, "22"), unknown(), "{hosts}");
    }
}

#[test]
fn a_changed_key_is_told_from_an_unknown_one() {
    let changed = judge(&["# x".into(), format!("h ssh-ed25519 {OTHER}")], "h", "22");
    assert_eq!(changed, HostKeyVerdict::Changed { place: "kh:2".into() });
    // Two recorded keys of one type: either is fine.
    let either = [format!("h ssh-ed25519 {OTHER}"), format!("h ssh-ed25519 {KEY}")];
    assert_eq!(judge(&either, "h", "22"), HostKeyVerdict::Known);
    // A plain entry says nothing against the key of another port.
    assert_eq!(judge(&[format!("h ssh-ed25519 {OTHER}")], "h", "2222"), unknown());
    let other_type = judge(&[format!("h ssh-rsa {RSA}")], "h", "22");
    assert!(matches!(other_type, HostKeyVerdict::Unknown { note } if note.contains("ssh-rsa")));
}

#[test]
fn markers_are_not_host_names() {
    let revoked = [format!("h ssh-ed25519 {KEY}"), format!("@revoked * ssh-ed25519 {KEY}")];
    assert_eq!(
        judge(&revoked, "h", "22"),
        HostKeyVerdict::Revoked { place: "kh:2".into() }
    );
    let authority = judge(
        &[format!("@cert-authority *.example ssh-ed25519 {KEY}")],
        "h.example",
        "22",
    );
    assert!(matches!(authority, HostKeyVerdict::Unknown { note } if note.contains("@cert-authority")));
}

#[test]
fn damaged_lines_are_passed_over() {
    let lines = [
        "",
        "h",
        "h ssh-ed25519",
        "h ssh-ed25519 %%%",
        "@odd h ssh-ed25519 AAAA",
        "|1|x|y ssh-ed25519 AAAA",
    ];
    let mut lines: Vec<String> = lines.map(str::to_owned).to_vec();
    lines.push(format!("h ssh-ed25519 {KEY}"));
    assert_eq!(judge(&lines, "h", "22"), HostKeyVerdict::Known);
}

#[test]
fn recorded_types_are_asked_for_first() {
    let lines = [
        format!("h ssh-rsa {RSA}"),
        format!("h ssh-ed25519 {KEY}"),
        format!("* ssh-rsa {RSA}"),
    ];
    assert_eq!(
        known(&lines).kinds(&Name::new("h", Port::SSH)),
        ["ssh-rsa", "ssh-ed25519"]
    );
}

#[test]
fn an_accepted_key_is_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/known_hosts");
    let name = Name::new("h", "2222".parse().unwrap());
    let key = base64::decode_block(KEY).unwrap();
    remember(&file, &name, "ssh-ed25519", &key).unwrap();
    fs::write(&file, fs::read_to_string(&file).unwrap().trim_end()).unwrap();
    remember(&file, &Name::new("i", Port::SSH), "ssh-ed25519", &key).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(text, format!("[h]:2222 ssh-ed25519 {KEY}\ni ssh-ed25519 {KEY}\n"));
    let known = KnownHosts::read(&[folder.path().join("absent"), file]).unwrap();
    assert_eq!(known.judge(&name, "ssh-ed25519", &key), HostKeyVerdict::Known);
}
