//! The grammar of messages is held by every report that a test reads (`support::json::report`); that it is seen when it is broken:

use crate::support::words::complaint;

#[test]
fn what_is_wrong_with_words_is_seen() {
    let bad = [
        "The role is there",
        "the role is there.",
        " so",
        "1 tables, owner x",
        "and 1 objects in it",
    ];
    for words in bad {
        assert!(complaint(words).is_some(), "{words}");
    }
    let good = [
        "the role is there",
        "PostgreSQL listens",
        "Stitch's key is there",
        "GRANT x TO y;",
        "\"Odd\" is there",
        "1 address",
        "11 tables",
        "sshd refuses",
        "",
    ];
    for words in good {
        assert_eq!(complaint(words), None, "{words}");
    }
}
