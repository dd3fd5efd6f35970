//! A line of `authorized_keys`, split as sshd splits it: options, type, key. Whose key it lets in, and what its options let
//! the key do.

use super::facts::SshServerKind;
use crate::public_key::PublicKey;

/// What may stand in front of a plain key. OpenSSH ignores a line with a word that it does not know, or with `principals`, and
/// `environment` and `tunnel` give the key more than it needs.
const KNOWN: &str = "agent-forwarding command expiry-time from permitlisten permitopen port-forwarding pty restrict touch-required \
    user-rc verify-required x11-forwarding";

/// OpenSSH ignores a line that has one of them twice.
pub(super) const ONCE: [&str; 2] = ["command", "from"];

/// One line that is neither empty nor a comment.
#[derive(Debug)]
pub(super) struct KeyLine<'a> {
    /// The key itself, in base64; empty where the line has none.
    pub(super) body: &'a str,
    /// The options in front of the key, split at commas outside quotes.
    pub(super) options: Vec<&'a str>,
}

impl<'a> KeyLine<'a> {
    /// Splits a line; what comes behind the first blank outside quotes is the key, unless the line begins with it.
    pub(super) fn parse(line: &'a str) -> Self {
        let line = line.trim();
        let end = end_of(line, char::is_whitespace);
        let first = &line[..end];
        let mut words = line[end..].split_whitespace();
        if is_type(first) {
            return Self {
                body: words.next().unwrap_or_default(),
                options: Vec::new(),
            };
        }
        let mut options = Vec::new();
        let mut rest = first;
        while !rest.is_empty() {
            let end = end_of(rest, |c| c == ',');
            options.push(&rest[..end]);
            rest = rest[end..].trim_start_matches(',');
        }
        Self {
            body: words.nth(1).unwrap_or_default(),
            options,
        }
    }

    /// The key may forward connections and has no terminal, agent or X11, in words that this server knows.
    pub(super) fn is_tight(&self, dialect: SshServerKind) -> bool {
        let refused = ["no-port-forwarding", "cert-authority"];
        let gives_back = ["pty", "agent-forwarding", "x11-forwarding", "user-rc"];
        let mut wanted = dialect.base_options().split(',');
        let mut unwanted = refused.iter().chain(&gives_back);
        let is_known = |option: &&str| {
            let name = option.split('=').next().unwrap_or_default().to_ascii_lowercase();
            match dialect {
                SshServerKind::OpenSsh => KNOWN.split(' ').any(|known| known == name.trim_start_matches("no-")),
                SshServerKind::Dropbear => !["restrict", "port-forwarding"].contains(&name.as_str()),
            }
        };
        wanted.all(|option| self.has(option))
            && !unwanted.any(|option| self.has(option))
            && self.options.iter().all(is_known)
            && ONCE.iter().all(|name| self.values(name).len() < 2)
    }

    /// The values of an option such as `permitopen="host:port"`.
    pub(super) fn values(&self, name: &str) -> Vec<&'a str> {
        self.options
            .iter()
            .filter_map(|option| {
                let (key, value) = option.split_once('=')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim_matches('"'))
            })
            .collect()
    }

    fn has(&self, name: &str) -> bool {
        self.options.iter().any(|option| option.eq_ignore_ascii_case(name))
    }
}

/// Where the first such character outside quotes stands; a backslash guards a quote.
fn end_of(text: &str, stop: impl Fn(char) -> bool) -> usize {
    let mut is_quoted = false;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if c == '"' && before != '\\' {
            is_quoted = !is_quoted;
        } else if !is_quoted && stop(c) {
            return at;
        }
        before = c;
    }
    text.len()
}

fn is_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|start| word.starts_with(start)) && !word.contains('=') && !word.contains(',')
}

/// Whether a `permitopen` or `PermitOpen` value lets a connection to that host and port through.
pub(super) fn opens(value: &str, host: &str, port: u16) -> bool {
    if value == "any" {
        return true;
    }
    let Some((pattern, allowed)) = value.rsplit_once(':') else {
        return false;
    };
    let pattern = pattern.trim_start_matches('[').trim_end_matches(']');
    (pattern == "*" || pattern.eq_ignore_ascii_case(host)) && (allowed == "*" || allowed == port.to_string())
}

/// A line that lets in another key. Stitch's own may stand in its options or its comment.
pub(super) fn is_other_key(line: &str, key: Option<&PublicKey>) -> bool {
    is_key_line(line) && key.is_none_or(|key| !is_stitchs(line, key) && !is_piece(line, key))
}

pub(super) fn is_stitchs(line: &str, key: &PublicKey) -> bool {
    let body = KeyLine::parse(line).body;
    is_key_line(line) && line.contains(key.body()) && (body == key.body() || !body.starts_with("AAAA"))
}

pub(super) fn is_key_line(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
}

/// A line that is a part of the key: what a paste that was broken over lines leaves. The installing script judges by
/// the same rule.
pub(super) fn is_piece(line: &str, key: &PublicKey) -> bool {
    is_key_line(line) && !line.contains(key.body()) && key.line().contains(line.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_split_as_sshd_does() {
        let line =
            KeyLine::parse(r#"restrict,command="echo \"a, b\" c",port-forwarding,permitopen="db:5432" ssh-rsa AAAA x"#);
        assert_eq!((line.options.len(), line.body), (4, "AAAA"));
        assert_eq!(KeyLine::parse("ssh-rsa AAAA x AAAB").body, "AAAA");
        assert_eq!(KeyLine::parse("restrict ssh-rsa").body, "");
        assert!(line.is_tight(SshServerKind::OpenSsh));
        assert_eq!(line.values("permitopen"), ["db:5432"]);
        let is_tight = |line: &str| KeyLine::parse(line).is_tight(SshServerKind::OpenSsh);
        assert!(!is_tight("ssh-rsa AAAA restrict,port-forwarding"));
        assert!(!is_tight("restrict,port-forwarding,pty ssh-rsa AAAA"));
        assert!(!is_tight("no-port-forwarding ssh-rsa AAAA"));
        assert!(!is_tight(r#"restrict,port-forwarding,principals="x" ssh-rsa AAAA"#));
        assert!(!is_tight(r#"restrict,port-forwarding,from="a",from="b" ssh-rsa AAAA"#));
    }

    #[test]
    fn dropbear_has_words_of_its_own() {
        let is_tight = |line: &str| KeyLine::parse(line).is_tight(SshServerKind::Dropbear);
        assert!(is_tight("no-pty,no-agent-forwarding,no-X11-forwarding ssh-rsa AAAA"));
        assert!(!is_tight("restrict,port-forwarding ssh-rsa AAAA"));
    }

    #[test]
    fn targets() {
        assert!(opens("db:5432", "DB", 5432) && opens("*:5432", "x", 5432) && opens("any", "x", 1));
        assert!(opens("[fd77::1]:5432", "fd77::1", 5432) && opens("db:*", "db", 1));
        assert!(
            !opens("db:5433", "db", 5432) && !opens("none", "db", 5432) && !opens("127.0.0.1:5432", "localhost", 5432)
        );
    }
}
