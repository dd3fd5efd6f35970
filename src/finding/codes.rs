//! The table of finding codes: what each means and what to do about it (the two lines above), name, step, hops, effect on the
//! run. docs/troubleshooting.md is written from it, and everything that asks what a finding means for a run reads it here.

use super::effect::{
    CLOSED, Effect, INFORMS, NO_DATABASE, NO_RIGHT, NO_RIGHT_TO_A_DATABASE, NO_RIGHT_TO_A_ROLE, NO_ROLE, PROOF,
};
use super::{Hop, Section};

macro_rules! codes {
    ($(#[doc = $meaning:literal] #[doc = $cure:literal] $variant:ident = $name:literal, $section:ident [$($hop:ident),*] $effect:ident;)*) => {
        /// Every finding code. docs/troubleshooting.md is written from this table, so no code can be missing there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $meaning] $variant,)* }

        impl Code {
            /// All of them, in the order of the steps.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The code of this name, or of this earlier name.
            pub fn of_name(name: &str) -> Option<Self> {
                const RENAMED: &str = include_str!("renamed.txt");
                let old = RENAMED.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
                let name = old.unwrap_or(name);
                Self::ALL.iter().copied().find(|code| code.as_str() == name)
            }

            /// Where it is explained.
            pub fn docs(self) -> String {
                const PAGE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/troubleshooting.md");
                format!("{PAGE}#{}", self.as_str())
            }

            /// The step that reports it.
            pub fn section(self) -> Section {
                match self { $(Self::$variant => Section::$section,)* }
            }

            /// The hops of the path from Stitch to its role that it is about. Empty: it is about none.
            pub fn hops(self) -> &'static [Hop] {
                match self { $(Self::$variant => &[$(Hop::$hop),*],)* }
            }

            /// What it means for the rest of the run.
            pub(crate) fn effect(self) -> &'static Effect {
                match self { $(Self::$variant => &$effect,)* }
            }

            /// What it means.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }.trim()
            }

            /// What to do about it.
            pub fn cure(self) -> &'static str {
                match self { $(Self::$variant => $cure,)* }.trim()
            }
        }
    };
}

codes! {
    // allowlist
    /// The addresses Stitch connects from in your account's region.
    /// Allow all of them in every firewall between the internet and the server; any one of them may be used.
    StitchAddresses = "stitch-addresses", Allowlist [] INFORMS;
    /// The addresses given with `--allow-cidr` or `stitch.allow_cidrs` are some of a region's and not all of them: an older list than this program's own.
    /// Compare with Stitch's page of addresses; add those that are missing, or leave the setting out, and this program takes its own list.
    StitchAddressesOutdated = "stitch-addresses-outdated", Allowlist [] INFORMS;
    /// Firewalls and provider allow lists on the way cannot be seen by this tool.
    /// Look where the finding says, and open it with the command it gives; only the connection from Stitch proves it.
    FirewallNotChecked = "firewall-not-checked", Allowlist [First] INFORMS;
    /// The provider's list, given with `--allow-list-json`, lets this address in.
    /// Nothing to do.
    ProviderListOk = "provider-list-ok", Allowlist [First] INFORMS;
    /// The provider's list does not let this address in.
    /// Run the command that the finding gives; where it replaces the list, the present entries are in it.
    ProviderListMissing = "provider-list-missing", Allowlist [First] INFORMS;
    /// The provider's list has an address that was meant for Stitch and is none of its.
    /// Compare with Stitch's page of addresses; take it out, or give the new list with `--allow-cidr`.
    ProviderListOutdated = "provider-list-outdated", Allowlist [First] INFORMS;
    /// The provider's list lets the whole internet in.
    /// Let in who needs it, one by one, and take the open entry out.
    ProviderListOpenToAll = "provider-list-open-to-all", Allowlist [First] INFORMS;
    /// The firewall on the machine itself lets this address in.
    /// Nothing to do there; firewalls before it are seen by nobody here.
    FirewallOpen = "firewall-open", Allowlist [First] INFORMS;
    /// The firewall on the machine itself keeps this address out.
    /// Run the commands that the finding gives, or give `--manage firewall` where ufw or firewalld keeps the rules; the finding names the rule or policy that decides.
    FirewallClosed = "firewall-closed", Allowlist [First] INFORMS;
    /// What the firewall on the machine itself does hangs on something its rules do not tell.
    /// Look at the rule the finding names: a rate, a packet mark, an ipset, rules of iptables-legacy, or a tool that is missing.
    FirewallUncertain = "firewall-uncertain", Allowlist [First] INFORMS;
    /// The firewall on the machine itself lets every address in on that port, not only Stitch's.
    /// If that is not meant: let in who needs it, one by one, then remove the open rule.
    FirewallOpenToAll = "firewall-open-to-all", Allowlist [] INFORMS;
    /// The host Stitch is to dial is a socket, or a loopback, private or otherwise unreachable address.
    /// Give the public name with `--stitch-host`, or go through an SSH server with `--bastion`.
    HostNotPublic = "host-not-public", Allowlist [First] INFORMS;
    /// The host Stitch is to dial has IPv6 addresses only; Stitch's addresses are IPv4.
    /// Give the host an IPv4 address (on Supabase: the IPv4 add-on or the session pooler), or go through an SSH server.
    HostIpv6Only = "host-ipv6-only", Allowlist [First] INFORMS;
    /// The name Stitch is to dial could not be resolved from here.
    /// Check the spelling; if it is right and resolves elsewhere only, make sure it resolves on the internet.
    HostUnresolved = "host-unresolved", Allowlist [First] INFORMS;
    /// The port Stitch is to dial refuses a connection from here: nothing listens there, or a firewall says no.
    /// Check host and port; if only this machine is refused, make sure that Stitch's addresses are let in.
    PortRefused = "port-refused", Allowlist [First] CLOSED;
    /// The port Stitch is to dial does not answer from here: a firewall drops what comes, or the machine is down.
    /// Let Stitch's addresses in; that this machine gets no answer says nothing about them.
    PortFiltered = "port-filtered", Allowlist [First] CLOSED;
    /// The SSH server, asked to, opens no connection to the database: the name is unknown there, the port is refused or silent, or forwarding is forbidden.
    /// Give the database's name or address as the SSH server knows it with `--stitch-host`; let the SSH server in at the database.
    BastionCannotReach = "bastion-cannot-reach", Allowlist [Forward] CLOSED;
    /// The host is a read-only endpoint by its name.
    /// Give the writer endpoint with `--stitch-host`.
    HostReadOnly = "host-read-only", Allowlist [First] INFORMS;
    /// The host or port looks like a connection pooler.
    /// Give PostgreSQL's own host and port, or a pooler that keeps one session for each client.
    HostPooler = "host-pooler", Allowlist [First] INFORMS;
    /// Where PostgreSQL listens, against where it will be dialled.
    /// Add the address that is missing to `listen_addresses` and restart PostgreSQL; a reload is not enough.
    ListenAddresses = "listen-addresses", Allowlist [ToDatabase] INFORMS;
    /// The port Stitch is to dial is not the one PostgreSQL listens on.
    /// If nothing passes the port on, give the server's own with `--stitch-port`.
    PortDiffers = "port-differs", Allowlist [ToDatabase] INFORMS;
    /// Stitch is to use SSL, and the server does not offer it.
    /// Set `ssl = on` with a certificate and reload, or give `--no-ssl`.
    TlsNotOffered = "tls-not-offered", Allowlist [Login] INFORMS;
    /// A rule of `pg_hba.conf` asks Stitch for its password at this address: it will get in.
    /// Nothing to do.
    HbaOk = "hba-ok", Allowlist [Login] INFORMS;
    /// A rule of `pg_hba.conf` is for every address there is (`0.0.0.0/0`, `::/0`, `all`).
    /// If that is not meant: let in who needs it, one by one, then remove the rule.
    HbaOpenToAll = "hba-open-to-all", Allowlist [] INFORMS;
    /// No rule of `pg_hba.conf` matches Stitch at this address; the server refuses.
    /// Add the lines that the finding gives, then reload.
    HbaNoMatch = "hba-no-match", Allowlist [Login] INFORMS;
    /// The first rule of `pg_hba.conf` that matches Stitch at this address is a reject.
    /// Add the lines that the finding gives above the one it names, then reload.
    HbaReject = "hba-reject", Allowlist [Login] INFORMS;
    /// Anybody at this address gets in as Stitch's role without a password.
    /// Add the lines that the finding gives above the one it names, then reload; better, remove the trust line.
    HbaTrust = "hba-trust", Allowlist [Login] INFORMS;
    /// The deciding rule asks for a client certificate; Stitch has none.
    /// Add the lines that the finding gives above the one it names, then reload.
    HbaClientCertificate = "hba-client-certificate", Allowlist [Login] INFORMS;
    /// The deciding rule asks for a way to log in that Stitch does not have (`peer`, `ident`, `gss`, `sspi`, `oauth`).
    /// Add the lines that the finding gives above the one it names, then reload.
    HbaMethod = "hba-method", Allowlist [Login] INFORMS;
    /// Stitch's password would be readable on its way through the internet (method `password` without TLS).
    /// Use TLS, or the method scram-sha-256.
    HbaClearText = "hba-clear-text", Allowlist [Login] INFORMS;
    /// The password is checked outside PostgreSQL (`ldap`, `radius`, `pam`, `bsd`).
    /// Make the role and its password known there, or add a scram-sha-256 line above.
    HbaExternalAuth = "hba-external-auth", Allowlist [Login] INFORMS;
    /// The deciding rule wants SCRAM, and the role's password is stored as md5.
    /// Set the password anew with `--reset-password`; it is stored as SCRAM.
    HbaMd5Verifier = "hba-md5-verifier", Allowlist [Login] INFORMS;
    /// Which rule will decide cannot be told from here: a host name, an unread file, or an address that is not known.
    /// Do what the finding says, or put lines of your own above the one it names.
    HbaUncertain = "hba-uncertain", Allowlist [Login] INFORMS;
    /// The rules of `pg_hba.conf` could not be read.
    /// Run this tool on PostgreSQL's machine as root, give a copy with `--hba-file`, or have a superuser run it with `--only allowlist`.
    HbaUnreadable = "hba-unreadable", Allowlist [Login] INFORMS;
    /// The rules were read from a copy of `pg_hba.conf` given with `--hba-file`.
    /// Make sure that it is the server's own file and that the server has been reloaded since; a superuser's run sees both.
    HbaFromFile = "hba-from-file", Allowlist [Login] INFORMS;
    /// `pg_hba.conf` is written by a program (Patroni, Puppet, Ansible, an operator): lines that are added by hand are gone when it writes again.
    /// Add the lines by that program's own means, as the finding says; `--manage hba` adds nothing to such a file.
    HbaGenerated = "hba-generated", Allowlist [Login] INFORMS;
    /// `--manage hba` was given, and `pg_hba.conf` cannot be changed from here.
    /// The finding says why; run it on PostgreSQL's own machine, or add the lines by hand.
    HbaNotManaged = "hba-not-managed", Allowlist [Login] INFORMS;
    /// `pg_hba.conf` has a line the server cannot read; it goes on with the rules from before.
    /// Mend the line and reload.
    HbaSyntaxError = "hba-syntax-error", Allowlist [Login] INFORMS;
    /// `pg_hba.conf` was changed after the server last read it.
    /// Reload the server: `SELECT pg_reload_conf()`.
    HbaNotLoaded = "hba-not-loaded", Allowlist [Login] INFORMS;
    /// The addresses of Stitch's other region are let in, and those of yours are not.
    /// Check the account's region in Stitch and give it with `--region`, or change the rules.
    WrongRegion = "wrong-region", Allowlist [First] INFORMS;

    // database
    /// The administrator's login went without TLS, although TLS could have been had: the handshake failed, or something between answered that there is none while the server's `ssl` is on.
    /// Find out what stands between. Demand TLS with `--sslmode require`, or better `verify-full`.
    AdminTlsDowngraded = "admin-tls-downgraded", Database [] INFORMS;
    /// An md5 hash of the administrator's password went over a network without TLS. Whoever reads along can guess the password from it.
    /// Demand TLS with `--sslmode require`, or use the method scram-sha-256 in `pg_hba.conf` with a password that is set anew.
    AdminMd5Exposed = "admin-md5-exposed", Database [] INFORMS;
    /// The community's updates of this major version have ended.
    /// Plan an upgrade, unless your provider keeps the version patched; stitch-pg works with 9.6 and newer.
    ServerEndOfLife = "server-end-of-life", Database [] INFORMS;
    /// The server is a relative of PostgreSQL (EDB Postgres Advanced Server, Citus), or a pooler such as PgBouncer stands before it.
    /// Nothing, unless the finding names a difference that matters to you; for a pooler, give PostgreSQL's own host and port.
    ServerVariant = "server-variant", Database [] INFORMS;
    /// A login trigger (PostgreSQL 17 and newer) calls somebody's function at every login in the database that stitch-pg logs in to first, with its rights.
    /// Read the function the finding names; without it, its owner disables it: `ALTER EVENT TRIGGER … DISABLE`.
    LoginTriggers = "login-triggers", Database [] INFORMS;
    /// The destination database exists.
    /// Nothing to do.
    DatabaseExists = "database-exists", Database [] INFORMS;
    /// There is no database of exactly that name, but one that differs in case.
    /// Give the stored spelling with `--database`; Stitch's form needs it too.
    DatabaseSimilarName = "database-similar-name", Database [] INFORMS;
    /// The database is missing and the admin's login lacks CREATEDB.
    /// Let a role with CREATEDB run the statement shown, or run stitch-pg as that role.
    DatabaseCannotCreate = "database-cannot-create", Database [Login] NO_RIGHT_TO_A_DATABASE;
    /// The database's encoding is not UTF8, so some of what Stitch loads will be refused.
    /// An encoding cannot be changed: choose a new database with `--database` and let stitch-pg create it.
    DatabaseEncoding = "database-encoding", Database [] INFORMS;
    /// A `DROP DATABASE` of it was cut off (`datconnlimit` is -2): the server lets nobody in any more.
    /// Let its owner run `DROP DATABASE`, then run the same command again.
    DatabaseInvalid = "database-invalid", Database [Login] NO_DATABASE;
    /// The server refuses to copy `template1`, which is in use or has a collation of another version, so `template0` is copied.
    /// Nothing to do, unless somebody added something to `template1` that the new database is to have.
    TemplateUnusable = "template-unusable", Database [] INFORMS;
    /// The server's major version is newer than any this program was tried with.
    /// Look for a newer stitch-pg; everything is done as on the versions before.
    ServerVersionUntested = "server-version-untested", Database [] INFORMS;
    /// The database is marked as a template.
    /// Choose another database, or let its owner run `ALTER DATABASE … IS_TEMPLATE false`.
    DatabaseTemplate = "database-template", Database [] INFORMS;
    /// The database accepts no connections (`datallowconn` is off).
    /// Let its owner run `ALTER DATABASE … ALLOW_CONNECTIONS true`.
    DatabaseNoConnections = "database-no-connections", Database [Login] INFORMS;
    /// The database's connection limit is 0.
    /// Let its owner raise it: `ALTER DATABASE … CONNECTION LIMIT 20`.
    DatabaseConnectionLimit = "database-connection-limit", Database [Login] INFORMS;
    /// The server is a standby or a read-only endpoint.
    /// Connect to the primary (on Aurora: the cluster's writer endpoint), and give Stitch that address.
    ServerStandby = "server-standby", Database [Login] NO_DATABASE;

    // ssh-user
    /// Stitch's key is installed, once and with no more rights than needed.
    /// Nothing to do.
    SshKeyInstalled = "ssh-key-installed", SshUser [SshLogin] INFORMS;
    /// Stitch's public key was not given.
    /// Copy it from Stitch's page (Destination, Encryption Type: SSH Tunnel, Public Key) and give it with `--public-key` or `--public-key-file`.
    SshKeyNotGiven = "ssh-key-not-given", SshUser [SshLogin] INFORMS;
    /// A user or group of that name exists and looks like somebody else's: it is root, comes from a directory service, has a password, other keys or powerful groups.
    /// Choose another name with `--tunnel-user`, or take it with `--adopt-user`.
    SshUserInUse = "ssh-user-in-use", SshUser [SshLogin] INFORMS;
    /// An account that looks like somebody else's was taken for Stitch with `--adopt-user`.
    /// A user of its own is better.
    SshUserAdopted = "ssh-user-adopted", SshUser [SshLogin] INFORMS;
    /// The account or its password has expired, or will on the day that is named; with PAM, sshd then refuses the key as well.
    /// Whichever the finding names: `usermod -e '' USER` (the account), `chage -M -1 USER` (its password), `chage -d "$(date +%F)" USER` (a password to be changed)
    SshUserExpired = "ssh-user-expired", SshUser [SshLogin] INFORMS;
    /// Somebody locked the account's password. Without PAM, sshd refuses such an account even with the right key.
    /// If nobody needs the password any more: `usermod -p '*' USER`
    SshUserLocked = "ssh-user-locked", SshUser [SshLogin] INFORMS;
    /// The account has an empty password.
    /// `usermod -p '*' USER`
    SshUserEmptyPassword = "ssh-user-empty-password", SshUser [SshLogin] INFORMS;
    /// The account has a password besides the key, or it could not be read whether it has.
    /// If nobody needs it: `usermod -p '*' USER`
    SshUserPassword = "ssh-user-password", SshUser [SshLogin] INFORMS;
    /// The account's login shell does not exist; sshd refuses such users.
    /// `usermod -s /bin/sh USER`
    SshShellMissing = "ssh-shell-missing", SshUser [SshLogin] INFORMS;
    /// The account's shell is nologin or is not in /etc/shells. OpenSSH forwards all the same; Dropbear refuses it, and whether Stitch opens a shell is not documented.
    /// If Stitch cannot connect: `usermod -s /bin/sh USER`
    SshShellNologin = "ssh-shell-nologin", SshUser [SshLogin] INFORMS;
    /// The account has no home directory that could hold a key file.
    /// `usermod -d /home/USER USER`, then `stitch-pg setup`, which makes that home
    SshHomeMissing = "ssh-home-missing", SshUser [SshLogin] INFORMS;
    /// The home directory belongs to somebody else, so sshd ignores the key file in it.
    /// `chown USER: HOME`, where it is this user's alone; else a home of its own: `usermod -d /home/USER USER`
    SshHomeOwner = "ssh-home-owner", SshUser [SshLogin] INFORMS;
    /// A directory above the home does not let the user pass, so sshd cannot read the key file.
    /// `chmod o+x DIRECTORY`, with which every user can pass through it and list nothing; or another home: `usermod -d DIRECTORY USER`
    SshHomeUnreachable = "ssh-home-unreachable", SshUser [SshLogin] INFORMS;
    /// `.ssh` or `authorized_keys` is a symbolic link, no ordinary file, or another user's in a directory that the user owns. Root does not write there.
    /// See where it leads or whose it is, put it aside, and run `stitch-pg setup` again.
    SshKeyFileNotRegular = "ssh-key-file-not-regular", SshUser [SshLogin] INFORMS;
    /// A file of keys that the SSH server reads for Stitch's user lets in keys that are not Stitch's. In an account that stitch-pg made, nobody else should have one.
    /// Find out who put them there, and take the lines out where nobody needs them.
    SshKeyFileOtherKeys = "ssh-key-file-other-keys", SshUser [SshLogin] INFORMS;
    /// An option that was chosen with `--key-options` is not known to the SSH server (Dropbear has no `from`), so it is left out: with it the key would not be let in. Dropbear has no option either that keeps a key from listening on ports.
    /// Let a firewall limit where logins come from, start Dropbear with `-k`, or use OpenSSH.
    SshKeyOptionUnknown = "ssh-key-option-unknown", SshUser [SshLogin] INFORMS;
    /// By its settings the SSH server lets the user log in with a key and forward to the database.
    /// Nothing to do.
    SshServerAllows = "ssh-server-allows", SshUser [Forward] INFORMS;
    /// The SSH server's settings could not be read, so nothing is known of them.
    /// As root on the SSH server: `sshd -T -C user=USER,host=x,addr=ADDRESS`
    SshSettingsUnreadable = "ssh-settings-unreadable", SshUser [SshLogin] INFORMS;
    /// The SSH server's `AllowUsers`, `DenyUsers`, `AllowGroups` or `DenyGroups`, or `from=` in front of the key, keep Stitch out.
    /// Name the user there, or Stitch's addresses.
    SshNotAllowed = "ssh-not-allowed", SshUser [SshLogin] INFORMS;
    /// The SSH server takes no keys.
    /// For this user: `PubkeyAuthentication yes`
    SshKeyLoginOff = "ssh-key-login-off", SshUser [SshLogin] INFORMS;
    /// The SSH server wants something besides a key.
    /// For this user: `AuthenticationMethods publickey`; Dropbear without `-t`.
    SshSecondFactor = "ssh-second-factor", SshUser [SshLogin] INFORMS;
    /// The SSH server reads keys from another file than `~/.ssh/authorized_keys`.
    /// Copy Stitch's line to that file, or set `AuthorizedKeysFile` for this user.
    SshAuthorizedKeysElsewhere = "ssh-authorized-keys-elsewhere", SshUser [SshLogin] INFORMS;
    /// The SSH server reads no file of keys: it asks a command (`AuthorizedKeysCommand`).
    /// For this user: `AuthorizedKeysFile .ssh/authorized_keys`, or make Stitch's key known where the command looks.
    SshKeysFromCommand = "ssh-keys-from-command", SshUser [SshLogin] INFORMS;
    /// The SSH server takes certificates only (`TrustedUserCAKeys` and `AuthorizedKeysFile none`), and Stitch has a plain key.
    /// For this user: `AuthorizedKeysFile .ssh/authorized_keys`
    SshCertificatesOnly = "ssh-certificates-only", SshUser [SshLogin] INFORMS;
    /// The file with Stitch's key lies outside the home, and it or a directory above it could be changed by others, so sshd ignores it (`StrictModes`).
    /// `chown -h root PATH` where the owner is wrong, `chmod go-w PATH` where others may write
    SshKeyFileUnsafe = "ssh-key-file-unsafe", SshUser [SshLogin] INFORMS;
    /// The SSH server does not take keys of this type.
    /// For this user: `PubkeyAcceptedAlgorithms` with the present list and this type (`+TYPE` would accept all of OpenSSH's own list)
    SshKeyTypeRefused = "ssh-key-type-refused", SshUser [SshLogin] INFORMS;
    /// The SSH server wants longer RSA keys than Stitch's.
    /// For this user: a smaller `RequiredRSASize`.
    SshKeyTooShort = "ssh-key-too-short", SshUser [SshLogin] INFORMS;
    /// The SSH server locks the user into a directory (`ChrootDirectory`) that others could change, so it closes the connection; or from which names cannot be looked up.
    /// For this user: `ChrootDirectory none`
    SshChroot = "ssh-chroot", SshUser [SshLogin] INFORMS;
    /// The SSH server opens no shell (`MaxSessions 0`). Forwarding works without; whether Stitch opens one is not documented.
    /// If Stitch cannot connect, for this user: `MaxSessions 10`
    SshNoSessions = "ssh-no-sessions", SshUser [SshLogin] INFORMS;
    /// The SSH server drops connections when a few others are logging in (`MaxStartups`).
    /// Raise the first number of `MaxStartups` to 10.
    SshMaxStartups = "ssh-max-startups", SshUser [SshLogin] INFORMS;
    /// The SSH server listens on loopback addresses only (`ListenAddress`).
    /// Add a `ListenAddress` with the address by which Stitch comes in.
    SshNotListening = "ssh-not-listening", SshUser [SshLogin] INFORMS;
    /// The SSH server listens on another port than the one Stitch is to dial; a router may translate.
    /// Give the right one with `--stitch-bastion-port`.
    SshOtherPort = "ssh-other-port", SshUser [SshLogin] INFORMS;
    /// `/etc/nologin` keeps everybody but root out.
    /// Remove it when the maintenance is over.
    SshNologinFile = "ssh-nologin-file", SshUser [SshLogin] INFORMS;
    /// The SSH server forwards no connections for this user.
    /// For this user: `AllowTcpForwarding local`.
    SshForwardingOff = "ssh-forwarding-off", SshUser [Forward] INFORMS;
    /// The SSH server would listen on Unix sockets for the holder of Stitch's key (`ssh -R /tmp/back:…`). No option in front of a key refuses that. Or on port 1, where that is not root's. Where sshd reads a folder of further files, setup closes it with a file of its own. Dropbear 2024.84 to 2025.88 connects to Unix sockets as root (CVE-2025-14282).
    /// For this user: `AllowStreamLocalForwarding no` and `PermitListen none`; another version of Dropbear.
    SshStreamLocalForwarding = "ssh-stream-local-forwarding", SshUser [] INFORMS;
    /// Connections may be forwarded, but not to the database (`PermitOpen`, or `permitopen` in front of the key).
    /// Add the database's host and port, spelt as in Stitch's form.
    SshForwardingRestricted = "ssh-forwarding-restricted", SshUser [Forward] INFORMS;

    // any step that changes something in PostgreSQL
    /// Another run of stitch-pg is in the middle of a change about this database and did not end within `--timeout`; who holds its advisory lock is named. Nothing of this change was made.
    /// Run the same command again when the other one has ended; it takes up what is left.
    AnotherRun = "another-run", Role [] INFORMS;
    /// Another run, or a person, made this change between the look and the statement. It is looked at again as if this run had made it, and the undo file leaves it alone.
    /// Nothing to do.
    CreatedMeanwhile = "created-meanwhile", Role [] INFORMS;
    // role
    /// The role exists.
    /// Nothing to do.
    RoleExists = "role-exists", Role [] INFORMS;
    /// The role is missing and the admin's login lacks CREATEROLE.
    /// Let a role with CREATEROLE run the statement shown, or run stitch-pg as that role.
    RoleCannotCreate = "role-cannot-create", Role [Login] NO_RIGHT_TO_A_ROLE;
    /// The role must be altered and the admin's login may not do it.
    /// Let a superuser, or (16 and newer) a role with ADMIN OPTION on it, run the statement shown.
    RoleCannotAlter = "role-cannot-alter", Role [] NO_RIGHT;
    /// The role named for Stitch is a superuser.
    /// Name a role of Stitch's own with `--role`, or take this one with `--adopt-role`; stitch-pg takes no power from it.
    RoleSuperuser = "role-superuser", Role [Login] NO_ROLE;
    /// The role cannot log in and has members: it is a group.
    /// Name a role of Stitch's own with `--role`, or take this one with `--adopt-role`; it becomes a login.
    RoleIsGroup = "role-is-group", Role [Login] NO_ROLE;
    /// The role looks like somebody else's: it may more than log in, belongs to groups, others can act as it, it owns something besides what Stitch loads, or it is the admin's own login.
    /// Name a role of Stitch's own with `--role`, or take this one with `--adopt-role`.
    RoleInUse = "role-in-use", Role [Login] NO_ROLE;
    /// A role that looks like somebody else's was taken for Stitch with `--adopt-role`.
    /// A role of its own is better.
    RoleAdopted = "role-adopted", Role [] INFORMS;
    /// The role has an expiry date that has not come yet.
    /// Let who may alter the role run the statement shown, unless that day is meant.
    RoleExpires = "role-expires", Role [Login] INFORMS;
    /// The role's connection limit is small.
    /// Let who may alter the role run the statement shown, or raise the limit.
    RoleConnectionLimit = "role-connection-limit", Role [Login] INFORMS;
    /// A role named with `--reader` will see the schemas and tables that Stitch makes.
    /// Nothing to do.
    ReaderReady = "reader-ready", Role [] INFORMS;
    /// A role named with `--reader` does not exist.
    /// Check the spelling, or let who may create roles make it.
    ReaderMissing = "reader-missing", Role [] INFORMS;
    /// Default privileges are set by the role itself or who may act for it, and the admin's login may not.
    /// Let a superuser, or who may act for Stitch's role, run the statements shown.
    ReaderCannotGrant = "reader-cannot-grant", Role [] NO_RIGHT;
    /// The server takes passwords as plain text only (Neon refuses verifiers), so this one is sent as it is.
    /// Use TLS; the password may appear in the provider's own logs.
    PasswordPlainTextOnly = "password-plain-text-only", Role [] INFORMS;
    /// The server stores new passwords as md5; Stitch's is sent as a SCRAM verifier all the same.
    /// Nothing to do: the methods md5 and scram-sha-256 of `pg_hba.conf` both take it.
    PasswordStoredAsMd5 = "password-stored-as-md5", Role [] INFORMS;
    /// The password given is the role's password.
    /// Nothing to do.
    PasswordCorrect = "password-correct", Role [] INFORMS;
    /// No password was given, so it could not be proved.
    /// Give it with `STITCH_PG_PASSWORD` or `--password-file`.
    PasswordNotGiven = "password-not-given", Role [] INFORMS;
    /// The password could not be tried from here.
    /// Mend what kept the login away (the finding says what), then run `stitch-pg check` again.
    PasswordNotTested = "password-not-tested", Role [] INFORMS;
    /// The role's password is stored with more SCRAM rounds than clients compute (100,000), so it was not checked.
    /// Add `--reset-password`; and set the server's `scram_iterations` to 4096, its default.
    PasswordIterations = "password-iterations", Role [Login] INFORMS;
    /// The role exists and its password is not the one given, or it has none.
    /// Give the right one, or add `--reset-password`; everything else that logs in as this role then needs the new one.
    PasswordWrong = "password-wrong", Role [Login] INFORMS;
    /// The role has CONNECT, CREATE and TEMPORARY on the database.
    /// Nothing to do.
    DatabasePrivileges = "database-privileges", Role [] INFORMS;
    /// A right on the database is missing and the admin's login may not grant it.
    /// Let the database's owner run the statement shown.
    DatabaseCannotGrant = "database-cannot-grant", Role [] NO_RIGHT;
    /// The system catalogs can be read.
    /// Nothing to do.
    CatalogReadable = "catalog-readable", Role [] INFORMS;
    /// A system view is closed to the role and the admin's login may not open it.
    /// Let a superuser run the statement shown. Do not run the blanket grant on `pg_catalog`: it opens everybody's password hashes.
    CatalogCannotGrant = "catalog-cannot-grant", Role [] NO_RIGHT;
    /// The database does not let the admin's login in, so its catalogs were not looked at.
    /// Run the statement shown; the rehearsal of `stitch-pg check`, as the Stitch role, tells as well.
    CatalogNotChecked = "catalog-not-checked", Role [] INFORMS;
    /// An event trigger of the database calls somebody's function in stitch-pg's session, with its rights, when something is created, altered, granted or dropped, or at a login.
    /// Read the function the finding names before anything is changed; its owner disables it with `ALTER EVENT TRIGGER … DISABLE`.
    EventTriggers = "event-triggers", Role [] INFORMS;
    /// A setting that is in force for the role can interrupt a load, wherever it is written (the server, the database, the role, the command line): a timeout, read-only transactions, another role, a search path, an isolation level, a library.
    /// Let who may alter the role run the statement shown; where the setting is for others too, it gives the role its own.
    SettingInterruptsLoads = "setting-interrupts-loads", Role [] INFORMS;

    // ownership
    /// The schema bears the marks of Stitch's loader.
    /// Nothing to do.
    SchemaDetected = "schema-detected", Ownership [] INFORMS;
    /// A schema was named whose marks do not say clearly that it is Stitch's.
    /// Make sure that an integration of this name exists in Stitch before its owner is changed.
    SchemaWeakEvidence = "schema-weak-evidence", Ownership [] INFORMS;
    /// An access token was given, and Stitch's API did not list the integrations, so that their schemas are told by their marks alone.
    /// Look at `STITCH_ACCESS_TOKEN` and `--api-url`, or name the schemas with `--schema`.
    IntegrationsNotListed = "integrations-not-listed", Ownership [] INFORMS;
    /// A schema has marks of Stitch (or of a loader like it) and was not chosen.
    /// Name it with `--schema` if Stitch loads into it.
    SchemaNotChosen = "schema-not-chosen", Ownership [] INFORMS;
    /// A schema that was named does not exist.
    /// Check the spelling (case matters), or leave it out: Stitch makes the schemas of new integrations itself.
    SchemaMissing = "schema-missing", Ownership [] INFORMS;
    /// The role owns the schema and its tables.
    /// Nothing to do.
    SchemaOwned = "schema-owned", Ownership [] INFORMS;
    /// Views, sequences, functions, types or other objects in a Stitch schema keep their owners.
    /// Usually right, since Stitch makes none; `--include` moves them too.
    ObjectsNotTransferred = "objects-not-transferred", Ownership [] INFORMS;
    /// Objects must change hands and the admin's login may not act for their owner, or may not create in the database (which moving a schema needs).
    /// Let a superuser, or a role with ADMIN OPTION on that owner, run the statements shown.
    OwnershipCannotMove = "ownership-cannot-move", Ownership [] NO_RIGHT;
    /// Objects belong to a superuser or to a managed service's own role, and the admin's login is no superuser.
    /// A superuser runs the statements that the finding gives, or runs stitch-pg; on a managed service leave the schema out: what is the provider's stays its own.
    OwnershipSuperuser = "ownership-superuser", Ownership [] NO_RIGHT;
    /// The forecast: what the present owner of objects that move will no longer be able to do.
    /// By default it goes on reading. If it still writes there, grant it that, or let it work as the new owner.
    ImpactOwner = "impact-owner", Ownership [] INFORMS;
    /// Views of the present owner read tables that move; they run with their owner's rights.
    /// Nothing to do with `--keep-readers`, which is on by default; without it they stop.
    ImpactViews = "impact-views", Ownership [] INFORMS;
    /// A view that was to move reads what Stitch's role may not read, and would stop.
    /// Leave it where it is, or grant what the finding says and run it again.
    ImpactViewBreaks = "impact-view-breaks", Ownership [] INFORMS;
    /// The present owner has functions with SECURITY DEFINER; they run with its rights, and it no longer owns what moves.
    /// See whether they write in the moved tables; if so, grant their owner what they need.
    ImpactFunctions = "impact-functions", Ownership [] INFORMS;
    /// Row security holds for everybody but the owner, and the present owner will no longer be that.
    /// Make a policy that shows it the rows, if it is to see them.
    ImpactRowSecurity = "impact-row-security", Ownership [] INFORMS;
    /// Publications or subscriptions of logical replication depend on who owns the tables that move.
    /// Give a subscription to a role that may write in the tables; a publication only stops taking in new ones.
    ImpactReplication = "impact-replication", Ownership [] INFORMS;
    /// Jobs of `pg_cron` run as the present owner.
    /// See whether they write in the moved tables; if so, grant what they need, or schedule them as another role.
    ImpactJobs = "impact-jobs", Ownership [] INFORMS;
    /// The forecast: a table elsewhere has a partition or child that changes hands, so its owner can no longer alter it.
    /// Leave the partition's schema out of `--schema`, or move the parent's schema as well.
    ImpactParents = "impact-parents", Ownership [] INFORMS;
    /// The forecast: a trigger or rule on a table elsewhere writes to tables that move; who sets it off by the rights of the present owner is refused from then on.
    /// Grant who writes there what the trigger or rule needs, or make its function SECURITY DEFINER with an owner that has it.
    ImpactWrites = "impact-writes", Ownership [] INFORMS;
    /// The owner of a table revoked privileges on it from itself. Who owns the table next lacks them too.
    /// Run the GRANT of the finding as the table's owner or a superuser.
    TablePrivilegesRevoked = "table-privileges-revoked", Ownership [] INFORMS;
    /// A trigger, rule, default, check constraint or index of a table needs a right that the role in whose name it runs does not have. A load is refused.
    /// Let the owner named in the finding, or a superuser, run the GRANT; or remove the trigger, rule or default.
    WritePrivilegesMissing = "write-privileges-missing", Ownership [] INFORMS;
    /// A write to the table runs code whose rights the catalog does not show: it builds its SQL, is written in another language than SQL or PL/pgSQL, or depends on who runs it.
    /// Try an insert, an update and a delete as the Stitch role, in a transaction that is rolled back.
    WritePrivilegesUnclear = "write-privileges-unclear", Ownership [] INFORMS;
    /// A rule does something else instead of what Stitch writes, without an error.
    /// Drop the rule, unless that is what you want.
    RuleInstead = "rule-instead", Ownership [] INFORMS;
    /// A foreign key of another table references the table, so PostgreSQL refuses TRUNCATE.
    /// Drop the foreign key, or do not use full-table replication for this table.
    TruncateRefused = "truncate-refused", Ownership [] INFORMS;
    /// The table has as many columns as PostgreSQL allows (1600), or nearly. Dropped columns count.
    /// Leave fields out in Stitch, or copy the table: a copy forgets the dropped columns.
    ColumnLimit = "column-limit", Ownership [] INFORMS;
    /// The columns of the table belong to a type or to a parent table, so Stitch cannot add or rename one.
    /// Detach the table from its type or parent, or leave its schema out.
    TableShapeFixed = "table-shape-fixed", Ownership [] INFORMS;
    /// A publication publishes updates or deletes of a table that has no replica identity; the server refuses both.
    /// `ALTER TABLE … REPLICA IDENTITY FULL`, add a primary key, or publish only inserts.
    ReplicaIdentityMissing = "replica-identity-missing", Ownership [] INFORMS;
    /// A partition or child of the table stays with another owner. ALTER TABLE reaches the whole tree, so it is refused.
    /// Move the schema of the partition too (`--schema`), or let a superuser run the statement of the finding.
    PartitionNotOwned = "partition-not-owned", Ownership [] INFORMS;
    /// The database does not let the admin's login in, so nothing in it can be moved.
    /// Let the database's owner run the statement shown, then run `stitch-pg setup` again.
    OwnershipNotChecked = "ownership-not-checked", Ownership [] NO_RIGHT;

    // connection
    /// The login as Stitch was not tried.
    /// Run `stitch-pg check` with the role's password.
    ConnectionNotTested = "connection-not-tested", Connection [] INFORMS;
    /// The Stitch role logs in.
    /// Nothing to do.
    LoginWorks = "login-works", Connection [Login] PROOF;
    /// The host name does not resolve.
    /// Correct `--stitch-host`; private names resolve only inside their network.
    LoginHostNotFound = "login-host-not-found", Connection [ToDatabase] CLOSED;
    /// The login as Stitch came through this layer; the time is how long it took.
    /// Nothing to do.
    LayerPassed = "layer-passed", Connection [] INFORMS;
    /// An earlier layer failed, so this one was not tried.
    /// Mend the layer that failed, then run `stitch-pg check` again.
    LayerNotReached = "layer-not-reached", Connection [] INFORMS;
    /// The host has no IPv4 address; Stitch's addresses are IPv4, so it cannot dial it although this machine can.
    /// Give the host an IPv4 address (on Supabase: the IPv4 add-on or the session pooler), or go through an SSH server with `--bastion`.
    LoginIpv6Only = "login-ipv6-only", Connection [ToDatabase] CLOSED;
    /// TCP: the machine answers and nothing listens on that port.
    /// Check `--stitch-port`, that PostgreSQL runs, and its `listen_addresses`.
    LoginTcpRefused = "login-tcp-refused", Connection [ToDatabase] CLOSED;
    /// TCP: no answer at all. A firewall drops the packets, or the host is down.
    /// Let the address in, in the firewall before the server and in the provider's list.
    LoginTcpFiltered = "login-tcp-filtered", Connection [ToDatabase] CLOSED;
    /// TCP: the connection is accepted and reset at once, by a firewall or load balancer with nobody behind it.
    /// Look at what stands before the server: a load balancer without a healthy target, an inspecting firewall.
    LoginTcpReset = "login-tcp-reset", Connection [ToDatabase] CLOSED;
    /// TCP: there is no route to that address, or a router refuses it.
    /// Check the address; a private one needs a VPN or an SSH server (`--bastion`).
    LoginTcpUnreachable = "login-tcp-unreachable", Connection [ToDatabase] CLOSED;
    /// The way through the SSH server was not walked to its end.
    /// The finding tells why.
    LoginTunnel = "login-tunnel", Connection [Forward] INFORMS;
    /// The SSH server's name does not resolve.
    /// Correct `--bastion`; private names resolve only inside their network.
    TunnelName = "tunnel-name", Connection [First] CLOSED;
    /// No TCP connection to the SSH server: refused, or no answer.
    /// Refused: nothing listens there. No answer: a firewall drops the packets.
    TunnelTcp = "tunnel-tcp", Connection [First] CLOSED;
    /// What answers there does not speak SSH, says nothing, or shares no key exchange with us.
    /// Check the port; on the server `MaxStartups` and lists of banned addresses.
    TunnelHandshake = "tunnel-handshake", Connection [SshLogin] INFORMS;
    /// The SSH server's host key is unknown, changed or revoked. Nothing was sent to it.
    /// Compare the fingerprint with what the server's console says; then `--host-key`.
    TunnelHostKey = "tunnel-host-key", Connection [SshLogin] INFORMS;
    /// The SSH server does not let the login in.
    /// The step ssh-user and the SSH server's own log tell why.
    TunnelLogin = "tunnel-login", Connection [SshLogin] INFORMS;
    /// The SSH server lets the login in and does not forward.
    /// The step ssh-user tells which setting forbids it.
    TunnelForward = "tunnel-forward", Connection [Forward] INFORMS;
    /// The SSH server forwards, and does not reach the database: no such name there, nothing listens, or a firewall between the two.
    /// Check the database's `listen_addresses` and the firewall between the two; `--stitch-host` as the SSH server knows it.
    TunnelTarget = "tunnel-target", Connection [Forward] CLOSED;
    /// A key of our own, beside Stitch's and with the same options, came all the way: into the SSH server, on to the database, and in as the Stitch role. It was taken out again.
    /// Nothing to do.
    TunnelTested = "tunnel-tested", Connection [SshLogin, Forward, Login] PROOF;
    /// The whole way could not be walked, since Stitch's public key was not given.
    /// Give it with `--public-key` or `--public-key-file`.
    TunnelNotTested = "tunnel-not-tested", Connection [] INFORMS;
    /// A key with the options of Stitch's is granted more than it should be: a terminal, agent forwarding, or another target.
    /// `stitch-pg setup` writes the options anew; see `--key-options`.
    TunnelKeyUnrestricted = "tunnel-key-unrestricted", Connection [] INFORMS;
    /// The key that proved the way could not be taken out of Stitch's file again. Where the SSH server knows `expiry-time` it ends within two minutes.
    /// Take the line that ends with `stitch-pg-proof` out of `~USER/.ssh/authorized_keys`: as root where the home and `.ssh` are root's, else as the user.
    TunnelKeyLeft = "tunnel-key-left", Connection [] INFORMS;
    /// Something answers there, and it is no PostgreSQL server: HTTP, SSH, MySQL, TLS from the first byte.
    /// Check `--stitch-host` and `--stitch-port`.
    LoginNotPostgres = "login-not-postgres", Connection [Login] INFORMS;
    /// The connection is accepted, and then nothing is said.
    /// A proxy or firewall may hold it, or the server hangs; raise `--timeout` to wait longer.
    LoginNoAnswer = "login-no-answer", Connection [Login] INFORMS;
    /// The connection was cut before the login was done.
    /// Try again, then read the server's log; a proxy or firewall may have cut it.
    LoginConnectionLost = "login-connection-lost", Connection [Login] INFORMS;
    /// TLS is to be used, and the server does not offer it.
    /// Set `ssl = on` with a certificate and reload, or leave *Connect using SSL* unticked (`--no-ssl`).
    LoginTlsNotOffered = "login-tls-not-offered", Connection [Login] INFORMS;
    /// The server lets the role in with TLS only, and *Connect using SSL* is not to be ticked. The server's own words for it are that no `pg_hba.conf` entry fits, "no encryption".
    /// Tick *Connect using SSL* (`--ssl`).
    LoginTlsRequired = "login-tls-required", Connection [Login] INFORMS;
    /// The server's rules let the role in without TLS only.
    /// Untick *Connect using SSL* (`--no-ssl`), or better, change the rule in `pg_hba.conf` from `hostnossl` to `host`.
    LoginTlsUnwanted = "login-tls-unwanted", Connection [Login] INFORMS;
    /// The certificate given for Stitch's form does not vouch for the server's certificate.
    /// Give the authority that signed it with `--stitch-ca`, intermediate certificates included; or leave the box empty.
    LoginTlsChain = "login-tls-chain", Connection [Login] INFORMS;
    /// The server's certificate, or one above it, has expired or is not valid yet.
    /// Give the server a new certificate and reload it.
    LoginTlsExpired = "login-tls-expired", Connection [Login] INFORMS;
    /// The server's certificate is revoked, or no current list (`sslcrl`, `sslcrldir`) of its authority says that it is not.
    /// Do not log in before the server's owner has explained it; give the current lists.
    LoginTlsRevoked = "login-tls-revoked", Connection [Login] INFORMS;
    /// The login went without TLS, although TLS could have been had: the handshake failed, or something between answered that there is none while the server's `ssl` is on.
    /// Find out what stands between. Demand TLS: `--ssl` and Stitch's box *Connect using SSL*.
    LoginTlsDowngraded = "login-tls-downgraded", Connection [Login] INFORMS;
    /// The TLS handshake failed for another reason than the certificate.
    /// The server's log has its half; a proxy in between may not pass TLS on.
    LoginTlsFailed = "login-tls-failed", Connection [Login] INFORMS;
    /// The certificate given for Stitch's form vouches for this server.
    /// Nothing to do.
    CaVerifies = "ca-verifies", Connection [] INFORMS;
    /// The server's certificate is vouched for and is for another name than the one Stitch dials. Whether Stitch compares names is not documented.
    /// Better dial the name in the certificate (`--stitch-host`), or give the server a certificate with this name.
    CaName = "ca-name", Connection [Login] INFORMS;
    /// What becomes of the login when *Connect using SSL* is ticked the other way.
    /// Follow the sheet; ticked is better where both work.
    SslChoice = "ssl-choice", Connection [] INFORMS;
    /// The server asks for more SCRAM rounds than clients compute (100,000); nothing was computed.
    /// Set `scram_iterations` to 4096 and set the password again; if the number is not the server's own, find out who answers there.
    LoginIterations = "login-iterations", Connection [Login] INFORMS;
    /// The server refuses the role's password.
    /// Give the right password, or set it anew with `--reset-password`.
    LoginPassword = "login-password", Connection [Login] INFORMS;
    /// A connection pooler (PgBouncer, Pgpool-II or another) answers in PostgreSQL's place and refuses the login: it does not know the role, its password, or the database.
    /// Add the role to the pooler: `userlist.txt` or `auth_query` of PgBouncer, `pool_passwd` of Pgpool-II; and the database to PgBouncer's `[databases]`.
    LoginPooler = "login-pooler", Connection [Login] INFORMS;
    /// Several servers answer behind one host and port, by turns: some are standbys, where no load works, or they are not the same server.
    /// Give Stitch the primary's own address, or a port of the load balancer that leads to the primary alone.
    LoginSeveralServers = "login-several-servers", Connection [Login] INFORMS;
    /// There is no such role. The server says only that the password failed.
    /// Run `stitch-pg setup`, which makes it; or correct `--role` (case matters).
    LoginRoleMissing = "login-role-missing", Connection [Login] INFORMS;
    /// The role's password has expired (`VALID UNTIL`). The server says only that the password failed.
    /// Run `stitch-pg setup`, or `ALTER ROLE … VALID UNTIL 'infinity'`.
    LoginRoleExpired = "login-role-expired", Connection [Login] INFORMS;
    /// The role may not log in (NOLOGIN).
    /// Run `stitch-pg setup`, or `ALTER ROLE … LOGIN`.
    LoginNologin = "login-nologin", Connection [Login] INFORMS;
    /// No rule of `pg_hba.conf` lets the role in from here, or one says reject or wants a client certificate.
    /// Add a rule for this address as well, or run the check from where Stitch's traffic arrives.
    LoginRefused = "login-refused", Connection [Login] INFORMS;
    /// The server wants a way to log in that Stitch does not have (Kerberos, SSPI and the like).
    /// Put a scram-sha-256 rule for the role above it in `pg_hba.conf`.
    LoginMethod = "login-method", Connection [Login] INFORMS;
    /// Channel binding fails: something between here and the server ends TLS and begins it anew.
    /// Take the proxy out of the way, or let it pass TLS through.
    LoginChannelBinding = "login-channel-binding", Connection [Login] INFORMS;
    /// The server asks for the password in clear text, over a network and without TLS. stitch-pg did not send it; Stitch would.
    /// Switch TLS on in the server, or use the method scram-sha-256 in `pg_hba.conf`.
    LoginClearText = "login-clear-text", Connection [Login] INFORMS;
    /// An md5 hash of the password went over a network without TLS. Whoever reads along can guess the password from it.
    /// Use TLS, or the method scram-sha-256 in `pg_hba.conf` with a password that is set anew.
    LoginMd5Exposed = "login-md5-exposed", Connection [Login] INFORMS;
    /// The server asks for a method that `require_auth` does not accept, or does not use channel binding although `channel_binding=require` was given. Nothing was sent.
    /// Change the method in `pg_hba.conf`, or the parameter.
    LoginAuthRefused = "login-auth-refused", Connection [Login] INFORMS;
    /// The server behind the Unix socket does not run as the user that `requirepeer` names. Nothing was sent.
    /// Find out who runs that server, or correct the parameter.
    LoginServerUser = "login-server-user", Connection [Login] INFORMS;
    /// A router before hosted databases does not know which project or endpoint is meant (Neon without SNI, Supabase's pooler without the project in the user).
    /// The finding says what it wants to be told.
    LoginTenant = "login-tenant", Connection [Login] INFORMS;
    /// There is no database of that name. Names are case-sensitive: an unquoted `CREATE DATABASE StitchDW` makes `stitchdw`.
    /// Run `stitch-pg setup`, or give the stored spelling with `--database`.
    LoginDatabaseMissing = "login-database-missing", Connection [Login] INFORMS;
    /// The database accepts no connections (`datallowconn` is off).
    /// Let its owner run `ALTER DATABASE … ALLOW_CONNECTIONS true`.
    LoginDatabaseClosed = "login-database-closed", Connection [Login] INFORMS;
    /// The role lacks CONNECT on the database.
    /// Run `stitch-pg setup`, or let the database's owner grant it.
    LoginConnect = "login-connect", Connection [Login] INFORMS;
    /// The connection limit of the role or of the database is reached, or only reserved connections are left.
    /// Raise the limit that the finding names.
    LoginConnectionLimit = "login-connection-limit", Connection [Login] INFORMS;
    /// The server has no connection free (`max_connections`).
    /// Raise `max_connections`, or end idle sessions.
    LoginMaxConnections = "login-max-connections", Connection [Login] INFORMS;
    /// The server is starting up, shutting down or recovering; a standby with `hot_standby = off` says this for ever.
    /// Try again in a minute; give Stitch the primary.
    LoginStarting = "login-starting", Connection [Login] INFORMS;
    /// Where Stitch dials is a standby: read-only.
    /// Give the primary (on Aurora: the cluster's writer endpoint) with `--stitch-host`.
    LoginStandby = "login-standby", Connection [Login] INFORMS;
    /// The role's transactions are read-only (`default_transaction_read_only`).
    /// `ALTER ROLE … RESET default_transaction_read_only`; where it is set for others too, `ALTER ROLE … IN DATABASE … SET default_transaction_read_only = off`.
    LoginReadOnly = "login-read-only", Connection [Login] INFORMS;
    /// The role lacks CREATE or TEMPORARY on the database; its first load would fail.
    /// Run `stitch-pg setup`, which grants them.
    PrivilegesMissing = "privileges-missing", Connection [Login] INFORMS;
    /// The role cannot read the system catalogs that Stitch verifies structure by.
    /// Run `stitch-pg setup`; the role step opens the single views.
    CatalogClosed = "catalog-closed", Connection [Login] INFORMS;
    /// A connection pooler stands between. With one server session for each client (session mode) nothing is lost; in transaction mode everything stitch-pg does works, and Stitch's loads may not: their temporary staging tables and prepared statements outlive a transaction.
    /// Give Stitch PostgreSQL's own host and port, or a pool in session mode.
    Pooler = "pooler", Connection [] INFORMS;
    /// A connection pooler in statement mode stands between: it refuses transactions, and a load is one.
    /// Give Stitch PostgreSQL's own host and port, or a pool in session mode.
    PoolerStatement = "pooler-statement", Connection [Login] INFORMS;
    /// How many connections are free, how large the database is, and what bounds temporary files.
    /// Where few connections are left: raise `max_connections` or end idle sessions.
    ServerCapacity = "server-capacity", Connection [] INFORMS;
    /// Event triggers are called when Stitch creates or alters something; one of them may refuse it later although it did not in the rehearsal.
    /// Ask their owner whether they let Stitch's DDL pass.
    DdlEventTriggers = "ddl-event-triggers", Connection [] INFORMS;
    /// The server logs the statements of Stitch's loads (`log_statement`).
    /// `ALTER ROLE … SET log_statement = 'none'` keeps the log small, where that is wanted.
    StatementsLogged = "statements-logged", Connection [] INFORMS;
    /// A table in a Stitch schema has row security forced on its owner as well; rows may be refused or hidden from the loader.
    /// `ALTER TABLE … NO FORCE ROW LEVEL SECURITY`.
    RowSecurity = "row-security", Connection [] INFORMS;
    /// A table was locked by somebody, so it was left out of the rehearsal.
    /// Nothing, or run `stitch-pg check` again in a quiet moment.
    TableLocked = "table-locked", Connection [] INFORMS;
    /// Tables with rows were rehearsed without the acts that would lock readers out for a moment.
    /// `--rehearse-existing` rehearses those as well, in a quiet moment.
    TestLoadPartial = "test-load-partial", Connection [] INFORMS;
    /// Everything Stitch's loader does was rehearsed and rolled back.
    /// Nothing to do.
    TestLoadPassed = "test-load-passed", Connection [Login] PROOF;
    /// The server refused one act of a load.
    /// Run `stitch-pg setup`; it grants and moves what is missing.
    TestLoadRefused = "test-load-refused", Connection [Login] INFORMS;
    /// A table in a schema that Stitch loads belongs to another role, so Stitch cannot alter it.
    /// Run `stitch-pg setup --existing` with this `--schema`.
    TableNotOwned = "table-not-owned", Connection [] INFORMS;
    /// A further load into an existing schema was rehearsed and rolled back.
    /// Nothing to do.
    ExistingTablesTested = "existing-tables-tested", Connection [] INFORMS;

    /// With `--loads`: when Stitch last loaded into a schema, by the newest `_sdc_batched_at`.
    /// Look at the integration's *Extractions* and *Loads* in Stitch, and run `stitch-pg check`; the limit is `--loads-max-age`.
    LoadAge = "load-age", Connection [] INFORMS;
    /// With `--loads`: the records that Stitch could not load, by the table `_sdc_rejected`.
    /// Ask the table for the reasons with the query of the finding, and fix the data or the field in Stitch; the limit is `--loads-max-rejected`.
    RecordsRejected = "records-rejected", Connection [] INFORMS;
    /// With `--loads`: a table has nearly as many columns as PostgreSQL allows (1600, dropped columns included).
    /// Deselect fields in Stitch, or copy the table: a copy forgets the dropped columns. The limit is `--loads-max-columns`.
    ColumnsNearLimit = "columns-near-limit", Connection [] INFORMS;
    /// With `--loads`: another session, or a prepared transaction, holds a lock for which Stitch's next `ALTER TABLE` waits.
    /// Ask the user that the finding names, or end the session with the statement that it gives; the limit is `--loads-max-lock`.
    LoadBlocked = "load-blocked", Connection [] INFORMS;

    // registration
    /// Stitch has a destination for this database, and its fields are as they should be.
    /// Nothing to do.
    DestinationReady = "destination-ready", Registration [] INFORMS;
    /// Stitch says (`details.access`) that the account may not have PostgreSQL destinations.
    /// Have the account's plan changed in Stitch, or use the token of another account.
    DestinationNoAccess = "destination-no-access", Registration [] INFORMS;
    /// Several destinations in Stitch have this host and database.
    /// Say which one is meant with `--destination-id`.
    DestinationAmbiguous = "destination-ambiguous", Registration [] INFORMS;
    /// The account has no destination of the number given.
    /// Name one that the finding lists with `--destination-id`, or leave it out.
    DestinationNotFound = "destination-not-found", Registration [] INFORMS;
    /// The destination of the number given is no PostgreSQL destination; Stitch cannot change a type.
    /// Leave `--destination-id` out, so that a new one is made, or name another one.
    DestinationOtherType = "destination-other-type", Registration [] INFORMS;
    /// The account has other destinations; they stay as they are.
    /// Nothing to do.
    DestinationOthers = "destination-others", Registration [] INFORMS;
    /// Stitch does not tell which fields it needs, or its form has required fields that stitch-pg does not know.
    /// Look at Stitch's page of the destination, and fill them in there.
    DestinationFieldUnknown = "destination-field-unknown", Registration [] INFORMS;
    /// Every required field of Stitch's form is filled in (*fully configured*). That is no proof of a connection.
    /// Nothing to do.
    DestinationFormComplete = "destination-form-complete", Registration [] INFORMS;
    /// Required fields of Stitch's form are missing.
    /// Send the password with `--send-password`; fill in others on Stitch's page of the destination.
    DestinationFormMissing = "destination-form-missing", Registration [] INFORMS;
    /// A person paused the destination in Stitch.
    /// If it is to load, switch it on again on Stitch's page of the destination.
    DestinationPaused = "destination-paused", Registration [] INFORMS;
    /// Stitch itself paused the destination, as it does when it cannot connect.
    /// Run `stitch-pg check`, which walks the way hop by hop; then switch it on again on Stitch's page of the destination.
    DestinationSystemPaused = "destination-system-paused", Registration [] INFORMS;
    /// Stitch never tells the password it has, so it cannot be compared, and it was not sent.
    /// If it may be another one: `--send-password`.
    DestinationPasswordUnsent = "destination-password-unsent", Registration [] INFORMS;
    // remove
    /// What Stitch came in by is not there any more.
    /// Nothing to do.
    Removed = "removed", Remove [] INFORMS;
    /// Something is left as it is, since it is not this tool's or is not seen from here.
    /// Look at what the finding names; take it away yourself if nobody needs it.
    NotRemoved = "not-removed", Remove [] INFORMS;
    /// Something must be taken away, and this login or this run cannot.
    /// The finding says what stands in the way, and who takes it away with which statement.
    RemoveBlocked = "remove-blocked", Remove [] NO_RIGHT;
    /// Stitch's role owns what it loaded, and nobody was named to take it over.
    /// Give `--new-owner ROLE`; nothing is dropped.
    RemoveNeedsOwner = "remove-needs-owner", Remove [] NO_RIGHT;
}
