//! The findings of the tunnel test: the tunnel through the SSH server, tested end to end with a temporary key.

use std::ops::ControlFlow;

use anyhow::Result;

use crate::change::Plan;
use crate::finding::Code;
use crate::settings::{Prove, Settings};
use crate::shell::Expiry;
use crate::steps::{layers, ssh_user};
use crate::world::{Capability, Prover, TunnelProof};

/// Tests it, and stops where it ends before the database: what comes behind is not reached then.
pub(super) async fn walk(plan: &mut Plan, settings: &Settings, prover: &mut Prover<'_>) -> Result<ControlFlow<()>> {
    let Some(bastion) = settings.bastion.as_ref().filter(|bastion| bastion.prove == Prove::Yes) else {
        return Ok(ControlFlow::Continue(()));
    };
    let Some(key) = &bastion.public_key else {
        let text = "the tunnel was not tested end to end: Stitch's public key was not given";
        let advice = "give it with --public-key or --public-key-file";
        plan.unknown(Code::TunnelNotTested, text, advice);
        return Ok(ControlFlow::Continue(()));
    };
    let proof = prover.prove_tunnel(bastion, key).await?;
    if proof.outcome.is_err() && proof.left_behind.is_none() {
        if let Some(file) = ssh_user::key_is_elsewhere(settings, prover.reader()).await {
            plan.unknown(
                Code::TunnelNotTested,
                format!(
                    "the tunnel was not tested end to end: sshd reads Stitch's key from {file}, and stitch-pg adds its \
                     temporary key only to .ssh/authorized_keys in the home"
                ),
                "press Check and Save in Stitch; to see its login meanwhile: stitch-pg watch",
            );
            return Ok(ControlFlow::Continue(()));
        }
    }
    judge(plan, settings, bastion.tunnel_user.as_str(), &proof);
    Ok(match proof.outcome {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    })
}

fn judge(plan: &mut Plan, settings: &Settings, user: &str, proof: &TunnelProof) {
    match &proof.outcome {
        Ok(()) => {
            plan.good(Code::TunnelTested, proved(proof, settings, user));
        }
        Err(failure) => {
            layers::passed(plan, &failure.passed);
            plan.find(layers::failed(failure));
            layers::not_reached_behind(plan, failure);
        }
    }
    if !proof.granted.is_empty() {
        let granted = list(&proof.granted);
        let text = format!("with a key like Stitch's the SSH server allows {user} {granted}");
        let advice = "check the options of Stitch's key: stitch-pg check --only ssh-user";
        plan.bad(Code::TunnelKeyUnrestricted, text, advice).concerning(user);
    }
    if let Some(why) = &proof.left_behind {
        let ending = match proof.expiry {
            Expiry::TwoMinutes => "it expires within two minutes",
            Expiry::Unknown => "it does not expire on this SSH server",
        };
        let text = format!("the temporary test key could not be removed ({ending}): {why}");
        let advice = format!(
            "on the SSH server, as root: if [ \"$(stat -c %u ~{user} ~{user}/.ssh | sort -u)\" = 0 ]; then sed -i \
                     '/ stitch-pg-proof$/d' ~{user}/.ssh/authorized_keys; else su -s /bin/sh {user} -c \
                     'sed -i \"/ stitch-pg-proof\\$/d\" ~/.ssh/authorized_keys'; fi"
        );
        plan.bad(Code::TunnelKeyLeft, text, advice).concerning(user);
    }
}

fn proved(proof: &TunnelProof, settings: &Settings, user: &str) -> String {
    let (host, port, role) = (&settings.stitch.host, settings.stitch.port, &settings.stitch.role);
    let mut text = format!(
        "the tunnel was tested end to end with a temporary key: SSH login as {user}, forwarding to {host}:{port}, login as {role:?}"
    );
    if !proof.refused.is_empty() {
        text.push_str("; refused, as intended: ");
        text.push_str(&list(&proof.refused));
    }
    if proof.expiry == Expiry::Unknown {
        text.push_str(". This SSH server does not support expiry of keys; stitch-pg removed its key and verified that");
    }
    text
}

fn list(wishes: &[Capability]) -> String {
    let words: Vec<&str> = wishes.iter().map(|wish| wish.as_str()).collect();
    words.join(", ")
}
