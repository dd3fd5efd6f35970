//! The ssh-user step against real SSH servers: every kind of user tools, every way to be root, every breakage by name.

mod accounts;
mod advice;
mod canary;
mod choices;
mod clients;
pub(crate) mod cures;
mod doctor;
mod flavours;
mod forced;
mod granted;
mod handed_over;
mod host_keys;
mod key_file_faults;
mod layers;
mod logins;
mod names;
mod own_ssh;
mod planted;
mod proof;
mod reach;
mod rights;
mod root;
pub(crate) mod scene;
mod silences;
mod tight;
mod tunnel;
