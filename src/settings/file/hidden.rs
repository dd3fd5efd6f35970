//! What must not be in the settings file, and what of it must not be shown.

/// How to give a secret that was written into the settings file.
pub(super) fn secret(key: &str, last: &str) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "pass",
        "passwd",
        "password",
        "pgpassword",
        "pwd",
        "secret",
        "token",
        "access_token",
    ];
    match (WORDS.contains(&last), last) {
        (_, "sudo_password") => Some("give it in STITCH_PG_SUDO_PASSWORD, or it is asked for"),
        (_, "passphrase") => Some("load the key into ssh-agent, or it is asked for"),
        (_, "private_key") => Some("give the file of your private key with bastion.identity"),
        (true, "token" | "access_token") => Some("give it in STITCH_ACCESS_TOKEN, or it is asked for"),
        (true, _) if key.starts_with("admin.") => {
            Some("give a file that contains it with admin.password_file, or give it in PGPASSWORD")
        }
        (true, _) => Some("give a file that contains it with stitch.password_file, or give it in STITCH_PG_PASSWORD"),
        (false, _) => None,
    }
}

/// A malformed line as it may be shown: what could be a secret is left out.
pub(super) fn masked(line: &str) -> String {
    let lower = line.to_lowercase();
    let hidden_from = if let Some(at) = line.find("://") {
        Some(at + 3)
    } else if ["pass", "pwd", "secret", "token"]
        .iter()
        .any(|word| lower.contains(word))
        && !lower.contains("_file")
    {
        line.find(['=', ':']).map(|at| at + 1).or(Some(0))
    } else {
        None
    };
    match hidden_from {
        Some(at) => format!("{}***", &line[..at]),
        None => line.to_owned(),
    }
    .replace('\t', " ")
}
