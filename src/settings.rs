//! All settings of a run, checked and complete. Flags, environment, file and prompts all end here; nothing behind this line parses
//! text that you typed.

mod admin;
pub mod ask;
mod bastion;
mod check;
mod checked;
pub mod complete;
pub mod draft;
pub mod environment;
pub mod file;
mod input_files;
mod known_servers;
mod libpq;
pub(crate) mod local_users;
mod ownership;
pub(crate) mod pasted;
pub(crate) mod pgpass;
pub mod problems;
mod questions;
mod region;
mod registration;
pub mod registry;
mod request;
pub(crate) mod secret_file;
pub(crate) mod service;
pub mod ssh;
pub mod ssh_alias;
mod ssh_config;
mod ssh_tokens;
mod stitch;
mod tls;
pub(crate) mod trust;
pub(crate) mod url;
mod words;

pub use admin::{Admin, Route};
pub use admin::{AllowedAuth, ChannelBinding, LoginRules, Methods, Standby};
pub use ask::{Answer, Ask, Contact, Presence, PreviousQuestion, Question, Row, Suspect, Typing};
pub use bastion::{Adopt, BastionSettings, KeyOption, LoginShell, Prove};
pub use checked::{LoadLimits, Settings};
pub use complete::{answers, check_file, complete};
pub use draft::{Draft, GivenBy, Source};
pub use environment::{Environment, Stdin, TerminalEnv};
pub(crate) use input_files::bounded;
pub use input_files::{AllowlistInputs, HandedOver, Machine, Manage};
pub use libpq::libpq_markdown;
pub use ownership::{Connection, Include, OwnershipSettings, Readers, Rehearse, Schemas};
pub use problems::{Problem, Problems};
pub use region::Region;
pub use registration::{ApiUrl, Insecure, Registering, RegistrationSettings, SendPassword, UnmappedSources};
pub use registry::SettingId;
pub use request::{Approval, Audience, Purpose, SettingsRequest};
pub use ssh::{AgentKeys, BastionServer, IdentitySource, SshAgent, SshClient, SshTarget};
pub use stitch::{Authority, OnWrongPassword, RolePassword, Stitch, StitchSsl};
pub use tls::{Negotiation, RootCertificates, Sni, SslMode, Tls, TlsVersion};
pub use words::{in_a_list, names_of_a_list, span};

#[cfg(test)]
mod tests;
