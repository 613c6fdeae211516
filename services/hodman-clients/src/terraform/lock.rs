//! Who holds a state's lock, from Terraform's words.

/// The holder of a state's lock.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}
