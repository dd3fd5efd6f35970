//! PAM, which refuses what sshd's own settings let in: what it says is judged where it can be read, and named where it cannot.

use super::scene::{Scene, Told};
use crate::support::{BastionOptions, Need, world};

const ACCESS: &str = "sed -i 's/^# *account *required *pam_access.*//' /etc/pam.d/sshd; echo 'account required pam_access.so' >>/etc/pam.d/sshd";

/// These lines in a file of PAM's, and rules for sshd, beside what the system has.
fn arrange(scene: &Scene<'_>, lines: &str, file: &str, stack: &str) -> Told {
    scene.bastion.run(&format!(
        "cd /etc; for f in security pam.d; do [ -e $f.kept ] || cp -a $f $f.kept; rm -rf $f; cp -a $f.kept $f; done
         {stack}\nprintf '%b' '{lines}' >>/etc/security/{file}"
    ));
    scene.check("stitch")
}

#[test]
fn what_pam_refuses() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    let access = ACCESS;
    let arrange = |lines: &str, file: &str, stack: &str| arrange(&scene, lines, file, stack);
    let ready = arrange("", "access.conf", ":");
    assert_eq!(
        (ready.status, ready.verdict("ssh-settings-unreadable")),
        (Some(0), None),
        "{ready:#?}"
    );
    // Refused from everywhere, and so from here, too; the fix is a line in front.
    for (lines, file, stack) in [
        ("-:ALL EXCEPT root:ALL\\n", "access.conf", access),
        ("-:stitch:ALL\\n", "access.conf", access),
        (
            "+:root:ALL\\n-:(stitch):0.0.0.0/1 128.0.0.0/1\\n",
            "access.conf",
            access,
        ),
        ("+:root (sudo):ALL\\n- : ALL : ALL\\n", "access.conf", access),
        ("* hard maxlogins 0\\n", "limits.conf", ":"),
        ("@stitch - maxlogins 0\\n", "limits.conf", ":"),
        ("%stitch - maxlogins 0\\n", "limits.conf", ":"),
        ("1000: - maxlogins 0\\n", "limits.conf", ":"),
        ("* hard maxsyslogins 0\\nroot - maxsyslogins 99\\n", "limits.conf", ":"),
        (
            "stitch - maxlogins 0\\n",
            "other.conf",
            "sed -i 's,pam_limits.so.*,pam_limits.so conf=/etc/security/other.conf,' /etc/pam.d/sshd",
        ),
    ] {
        let seen = arrange(lines, file, stack);
        assert_eq!(
            (seen.status, seen.verdict("ssh-not-allowed")),
            (Some(4), Some("bad")),
            "{lines}: {seen:#?}"
        );
        assert!(!scene.tunnel_works("stitch"), "{lines}");
        let advice = seen.advice("ssh-not-allowed");
        let line = advice.rsplit_once("add: ").expect("a line").1.to_owned();
        // From here as well, to see it work.
        let line = if file == "access.conf" {
            format!("{line} 198.51.100.10")
        } else {
            line
        };
        let cure = if file == "access.conf" {
            format!("sed -i '1i{line}' /etc/security/{file}")
        } else {
            format!("echo '{line}' >>/etc/security/{file}")
        };
        scene.bastion.run(&cure);
        let mended = scene.check("stitch");
        assert_eq!(
            (mended.status, mended.verdict("ssh-not-allowed")),
            (Some(0), None),
            "{lines}: {mended:#?}"
        );
        assert!(scene.tunnel_works("stitch"), "{lines}: {}", scene.bastion.log());
    }
    // Rules that fit none of our users, or that let in first.
    for (lines, file, stack) in [
        (
            "+:stitch:ALL\\n-:ALL:ALL\\n",
            "access.conf",
            "echo 'account required pam_access.so' >>/etc/pam.d/sshd; :",
        ),
        ("-:games:ALL\\n-:ALL EXCEPT root stitch:ALL\\n", "access.conf", access),
        ("stitch - maxlogins 4\\n* - maxlogins 0\\n", "limits.conf", ":"),
    ] {
        let seen = arrange(lines, file, stack);
        let refused = seen.verdict("ssh-not-allowed");
        assert_eq!(refused, None, "{lines}: {seen:#?}");
    }
}

/// What cannot be judged is named; what the account and a file decide is judged with them.
#[test]
fn what_pam_may_refuse() {
    let Some(world) = world(&[Need::Bastion]) else {
        return;
    };
    let scene = Scene::new(&world, BastionOptions::new());
    scene.has_working("stitch");
    let access = ACCESS;
    let arrange = |lines: &str, file: &str, stack: &str| arrange(&scene, lines, file, stack);
    for (lines, file, stack, words) in [
        (
            "sshd;*;stitch;!Al0000-2400\\n",
            "time.conf",
            "echo 'account required pam_time.so' >>/etc/pam.d/sshd",
            "(time.conf)",
        ),
        (
            "",
            "access.conf",
            "echo 'account required pam_listfile.so item=user sense=deny file=/etc/denied onerr=succeed' >>/etc/pam.d/sshd",
            "pam_listfile",
        ),
        ("-:@netgroup:ALL\\n", "access.conf", access, "@netgroup"),
        (
            "stitch hard nofile 5\\n",
            "limits.conf",
            ":",
            "stitch hard nofile 5 (limits.conf)",
        ),
        (
            "",
            "access.conf",
            "sed -i '1i account [success=1 default=ignore] pam_succeed_if.so user in root:admin\\naccount required pam_deny.so' /etc/pam.d/sshd",
            "pam_succeed_if",
        ),
    ] {
        let seen = arrange(lines, file, stack);
        assert_eq!(
            seen.verdict("ssh-settings-unreadable"),
            Some("unknown"),
            "{lines}: {seen:#?}"
        );
        assert!(seen.report.to_string().contains(words), "{lines}: {seen:#?}");
    }
    // Judged by the account itself, and by the file that the rule names.
    for (stack, code) in [
        (
            "sed -i '1i account required pam_shells.so' /etc/pam.d/sshd; cp /bin/sh /opt/unlisted; usermod -s /opt/unlisted stitch",
            "ssh-shell-nologin",
        ),
        (
            "usermod -s /bin/sh stitch; sed -i 's,pam_nologin.so,pam_nologin.so file=/etc/closed,' /etc/pam.d/sshd; : >/etc/closed",
            "ssh-nologin-file",
        ),
    ] {
        let seen = arrange("", "access.conf", stack);
        assert_eq!(
            (seen.status, seen.verdict(code)),
            (Some(4), Some("bad")),
            "{stack}: {seen:#?}"
        );
        assert!(!scene.tunnel_works("stitch"), "{stack}");
    }
}
