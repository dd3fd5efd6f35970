//! What the script of `shell::inspect_firewall` printed, taken apart and asked.

use super::{Answer, Fate, Filter, Kind, Packet, parse_iptables, parse_nft};

/// The rules of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    nft: Vec<String>,
    iptables: Vec<(Kind, String)>,
    blind: Vec<String>,
    tools: Vec<String>,
}

impl Printed {
    /// Takes the output apart.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut printed = Self::default();
        let mut into: Option<&mut String> = None;
        for line in text.lines() {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("@has", tool) => printed.tools.push(tool.to_owned()),
                ("@blind", why) => printed.blind.push(why.to_owned()),
                ("@nft", "") => {
                    printed.nft.push(String::new());
                    into = printed.nft.last_mut();
                }
                (mark @ ("@iptables" | "@ip6tables"), "") => {
                    let kind = if mark == "@iptables" {
                        Kind::Iptables
                    } else {
                        Kind::Ip6tables
                    };
                    printed.iptables.push((kind, String::new()));
                    into = printed.iptables.last_mut().map(|(_, text)| text);
                }
                _ => {
                    if let Some(text) = &mut into {
                        text.push_str(line);
                        text.push('\n');
                    }
                }
            }
        }
        printed
    }

    /// Whether nothing could be seen at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nft.is_empty() && self.iptables.is_empty() && self.blind.is_empty()
    }

    /// Whether that tool is there to make rules with.
    #[must_use]
    pub fn has(&self, tool: &str) -> bool {
        self.tools.iter().any(|has| has == tool)
    }

    /// What becomes of a packet: it must get through all of them.
    #[must_use]
    pub fn answer(&self, packet: Packet) -> Answer {
        let unreadable = || Answer {
            fate: Fate::Unknown,
            by: Some("nft's list, which cannot be read".to_owned()),
        };
        let nft = self
            .nft
            .iter()
            .map(|text| parse_nft(text, packet).as_ref().map_or_else(unreadable, Filter::answer));
        let iptables = self
            .iptables
            .iter()
            .map(|(kind, text)| parse_iptables(text, *kind, packet).answer());
        let blind = self.blind.iter().map(|why| Answer {
            fate: Fate::Unknown,
            by: Some(why.clone()),
        });
        let mut all: Vec<Answer> = nft.chain(iptables).chain(blind).collect();
        // What one drops is dropped, whatever another leaves open; a rule tells more than that there is none.
        all.sort_by_key(|answer| (rank(answer.fate), answer.by.is_none()));
        all.into_iter().next().unwrap_or(Answer {
            fate: Fate::Unknown,
            by: Some("neither nft nor iptables-save is there to tell the rules".to_owned()),
        })
    }
}

fn rank(fate: Fate) -> u8 {
    match fate {
        Fate::Dropped => 0,
        Fate::Unknown => 1,
        Fate::Accepted => 2,
    }
}
