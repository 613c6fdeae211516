//! Variables that nothing refers to.

use std::collections::BTreeSet;

use super::warning;
use crate::bundle::load::Loaded;
use crate::diagnostic::Diagnostic;
use crate::files::node::Node;

/// One warning for each declared variable that is not in `used`.
pub(super) fn check(loaded: &Loaded, used: &BTreeSet<String>) -> Vec<Diagnostic> {
    let declared = loaded.config.get("variables").and_then(Node::as_map);
    declared
        .into_iter()
        .flatten()
        .filter(|(name, _)| !used.contains(*name))
        .map(|(name, entry)| {
            warning(&entry.place, format!("nothing uses the variable `{name}`"))
                .hint(format!("remove it, or refer to it as `${{var.{name}}}`"))
        })
        .collect()
}
