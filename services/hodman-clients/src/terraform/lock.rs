//! Who holds a state's lock, from Terraform's words.

use std::fmt;

/// The holder of a state's lock. Some backends tell the lock's id only; all else is empty then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockHolder {
    /// The lock's id, which unlocking needs.
    pub id: String,
    /// User and machine.
    pub who: String,
    /// When it was taken, in Terraform's spelling.
    pub created: String,
    /// What it was taken for, such as `OperationTypeApply`.
    pub operation: String,
    /// Which state.
    pub path: String,
    /// The version of the program.
    pub version: String,
}

impl LockHolder {
    /// From the text of the error "Error acquiring the state lock".
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (_, info) = text.split_once("Lock Info:")?;
        let field = |name: &str| {
            info.lines()
                .map(|line| line.trim_start_matches(['│', ' ']))
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .map(|value| value.trim().to_owned())
                .unwrap_or_default()
        };
        let id = field("ID");
        // Terraform's `http` backend shows whoever asks in the place of whoever holds the lock.
        if let Some((_, rest)) = text.split_once("already locked: ID=") {
            let held = rest.split(char::is_whitespace).next().unwrap_or_default();
            if held != id {
                return (!held.is_empty()).then(|| Self {
                    id: held.to_owned(),
                    ..Self::default()
                });
            }
        }
        (!id.is_empty()).then(|| Self {
            id,
            who: field("Who"),
            created: field("Created"),
            operation: field("Operation"),
            path: field("Path"),
            version: field("Version"),
        })
    }
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.who.is_empty() {
            return write!(
                f,
                "somebody whom its backend does not tell (lock {})",
                self.id
            );
        }
        write!(
            f,
            "{} since {} ({}, lock {})",
            self.who, self.created, self.operation, self.id
        )
    }
}

#[cfg(test)]
mod tests {
    use super::LockHolder;

    #[test]
    fn a_holder_is_read_from_plain_and_framed_text() {
        let plain = "Error message: resource temporarily unavailable\nLock Info:\n  ID:        485c9b73\n  Path:      \
                     terraform.tfstate\n  Operation: OperationTypeApply\n  Who:       root@vm\n  Version:   1.11.4\n  Created:   \
                     2026-11-23 23:20:38.769332966 +0000 UTC\n  Info:      \n\nTerraform acquires";
        let holder = LockHolder::parse(plain).unwrap();
        assert_eq!(holder.id, "485c9b73");
        assert_eq!(holder.who, "root@vm");
        assert_eq!(holder.operation, "OperationTypeApply");
        assert_eq!(holder.created, "2026-11-23 23:20:38.769332966 +0000 UTC");
        assert_eq!(
            LockHolder::parse(&plain.replace('\n', "\n│ ")),
            Some(holder)
        );
        assert_eq!(LockHolder::parse("Lock Info:\n"), None);
    }

    #[test]
    fn whoever_asks_is_not_taken_for_the_holder() {
        let text = |id: &str| {
            format!(
                "Error message: HTTP remote state already locked: ID={id}\nLock Info:\n  ID:        94da9ff2\n  Who:       root@vm\n"
            )
        };
        let holder = LockHolder::parse(&text("485c9b73")).unwrap();
        assert_eq!((&*holder.id, &*holder.who), ("485c9b73", ""));
        assert!(!holder.to_string().contains("root@vm"), "{holder}");
        // As OpenTofu has it.
        let holder = LockHolder::parse(&text("94da9ff2")).unwrap();
        assert_eq!(holder.who, "root@vm");
        assert_eq!(LockHolder::parse(&text("")), None);
    }
}
