//! A file's owner and mode as `ls -ldn` prints them, and what sshd makes of them.

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

    /// Somebody besides the owner may write: sshd's `StrictModes` ignores what lies below.
    pub(super) fn others_may_write(&self) -> bool {
        self.has(5, 'w') || self.has(8, 'w')
    }

    /// Nobody besides the owner has any right.
    pub(super) fn is_private(&self) -> bool {
        self.mode.get(4..10).is_some_and(|rights| rights == "------")
    }

    pub(super) fn owner_may(&self, rights: &str) -> bool {
        self.mode
            .get(1..4)
            .is_some_and(|have| rights.chars().all(|right| have.contains(right)))
    }

    /// Whether a user can go through this directory, as far as its own group tells.
    pub(super) fn lets_through(&self, uid: u32, gid: u32) -> bool {
        if self.owner == uid {
            return self.has(3, 'x');
        }
        if self.group == gid {
            return self.has(6, 'x');
        }
        self.has(9, 'x')
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
        assert!(Node::parse("-rw------- 1 1 /k").unwrap().is_private());
        assert!(Node::parse("garbage").is_none());
    }
}
