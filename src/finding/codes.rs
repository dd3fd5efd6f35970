//! The table of finding codes: what each means and how to fix it (the two lines above), name, step, hops, effect on the
//! run. docs/troubleshooting.md is written from it, and everything that asks what a finding means for a run reads it here.

use serde::{Serialize, Serializer};

use super::effect::{
    CLOSED, Effect, INFORMS, NO_DATABASE, NO_RIGHT, NO_RIGHT_TO_A_DATABASE, NO_RIGHT_TO_A_ROLE, NO_ROLE, PROOF,
};
use super::{Hop, Section};

macro_rules! codes {
    ($(#[doc = $meaning:literal] #[doc = $fix:literal] $variant:ident = $name:literal, $section:ident [$($hop:ident),*] $effect:ident;)*) => {
        /// Every finding code. docs/troubleshooting.md is written from this table, so no code can be missing there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $meaning] $variant,)* }

        impl Serialize for Code {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

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
            pub fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)* }.trim()
            }
        }
    };
}

codes! {
    // allowlist
    /// The addresses that Stitch connects from in your account's region.
    /// Allow all of them in every firewall between the internet and the server. Stitch may use any one of them.
    StitchAddresses = "stitch-addresses", Allowlist [] INFORMS;
    /// The addresses in `--allow-cidr` or `stitch.allow_cidrs` are some of a region's, but not all of them. The list may be out of date.
    /// Compare it with Stitch's page of addresses and add those that are missing. Without the setting, stitch-pg uses its own list.
    StitchAddressesOutdated = "stitch-addresses-outdated", Allowlist [] INFORMS;
    /// Firewalls and provider allow lists between Stitch and the server cannot be checked from here.
    /// Check the place that the finding names, and open it with the command it gives. Only a connection from Stitch proves it.
    FirewallNotChecked = "firewall-not-checked", Allowlist [First] INFORMS;
    /// The provider's list, given with `--allow-list-json`, allows this address.
    /// Nothing to do.
    ProviderListOk = "provider-list-ok", Allowlist [First] INFORMS;
    /// The provider's list does not allow this address.
    /// Run the command that the finding gives. If it replaces the list, it contains the present entries too.
    ProviderListMissing = "provider-list-missing", Allowlist [First] INFORMS;
    /// The provider's list contains an address that was meant for Stitch, but Stitch does not use it.
    /// Compare the list with Stitch's page of addresses. Remove the address, or give the new list with `--allow-cidr`.
    ProviderListOutdated = "provider-list-outdated", Allowlist [First] INFORMS;
    /// The provider's list allows the whole internet.
    /// Allow each address that needs access, then remove the open entry.
    ProviderListOpenToAll = "provider-list-open-to-all", Allowlist [First] INFORMS;
    /// The firewall on this machine allows this address.
    /// Nothing to do here. Firewalls in front of this machine cannot be checked from here.
    FirewallOpen = "firewall-open", Allowlist [First] INFORMS;
    /// The firewall on this machine blocks this address. The finding names the rule or policy that decides.
    /// Run the commands that the finding gives, or use `--manage firewall` if ufw or firewalld manages the rules.
    FirewallClosed = "firewall-closed", Allowlist [First] INFORMS;
    /// The rules of the firewall on this machine do not show whether this address is allowed.
    /// Check the rule that the finding names. The reason is a rate limit, a packet mark, an ipset, iptables-legacy rules or a missing tool.
    FirewallUncertain = "firewall-uncertain", Allowlist [First] INFORMS;
    /// The firewall on this machine allows every address on that port, not only Stitch's.
    /// If this is not intended, allow each address that needs access, then remove the open rule.
    FirewallOpenToAll = "firewall-open-to-all", Allowlist [] INFORMS;
    /// The host for Stitch is a socket, or a loopback, private or otherwise unreachable address.
    /// Give the public name with `--stitch-host`, or use an SSH server with `--bastion`.
    HostNotPublic = "host-not-public", Allowlist [First] INFORMS;
    /// The host for Stitch has only IPv6 addresses. Stitch connects from IPv4 addresses.
    /// Give the host an IPv4 address (on Supabase: the IPv4 add-on or the session pooler), or use an SSH server with `--bastion`.
    HostIpv6Only = "host-ipv6-only", Allowlist [First] INFORMS;
    /// The host name for Stitch could not be resolved from here.
    /// Check the spelling. Make sure that the name resolves on the internet.
    HostUnresolved = "host-unresolved", Allowlist [First] INFORMS;
    /// The port for Stitch refuses a connection from here. Nothing listens there, or a firewall rejects the connection.
    /// Check host and port. If only this machine is refused, make sure that Stitch's addresses are allowed.
    PortRefused = "port-refused", Allowlist [First] CLOSED;
    /// The port for Stitch does not answer from here. A firewall drops the packets, or the machine is down.
    /// Allow Stitch's addresses. A firewall may block this machine and still allow Stitch.
    PortFiltered = "port-filtered", Allowlist [First] CLOSED;
    /// The SSH server cannot connect to the database. It cannot resolve the name, the port does not answer, or forwarding is forbidden.
    /// Give the database's name or address as the SSH server knows it with `--stitch-host`. Allow the SSH server on the database server.
    BastionCannotReach = "bastion-cannot-reach", Allowlist [Forward] CLOSED;
    /// The name of the host is that of a read-only endpoint.
    /// Give the writer endpoint with `--stitch-host`.
    HostReadOnly = "host-read-only", Allowlist [First] INFORMS;
    /// The host or port is probably a connection pooler's.
    /// Give PostgreSQL's own host and port, or a pooler in session mode.
    HostPooler = "host-pooler", Allowlist [First] INFORMS;
    /// Whether PostgreSQL listens on the address that Stitch will use.
    /// Add the missing address to `listen_addresses` and restart PostgreSQL. A reload is not enough.
    ListenAddresses = "listen-addresses", Allowlist [ToDatabase] INFORMS;
    /// The port for Stitch is not the one that PostgreSQL listens on.
    /// If no router or proxy forwards the port, give the server's own port with `--stitch-port`.
    PortDiffers = "port-differs", Allowlist [ToDatabase] INFORMS;
    /// Stitch is set to use SSL, but the server does not offer it.
    /// Set `ssl = on` with a certificate and reload, or use `--no-ssl`.
    TlsNotOffered = "tls-not-offered", Allowlist [Login] INFORMS;
    /// A rule of `pg_hba.conf` allows Stitch to log in with its password from this address.
    /// Nothing to do.
    HbaOk = "hba-ok", Allowlist [Login] INFORMS;
    /// A rule of `pg_hba.conf` applies to every address (`0.0.0.0/0`, `::/0`, `all`).
    /// If this is not intended, allow each address that needs access, then remove the rule.
    HbaOpenToAll = "hba-open-to-all", Allowlist [] INFORMS;
    /// No rule of `pg_hba.conf` matches Stitch at this address, so the server refuses the login.
    /// Add the lines that the finding gives, then reload.
    HbaNoMatch = "hba-no-match", Allowlist [Login] INFORMS;
    /// The first rule of `pg_hba.conf` that matches Stitch at this address rejects the login.
    /// Add the lines of the finding above the line that it names, then reload.
    HbaReject = "hba-reject", Allowlist [Login] INFORMS;
    /// Everyone at this address can log in as Stitch's role without a password.
    /// Remove the trust line, or add the lines of the finding above it. Then reload.
    HbaTrust = "hba-trust", Allowlist [Login] INFORMS;
    /// The matching rule asks for a client certificate, and Stitch has none.
    /// Add the lines of the finding above the line that it names, then reload.
    HbaClientCertificate = "hba-client-certificate", Allowlist [Login] INFORMS;
    /// The matching rule uses a login method that Stitch does not support (`peer`, `ident`, `gss`, `sspi`, `oauth`).
    /// Add the lines of the finding above the line that it names, then reload.
    HbaMethod = "hba-method", Allowlist [Login] INFORMS;
    /// Stitch's password would cross the internet unencrypted (method `password` without TLS).
    /// Use TLS, or the method scram-sha-256.
    HbaClearText = "hba-clear-text", Allowlist [Login] INFORMS;
    /// The password is checked outside PostgreSQL (`ldap`, `radius`, `pam`, `bsd`).
    /// Add the role and its password there, or add a scram-sha-256 line above.
    HbaExternalAuth = "hba-external-auth", Allowlist [Login] INFORMS;
    /// The matching rule requires SCRAM, but the role's password is stored as md5.
    /// Set a new password with `--reset-password`. It is stored as SCRAM.
    HbaMd5Verifier = "hba-md5-verifier", Allowlist [Login] INFORMS;
    /// The matching rule cannot be determined from here. It depends on a host name, a file that was not read or an unknown address.
    /// Do what the finding asks for, or put your own lines above the line that it names.
    HbaUncertain = "hba-uncertain", Allowlist [Login] INFORMS;
    /// The rules of `pg_hba.conf` could not be read.
    /// Run stitch-pg as root on PostgreSQL's machine, give a copy with `--hba-file`, or ask a superuser to run it with `--only allowlist`.
    HbaUnreadable = "hba-unreadable", Allowlist [Login] INFORMS;
    /// The rules were read from a copy of `pg_hba.conf` that was given with `--hba-file`.
    /// Make sure that it is the server's present file and that the server was reloaded. A superuser's run checks both.
    HbaFromFile = "hba-from-file", Allowlist [Login] INFORMS;
    /// A program writes `pg_hba.conf` (Patroni, Puppet, Ansible, an operator). It will overwrite lines that are added by hand.
    /// Add the lines with that program, as the finding shows. `--manage hba` does not change such a file.
    HbaGenerated = "hba-generated", Allowlist [Login] INFORMS;
    /// `--manage hba` was given, but `pg_hba.conf` cannot be changed from here.
    /// The finding gives the reason. Run stitch-pg on PostgreSQL's machine, or add the lines by hand.
    HbaNotManaged = "hba-not-managed", Allowlist [Login] INFORMS;
    /// `pg_hba.conf` has a line that the server cannot parse, so the server still uses the earlier rules.
    /// Fix the line and reload.
    HbaSyntaxError = "hba-syntax-error", Allowlist [Login] INFORMS;
    /// `pg_hba.conf` was changed after the server last read it.
    /// Reload the server: `SELECT pg_reload_conf()`.
    HbaNotLoaded = "hba-not-loaded", Allowlist [Login] INFORMS;
    /// The addresses of Stitch's other region are allowed, and those of your region are not.
    /// Check your account's region in Stitch and give it with `--region`, or change the rules.
    WrongRegion = "wrong-region", Allowlist [First] INFORMS;

    // database
    /// The admin's login was not encrypted although the server's `ssl` is on. The TLS handshake failed, or a proxy answered that there is no TLS.
    /// Find out which device is between. Require TLS with `--sslmode require`, or better `verify-full`.
    AdminTlsDowngraded = "admin-tls-downgraded", Database [] INFORMS;
    /// An md5 hash of the admin's password crossed a network without TLS. An eavesdropper can guess the password from it.
    /// Require TLS with `--sslmode require`, or use scram-sha-256 in `pg_hba.conf` and set a new password.
    AdminMd5Exposed = "admin-md5-exposed", Database [] INFORMS;
    /// PostgreSQL no longer publishes updates for this major version.
    /// Plan an upgrade, unless your provider keeps the version patched. stitch-pg works with 9.6 and newer.
    ServerEndOfLife = "server-end-of-life", Database [] INFORMS;
    /// The server is a variant of PostgreSQL (EDB Postgres Advanced Server, Citus), or a pooler such as PgBouncer is in front of it.
    /// Nothing to do, unless the finding names a difference that matters to you. For a pooler, give PostgreSQL's own host and port.
    ServerVariant = "server-variant", Database [] INFORMS;
    /// A login trigger (PostgreSQL 17 and newer) calls another role's function at each login, with the rights of stitch-pg's login.
    /// Read the function that the finding names. Its owner can disable it: `ALTER EVENT TRIGGER … DISABLE`.
    LoginTriggers = "login-triggers", Database [] INFORMS;
    /// The destination database exists.
    /// Nothing to do.
    DatabaseExists = "database-exists", Database [] INFORMS;
    /// There is no database of exactly that name, but one whose name differs in case.
    /// Give the stored spelling with `--database`. Stitch's form needs it too.
    DatabaseSimilarName = "database-similar-name", Database [] INFORMS;
    /// The database is missing and the admin's login lacks CREATEDB.
    /// Ask a role with CREATEDB to run the statement shown, or run stitch-pg as that role.
    DatabaseCannotCreate = "database-cannot-create", Database [Login] NO_RIGHT_TO_A_DATABASE;
    /// The database's encoding is not UTF8, so the server will refuse some of Stitch's data. With `SQL_ASCII` it stores everything and checks nothing.
    /// An encoding cannot be changed. Choose a new database with `--database`, and stitch-pg creates it.
    DatabaseEncoding = "database-encoding", Database [] INFORMS;
    /// A `DROP DATABASE` of it was interrupted (`datconnlimit` is -2). The server accepts no more logins to it.
    /// Its owner runs `DROP DATABASE`. Then run the same command again.
    DatabaseInvalid = "database-invalid", Database [Login] NO_DATABASE;
    /// The server refuses to copy `template1`, which is in use or has a collation of another version. stitch-pg copies `template0` instead.
    /// Nothing to do, unless the new database needs objects that were added to `template1`.
    TemplateUnusable = "template-unusable", Database [] INFORMS;
    /// The server's major version is newer than any that stitch-pg was tested with.
    /// Check for a newer stitch-pg. This one does the same as on earlier versions.
    ServerVersionUntested = "server-version-untested", Database [] INFORMS;
    /// The database is marked as a template.
    /// Choose another database, or ask its owner to run `ALTER DATABASE … IS_TEMPLATE false`.
    DatabaseTemplate = "database-template", Database [] INFORMS;
    /// The database accepts no connections (`datallowconn` is off).
    /// Ask its owner to run `ALTER DATABASE … ALLOW_CONNECTIONS true`.
    DatabaseNoConnections = "database-no-connections", Database [Login] INFORMS;
    /// The database's connection limit is 0, or so low that some of Stitch's logins may be refused.
    /// Ask its owner to raise it: `ALTER DATABASE … CONNECTION LIMIT 20`.
    DatabaseConnectionLimit = "database-connection-limit", Database [Login] INFORMS;
    /// The server is a standby or a read-only endpoint.
    /// Connect to the primary (on Aurora: the cluster's writer endpoint), and give Stitch that address.
    ServerStandby = "server-standby", Database [Login] NO_DATABASE;
    /// The whole server is read-only (`default_transaction_read_only` in its configuration).
    /// Find out why, for example a full disk. Then set it to `off` and reload.
    ServerReadOnly = "server-read-only", Database [Login] NO_DATABASE;
    /// Commits of this login or of Stitch's wait for a synchronous standby (`synchronous_standby_names`), and fewer are connected than it requires. Loads would hang. *unknown*: this login may not see the standbys, or with `remote_apply` they have not replayed all that they received, or their replay may be paused, which only they show.
    /// Connect the standby, or take it out of `synchronous_standby_names` and reload. Resume a standby that is paused (`pg_wal_replay_resume()`).
    CommitsWait = "commits-wait", Database [Login] NO_DATABASE;

    // ssh-user
    /// Stitch's key is installed once, with the fewest rights it needs.
    /// Nothing to do.
    SshKeyInstalled = "ssh-key-installed", SshUser [SshLogin] INFORMS;
    /// Stitch's public key was not given.
    /// Copy it from Stitch's page (Destination, Encryption Type: SSH Tunnel, Public Key) and give it with `--public-key` or `--public-key-file`.
    SshKeyNotGiven = "ssh-key-not-given", SshUser [SshLogin] INFORMS;
    /// A user or group of that name is used for something else. It is root, or has a password, other keys or powerful groups, or comes from a directory service.
    /// Choose another name with `--tunnel-user`, or use this account with `--adopt-user`.
    SshUserInUse = "ssh-user-in-use", SshUser [SshLogin] INFORMS;
    /// An account that is used for something else was chosen for Stitch with `--adopt-user`.
    /// A separate user for Stitch is better.
    SshUserAdopted = "ssh-user-adopted", SshUser [SshLogin] INFORMS;
    /// The account or its password has expired, or will on the day shown. With PAM, sshd then refuses the key as well.
    /// As the finding shows: `usermod -e '' USER` (the account), `chage -M -1 USER` (its password), `chage -d "$(date +%F)" USER` (a password to be changed)
    SshUserExpired = "ssh-user-expired", SshUser [SshLogin] INFORMS;
    /// The account's password is locked. Without PAM, sshd refuses such an account even with the right key.
    /// If the password is no longer needed: `usermod -p '*' USER`
    SshUserLocked = "ssh-user-locked", SshUser [SshLogin] INFORMS;
    /// The account has an empty password.
    /// `usermod -p '*' USER`
    SshUserEmptyPassword = "ssh-user-empty-password", SshUser [SshLogin] INFORMS;
    /// The account has a password besides the key, or stitch-pg could not check whether it has one.
    /// If the password is not needed: `usermod -p '*' USER`
    SshUserPassword = "ssh-user-password", SshUser [SshLogin] INFORMS;
    /// The account's login shell does not exist; sshd refuses such users.
    /// `usermod -s /bin/sh USER`
    SshShellMissing = "ssh-shell-missing", SshUser [SshLogin] INFORMS;
    /// The account's shell is nologin or is not in /etc/shells. OpenSSH still forwards. Dropbear refuses it, and Stitch does not document whether it opens a shell.
    /// If Stitch cannot connect: `usermod -s /bin/sh USER`
    SshShellNologin = "ssh-shell-nologin", SshUser [SshLogin] INFORMS;
    /// The account has no home directory that could hold a key file.
    /// `usermod -d /home/USER USER`, then `stitch-pg setup`, which creates that home
    SshHomeMissing = "ssh-home-missing", SshUser [SshLogin] INFORMS;
    /// The home directory belongs to another user, so sshd ignores the key file in it.
    /// `chown USER: HOME`, if only this user uses it. Otherwise give the user its own home: `usermod -d /home/USER USER`
    SshHomeOwner = "ssh-home-owner", SshUser [SshLogin] INFORMS;
    /// The user has no access to a directory above its home, so sshd cannot read the key file.
    /// `chmod o+x DIRECTORY` (every user can then pass through it, but not list it), or another home: `usermod -d DIRECTORY USER`
    SshHomeUnreachable = "ssh-home-unreachable", SshUser [SshLogin] INFORMS;
    /// `.ssh` or `authorized_keys` is a symbolic link, not a regular file, or another user's file. Root does not write there.
    /// Check where it leads and who owns it, move it away, and run `stitch-pg setup` again.
    SshKeyFileNotRegular = "ssh-key-file-not-regular", SshUser [SshLogin] INFORMS;
    /// The key file of Stitch's user contains keys that are not Stitch's. In an account that stitch-pg created, only Stitch should have one.
    /// Find out who added them, and remove the lines that are not needed.
    SshKeyFileOtherKeys = "ssh-key-file-other-keys", SshUser [SshLogin] INFORMS;
    /// Stitch's key is in a file outside the home of its user, without the options that limit it to forwarding to the database. Or sshd takes variables from clients (`AcceptEnv *`) that make a login shell run commands.
    /// Write the line of the finding in that file. Or remove the variables from `AcceptEnv`, or give `--tunnel-only`.
    SshKeyUnrestricted = "ssh-key-unrestricted", SshUser [SshLogin] INFORMS;
    /// The SSH server does not know an option of `--key-options` (Dropbear has no `from`). stitch-pg does not write it, because the server would then refuse the key. Dropbear has no option that stops a key from listening on ports.
    /// Limit logins by address with a firewall, start Dropbear with `-k`, or use OpenSSH.
    SshKeyOptionUnknown = "ssh-key-option-unknown", SshUser [SshLogin] INFORMS;
    /// The SSH server's settings allow the user to log in with a key and to forward to the database.
    /// Nothing to do.
    SshServerAllows = "ssh-server-allows", SshUser [Forward] INFORMS;
    /// The SSH server's settings, some of them, or PAM's rules could not be read or understood, so they were not checked, or they were changed after sshd read them.
    /// As root on the SSH server: `sshd -T -C user=USER,host=x,addr=ADDRESS`
    SshSettingsUnreadable = "ssh-settings-unreadable", SshUser [SshLogin] INFORMS;
    /// The SSH server's `AllowUsers`, `DenyUsers`, `AllowGroups` or `DenyGroups`, PAM (`access.conf`, `limits.conf`), or `from=` in front of the key, block Stitch.
    /// Add the user there, or Stitch's addresses.
    SshNotAllowed = "ssh-not-allowed", SshUser [SshLogin] INFORMS;
    /// The SSH server does not accept keys.
    /// For this user: `PubkeyAuthentication yes`
    SshKeyLoginOff = "ssh-key-login-off", SshUser [SshLogin] INFORMS;
    /// The SSH server requires something besides a key.
    /// For this user: `AuthenticationMethods publickey`; Dropbear without `-t`.
    SshSecondFactor = "ssh-second-factor", SshUser [SshLogin] INFORMS;
    /// The SSH server reads keys from another file than `~/.ssh/authorized_keys`.
    /// Copy Stitch's line to that file, or set `AuthorizedKeysFile` for this user.
    SshAuthorizedKeysElsewhere = "ssh-authorized-keys-elsewhere", SshUser [SshLogin] INFORMS;
    /// The SSH server reads keys from a command (`AuthorizedKeysCommand`), not from a file.
    /// For this user: `AuthorizedKeysFile .ssh/authorized_keys`, or add Stitch's key to the source of that command.
    SshKeysFromCommand = "ssh-keys-from-command", SshUser [SshLogin] INFORMS;
    /// The SSH server accepts only certificates (`TrustedUserCAKeys` and `AuthorizedKeysFile none`), and Stitch has a plain key.
    /// For this user: `AuthorizedKeysFile .ssh/authorized_keys`
    SshCertificatesOnly = "ssh-certificates-only", SshUser [SshLogin] INFORMS;
    /// The file with Stitch's key is outside the home, and others can write to it or to a directory above it. sshd ignores it (`StrictModes`).
    /// `chown root PATH` if the owner is not root, `chmod go-w PATH` if others can write
    SshKeyFileUnsafe = "ssh-key-file-unsafe", SshUser [SshLogin] INFORMS;
    /// The SSH server does not accept keys of this type.
    /// For this user: `PubkeyAcceptedAlgorithms` with the present list and this type (`+TYPE` would accept all of OpenSSH's own list)
    SshKeyTypeRefused = "ssh-key-type-refused", SshUser [SshLogin] INFORMS;
    /// The SSH server requires longer RSA keys than Stitch's.
    /// For this user: a smaller `RequiredRSASize`.
    SshKeyTooShort = "ssh-key-too-short", SshUser [SshLogin] INFORMS;
    /// The SSH server restricts the user to a directory (`ChrootDirectory`) that others can change, so it closes the connection. Or names cannot be resolved from that directory.
    /// For this user: `ChrootDirectory none`
    SshChroot = "ssh-chroot", SshUser [SshLogin] INFORMS;
    /// The SSH server opens no shell (`MaxSessions 0`). Forwarding works without one. Stitch does not document whether it opens a shell.
    /// If Stitch cannot connect, for this user: `MaxSessions 10`
    SshNoSessions = "ssh-no-sessions", SshUser [SshLogin] INFORMS;
    /// The SSH server drops connections when a few others log in at the same time (`MaxStartups`).
    /// Raise the first number of `MaxStartups` to 10.
    SshMaxStartups = "ssh-max-startups", SshUser [SshLogin] INFORMS;
    /// The SSH server listens only on loopback addresses (`ListenAddress`).
    /// Add a `ListenAddress` with the address that Stitch connects to.
    SshNotListening = "ssh-not-listening", SshUser [SshLogin] INFORMS;
    /// The SSH server listens on another port than the one given to Stitch. A router may translate it.
    /// Give the right port with `--stitch-bastion-port`.
    SshOtherPort = "ssh-other-port", SshUser [SshLogin] INFORMS;
    /// `/etc/nologin` blocks every user except root.
    /// Remove it when the maintenance is over.
    SshNologinFile = "ssh-nologin-file", SshUser [SshLogin] INFORMS;
    /// The SSH server forwards no connections for this user.
    /// For this user: `AllowTcpForwarding local`.
    SshForwardingOff = "ssh-forwarding-off", SshUser [Forward] INFORMS;
    /// The holder of Stitch's key can make the SSH server listen on Unix sockets (`ssh -R /tmp/back:…`), or on port 1 if root does not use it. No key option prevents that. If sshd reads a folder of further files, setup adds one that does. Dropbear 2024.84 to 2025.88 connects to Unix sockets as root (CVE-2025-14282).
    /// For this user: `AllowStreamLocalForwarding no` and `PermitListen none`. For Dropbear: another version.
    SshStreamLocalForwarding = "ssh-stream-local-forwarding", SshUser [] INFORMS;
    /// The SSH server forwards connections, but not to the database (`PermitOpen`, or `permitopen` in front of the key).
    /// Add the database's host and port, spelt as in Stitch's form.
    SshForwardingRestricted = "ssh-forwarding-restricted", SshUser [Forward] INFORMS;

    // any step that changes something in PostgreSQL
    /// Another run of stitch-pg is changing this database and did not end within `--timeout`. The finding shows which session holds the lock. This change was not made.
    /// Run the same command again when the other run has ended. It continues with the changes that are left.
    AnotherRun = "another-run", Role [] INFORMS;
    /// Another session made this change after stitch-pg had checked the state. stitch-pg checked the result, and the undo file does not include it.
    /// Nothing to do.
    CreatedMeanwhile = "created-meanwhile", Role [] INFORMS;
    // role
    /// The role exists.
    /// Nothing to do.
    RoleExists = "role-exists", Role [] INFORMS;
    /// The role is missing and the admin's login lacks CREATEROLE.
    /// Ask a role with CREATEROLE to run the statement shown, or run stitch-pg as that role.
    RoleCannotCreate = "role-cannot-create", Role [Login] NO_RIGHT_TO_A_ROLE;
    /// The role must be altered, and the admin's login may not do that.
    /// Ask a superuser, or (16 and newer) a role with ADMIN OPTION on it, to run the statement shown.
    RoleCannotAlter = "role-cannot-alter", Role [] NO_RIGHT;
    /// The role for Stitch is a superuser.
    /// Give a separate role with `--role`, or use this one with `--adopt-role`. stitch-pg does not remove its attributes.
    RoleSuperuser = "role-superuser", Role [Login] NO_ROLE;
    /// The role cannot log in and has members, so it is a group.
    /// Give a separate role with `--role`, or use this one with `--adopt-role`. It then gets LOGIN.
    RoleIsGroup = "role-is-group", Role [Login] NO_ROLE;
    /// The role is used for something else. It has further attributes, groups, members or objects, or it is the admin's own login.
    /// Give a separate role with `--role`, or use this one with `--adopt-role`.
    RoleInUse = "role-in-use", Role [Login] NO_ROLE;
    /// A role that is used for something else was chosen for Stitch with `--adopt-role`.
    /// A separate role for Stitch is better.
    RoleAdopted = "role-adopted", Role [] INFORMS;
    /// The role has an expiry date in the future.
    /// If that date is not intended, ask a role that may alter it to run the statement shown.
    RoleExpires = "role-expires", Role [Login] INFORMS;
    /// The role's connection limit is small.
    /// Raise the limit, or ask a role that may alter it to run the statement shown.
    RoleConnectionLimit = "role-connection-limit", Role [Login] INFORMS;
    /// A role given with `--reader` can read the schemas and tables that Stitch creates.
    /// Nothing to do.
    ReaderReady = "reader-ready", Role [] INFORMS;
    /// A role given with `--reader` does not exist.
    /// Check the spelling, or ask a role with CREATEROLE to create it.
    ReaderMissing = "reader-missing", Role [] INFORMS;
    /// Only the role itself or one of its members can set default privileges. The admin's login cannot.
    /// Ask a superuser, or a member of Stitch's role, to run the statements shown.
    ReaderCannotGrant = "reader-cannot-grant", Role [] NO_RIGHT;
    /// The server accepts passwords only as plain text (Neon refuses verifiers), so stitch-pg sends it as plain text.
    /// Use TLS. The password may appear in the provider's own logs.
    PasswordPlainTextOnly = "password-plain-text-only", Role [] INFORMS;
    /// The server stores new passwords as md5. stitch-pg sends Stitch's password as a SCRAM verifier.
    /// Nothing to do. The methods md5 and scram-sha-256 of `pg_hba.conf` both accept it.
    PasswordStoredAsMd5 = "password-stored-as-md5", Role [] INFORMS;
    /// The given password is the role's password.
    /// Nothing to do.
    PasswordCorrect = "password-correct", Role [] INFORMS;
    /// No password was given, so the login could not be tested.
    /// Give it with `STITCH_PG_PASSWORD` or `--password-file`.
    PasswordNotGiven = "password-not-given", Role [] INFORMS;
    /// The password could not be tested from here.
    /// Fix the cause that the finding gives, then run `stitch-pg check` again.
    PasswordNotTested = "password-not-tested", Role [] INFORMS;
    /// The role's password is stored with more SCRAM rounds than clients compute (100,000), so it was not checked.
    /// Add `--reset-password`, and set the server's `scram_iterations` to 4096, its default.
    PasswordIterations = "password-iterations", Role [Login] INFORMS;
    /// The role exists, but its password is not the given one, or it has none.
    /// Give the right password, or add `--reset-password`. Everything else that logs in as this role then needs the new one.
    PasswordWrong = "password-wrong", Role [Login] INFORMS;
    /// The role has CONNECT, CREATE and TEMPORARY on the database.
    /// Nothing to do.
    DatabasePrivileges = "database-privileges", Role [] INFORMS;
    /// A privilege on the database is missing, and the admin's login may not grant it.
    /// Ask the database's owner to run the statement shown.
    DatabaseCannotGrant = "database-cannot-grant", Role [] NO_RIGHT;
    /// The system catalogs can be read.
    /// Nothing to do.
    CatalogReadable = "catalog-readable", Role [] INFORMS;
    /// The role cannot read a system view, and the admin's login may not grant that.
    /// Ask a superuser to run the statement shown. Do not grant all of `pg_catalog`, which contains the password hashes of all roles.
    CatalogCannotGrant = "catalog-cannot-grant", Role [] NO_RIGHT;
    /// The database refuses the admin's login, so its catalogs were not checked.
    /// Run the statement shown. The test load of `stitch-pg check`, as the Stitch role, checks it too.
    CatalogNotChecked = "catalog-not-checked", Role [] INFORMS;
    /// An event trigger of the database calls another role's function with the rights of stitch-pg's login. It fires when objects are created, altered, granted or dropped, or at a login.
    /// Read the function that the finding names before you change anything. Its owner can disable it with `ALTER EVENT TRIGGER … DISABLE`.
    EventTriggers = "event-triggers", Role [] INFORMS;
    /// A setting that applies to the role can interrupt loads. It may be a timeout, read-only transactions, another role, a search path, an isolation level, a library, a tablespace or a limit of temporary files. The finding shows where it is set.
    /// Ask a role that may alter it to run the statement shown. If others need the setting, the statement changes it for this role only.
    SettingInterruptsLoads = "setting-interrupts-loads", Role [] INFORMS;

    // ownership
    /// The schema has the columns and tables that Stitch's loader creates.
    /// Nothing to do.
    SchemaDetected = "schema-detected", Ownership [] INFORMS;
    /// A schema was given that does not clearly belong to Stitch.
    /// Make sure that an integration of this name exists in Stitch before you change its owner.
    SchemaWeakEvidence = "schema-weak-evidence", Ownership [] INFORMS;
    /// Stitch's API did not list the integrations although an access token was given. stitch-pg recognises their schemas only by their columns.
    /// Check `STITCH_ACCESS_TOKEN` and `--api-url`, or name the schemas with `--schema`.
    IntegrationsNotListed = "integrations-not-listed", Ownership [] INFORMS;
    /// Stitch (or a similar loader) seems to have created a schema that was not chosen.
    /// Name it with `--schema` if Stitch loads into it.
    SchemaNotChosen = "schema-not-chosen", Ownership [] INFORMS;
    /// A schema was given that does not exist.
    /// Check the spelling (case matters), or remove the setting. Stitch creates the schemas of new integrations itself.
    SchemaMissing = "schema-missing", Ownership [] INFORMS;
    /// The role owns the schema and its tables.
    /// Nothing to do.
    SchemaOwned = "schema-owned", Ownership [] INFORMS;
    /// Views, sequences, functions, types or other objects in a Stitch schema keep their owners.
    /// Usually right, because Stitch creates none of them. `--include` moves them too.
    ObjectsNotTransferred = "objects-not-transferred", Ownership [] INFORMS;
    /// Objects need a new owner. The admin's login may not act for their owner, or lacks CREATE on the database, which moving a schema needs.
    /// Ask a superuser, or a role with ADMIN OPTION on that owner, to run the statements shown.
    OwnershipCannotMove = "ownership-cannot-move", Ownership [] NO_RIGHT;
    /// Objects belong to a superuser or to a managed service's own role, and the admin's login is not a superuser.
    /// A superuser runs the statements of the finding, or runs stitch-pg. On a managed service remove the schema from `--schema`, because the provider's objects cannot move.
    OwnershipSuperuser = "ownership-superuser", Ownership [] NO_RIGHT;
    /// The present owner loses these privileges on the objects that move.
    /// By default it keeps SELECT. If it still writes there, grant it the privileges, or let it work as the new owner.
    ImpactOwner = "impact-owner", Ownership [] INFORMS;
    /// Views of the present owner read tables that move. They run with their owner's privileges.
    /// Nothing to do with `--keep-readers`, which is on by default. Without it these views fail.
    ImpactViews = "impact-views", Ownership [] INFORMS;
    /// A view that was to move reads tables that Stitch's role may not read. It would fail.
    /// Do not move it, or grant what the finding shows and run the command again.
    ImpactViewBreaks = "impact-view-breaks", Ownership [] INFORMS;
    /// The present owner has functions with SECURITY DEFINER. They run with its privileges, and it no longer owns the objects that move.
    /// Check whether they write to the moved tables. If so, grant their owner what they need.
    ImpactFunctions = "impact-functions", Ownership [] INFORMS;
    /// Row security applies to every role except the owner. It will apply to the present owner too.
    /// Create a policy that shows it the rows, if it needs them.
    ImpactRowSecurity = "impact-row-security", Ownership [] INFORMS;
    /// Publications or subscriptions of logical replication depend on the owner of the tables that move.
    /// Give a subscription to a role that may write to the tables. A publication keeps its tables, but cannot add new ones.
    ImpactReplication = "impact-replication", Ownership [] INFORMS;
    /// Jobs of `pg_cron` run as the present owner.
    /// Check whether they write to the moved tables. If so, grant what they need, or schedule them as another role.
    ImpactJobs = "impact-jobs", Ownership [] INFORMS;
    /// A table in another schema has a partition or child that moves, so its owner can no longer alter it.
    /// Remove the partition's schema from `--schema`, or move the parent's schema as well.
    ImpactParents = "impact-parents", Ownership [] INFORMS;
    /// A trigger or rule of a table in another schema writes to tables that move. With the present owner's privileges it will be refused.
    /// Grant the role that writes there what the trigger or rule needs, or make its function SECURITY DEFINER with an owner that has it.
    ImpactWrites = "impact-writes", Ownership [] INFORMS;
    /// The owner of a table revoked privileges on it from itself. The next owner lacks them too.
    /// Run the GRANT of the finding as the table's owner or a superuser.
    TablePrivilegesRevoked = "table-privileges-revoked", Ownership [] INFORMS;
    /// A trigger, rule, default, check constraint or index of a table needs a privilege that the executing role lacks. The server refuses the load.
    /// Ask the owner in the finding, or a superuser, to run the GRANT. Or remove the trigger, rule or default.
    WritePrivilegesMissing = "write-privileges-missing", Ownership [] INFORMS;
    /// A write to the table runs code whose effect the catalog does not show. It builds its SQL, depends on the caller or on a setting, runs other statements than queries and writes, can drop the row, or is neither SQL nor PL/pgSQL.
    /// Test an insert, an update and a delete as the Stitch role, in a transaction that you roll back.
    WritePrivilegesUnclear = "write-privileges-unclear", Ownership [] INFORMS;
    /// A rule replaces Stitch's writes with something else, without an error, or refuses `INSERT … ON CONFLICT`.
    /// Drop the rule, unless you want that.
    RuleInstead = "rule-instead", Ownership [] INFORMS;
    /// A foreign key of another table references the table, so PostgreSQL refuses TRUNCATE.
    /// Drop the foreign key, or do not use full-table replication for this table.
    TruncateRefused = "truncate-refused", Ownership [] INFORMS;
    /// The table has as many columns as PostgreSQL allows (1600), or nearly. Dropped columns count.
    /// Select fewer fields in Stitch, or copy the table. A copy does not contain the dropped columns.
    ColumnLimit = "column-limit", Ownership [] INFORMS;
    /// The columns of the table belong to a type or to a parent table, so Stitch cannot add or rename any.
    /// Detach the table from its type or parent, or remove its schema from `--schema`.
    TableShapeFixed = "table-shape-fixed", Ownership [] INFORMS;
    /// The table refuses rows that a load may write. A partition is missing, a column of its key is always generated, a deferrable constraint excludes `INSERT … ON CONFLICT`, or rows may not satisfy a constraint (NOT NULL, UNIQUE or EXCLUDE beside the key, CHECK, FOREIGN KEY, a domain). So may another access method, another object named `_sdc_rejected`, a sequence or an integer column whose numbers are used up, and a subscription that writes the same rows.
    /// Do what the finding says, unless no loader writes such rows.
    RowsRefused = "rows-refused", Ownership [] INFORMS;
    /// A publication publishes updates or deletes of a table without a replica identity, or with one whose rows or columns it does not publish. The server refuses both.
    /// `ALTER TABLE … REPLICA IDENTITY FULL`, add a primary key, or publish only inserts.
    ReplicaIdentityMissing = "replica-identity-missing", Ownership [] INFORMS;
    /// A partition or child of the table keeps another owner. ALTER TABLE includes all partitions, so the server refuses it.
    /// Move the schema of the partition too (`--schema`), or ask a superuser to run the statement of the finding.
    PartitionNotOwned = "partition-not-owned", Ownership [] INFORMS;
    /// The database refuses the admin's login, so no object in it can be moved.
    /// Ask the database's owner to run the statement shown, then run `stitch-pg setup` again.
    OwnershipNotChecked = "ownership-not-checked", Ownership [] NO_RIGHT;

    // connection
    /// The login as Stitch was not tested.
    /// Run `stitch-pg check` with the role's password.
    ConnectionNotTested = "connection-not-tested", Connection [] INFORMS;
    /// The Stitch role can log in.
    /// Nothing to do.
    LoginWorks = "login-works", Connection [Login] PROOF;
    /// The host name does not resolve.
    /// Correct `--stitch-host`. Private names resolve only inside their network.
    LoginHostNotFound = "login-host-not-found", Connection [ToDatabase] CLOSED;
    /// This layer of the login as Stitch works. The time shows how long it took.
    /// Nothing to do.
    LayerPassed = "layer-passed", Connection [] INFORMS;
    /// An earlier layer failed, so this one was not tested.
    /// Fix the layer that failed, then run `stitch-pg check` again.
    LayerNotReached = "layer-not-reached", Connection [] INFORMS;
    /// The host has no IPv4 address. Stitch connects from IPv4 addresses and cannot reach it, although this machine can.
    /// Give the host an IPv4 address (on Supabase: the IPv4 add-on or the session pooler), or use an SSH server with `--bastion`.
    LoginIpv6Only = "login-ipv6-only", Connection [ToDatabase] CLOSED;
    /// TCP: the machine answers, but nothing listens on that port.
    /// Check `--stitch-port`, `listen_addresses`, and that PostgreSQL runs.
    LoginTcpRefused = "login-tcp-refused", Connection [ToDatabase] CLOSED;
    /// TCP: there is no answer. A firewall drops the packets, or the host is down.
    /// Allow the address in the firewall in front of the server and in the provider's list.
    LoginTcpFiltered = "login-tcp-filtered", Connection [ToDatabase] CLOSED;
    /// TCP: a firewall or a load balancer accepts the connection and resets it at once.
    /// Check what is in front of the server. It may be a load balancer without a healthy target, or an inspecting firewall.
    LoginTcpReset = "login-tcp-reset", Connection [ToDatabase] CLOSED;
    /// TCP: there is no route to that address, or a router refuses it.
    /// Check the address. A private one needs a VPN or an SSH server (`--bastion`).
    LoginTcpUnreachable = "login-tcp-unreachable", Connection [ToDatabase] CLOSED;
    /// The tunnel through the SSH server was not tested end to end.
    /// The finding gives the reason.
    LoginTunnel = "login-tunnel", Connection [Forward] INFORMS;
    /// The SSH server's name does not resolve.
    /// Correct `--bastion`. Private names resolve only inside their network.
    TunnelName = "tunnel-name", Connection [First] CLOSED;
    /// There is no TCP connection to the SSH server. It was refused, or there was no answer.
    /// If refused, nothing listens there. If there was no answer, a firewall drops the packets.
    TunnelTcp = "tunnel-tcp", Connection [First] CLOSED;
    /// The service on that port does not speak SSH, does not answer, or shares no key exchange method with stitch-pg.
    /// Check the port. On the server, check `MaxStartups` and lists of banned addresses.
    TunnelHandshake = "tunnel-handshake", Connection [SshLogin] INFORMS;
    /// The SSH server's host key is unknown, changed or revoked. Nothing was sent to the server.
    /// Compare the fingerprint with the one on the server's console. Then give it with `--host-key`.
    TunnelHostKey = "tunnel-host-key", Connection [SshLogin] INFORMS;
    /// The SSH server refuses the login.
    /// The step ssh-user and the SSH server's own log show the reason.
    TunnelLogin = "tunnel-login", Connection [SshLogin] INFORMS;
    /// The SSH server accepts the login but does not forward.
    /// The step ssh-user shows which setting forbids it.
    TunnelForward = "tunnel-forward", Connection [Forward] INFORMS;
    /// The SSH server forwards, but cannot connect to the database. The name is unknown there, nothing listens, or a firewall blocks the connection.
    /// Check the database's `listen_addresses` and the firewall between the two. Give `--stitch-host` as the SSH server knows it.
    TunnelTarget = "tunnel-target", Connection [Forward] CLOSED;
    /// A temporary key with the options of Stitch's key worked end to end: SSH login, forwarding, and login as the Stitch role. It was removed again.
    /// Nothing to do.
    TunnelTested = "tunnel-tested", Connection [SshLogin, Forward, Login] PROOF;
    /// The tunnel could not be tested end to end: Stitch's public key was not given, or sshd reads it from another file than the one in the home.
    /// Give the key with `--public-key` or `--public-key-file`. Where it is in another file, press Check and Save in Stitch.
    TunnelNotTested = "tunnel-not-tested", Connection [] INFORMS;
    /// A key with the options of Stitch's key has more rights than it should: a terminal, agent forwarding, or another target.
    /// `stitch-pg setup` writes the options again. See `--key-options`.
    TunnelKeyUnrestricted = "tunnel-key-unrestricted", Connection [] INFORMS;
    /// The temporary test key could not be removed from Stitch's key file. If the SSH server supports `expiry-time`, it expires within two minutes.
    /// Remove the line that ends with `stitch-pg-proof` from `~USER/.ssh/authorized_keys`, as root if the home and `.ssh` are root's, else as the user.
    TunnelKeyLeft = "tunnel-key-left", Connection [] INFORMS;
    /// The service on that port is not PostgreSQL. It speaks HTTP, SSH, MySQL, or TLS from the first byte.
    /// Check `--stitch-host` and `--stitch-port`.
    LoginNotPostgres = "login-not-postgres", Connection [Login] INFORMS;
    /// The connection is accepted, but the server sends nothing.
    /// A proxy or firewall may hold it, or the server may hang. Raise `--timeout` to wait longer.
    LoginNoAnswer = "login-no-answer", Connection [Login] INFORMS;
    /// The connection was closed before the login was complete.
    /// Try again, then read the server's log. A proxy or firewall may have closed it.
    LoginConnectionLost = "login-connection-lost", Connection [Login] INFORMS;
    /// TLS is required, but the server does not offer it.
    /// Set `ssl = on` with a certificate and reload, or leave *Connect using SSL* unticked (`--no-ssl`).
    LoginTlsNotOffered = "login-tls-not-offered", Connection [Login] INFORMS;
    /// The server allows the role only with TLS, and *Connect using SSL* is off. The server reports it as no `pg_hba.conf` entry, "no encryption".
    /// Tick *Connect using SSL* (`--ssl`).
    LoginTlsRequired = "login-tls-required", Connection [Login] INFORMS;
    /// The server's rules allow the role only without TLS.
    /// Untick *Connect using SSL* (`--no-ssl`), or better, change the rule in `pg_hba.conf` from `hostnossl` to `host`.
    LoginTlsUnwanted = "login-tls-unwanted", Connection [Login] INFORMS;
    /// The certificate for Stitch's form did not sign the server's certificate.
    /// Give the certificate authority that signed it with `--stitch-ca`, with intermediate certificates. Or leave the box empty.
    LoginTlsChain = "login-tls-chain", Connection [Login] INFORMS;
    /// The server's certificate, or one above it, has expired or is not valid yet.
    /// Give the server a new certificate and reload it.
    LoginTlsExpired = "login-tls-expired", Connection [Login] INFORMS;
    /// The server's certificate is revoked, or no current revocation list (`sslcrl`, `sslcrldir`) of its authority covers it.
    /// Ask the server's owner for the reason before you log in. Give the current lists.
    LoginTlsRevoked = "login-tls-revoked", Connection [Login] INFORMS;
    /// The login was not encrypted although the server's `ssl` is on. The TLS handshake failed, or a proxy answered that there is no TLS.
    /// Find out which device is between. Require TLS with `--ssl` and Stitch's box *Connect using SSL*.
    LoginTlsDowngraded = "login-tls-downgraded", Connection [Login] INFORMS;
    /// Stitch would connect over the internet without TLS. Others can read and change all data on the way, except the password.
    /// Set `ssl = on` with a certificate on the server, or use an SSH server (`--bastion`). With `--no-ssl` it is only reported.
    LoginNotEncrypted = "login-not-encrypted", Connection [Login] INFORMS;
    /// The TLS handshake failed for a reason other than the certificate.
    /// Check the server's log. A proxy in between may not pass TLS through.
    LoginTlsFailed = "login-tls-failed", Connection [Login] INFORMS;
    /// The server's certificate is signed by the certificate for Stitch's form.
    /// Nothing to do.
    CaVerifies = "ca-verifies", Connection [] INFORMS;
    /// The server's certificate is trusted, but it is for another name than the one in Stitch's form. Stitch does not document whether it compares names.
    /// Use the name in the certificate (`--stitch-host`), or give the server a certificate with this name.
    CaName = "ca-name", Connection [Login] INFORMS;
    /// What happens to the login if *Connect using SSL* has the other value.
    /// Enter the value on the sheet. If both work, on is better.
    SslChoice = "ssl-choice", Connection [] INFORMS;
    /// The server asks for more SCRAM rounds than clients compute (100,000). stitch-pg stopped there.
    /// Set `scram_iterations` to 4096 and set the password again. If the server does not use that number, find out which device answers.
    LoginIterations = "login-iterations", Connection [Login] INFORMS;
    /// The server refuses the role's password.
    /// Give the right password, or set it anew with `--reset-password`.
    LoginPassword = "login-password", Connection [Login] INFORMS;
    /// A connection pooler (PgBouncer, Pgpool-II or another) answers for PostgreSQL and refuses the login. It does not know the role, its password, or the database, or it has no session left.
    /// Add the role to the pooler: `userlist.txt` or `auth_query` of PgBouncer, `pool_passwd` of Pgpool-II. Add the database to PgBouncer's `[databases]`. If it has no session left, raise `default_pool_size` or `max_client_conn`.
    LoginPooler = "login-pooler", Connection [Login] INFORMS;
    /// Several servers answer in turn on one host and port. Some are standbys, where no load works, or they are different servers.
    /// Give Stitch the primary's own address, or a port of the load balancer that leads only to the primary.
    LoginSeveralServers = "login-several-servers", Connection [Login] INFORMS;
    /// There is no such role. The server reports only that the password failed.
    /// Run `stitch-pg setup`, which creates it, or correct `--role` (case matters).
    LoginRoleMissing = "login-role-missing", Connection [Login] INFORMS;
    /// The role's password has expired (`VALID UNTIL`). The server reports only that the password failed.
    /// Run `stitch-pg setup`, or `ALTER ROLE … VALID UNTIL 'infinity'`.
    LoginRoleExpired = "login-role-expired", Connection [Login] INFORMS;
    /// The role may not log in (NOLOGIN).
    /// Run `stitch-pg setup`, or `ALTER ROLE … LOGIN`.
    LoginNologin = "login-nologin", Connection [Login] INFORMS;
    /// No rule of `pg_hba.conf` allows the role from here, or the matching rule rejects it or requires a client certificate.
    /// Add a rule for this address as well, or run the check on a machine from which Stitch's traffic arrives.
    LoginRefused = "login-refused", Connection [Login] INFORMS;
    /// The server requires a login method that Stitch does not support (Kerberos, SSPI and similar).
    /// Put a scram-sha-256 rule for the role above that rule in `pg_hba.conf`.
    LoginMethod = "login-method", Connection [Login] INFORMS;
    /// Channel binding fails. A proxy between here and the server ends TLS and starts a new session.
    /// Remove the proxy, or let it pass TLS through.
    LoginChannelBinding = "login-channel-binding", Connection [Login] INFORMS;
    /// The server asks for the password as clear text, over a network without TLS. stitch-pg did not send it, but Stitch would.
    /// Turn on TLS in the server, or use the method scram-sha-256 in `pg_hba.conf`.
    LoginClearText = "login-clear-text", Connection [Login] INFORMS;
    /// An md5 hash of the password crossed a network without TLS. An eavesdropper can guess the password from it.
    /// Use TLS, or use scram-sha-256 in `pg_hba.conf` and set a new password.
    LoginMd5Exposed = "login-md5-exposed", Connection [Login] INFORMS;
    /// The server uses a method that `require_auth` does not accept, or no channel binding although `channel_binding=require` is set. stitch-pg sent nothing.
    /// Change the method in `pg_hba.conf`, or the parameter.
    LoginAuthRefused = "login-auth-refused", Connection [Login] INFORMS;
    /// The server behind the Unix socket does not run as the user in `requirepeer`. stitch-pg sent nothing.
    /// Find out which user runs that server, or correct the parameter.
    LoginServerUser = "login-server-user", Connection [Login] INFORMS;
    /// A router in front of hosted databases cannot tell the project or endpoint (Neon without SNI, Supabase's pooler without the project in the user).
    /// The finding shows what it needs.
    LoginTenant = "login-tenant", Connection [Login] INFORMS;
    /// There is no database of that name. Names are case-sensitive: an unquoted `CREATE DATABASE StitchDW` makes `stitchdw`.
    /// Run `stitch-pg setup`, or give the stored spelling with `--database`.
    LoginDatabaseMissing = "login-database-missing", Connection [Login] INFORMS;
    /// The database accepts no connections (`datallowconn` is off).
    /// Ask its owner to run `ALTER DATABASE … ALLOW_CONNECTIONS true`.
    LoginDatabaseClosed = "login-database-closed", Connection [Login] INFORMS;
    /// The role lacks CONNECT on the database.
    /// Run `stitch-pg setup`, or ask the database's owner to grant it.
    LoginConnect = "login-connect", Connection [Login] INFORMS;
    /// The role or the database has reached its connection limit, or only reserved connections are left.
    /// Raise the limit that the finding names.
    LoginConnectionLimit = "login-connection-limit", Connection [Login] INFORMS;
    /// The server has no free connection (`max_connections`).
    /// Raise `max_connections`, or end idle sessions.
    LoginMaxConnections = "login-max-connections", Connection [Login] INFORMS;
    /// The server is starting up, shutting down or recovering. A standby with `hot_standby = off` always reports this.
    /// Try again in a minute. Give Stitch the primary.
    LoginStarting = "login-starting", Connection [Login] INFORMS;
    /// The address for Stitch is a standby, which is read-only.
    /// Give the primary (on Aurora: the cluster's writer endpoint) with `--stitch-host`.
    LoginStandby = "login-standby", Connection [Login] INFORMS;
    /// The role's transactions are read-only (`default_transaction_read_only`).
    /// `ALTER ROLE … IN DATABASE … SET default_transaction_read_only TO off`, with your names.
    LoginReadOnly = "login-read-only", Connection [Login] INFORMS;
    /// The role lacks CREATE or TEMPORARY on the database. Its first load would fail.
    /// Run `stitch-pg setup`, which grants them.
    PrivilegesMissing = "privileges-missing", Connection [Login] INFORMS;
    /// The role cannot read the system catalogs that Stitch uses to check the structure of tables.
    /// Run `stitch-pg setup`. The role step grants access to the single views.
    CatalogClosed = "catalog-closed", Connection [Login] INFORMS;
    /// A connection pooler is in front of the server. Session mode works. In transaction mode Stitch's loads may fail, because their temporary staging tables and prepared statements outlive a transaction.
    /// Give Stitch PostgreSQL's own host and port, or a pool in session mode.
    Pooler = "pooler", Connection [] INFORMS;
    /// A connection pooler in statement mode is in front of the server. It refuses transactions, and a load needs one.
    /// Give Stitch PostgreSQL's own host and port, or a pool in session mode.
    PoolerStatement = "pooler-statement", Connection [Login] INFORMS;
    /// The number of free connections.
    /// If few connections are left, raise `max_connections` or end idle sessions.
    ServerCapacity = "server-capacity", Connection [] INFORMS;
    /// Event triggers fire when Stitch creates or alters objects. They passed the test load, but may refuse later operations.
    /// Ask their owner whether they allow Stitch's DDL.
    DdlEventTriggers = "ddl-event-triggers", Connection [] INFORMS;
    /// The server logs the statements of Stitch's loads (`log_statement`).
    /// If you want a smaller log: `ALTER ROLE … IN DATABASE … SET log_statement TO 'none'`, with your names.
    StatementsLogged = "statements-logged", Connection [] INFORMS;
    /// A table in a Stitch schema forces row security on its owner as well. Rows may be refused or hidden from the loader.
    /// `ALTER TABLE … NO FORCE ROW LEVEL SECURITY`.
    RowSecurity = "row-security", Connection [] INFORMS;
    /// Another session held a lock on a table, so the test load skipped it.
    /// Nothing to do, or run `stitch-pg check` again at a quiet time.
    TableLocked = "table-locked", Connection [] INFORMS;
    /// On tables with rows, the test load skipped operations that block readers for a moment.
    /// Use `--rehearse-existing` at a quiet time to test these too.
    TestLoadPartial = "test-load-partial", Connection [] INFORMS;
    /// The test load passed: all operations of Stitch's loader were run and rolled back.
    /// Nothing to do.
    TestLoadPassed = "test-load-passed", Connection [Login] PROOF;
    /// The server refused one operation of the test load.
    /// Run `stitch-pg setup`, which grants and moves what is missing.
    TestLoadRefused = "test-load-refused", Connection [Login] INFORMS;
    /// A table in a schema that Stitch loads belongs to another role, so Stitch cannot alter it.
    /// Run `stitch-pg setup --existing` with this `--schema`.
    TableNotOwned = "table-not-owned", Connection [] INFORMS;
    /// The test load into an existing schema passed and was rolled back.
    /// Nothing to do.
    ExistingTablesTested = "existing-tables-tested", Connection [] INFORMS;

    /// With `--loads`: when Stitch last loaded into a schema, by the newest `_sdc_batched_at`.
    /// Check the integration's *Extractions* and *Loads* in Stitch, and run `stitch-pg check`; the limit is `--loads-max-age`.
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
    /// Stitch has a destination for this database, and its fields are correct.
    /// Nothing to do.
    DestinationReady = "destination-ready", Registration [] INFORMS;
    /// Stitch reports (`details.access`) that the account may not have PostgreSQL destinations.
    /// Change the account's plan in Stitch, or use the token of another account.
    DestinationNoAccess = "destination-no-access", Registration [] INFORMS;
    /// Several destinations in Stitch have this host and database.
    /// Choose one with `--destination-id`.
    DestinationAmbiguous = "destination-ambiguous", Registration [] INFORMS;
    /// The account has no destination with the given number.
    /// Choose one that the finding lists with `--destination-id`, or omit the option.
    DestinationNotFound = "destination-not-found", Registration [] INFORMS;
    /// The destination with the given number is not a PostgreSQL destination. Stitch cannot change its type.
    /// Omit `--destination-id` to create a new destination, or choose another number.
    DestinationOtherType = "destination-other-type", Registration [] INFORMS;
    /// The account has other destinations. stitch-pg does not change them.
    /// Nothing to do.
    DestinationOthers = "destination-others", Registration [] INFORMS;
    /// Stitch does not report which fields it needs, or its form has required fields that stitch-pg does not know.
    /// Open Stitch's page of the destination, and enter the values there.
    DestinationFieldUnknown = "destination-field-unknown", Registration [] INFORMS;
    /// All required fields of Stitch's form have values (*fully configured*). This does not prove a connection.
    /// Nothing to do.
    DestinationFormComplete = "destination-form-complete", Registration [] INFORMS;
    /// Required fields of Stitch's form are missing.
    /// Send the password with `--send-password`. Enter other values on Stitch's page of the destination.
    DestinationFormMissing = "destination-form-missing", Registration [] INFORMS;
    /// The destination is paused in Stitch.
    /// To load data, turn it on again on Stitch's page of the destination.
    DestinationPaused = "destination-paused", Registration [] INFORMS;
    /// Stitch paused the destination. Stitch does this when it cannot connect.
    /// Run `stitch-pg check`, which tests each hop of the connection. Then turn it on again on Stitch's page of the destination.
    DestinationSystemPaused = "destination-system-paused", Registration [] INFORMS;
    /// Stitch never returns its stored password, so stitch-pg cannot compare it. The password was not sent.
    /// If Stitch may have another password, use `--send-password`.
    DestinationPasswordUnsent = "destination-password-unsent", Registration [] INFORMS;
    // remove
    /// Stitch's access was removed.
    /// Nothing to do.
    Removed = "removed", Remove [] INFORMS;
    /// Something was not removed. stitch-pg did not create it, or it cannot be checked from here.
    /// Check what the finding names. Remove it yourself if it is not needed.
    NotRemoved = "not-removed", Remove [] INFORMS;
    /// Something must be removed, and this login or this run cannot do it.
    /// The finding gives the reason, the role that can remove it, and the statement.
    RemoveBlocked = "remove-blocked", Remove [] NO_RIGHT;
    /// Stitch's role owns the tables that it loaded, and no new owner was given.
    /// Give `--new-owner ROLE`. stitch-pg drops nothing.
    RemoveNeedsOwner = "remove-needs-owner", Remove [] NO_RIGHT;
}
