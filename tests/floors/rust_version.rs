//! `if let … && …` needs Rust 1.88 and Cargo.toml promises less. The compiler that runs the tests does not report it.

/// The conditions of a text, from `if` to the next brace, which join a `let` to something.
fn chains(text: &str) -> Vec<String> {
    let starts = ["if ", "while "].iter().flat_map(|word| text.match_indices(word));
    let conditions = starts.filter_map(|(at, _)| {
        let end = text[at..].find('{')?;
        Some(&text[at..at + end])
    });
    let outer = |condition: &str| -> String {
        let mut depth = 0;
        let outside = condition.chars().filter(|c| {
            depth += match c {
                '(' | '[' | '{' => 1,
                ')' | ']' | '}' => -1,
                _ => 0,
            };
            depth == 0
        });
        outside.collect()
    };
    let is_chain = |condition: &&str| {
        let words = outer(condition);
        words.contains("&& let ") || words.contains(" let ") && words.split_whitespace().any(|word| word == "&&")
    };
    conditions.filter(is_chain).map(str::to_owned).collect()
}

#[test]
fn no_condition_needs_a_newer_rust() {
    // Written so that it is none where this file is read.
    let planted =
        "if let Some(x) = found\n    AND x > 1\n{\n} else if is_it AND let Ok(y) = other {\n".replace("AND", "&&");
    assert_eq!(chains(&planted).len(), 2, "{:?}", chains(&planted));
    let fine = "if let Some(x) = all.iter().find(|x| is(x) && has(x)) {\nif one && other {\n";
    assert_eq!(chains(fine), Vec::<String>::new());
    for (name, text) in ["src", "tests"].into_iter().flat_map(super::sources) {
        let code: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        assert_eq!(chains(&code.join("\n")), Vec::<String>::new(), "{name}");
    }
}
