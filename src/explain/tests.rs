use super::*;
use crate::finding::Code;
use std::sync::LazyLock;

static KNOWN: LazyLock<Table> = LazyLock::new(Table::built_in);

#[test]
fn the_table_is_whole_and_names_real_codes() {
    let messages: usize = KNOWN.messages.iter().map(|message| message.says.len()).sum();
    assert!(messages >= 2500, "{messages}");
    for message in &KNOWN.messages {
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
    for message in &KNOWN.messages {
        for says in &message.says {
            let text = says.replace("{}", "\"xyzzy 42\"");
            let found = KNOWN.explain(&text);
            assert_eq!(found.first().map(|found| found.entry), Some(message), "{text}");
        }
    }
}

/// Messages as programs printed them, which are not in the table letter by letter, each with codes, a place, or `~` and a
/// word of its entry.
#[test]
fn variants_of_messages_are_explained() {
    let text = include_str!("variants.txt");
    let (mut wrong, mut all) = (Vec::new(), 0);
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (expected, message) = line.split_once('|').expect("EXPECTED|MESSAGE");
        let found = KNOWN.explain(&message.replace("\\n", "\n"));
        let is_right = match (expected, found.first()) {
            ("unknown", found) => found.is_none(),
            (_, Some(found)) => expected.split(' ').all(|expected| is_about(found.entry, expected)),
            (_, None) => false,
        };
        assert!(
            is_right || expected != "unknown",
            "explained, and none of ours: {message}"
        );
        all += 1;
        if !is_right {
            wrong.push((line, found.first().map(|found| found.message)));
        }
    }
    assert!(all >= 1000, "{all}");
    assert!(wrong.len() * 20 <= all, "{} of {all} wrong: {wrong:#?}", wrong.len());
}

fn is_about(entry: &Message, expected: &str) -> bool {
    if let Some(word) = expected.strip_prefix('~') {
        let texts = [&entry.from, &entry.fix].into_iter().chain(&entry.causes);
        return texts.into_iter().any(|text| text.to_lowercase().contains(word));
    }
    let place = serde_json::to_value(entry.hop).expect("a place is a word");
    entry.codes.iter().any(|code| code == expected) || place == expected
}
