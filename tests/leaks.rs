//! Nothing lost, nothing leaked: what others say is shown and never obeyed, secrets come out nowhere, names stay names,
//! parsers take anything, and whatever is sent in bulk does not fill the memory. The supply chain is checked here, too.

mod crash;
mod files;
mod floods;
mod heard;
mod kept;
mod names;
mod needles;
mod orders;
mod shown;
mod size;
mod supply;
