//! Everything a run is told, checked and complete. Flags, environment, file and prompts all end here; nothing behind
//! this line parses text that a person typed.

mod admin;
pub mod ask;
mod authority;
mod bastion;
mod check;
mod checked;
pub mod complete;
pub mod draft;
pub mod environment;
pub mod file;
mod given_by;
mod input_files;
mod known_servers;
mod libpq;
mod login_rules;
mod manage;
mod named_files;
mod ownership;
pub(crate) mod pgpass;
pub mod problems;
mod questions;
mod region;
mod registration;
pub mod registry;
mod request;
mod secret_file;
pub(crate) mod service;
pub mod ssh;
pub mod ssh_alias;
mod ssh_config;
mod stitch;
mod tls;
mod trust;
mod tunnel;
pub(crate) mod url;
mod words;

pub use admin::{Admin, Route};
pub use ask::{Answer, Ask, Contact, Presence, PreviousQuestion, Question, Row, Suspect, Typing};
pub use authority::Authority;
pub use bastion::BastionSettings;
pub use checked::Settings;
pub use complete::{answers, check_file, complete};
pub use draft::{Draft, Source};
pub use environment::{Environment, Stdin, TerminalEnv};
pub use given_by::GivenBy;
pub(crate) use input_files::bounded;
pub use input_files::{AllowlistInputs, HandedOver};
pub use libpq::libpq_markdown;
pub use login_rules::{AllowedAuth, ChannelBinding, LoginRules, Methods, Standby};
pub use manage::{Machine, Manage};
pub use ownership::{Connection, Include, OwnershipSettings, Readers, Rehearse, Schemas};
pub use problems::{Problem, Problems};
pub use region::Region;
pub use registration::{ApiUrl, Insecure, Registering, RegistrationSettings, SendPassword, UnmappedSources};
pub use registry::SettingId;
pub use request::{Approval, Audience, Purpose, SettingsRequest};
pub use ssh::{AgentKeys, BastionServer, IdentitySource, SshAgent, SshClient, SshTarget};
pub use stitch::{OnWrongPassword, RolePassword, Stitch, StitchSsl};
pub use tls::{Negotiation, RootCertificates, Sni, SslMode, Tls, TlsVersion};
pub use tunnel::{Adopt, KeyOption, LoginShell, Prove};
pub use words::{in_a_list, names_of_a_list};

#[cfg(test)]
mod tests;
