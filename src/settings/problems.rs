//! Everything that is missing or malformed, collected so that you can fix it all at once.

use std::fmt;

use super::registry::SettingId;

/// One thing that is missing or malformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Missing or malformed.
    pub sort: Sort,
    /// The setting, where it is about one; every way to give it is then written below.
    pub id: Option<SettingId>,
    /// What is wrong and where it was said; never a secret. May have several lines.
    pub text: String,
}

/// Whether a question could help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// No source gave it; you can be asked.
    Missing,
    /// The value that was given cannot be used.
    Malformed,
}

/// All of them. As an error it ends the program with exit code 2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes that a setting is needed and no source gave it.
    pub fn missing(&mut self, id: SettingId, what: impl fmt::Display) {
        self.push(Sort::Missing, Some(id), format!("{} is missing: {what}", id.name()));
    }

    /// Notes that what was given cannot be; the text says where it was given.
    pub fn malformed(&mut self, id: SettingId, text: impl fmt::Display) {
        self.push(Sort::Malformed, Some(id), text.to_string());
    }

    /// Notes what is wrong with something that is no single setting: a file, two flags together.
    pub fn wrong(&mut self, text: impl fmt::Display) {
        self.push(Sort::Malformed, None, text.to_string());
    }

    /// Each of them, in the order they were found.
    pub fn list(&self) -> &[Problem] {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves only the problems that asking cannot fix.
    pub fn only_malformed(mut self) -> Self {
        self.0.retain(|problem| problem.sort == Sort::Malformed);
        self
    }

    /// In the order of the table of settings, with what is wrong with files and pairs of flags first.
    pub fn sorted(mut self) -> Self {
        self.0.sort_by_key(|problem| problem.id);
        self
    }

    /// `Err` when there is any.
    ///
    /// # Errors
    /// Itself.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }

    fn push(&mut self, sort: Sort, id: Option<SettingId>, text: String) {
        let problem = Problem { sort, id, text };
        // The same file may be read twice (before and after asking); its problem is reported once.
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(f, "a setting is missing or malformed:")?,
            count => write!(f, "{count} settings are missing or malformed:")?,
        }
        for problem in &self.0 {
            write!(f, "\n  {}", problem.text.replace('\n', "\n    "))?;
            if let Some(id) = problem.id {
                write!(f, "\n    give it as {}", id.ways())?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_says_how_to_mend_it() {
        let mut problems = Problems::default();
        problems.missing(SettingId::Region, "your account's region");
        problems.malformed(SettingId::Port, "PGPORT: \"x\" is not a port");
        assert_eq!(
            problems.to_string(),
            "2 settings are missing or malformed:\n  \
             --region is missing: your account's region\n    \
             give it as --region, STITCH_PG_REGION or stitch.region in the file\n  \
             PGPORT: \"x\" is not a port\n    \
             give it as --port, PGPORT or admin.port in the file"
        );
        assert_eq!(problems.only_malformed().list().len(), 1);
    }
}
