//! A file's owner and mode as `ls -ldn` prints them, and what they mean to sshd.

use crate::shell::Was;

/// One file or directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// As printed: `drwxr-xr-x`.
    pub(super) mode: String,
    pub(super) owner: u32,
    pub(super) group: u32,
    pub(super) path: String,
}

impl Node {
    /// `MODE OWNER GROUP PATH`
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.splitn(4, ' ');
        Some(Self {
            mode: words.next()?.to_owned(),
            owner: words.next()?.parse().ok()?,
            group: words.next()?.parse().ok()?,
            path: words.next()?.to_owned(),
        })
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode.starts_with('l')
    }

    pub(super) fn is_directory(&self) -> bool {
        self.mode.starts_with('d')
    }

    pub(super) fn is_file(&self) -> bool {
        self.mode.starts_with('-')
    }

    /// As `chmod` and `chown` put it back.
    pub(super) fn was(&self) -> Was {
        let digit = |at: usize| {
            let one = |offset, right, value| if self.has(at + offset, right) { value } else { 0 };
            one(0, 'r', 4) + one(1, 'w', 2) + one(2, 'x', 1)
        };
        let letter = |at: usize| self.mode.chars().nth(at).unwrap_or('-').to_ascii_lowercase();
        let special = [(3, 's', 4), (6, 's', 2), (9, 't', 1)];
        let set = special.iter().filter(|(at, mark, _)| letter(*at) == *mark);
        let special: u32 = set.map(|(_, _, value)| value).sum();
        Was {
            mode: format!("{special}{}{}{}", digit(1), digit(4), digit(7)),
            owner: format!("{}:{}", self.owner, self.group),
        }
    }

    /// Users other than the owner may write: sshd's `StrictModes` ignores what lies below.
    pub(super) fn others_may_write(&self) -> bool {
        self.has(5, 'w') || self.has(8, 'w')
    }

    /// It is root's, and no other user may write: as good as the user's own, and the user can change nothing.
    pub(super) fn is_roots(&self) -> bool {
        self.owner == 0 && !self.others_may_write()
    }

    /// Whether a user can read this file, with no group but its primary one.
    pub(super) fn lets_read(&self, uid: u32, gid: u32) -> bool {
        self.has(self.triple(uid, gid), 'r')
    }

    /// Only the owner has any right.
    pub(super) fn is_private(&self) -> bool {
        self.mode.get(4..10).is_some_and(|rights| rights == "------")
    }

    pub(super) fn owner_may(&self, rights: &str) -> bool {
        self.mode
            .get(1..4)
            .is_some_and(|have| rights.chars().all(|right| have.contains(right)))
    }

    /// Whether a user can go through this directory, with no group but its primary one.
    pub(super) fn lets_through(&self, uid: u32, gid: u32) -> bool {
        self.has(self.triple(uid, gid) + 2, 'x')
    }

    /// Where the rights begin that count for a user.
    fn triple(&self, uid: u32, gid: u32) -> usize {
        match (self.owner == uid, self.group == gid) {
            (true, _) => 1,
            (false, true) => 4,
            (false, false) => 7,
        }
    }

    /// `s` and `t` in the place of an `x` mean that `x` is set, too.
    fn has(&self, at: usize, right: char) -> bool {
        let found = self.mode.chars().nth(at);
        found == Some(right) || (right == 'x' && matches!(found, Some('s' | 't')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read() {
        let home = Node::parse("drwxrwxr-x. 1001 1002 /home/a b").unwrap();
        assert_eq!(home.path, "/home/a b");
        assert!(home.others_may_write() && home.is_directory() && !home.is_private());
        assert!(home.lets_through(7, 8) && home.owner_may("rwx"));
        let sticky = Node::parse("drwxrwx--T 0 0 /x").unwrap();
        assert!(!sticky.lets_through(7, 8) && sticky.lets_through(0, 9) && sticky.lets_through(7, 0));
        let was = |mode: &str| Node::parse(&format!("{mode} 7 8 /x")).unwrap().was();
        assert_eq!(
            (was("drwxr-sr-t").mode.as_str(), was("-rw-rw----").owner.as_str()),
            ("3755", "7:8")
        );
        assert_eq!(
            (was("-rwSr-----.").mode, was("drwx--s--T").mode),
            ("4640".to_owned(), "3710".to_owned())
        );
        assert!(Node::parse("-rw------- 1 1 /k").unwrap().is_private());
        assert!(Node::parse("garbage").is_none());
        let roots = Node::parse("-rw-r--r-- 0 0 /k").unwrap();
        assert!(roots.is_roots() && roots.lets_read(7, 8));
        assert!(!Node::parse("-rw-r----- 0 0 /k").unwrap().lets_read(7, 8));
        assert!(!Node::parse("-rw-rw-r-- 0 0 /k").unwrap().is_roots());
    }
}
