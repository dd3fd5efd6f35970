//! Random rule files: every kind of word the server knows, in every way of writing it, around a small set of names and
//! addresses so that rules do match.

use crate::support::rng::Rng;

/// Databases that logins name. They need not exist: the rules come first.
pub(crate) const DATABASES: [&str; 8] = [
    "dw",
    "stitch",
    "loaders",
    "all",
    "replication",
    "Mixed Case",
    "a,b",
    "sameuser",
];

/// Roles that logins name; `missing` does not exist, `boss` is a superuser.
pub(crate) const ROLES: [&str; 8] = [
    "stitch",
    "other",
    "all",
    "Mixed Role",
    "boss",
    "loaders",
    "missing",
    "+loaders",
];

/// Addresses that logins come from; some the server's own, some of its networks, some neither.
pub(crate) const CLIENTS: [&str; 9] = [
    "127.0.0.1",
    "127.0.0.2",
    "127.0.0.9",
    "10.9.8.7",
    "52.23.137.21",
    "52.204.223.208",
    "::1",
    "fd00::5",
    "fd00:1::7",
];

const METHODS: [&str; 12] = [
    "trust",
    "trust",
    "reject",
    "reject",
    "md5",
    "md5",
    "scram-sha-256",
    "scram-sha-256",
    "password",
    "password",
    "ident",
    "\"md5\"",
];

/// Lines that the server must refuse, and we with it.
const BROKEN: [&str; 13] = [
    "host @gone all all md5",
    "host all",
    "hots all all all md5",
    "host all all 10.0.0.1/33 md5",
    "host all all 1.2.3.4 ::1 md5",
    "host all all example.org/8 md5",
    "host all all all nosuch",
    "host all all,b",
    "local all all 127.0.0.1/32 md5",
    "host all all all md5 word",
    "host a ,b all all md5",
    "host all all all,samenet md5",
    "hostnossl all all all cert",
];

/// A rule file. `first` lines stand at its head.
pub(crate) fn file(rng: &mut Rng, major: u32, first: &str) -> String {
    let mut text = first.to_owned();
    for _ in 0..=rng.below(9) {
        let ending = if rng.percent(10) { "\r\n" } else { "\n" };
        text.push_str(&line(rng, major));
        if rng.percent(8) {
            text.push_str(" # any \"remark\", with, signs");
        }
        text.push_str(ending);
        if rng.percent(10) {
            text.push_str("  # a remark\n\n");
        }
    }
    if rng.percent(10) {
        // The end of the file is a place where parsers differ.
        text.truncate(text.trim_end().len());
    }
    text
}

fn line(rng: &mut Rng, major: u32) -> String {
    if rng.percent(1) {
        return rng.pick(&BROKEN).to_owned();
    }
    if major >= 16 && rng.percent(6) {
        return rng
            .pick(&[
                "include more.conf",
                "include_if_exists \"more.conf\"",
                "include_if_exists none",
                "include nested.conf",
                "include_dir more.d",
            ])
            .to_owned();
    }
    if major >= 16 && rng.percent(1) {
        return rng.pick(&["include none", "include_dir none"]).to_owned();
    }
    let kinds = [
        "host",
        "host",
        "host",
        "host",
        "hostssl",
        "hostssl",
        "hostnossl",
        "hostnossl",
        "local",
        "local",
    ];
    let rare = ["hostgssenc", "hostnogssenc"];
    let kind = if major >= 12 && rng.percent(5) {
        rng.pick(&rare)
    } else {
        rng.pick(&kinds)
    };
    let mut words = vec![kind.to_owned(), list(rng, major, database), list(rng, major, role)];
    if kind == "local" {
        words.push(
            rng.pick(&["trust", "reject", "md5", "scram-sha-256", "password", "peer", "ident"])
                .to_owned(),
        );
    } else {
        words.push(address(rng));
        words.push(method(rng, kind));
    }
    let mut text = String::new();
    for word in words {
        if !text.is_empty() {
            text.push_str(gap(rng, major));
        }
        text.push_str(&word);
    }
    text
}

fn gap(rng: &mut Rng, major: u32) -> &'static str {
    match rng.below(20) {
        0 => "\t",
        1 => "   \t ",
        2 if major >= 14 => " \\\n  ",
        3 if major >= 14 => "\\\r\n\t",
        _ => " ",
    }
}

fn method(rng: &mut Rng, kind: &str) -> String {
    if kind == "hostssl" && rng.percent(15) {
        return rng
            .pick(&["cert", "md5 clientcert=verify-ca", "trust  clientcert=verify-full"])
            .to_owned();
    }
    rng.pick(&METHODS).to_owned()
}

fn list(rng: &mut Rng, major: u32, one: fn(&mut Rng, u32) -> String) -> String {
    let length = [1, 1, 1, 1, 2, 2, 3][rng.below(7)];
    let mut text = one(rng, major);
    for _ in 1..length {
        text.push_str(rng.pick(&[",", ", ", ",,", ",\t"]));
        text.push_str(&one(rng, major));
    }
    text
}

fn database(rng: &mut Rng, major: u32) -> String {
    match rng.below(20) {
        0..=5 => "all".to_owned(),
        6 => "sameuser".to_owned(),
        7 => "samerole".to_owned(),
        8 => "samegroup".to_owned(),
        9 => "replication".to_owned(),
        10 => rng
            .pick(&["zzz", "+loaders", "@names", "@", "a\"ll\"", "\"\"\"\"", "DW"])
            .to_owned(),
        11 if major >= 16 => regex(rng),
        _ => {
            let name = rng.pick(&DATABASES);
            name_word(rng, name)
        }
    }
}

fn role(rng: &mut Rng, major: u32) -> String {
    match rng.below(20) {
        0..=5 => "all".to_owned(),
        6 => "+loaders".to_owned(),
        7 => "+outer".to_owned(),
        8 => rng
            .pick(&["+stitch", "+missing", "+boss", "+\"loaders\"", "\"+\"loaders", "+"])
            .to_owned(),
        9 => rng.pick(&["zzz", "sameuser", "@names", "Stitch", "\"\""]).to_owned(),
        10 if major >= 16 => regex(rng),
        _ => {
            let name = rng.pick(&ROLES);
            name_word(rng, name)
        }
    }
}

fn regex(rng: &mut Rng) -> String {
    let patterns = [
        "/^dw$",
        "/^stitch$",
        "/t",
        "/^(dw|st.*)$",
        "\"/a,b\"",
        "/[A-Z]",
        "\"/^.{2,5}$\"",
        "\"/ \"",
        "/(?i)DW",
        "/\\mr",
    ];
    rng.pick(&patterns).to_owned()
}

/// A name bare where that is possible, in quotes, or with quotes in the middle.
fn name_word(rng: &mut Rng, name: &str) -> String {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric());
    // A name that the server's view cannot distinguish from a keyword is made rarer.
    let keyword = ["all", "replication", "sameuser", "+loaders"].contains(&name);
    if keyword && rng.percent(80) {
        return (if name == "all" { "zzz" } else { name }).to_owned();
    }
    match rng.below(4) {
        0 if plain => format!("{}\"{}\"", &name[..1], &name[1..]),
        1 | 2 if plain => name.to_owned(),
        _ => format!("\"{name}\""),
    }
}

fn address(rng: &mut Rng) -> String {
    let client = rng.pick(&CLIENTS);
    let v6 = client.contains(':');
    match rng.below(20) {
        0..=2 => "all".to_owned(),
        3 | 4 => "0.0.0.0/0".to_owned(),
        5 => "::/0".to_owned(),
        6 => "samehost".to_owned(),
        7 => "samenet".to_owned(),
        8 => {
            let odd = [
                "127.1/8",
                "0x7f.1/32",
                "127.0.0.2 255.0.0.255",
                "10.9.8.7 255.255.0.0",
                "52.0.137.21 255.0.255.255",
                "::ffff:127.0.0.1/128",
                "::ffff:0:0/96",
                "fd00:1::7 ffff:ffff:ffff:ffff::",
                "fd00::5 ffff::ffff",
                "10.2313/24",
                "1.2.3.4/32",
                "127.0.0.1/+8",
                "0 0",
            ];
            rng.pick(&odd).to_owned()
        }
        9 => rng
            .pick(&["localhost", "ops", ".invalid", "\"all\"", "\"samehost\"", "LOCALHOST"])
            .to_owned(),
        10..=13 => {
            let lengths: &[u8] = if v6 {
                &[0, 16, 17, 64, 127, 128]
            } else {
                &[0, 1, 7, 8, 9, 16, 24, 29, 30, 31, 32]
            };
            format!("{client}/{}", rng.pick(lengths))
        }
        14 if !v6 => {
            let mask = rng.pick(&[
                "255.255.255.255",
                "255.255.255.252",
                "255.0.0.0",
                "254.0.0.0",
                "0.0.0.0",
            ]);
            format!("{client}  {mask}")
        }
        _ => format!("{client}/{}", if v6 { 128 } else { 32 }),
    }
}
