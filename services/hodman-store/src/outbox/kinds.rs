//! Which kinds of effects somebody has hands for.

use crate::db::Value;

/// A choice of effects by [`NewEffect::kind`](super::NewEffect::kind).
#[derive(Clone, Copy, Debug, Default)]
pub enum Kinds<'k> {
    /// All.
    #[default]
    All,
    /// These.
    Only(&'k [&'k str]),
    /// All but these.
    Except(&'k [&'k str]),
}

impl<'k> Kinds<'k> {
    /// `AND kind NOT IN ($5, $6)`, or nothing.
    pub(super) fn sql(self, first: usize) -> String {
        let word = match self {
            Self::Only([]) => return "AND 1 = 0".to_owned(),
            Self::All | Self::Except([]) => return String::new(),
            Self::Only(_) => "IN",
            Self::Except(_) => "NOT IN",
        };
        let numbers: Vec<String> = (first..first + self.names().len())
            .map(|number| format!("${number}"))
            .collect();
        format!("AND kind {word} ({})", numbers.join(", "))
    }

    /// What [`Self::sql`] names.
    pub(super) fn values(self) -> impl Iterator<Item = Value<'k>> {
        self.names().iter().map(|kind| Value::from(*kind))
    }

    fn names(self) -> &'k [&'k str] {
        match self {
            Self::All => &[],
            Self::Only(kinds) | Self::Except(kinds) => kinds,
        }
    }
}
