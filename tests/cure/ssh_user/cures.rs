//! Problems that setup fixes. One bastion without PAM, since that is where a locked account matters; a user for each.

use super::scene::{OPTIONS, Scene, told};
use crate::support::{BastionOptions, Need, world};

/// Name (also the user's), what is done to a working account, and what the mending change says.
pub(crate) const BREAKAGES: [(&str, &str, &str); 15] = [
    ("locked", "usermod -p '!' locked", "make the account locked usable"),
    (
        "doubled",
        "cp ~doubled/.ssh/authorized_keys /tmp/k; cat /tmp/k >>~doubled/.ssh/authorized_keys",
        "keep only one line",
    ),
    (
        "wrapped",
        "f=~wrapped/.ssh/authorized_keys; cut -d' ' -f2- $f | tr ' ' '\\n' | fold -w 70 >/tmp/w; cat /tmp/w >$f",
        "join the pieces",
    ),
    (
        "pieces",
        "f=~pieces/.ssh/authorized_keys; cut -c100-150 $f >>$f.new; cat $f.new >>$f; rm $f.new",
        "remove broken pieces",
    ),
    (
        "bare",
        "sed -i 's/^[^ ]* ssh/ssh/' ~bare/.ssh/authorized_keys",
        "tighten",
    ),
    (
        "closed",
        "sed -i 's/^restrict,port-forwarding/restrict/' ~closed/.ssh/authorized_keys",
        "tighten",
    ),
    (
        "commented",
        "sed -i 's/^/# /' ~commented/.ssh/authorized_keys",
        "install",
    ),
    ("emptied", ": >~emptied/.ssh/authorized_keys", "install"),
    ("nofile", "rm ~nofile/.ssh/authorized_keys", "install"),
    ("nodir", "rm -r ~nodir/.ssh", "install"),
    (
        "openfile",
        "chmod 666 ~openfile/.ssh/authorized_keys",
        "correct the mode -rw-rw-rw-",
    ),
    ("opendir", "chmod 777 ~opendir/.ssh", "correct the mode drwxrwxrwx"),
    ("openhome", "chmod 775 ~openhome", "correct the mode drwxrwxr-x"),
    (
        "earlier",
        "sed -i 's/,permit.*command=[^ ]*//' ~earlier/.ssh/authorized_keys",
        "tighten",
    ),
    ("nohome", "rm -r ~nohome", "create the missing home"),
];

#[test]
fn breakages_that_are_mended() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new().use_pam(false));
    for (user, breaking, summary) in BREAKAGES {
        scene.has_working(user);
        scene.bastion.run(breaking);
        scene.is_cured(user, summary);
    }
}

/// Everything in the file that is not Stitch's stays as it is, byte for byte and in its order.
#[test]
fn other_lines_stay() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    let key = scene.public();
    let file = scene.bastion.outside("/home/stitch/.ssh/authorized_keys");
    let before = "# by hand\r\n\n  \t\nssh-ed25519 AAAAother \u{fc}ber  spaces\t\r\n";
    let after = "# the end\\n `id` $(id)\ncert-authority ssh-rsa AAAAca no line end";
    std::fs::write(&file, format!("{before}{key} old comment\n#{key}\n{key}\r\n{after}")).expect("written");
    scene.is_cured("stitch", "keep only one line");
    let text = std::fs::read_to_string(&file).expect("readable");
    assert_eq!(text, format!("{before}{OPTIONS} {key} ops\n#{key}\n{after}\n"));
}

/// A line that an administrator made narrower is kept.
#[test]
fn a_narrower_line_stays() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    let narrow = "sed -i 's/^restrict/from=\"52.23.137.21,52.204.223.208\",restrict/' ~stitch/.ssh/authorized_keys";
    scene.bastion.run(narrow);
    let kept = scene.check("stitch");
    assert_eq!((kept.status, kept.changes().len()), (Some(0), 0), "{kept:#?}");
    let loose = || {
        let program = scene.program("check", "root", "stitch");
        told(&program.args(["--key-options", "restrict"]))
    };
    assert_eq!(loose().changes().len(), 0);
    scene
        .bastion
        .run("sed -i 's/10.20.0.3:5432/10.20.0.4:5432/' ~stitch/.ssh/authorized_keys");
    let elsewhere = loose();
    assert_eq!(elsewhere.status, Some(4), "{elsewhere:#?}");
    assert_eq!(elsewhere.verdict("ssh-forwarding-restricted"), Some("bad"));
}
