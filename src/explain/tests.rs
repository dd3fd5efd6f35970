use super::*;
use crate::finding::Code;

#[test]
fn the_table_is_whole_and_names_real_codes() {
    let table = Table::built_in();
    let messages: usize = table.messages().iter().map(|message| message.says.len()).sum();
    assert!(messages >= 150, "{messages}");
    for message in table.messages() {
        assert!(!message.says.is_empty() && !message.causes.is_empty(), "{message:?}");
        for code in &message.codes {
            assert!(
                Code::ALL.iter().any(|known| known.as_str() == code),
                "{code} is no finding code"
            );
        }
    }
}

#[test]
fn every_message_of_the_table_explains_itself() {
    let table = Table::built_in();
    for message in table.messages() {
        for says in &message.says {
            let text = says.replace("{}", "\"xyzzy 42\"");
            let found = table.explain(&text);
            assert_eq!(found.first().map(|found| found.entry), Some(message), "{text}");
        }
    }
}

/// Messages as programs printed them, which are not in the table letter by letter, each with a code or a place of its entry.
#[test]
fn variants_of_messages_are_explained() {
    let table = Table::built_in();
    let text = include_str!("variants.txt");
    let (mut wrong, mut all) = (Vec::new(), 0);
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (expected, message) = line.split_once('|').expect("EXPECTED|MESSAGE");
        let found = table.explain(&message.replace("\\n", "\n"));
        let is_right = match (expected, found.first()) {
            ("unknown", found) => found.is_none(),
            (_, Some(found)) => {
                let place = serde_json::to_value(found.entry.hop).expect("a place is a word");
                found.entry.codes.iter().any(|code| code == expected) || place == expected
            }
            (_, None) => false,
        };
        all += 1;
        if !is_right {
            wrong.push((line, found.first().map(|found| found.message)));
        }
    }
    assert!(all >= 100, "{all}");
    assert!(wrong.len() * 20 <= all, "{} of {all} wrong: {wrong:#?}", wrong.len());
}
