//! Nothing lost, nothing leaked: what others say is shown and never obeyed, secrets come out nowhere, names stay names,
//! parsers take anything, and whatever is sent in bulk does not fill the memory. The supply chain is looked at here, too.

#[path = "../support/mod.rs"]
mod support;

#[expect(dead_code, reason = "shared with the tests of rules, which use the rest")]
#[path = "../hba/rng.rs"]
mod rng;
#[expect(dead_code, reason = "shared with the cure tests, which use the rest")]
#[path = "../cure/ssh_user/scene.rs"]
mod scene;
#[expect(dead_code, reason = "shared with the cure tests, which use the rest")]
#[path = "../cure/registration/stitch.rs"]
mod stitch;
#[expect(dead_code, reason = "shared with the cure tests, which use the rest")]
#[path = "../cure/wizard.rs"]
mod wizard;

mod crash;
mod files;
mod floods;
mod heard;
mod kept;
mod names;
mod needles;
mod orders;
mod parsers;
mod shown;
mod size;
mod supply;
