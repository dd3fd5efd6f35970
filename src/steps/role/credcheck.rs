//! The rules of the extension credcheck (1.0 to 5.0) for roles and passwords, read from its settings before the first change:
//! what it refuses, and what lets Stitch's role through.

use std::collections::BTreeMap;

use crate::sql;

/// Its settings without their prefix, as `pg_settings` has them; none where it is not loaded.
pub(super) type Credcheck = BTreeMap<String, String>;

/// What it refuses about a role that gets a verifier as its password, and the statements that allow it.
pub(super) fn refusal(rules: &Credcheck, role: &str, is_verifier: bool, superuser: bool) -> Option<(String, String)> {
    if rules.is_empty() {
        return None;
    }
    let text = |name: &str| rules.get(name).map(String::as_str).unwrap_or_default();
    let number = |name: &str| text(name).parse::<usize>().unwrap_or(0);
    let (mut why, mut statements) = (Vec::new(), Vec::new());
    // Before 2.1 there is no such setting, and no verifier is taken.
    if is_verifier && text("encrypted_password_allowed") != "on" {
        why.push("it takes no SCRAM verifier (credcheck.encrypted_password_allowed is off)".to_owned());
        statements.push("ALTER SYSTEM SET credcheck.encrypted_password_allowed = on;".to_owned());
    }
    let listed = text("whitelist").split(',').map(str::trim);
    let exempt: Vec<&str> = listed.filter(|name| !name.is_empty()).collect();
    let is_exempt = exempt.contains(&role) || superuser && text("superuser_nocheck") == "on";
    if !is_exempt {
        let count = |kind: fn(&char) -> bool| role.chars().filter(kind).count();
        let wanted = [
            ("username_min_length", role.len()),
            ("username_min_upper", count(char::is_ascii_uppercase)),
            ("username_min_lower", count(char::is_ascii_lowercase)),
            ("username_min_digit", count(char::is_ascii_digit)),
            ("username_min_special", count(char::is_ascii_punctuation)),
        ];
        let before = why.len();
        for (name, has) in wanted {
            if number(name) > has {
                let least = number(name);
                why.push(format!("the name {role:?} breaks the rule credcheck.{name} = {least}"));
            }
        }
        for name in ["password_valid_until", "password_valid_max"] {
            if number(name) > 0 {
                let days = number(name);
                why.push(format!(
                    "every password has to end (credcheck.{name} = {days} days), which locks Stitch out on that day"
                ));
            }
        }
        if why.len() > before {
            let names = exempt.into_iter().chain([role]).collect::<Vec<_>>().join(",");
            let names = sql::literal(&names);
            statements.push(format!("ALTER SYSTEM SET credcheck.whitelist = {names};"));
        }
    }
    if why.is_empty() {
        return None;
    }
    Some((
        format!("the extension credcheck refuses it: {}", why.join("; ")),
        format!(
            "a superuser runs: {} SELECT pg_catalog.pg_reload_conf(); and, where you want it, the old values afterwards",
            statements.join(" ")
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(settings: &[(&str, &str)]) -> Credcheck {
        let text = |text: &&str| (*text).to_owned();
        settings.iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn nothing_is_refused_where_it_is_not_loaded_or_lets_the_role_through() {
        assert_eq!(refusal(&rules(&[]), "stitch", true, false), None);
        let open = [
            ("encrypted_password_allowed", "on"),
            ("username_min_length", "6"),
            ("password_valid_until", "0"),
        ];
        assert_eq!(refusal(&rules(&open), "stitch", true, false), None);
        // What is sent as plain text is no verifier.
        assert_eq!(
            refusal(&rules(&[("encrypted_password_allowed", "off")]), "stitch", false, false),
            None
        );
        let exempt = [
            ("encrypted_password_allowed", "on"),
            ("whitelist", "ops, stitch"),
            ("password_valid_max", "90"),
        ];
        assert_eq!(refusal(&rules(&exempt), "stitch", true, false), None);
        let superuser = [
            ("encrypted_password_allowed", "on"),
            ("superuser_nocheck", "on"),
            ("password_valid_max", "90"),
        ];
        assert_eq!(refusal(&rules(&superuser), "stitch", true, true), None);
        assert!(refusal(&rules(&superuser), "stitch", true, false).is_some());
    }

    #[test]
    fn each_rule_is_named_with_what_allows_the_role() {
        // No role is exempt from this one.
        for verifiers in [
            &[("encrypted_password_allowed", "off"), ("whitelist", "stitch")][..],
            &[("password_min_length", "8")],
        ] {
            let (why, advice) = refusal(&rules(verifiers), "stitch", true, true).expect("a refusal");
            assert!(why.ends_with("(credcheck.encrypted_password_allowed is off)"), "{why}");
            assert!(
                advice.contains("credcheck.encrypted_password_allowed = on; SELECT"),
                "{advice}"
            );
        }
        let strict = [
            ("encrypted_password_allowed", "on"),
            ("username_min_digit", "1"),
            ("password_valid_until", "90"),
            ("whitelist", "o'ps"),
        ];
        let (why, advice) = refusal(&rules(&strict), "stitch", true, false).expect("a refusal");
        assert!(why.contains("credcheck.username_min_digit = 1"), "{why}");
        assert!(why.contains("credcheck.password_valid_until = 90 days"), "{why}");
        assert!(advice.contains("credcheck.whitelist = 'o''ps,stitch';"), "{advice}");
    }
}
