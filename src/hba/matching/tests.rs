//! Every kind of name, address and connection, against every kind of login.

use super::super::parse;
use super::*;

const V15: u32 = 150_000;
const V16: u32 = 160_000;

fn ask(text: &str, version: u32, change: impl FnOnce(&mut Question<'_>)) -> String {
    let memberships = ["stitch".to_owned(), "loaders".to_owned()];
    let mut question = Question {
        origin: tcp("52.23.137.21/32", Encryption::Tls),
        database: "dw",
        role: "stitch",
        memberships: &memberships,
        networks: Networks::Unknown,
        regexes: &[],
    };
    change(&mut question);
    let rules = parse(text, version);
    assert_eq!(rules.broken().next(), None, "{text}");
    let answer = evaluate(&rules, &question);
    let doubts = answer.doubts.iter().map(|doubt| format!("{}? ", doubt.place.number));
    let decides = match answer.decides {
        Some(found) => format!("{} {}", found.place.number, found.rule.method),
        None => "none".to_owned(),
    };
    doubts.collect::<String>() + &decides
}

fn usual(text: &str) -> String {
    ask(text, V15, |_| {})
}

fn tcp(from: &str, encryption: Encryption) -> Origin {
    Origin::Tcp {
        from: from.parse().unwrap(),
        encryption,
    }
}

#[test]
fn the_first_match_decides() {
    assert_eq!(usual("host all all all md5\nhost all all all trust"), "1 md5");
    assert_eq!(usual("host x all all md5\nhost all all all trust"), "2 trust");
    assert_eq!(usual("# nothing\n"), "none");
}

#[test]
fn kinds() {
    let all = "local all all trust\nhostgssenc all all all trust\nhostnossl all all all password\n\
               hostssl all all all scram-sha-256\nhost all all all md5\n";
    assert_eq!(usual(all), "4 scram-sha-256");
    let plain = |q: &mut Question<'_>| q.origin = tcp("52.23.137.21/32", Encryption::Plain);
    assert_eq!(ask(all, V15, plain), "3 password");
    assert_eq!(ask(all, V15, |q| q.origin = Origin::Socket), "1 trust");
    assert_eq!(usual("hostnogssenc all all all md5"), "1 md5");
    assert_eq!(ask("host all all all md5", V15, |q| q.origin = Origin::Socket), "none");
}

#[test]
fn databases() {
    for (names, is) in [
        ("all", "1 md5"),
        ("dw", "1 md5"),
        ("x,dw", "1 md5"),
        ("DW", "none"),
        ("\"dw\"", "1 md5"),
        ("\"all\"", "none"),
        ("replication", "none"),
        ("sameuser", "none"),
        ("samerole", "none"),
        ("+dw", "none"),
        ("@names", "1? none"),
        ("@names,dw", "1 md5"),
        ("/dw", "none"),
    ] {
        assert_eq!(usual(&format!("host {names} all all md5")), is, "{names}");
    }
    let own = |q: &mut Question<'_>| q.database = "stitch";
    assert_eq!(ask("host sameuser all all md5", V15, own), "1 md5");
    assert_eq!(ask("host samerole all all md5", V15, own), "1 md5");
    let group = |q: &mut Question<'_>| q.database = "loaders";
    assert_eq!(ask("host samegroup all all md5", V15, group), "1 md5");
    let called_all = |q: &mut Question<'_>| q.database = "all";
    assert_eq!(ask("host \"all\" all all md5", V15, called_all), "1 md5");
    let called_replication = |q: &mut Question<'_>| q.database = "replication";
    assert_eq!(ask("host replication all all md5", V15, called_replication), "none");
    assert_eq!(
        ask("host \"replication\" all all md5", V15, called_replication),
        "1 md5"
    );
}

#[test]
fn roles() {
    for (names, is) in [
        ("all", "1 md5"),
        ("stitch", "1 md5"),
        ("other,stitch", "1 md5"),
        ("Stitch", "none"),
        ("+stitch", "1 md5"),
        ("+loaders", "1 md5"),
        ("+others", "none"),
        ("\"+loaders\"", "none"),
        ("sameuser", "none"),
        ("@names", "1? none"),
    ] {
        assert_eq!(usual(&format!("host all {names} all md5")), is, "{names}");
    }
    let missing = |q: &mut Question<'_>| q.memberships = &[];
    assert_eq!(ask("host all +stitch all md5", V15, missing), "none");
}

#[test]
fn regular_expressions() {
    assert_eq!(ask("host /^dw$ all all md5", V16, |_| {}), "1 md5");
    assert_eq!(ask("host /^dx$ all all md5", V16, |_| {}), "none");
    assert_eq!(ask("host /^d.*$ all all md5", V16, |_| {}), "1? none");
    let known = [("^d.*$", "dw", true), ("s$", "stitch", false)].map(|(pattern, subject, matches)| KnownRegex {
        pattern: pattern.into(),
        subject: subject.into(),
        matches,
    });
    let rules = parse("host /^d.*$ all all md5\nhost all /s$ all trust", V16);
    let question = Question {
        origin: tcp("1.2.3.4/32", Encryption::Tls),
        database: "dw",
        role: "stitch",
        memberships: &[],
        networks: Networks::Unknown,
        regexes: &known,
    };
    let answer = evaluate(&rules, &question);
    assert_eq!((answer.decides.unwrap().place.number, answer.doubts), (1, vec![]));
    let other = Question {
        database: "x",
        ..question
    };
    let answer = evaluate(&rules, &other);
    assert_eq!((answer.decides, answer.doubts.len()), (None, 1));
}

#[test]
fn addresses() {
    for (address, is) in [
        ("0.0.0.0/0", "1 md5"),
        ("::/0", "none"),
        ("all", "1 md5"),
        ("52.23.137.21/32", "1 md5"),
        ("52.23.137.99/24", "1 md5"),
        ("52.23.137.20 255.255.255.254", "1 md5"),
        ("52.0.0.21 255.0.0.255", "1 md5"),
        ("52.204.223.208/32", "none"),
        ("::ffff:52.23.137.21/128", "none"),
        ("samehost", "1? none"),
        ("samenet", "1? none"),
        ("localhost", "none"),
        ("stitch.example", "1? none"),
        (".example", "1? none"),
    ] {
        assert_eq!(usual(&format!("host all all {address} md5")), is, "{address}");
    }
    let elsewhere = |q: &mut Question<'_>| q.networks = Networks::Elsewhere;
    assert_eq!(
        ask("host all all samenet trust\nhost all all all md5", V15, elsewhere),
        "2 md5"
    );
    let local = |q: &mut Question<'_>| q.origin = tcp("127.0.0.1/32", Encryption::Plain);
    assert_eq!(ask("host all all samehost trust", V15, local), "1 trust");
    let second = |q: &mut Question<'_>| q.origin = tcp("127.0.0.2/32", Encryption::Plain);
    assert_eq!(ask("host all all samehost trust", V15, second), "1? none");
}

#[test]
fn known_networks() {
    let own: [IpNet; 3] = ["127.0.0.1/8", "10.1.2.3/16", "::1/128"].map(|net| net.parse().unwrap());
    let with = |text: &str, from: &str| {
        let rules = parse(text, V15);
        let question = Question {
            origin: tcp(from, Encryption::Plain),
            database: "dw",
            role: "stitch",
            memberships: &[],
            networks: Networks::Known(&own),
            regexes: &[],
        };
        let answer = evaluate(&rules, &question);
        (answer.decides.is_some(), answer.doubts.len())
    };
    assert_eq!(with("host all all samenet trust", "10.1.99.99/32"), (true, 0));
    assert_eq!(with("host all all samenet trust", "10.2.99.99/32"), (false, 0));
    assert_eq!(with("host all all samehost trust", "10.1.2.3/32"), (true, 0));
    assert_eq!(with("host all all samehost trust", "10.1.2.4/32"), (false, 0));
    assert_eq!(with("host all all samehost trust", "127.0.0.2/32"), (false, 0));
    assert_eq!(with("host all all samenet trust", "127.0.0.2/32"), (true, 0));
    assert_eq!(with("host all all samenet trust", "10.0.0.0/8"), (false, 1));
}

#[test]
fn a_network_of_clients_is_certain_only_when_one_answer_holds_for_all() {
    let any = |q: &mut Question<'_>| q.origin = tcp("0.0.0.0/0", Encryption::Tls);
    assert_eq!(ask("host all all 0.0.0.0/0 md5", V15, any), "1 md5");
    assert_eq!(
        ask("host all all 10.0.0.0/8 trust\nhost all all all md5", V15, any),
        "1? 2 md5"
    );
}

#[test]
fn doubts_stop_at_the_deciding_line() {
    assert_eq!(usual("host all all all md5\nhost all all .x trust"), "1 md5");
    assert_eq!(
        ask("include x\nhost all all all md5\ninclude y", V16, |_| {}),
        "1? 2 md5"
    );
}

#[test]
fn shadowed_and_near() {
    let rules = parse(
        "hostnossl all stitch all md5\nhost all all 0.0.0.0/0 reject\nhostssl dw stitch 52.23.137.21/32 md5\n\
         host all all all trust\nhost dw other 9.9.9.9/32 md5",
        V15,
    );
    let question = Question {
        origin: tcp("52.23.137.21/32", Encryption::Tls),
        database: "dw",
        role: "stitch",
        memberships: &[],
        networks: Networks::Unknown,
        regexes: &[],
    };
    let answer = evaluate(&rules, &question);
    assert_eq!(answer.decides.unwrap().place.number, 2);
    let shadowed: Vec<_> = answer.shadowed.iter().map(|found| found.place.number).collect();
    assert_eq!(shadowed, [3]);
    let near_misses: Vec<_> = answer
        .near_misses
        .iter()
        .map(|(found, aspect)| (found.place.number, *aspect))
        .collect();
    assert_eq!(near_misses, [(1, Condition::Kind)]);
}

/// The view shows `"all"` as `all`. The text distinguishes the two; without it nothing is certain.
#[test]
fn quotes_come_from_the_text() {
    use super::super::{Row, from_rows, parse};
    let row = |number, database: &str, user: &str, address: &str, method: &str| Row {
        line_number: Some(number),
        kind: Some("host".to_owned()),
        database: Some(vec![database.to_owned()]),
        user_name: Some(vec![user.to_owned()]),
        address: Some(address.to_owned()),
        auth_method: Some(method.to_owned()),
        ..Row::default()
    };
    let view = || {
        from_rows(
            vec![
                row(1, "all", "all", "all", "md5"),
                row(2, "dw", "stitch", "all", "reject"),
            ],
            150_000,
        )
    };
    let question = Question {
        origin: Origin::Tcp {
            from: "52.23.137.21/32".parse().unwrap(),
            encryption: Encryption::Tls,
        },
        database: "dw",
        role: "stitch",
        memberships: &[],
        networks: Networks::Elsewhere,
        regexes: &[],
    };
    let decides = |rules: &Rules| {
        let answer = evaluate(rules, &question);
        (answer.decides.map(|found| found.place.number), answer.doubts.len())
    };
    for (text, wanted) in [
        ("host all all all md5\nhost dw stitch all reject", (Some(1), 0)),
        ("host \"all\" all all md5\nhost dw stitch all reject", (Some(2), 0)),
        (
            "host all \"all\" all md5\nhost \"dw\" \"stitch\" all reject",
            (Some(2), 0),
        ),
        ("host all all \"all\" md5\nhost dw stitch all reject", (Some(2), 1)),
        // Another file, or none that can be read.
        ("host other all all md5", (None, 2)),
        ("", (None, 2)),
    ] {
        let rules = view().with_quotes_of(&parse(text, 150_000), "");
        assert_eq!(decides(&rules), wanted, "{text}");
    }
}
