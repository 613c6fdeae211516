//! One live object in the form in which it is compared with the desired one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::references::{folders_to_placeholder, follow_desired, ids_to_references};
use crate::bundle::ResourceKey;
use crate::digest::Digest;
use crate::kinds::{Kind, Listed};

/// What the workspace's ids and folders mean.
pub(super) struct Symbols<'a> {
    /// Resources by (kind, id).
    pub keys: &'a BTreeMap<(String, String), ResourceKey>,
    /// Ids by resource.
    pub ids: &'a BTreeMap<ResourceKey, String>,
    /// The environment's folder of file sets.
    pub files_root: &'a str,
}

/// The object's config with ids and folders as placeholders and without what the server filled, and the file sets it
/// points to.
pub(super) fn symbolic(
    kind: &dyn Kind,
    live: &Listed,
    desired: Option<&Value>,
    symbols: &Symbols<'_>,
) -> (Value, BTreeSet<Digest>) {
    let rules = kind.rules();
    let mut value = match desired {
        Some(_) => rules.without_fills(&live.config, desired),
        None => live.config.clone(),
    };
    let mut folders = BTreeSet::new();
    folders_to_placeholder(&mut value, symbols.files_root, &mut folders);
    ids_to_references(kind, &mut value, symbols.keys);
    if let Some(desired) = desired {
        follow_desired(
            &mut value,
            desired,
            &|list| rules.list_key(list),
            symbols.ids,
            "",
        );
    }
    (rules.normalise(&value), folders)
}
