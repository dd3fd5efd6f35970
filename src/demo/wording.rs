//! What the demo says about what it made, and the command that you would type to do the same.

use super::bastion::DemoBastion;
use super::installed::Installed;
use super::server::{DemoServer, StitchRoute};
use crate::settings::SettingId;

pub(super) fn postgres(installed: &Installed, server: &DemoServer, way: StitchRoute) -> String {
    let (version, bin, port) = (&installed.version, installed.bin.display(), server.port);
    let text = format!("PostgreSQL {version} of {bin} on 127.0.0.1:{port}, with TLS. It listens only there.");
    match way {
        StitchRoute::Tunnel => text,
        StitchRoute::Direct => {
            format!("{text} (192.0.2.10 in its settings represents the public address of a real one.)")
        }
    }
}

/// The SSH server if there is one, and in either case what to say about it.
pub(super) fn ssh(outcome: Result<DemoBastion, String>) -> (Option<DemoBastion>, String) {
    match outcome {
        Ok(bastion) => {
            let text = format!(
                "An SSH server on 127.0.0.1:{} with copies of this machine's users and files. The originals do not change.",
                bastion.port
            );
            (Some(bastion), text)
        }
        Err(why) => (None, format!("The SSH part is skipped: {why}.")),
    }
}

/// `$ PGPASSWORD=… stitch-pg setup --yes --host 127.0.0.1 \`, broken between flags only, so that it can be copied.
pub(super) fn command_line(words: &str, flags: &[(SettingId, String)], width: usize) -> String {
    let mut lines = vec![format!("$ PGPASSWORD=*** stitch-pg {words}")];
    for (id, value) in flags {
        let flag = format!("{} {value}", id.name());
        let flag = flag.trim_end();
        match lines.last_mut() {
            Some(line) if line.len() + flag.len() + 3 <= width => {
                line.push(' ');
                line.push_str(flag);
            }
            _ => lines.push(format!("    {flag}")),
        }
    }
    lines.join(" \\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_broken_between_flags() {
        let flags = [
            (SettingId::Host, "127.0.0.1".to_owned()),
            (SettingId::GeneratePassword, String::new()),
            (SettingId::Port, "5".to_owned()),
        ];
        assert_eq!(
            command_line("check", &flags, 60),
            "$ PGPASSWORD=*** stitch-pg check --host 127.0.0.1 \\\n    --generate-password --port 5"
        );
    }
}
