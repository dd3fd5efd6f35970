//! The flags that are settings, made of the table in [`crate::settings::registry`].

use clap::{Arg, ArgAction, ArgMatches};

use crate::settings::registry::ValueKind;
use crate::settings::{Draft, SettingId, Source};

/// All settings that have a flag. Their values stay raw text.
pub(super) fn args() -> impl Iterator<Item = Arg> {
    SettingId::ALL.iter().filter_map(|id| arg(*id))
}

fn arg(id: SettingId) -> Option<Arg> {
    let name = name(id)?;
    let env = id.env().map(|env| format!("[env: {env}]"));
    let key = id.key().map(|key| format!("[file: {key}]"));
    let default = id.default_text().map(|default| format!("[default: {default}]"));
    let others: Vec<String> = [env, key, default].into_iter().flatten().collect();
    let help = format!("{}\n{}", id.help(), others.join(" "));
    // What psql and others call it.
    let known_as: &[&str] = if id == SettingId::AdminUser {
        &["user", "username"]
    } else {
        &[]
    };
    let arg = Arg::new(name)
        .long(name)
        .aliases(known_as)
        .help_heading(id.heading())
        .help(id.help())
        .long_help(help.trim_end().to_owned());
    Some(match id.kind() {
        ValueKind::Switch => arg.action(ArgAction::SetTrue),
        ValueKind::List | ValueKind::Names => arg.action(ArgAction::Append).value_name(id.value_name()),
        _ => arg.value_name(id.value_name()),
    })
}

/// The name of a setting's flag, without its dashes.
fn name(id: SettingId) -> Option<&'static str> {
    id.flag()?.strip_prefix("--")
}

/// The settings that were given as flags.
pub(super) fn draft(matches: &ArgMatches) -> Draft {
    let mut draft = Draft::default();
    for id in SettingId::ALL.iter().copied() {
        let (Some(flag), Some(name)) = (id.flag(), name(id)) else {
            continue;
        };
        if id.kind() == ValueKind::Switch {
            if matches.get_flag(name) {
                draft.set(id, "true", Source::Flag(flag));
            }
        } else if let Some(texts) = matches.get_many::<String>(name) {
            draft.set_all(id, texts.cloned().collect(), Source::Flag(flag));
        }
    }
    draft
}

/// The setting behind an argument.
pub(super) fn setting(arg: &Arg) -> Option<SettingId> {
    let long = arg.get_long()?;
    SettingId::ALL.iter().copied().find(|id| name(*id) == Some(long))
}
