//! Where `ssh` gets in, the program gets in or names the way (`--ssh-command ssh`), which then works; where `ssh` does not, neither
//! does the program.

use std::fmt::Write as _;

use crate::cure::ssh_user::scene::{BASTION, Scene, told};
use crate::support::{BastionOptions, Need, Program, world};

/// What the built-in client says where only ssh itself gets in.
const OWN_SSH: &str = "add --ssh-command ssh";

/// Shell functions that the cases are arranged with, in a folder with the key `ed25519`.
const TOOLS: &str = r#"
agent() { ssh-agent -a $PWD/agent -P '/run/world/*' >/dev/null; export SSH_AUTH_SOCK=$PWD/agent; }
restart() { server_stop bastion; printf '%b\n' "$1" | sshd_start bastion 22 yes; }
for_root() { restart "Match User root\n$1\nMatch all"; }
certified() {
    ssh-keygen -q -t ed25519 -N '' -f ca; ssh-keygen -q -t ed25519 -N '' -f bare; ssh-keygen -q -s ca -I x -n root bare.pub
    mv bare-cert.pub certificate; cp ca.pub $r/etc/ssh/ca.pub; restart 'TrustedUserCAKeys /etc/ssh/ca.pub'
}
certified_host() {
    ssh-keygen -q -t ed25519 -N '' -f ca; ssh-keygen -q -s ca -h -I x -n 198.51.100.20 $r/etc/ssh/ssh_host_ed25519_key.pub
    restart 'HostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub'; echo "@cert-authority * $(cat ca.pub)" >~/.ssh/known_hosts
}
second() { ssh-keygen -q -t ecdsa -N '' -f second; cat second.pub >>$r/root/.ssh/authorized_keys; }
fido() {
    cc -shared -fPIC -o fido.so fido.c -lcrypto; ssh-keygen -q -t ed25519-sk -w $PWD/fido.so -N '' -f fido
    cat fido.pub >$r/root/.ssh/authorized_keys
}
kerberos() {
    printf '%s\n' '[libdefaults]' 'default_realm = BED' 'rdns = false' 'dns_canonicalize_hostname = false' \
        '[realms]' 'BED = {' 'kdc = 198.51.100.20' '}' | tee krb5.conf >$r/etc/krb5.conf
    mkdir -p $r/var/lib/krb5kdc; chroot $r kdb5_util create -s -P master -W
    chroot $r kadmin.local addprinc -randkey host/198.51.100.20; chroot $r kadmin.local addprinc -pw secret root
    chroot $r kadmin.local ktadd host/198.51.100.20; on bastion krb5kdc -n & wait_listen bastion 88
    echo secret | on bastion kinit -c /root/tickets root; mv $r/root/tickets .
    restart "GSSAPIStrictAcceptorCheck no\nGSSAPIAuthentication yes\nMatch User root\nAuthenticationMethods gssapi-with-mic\nMatch all"
}
"#;

/// What is tried; lines of the configuration; what is arranged; what the built-in client says, if it does not get in.
const CASES: [(&str, &str, &str, &str); 36] = [
    (
        "a file that a group of one may write",
        "IdentityFile ed25519",
        "chmod 664 ~/.ssh/config",
        "",
    ),
    (
        "a file that everybody may write",
        "IdentityFile ed25519",
        "chmod 666 ~/.ssh/config",
        "other users can write it",
    ),
    ("a keyword in quotes", r#""IdentityFile" ed25519"#, "", ""),
    ("a port by its name", "Port ssh|IdentityFile ed25519", "", ""),
    ("another user's home", "IdentityFile ~root/key", "cp ed25519 ~/key", ""),
    (
        "Match host",
        "Match host 198.51.100.*,!198.51.100.21|IdentityFile ed25519",
        "",
        "",
    ),
    (
        "Match host, of another",
        "Match host gate|IdentityFile ed25519",
        "",
        "refused root",
    ),
    (
        "Match originalhost",
        "Match originalhost=gate|IdentityFile ed25519",
        "",
        "",
    ),
    (
        "Match user",
        "Match user root !localuser nobody|IdentityFile ed25519",
        "",
        "",
    ),
    ("Match all", "Match all|IdentityFile ed25519", "", ""),
    (
        "Match final",
        "Match final host 198.51.100.20|IdentityFile ed25519",
        "",
        "",
    ),
    (
        "Host, when read again",
        "Host 198.51.100.20|IdentityFile ed25519|Match final|Port 22",
        "",
        "",
    ),
    ("Match exec", "Match exec true|IdentityFile ed25519", "", OWN_SSH),
    (
        "tokens of a ProxyJump",
        "IdentityFile ed25519|ProxyJump dave@%n.jump|Host gate.jump|HostName 198.51.100.20|IdentityFile ed25519",
        "",
        "",
    ),
    (
        "KnownHostsCommand",
        "IdentityFile ed25519|UserKnownHostsFile none|KnownHostsCommand /bin/cat /run/world/tmp/known",
        "cp ~/.ssh/known_hosts known",
        OWN_SSH,
    ),
    (
        "BindAddress",
        "IdentityFile ed25519|BindAddress 198.51.100.11",
        "nsenter --net=/run/netns/ops ip addr add 198.51.100.11/24 dev e0; restart 'AllowUsers root@198.51.100.11 stitch'",
        OWN_SSH,
    ),
    (
        "CertificateFile",
        "IdentityFile bare|CertificateFile certificate",
        "certified",
        OWN_SSH,
    ),
    ("a certified host", "IdentityFile ed25519", "certified_host", OWN_SSH),
    (
        "a changed key of the type that ssh asks for",
        "IdentityFile ed25519",
        r#"sed -i /ed25519/d ~/.ssh/known_hosts; echo "198.51.100.20 $(cat ed25519.pub)" >>~/.ssh/known_hosts"#,
        "has CHANGED",
    ),
    (
        "a revoked key of the server",
        "IdentityFile ed25519|RevokedHostKeys revoked",
        "cat $r/etc/ssh/*_key.pub >revoked",
        "marked as revoked",
    ),
    (
        "a revoked key of another",
        "IdentityFile ed25519|RevokedHostKeys stitch.pub",
        "",
        "",
    ),
    (
        "a list of revoked keys that is missing",
        "IdentityFile ed25519|RevokedHostKeys none.pub",
        "",
        "(RevokedHostKeys)",
    ),
    (
        "a binary list of revoked keys",
        "IdentityFile ed25519|RevokedHostKeys krl",
        "ssh-keygen -q -k -f krl stitch.pub",
        OWN_SSH,
    ),
    (
        "hashed names",
        "IdentityFile ed25519",
        "ssh-keygen -q -H -f ~/.ssh/known_hosts 2>/dev/null",
        "",
    ),
    (
        "lines that are damaged",
        "IdentityFile ed25519",
        r"sed -i '1i x\n198.51.100.20 ssh-ed25519 AAAA\n@odd 198.51.100.20 ssh-rsa AAAA\n\t# c' ~/.ssh/known_hosts; sed -i 's/$/\r/' ~/.ssh/known_hosts",
        "",
    ),
    (
        "a key file that is missing",
        "IdentityFile absent",
        "",
        "absent (No such file",
    ),
    ("an empty agent", "IdentityAgent agent", "agent", "it shows none"),
    (
        "an agent that is gone",
        "IdentityAgent gone|IdentityFile ed25519",
        r#"python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("gone")'"#,
        "",
    ),
    (
        "an agent's key that is limited to this host",
        "IdentityAgent agent",
        "agent; ssh-add -q -H ~/.ssh/known_hosts -h 198.51.100.20 ed25519",
        OWN_SSH,
    ),
    (
        "an agent's key that needs a confirmation",
        "IdentityAgent agent",
        "agent; ssh-add -q -c ed25519",
        "nobody confirmed it",
    ),
    (
        "two keys",
        "IdentityFile ed25519|IdentityFile second",
        "second; for_root 'AuthenticationMethods publickey,publickey'",
        "",
    ),
    (
        "one of two keys",
        "IdentityFile ed25519",
        "for_root 'AuthenticationMethods publickey,publickey'",
        "was accepted, but the server also requires publickey",
    ),
    (
        "a banner as long as a book",
        "IdentityFile ed25519",
        r"head -c 60000 /dev/zero | tr '\0' b >$r/etc/banner; for_root 'Banner /etc/banner'",
        OWN_SSH,
    ),
    (
        "a FIDO key",
        "IdentityFile fido|SecurityKeyProvider /run/world/tmp/fido.so",
        "fido",
        OWN_SSH,
    ),
    (
        "a FIDO key in an agent",
        "IdentityAgent agent",
        "fido; agent; ssh-add -q -S $PWD/fido.so fido; rm fido",
        OWN_SSH,
    ),
    (
        "a ticket of Kerberos",
        "IdentityFile none|GSSAPIAuthentication yes",
        "kerberos",
        OWN_SSH,
    ),
];

/// A configuration's lines stand behind one another, with paths of the folder that everything is in.
fn configuration(lines: &str) -> String {
    let mut text = format!("Host gate\nHostName {BASTION}\n");
    for line in lines.split('|') {
        let (keyword, value) = line.split_once(' ').expect("a value");
        let is_file = keyword.contains("File") || matches!(keyword, "RevokedHostKeys" | "IdentityAgent");
        let folder = if is_file && !value.starts_with('~') && value != "none" {
            "/run/world/tmp/"
        } else {
            ""
        };
        let _ = writeln!(text, "{keyword} {folder}{value}");
    }
    text
}

/// Where Kerberos has its settings and its tickets.
fn with_ticket(program: Program) -> Program {
    program
        .env("KRB5_CONFIG", "/run/world/tmp/krb5.conf")
        .env("KRB5CCNAME", "FILE:/run/world/tmp/tickets")
}

#[test]
fn no_configuration_is_a_dead_end() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    std::fs::write(world.outside("/run/world/tmp/fido.c"), include_str!("fido.c")).expect("a file");
    scene.moves_home();
    world.sh("r=$WORLD/bastion/root; mkdir $WORLD/kept; cp -a ~ $WORLD/tmp $r/root/.ssh $WORLD/kept");
    for (case, lines, arrange, words) in CASES {
        let text = configuration(lines);
        let ready = world.try_sh(
            &format!(
                "exec </dev/null >&2; kept=$WORLD/kept; r=$WORLD/bastion/root; cd $WORLD/tmp; {TOOLS}
                 rm -rf ~/.ssh ~/key $WORLD/tmp/*; cp -a $kept/home/.ssh ~; cp -a $kept/tmp/. .; cp -a $kept/.ssh $r/root/
                 printf '%s' \"$1\" >~/.ssh/config; {arrange}"
            ),
            &[&text],
            b"",
        );
        assert!(ready.success(), "{case}: {ready:#?}");
        let ssh = with_ticket(scene.ssh_by_alias("gate")).run();
        let output = with_ticket(scene.by_alias("check", "gate")).run();
        let said = format!("{}{}", output.stdout, output.stderr);
        assert_eq!(
            output.status == Some(0),
            words.is_empty(),
            "{case}: {said}\nssh: {}",
            ssh.stderr
        );
        assert!(said.contains(words), "{case}: {said}");
        assert_eq!(
            ssh.success(),
            words.is_empty() || words == OWN_SSH,
            "{case}: {}",
            ssh.stderr
        );
        if words == OWN_SSH {
            let own = told(&with_ticket(scene.by_alias("check", "gate")).args(["--ssh-command", "ssh"]));
            assert_eq!(own.status, Some(0), "{case}: {own:#?}");
        }
        if ["restart", "for_root", "certified", "kerberos"]
            .iter()
            .any(|word| arrange.contains(word))
        {
            world.sh(&format!(
                "{TOOLS} server_stop bastion; sshd_start bastion 22 yes </dev/null"
            ));
        }
    }
}
