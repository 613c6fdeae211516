//! A resource that stands in no bundle, but in a module: its fields are held against its kind all the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::kinds::bundle_kind;
use super::{Resource, ResourceKey, beside, fields, fixups};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files::node::{Node, Place};

/// The resource that `config` says; `file` is where it stands. What is wrong with it is added to `found`.
pub(crate) fn lone(
    key: &ResourceKey,
    config: &Value,
    file: &str,
    found: &mut Diagnostics,
) -> Resource {
    let place = Place {
        file: Arc::from(file),
        line: 1,
        column: 1,
    };
    let mut node = Node::from_value(config, &place);
    let mut resource = Resource {
        file: file.to_owned(),
        line: 1,
        ..Resource::default()
    };
    fixups::in_words_of_bundles(&key.kind, &mut node);
    let (Some(kind), Some(map)) = (bundle_kind(&key.kind), node.as_map_mut()) else {
        found.push(Diagnostic::error(file, format!("`{key}` has no fields")));
        return resource;
    };
    let beside = beside::take(kind, map, found);
    fields::check(kind.schema, map, &key.to_string(), found);
    fixups::in_words_of_the_api(key, &mut node);
    resource.config = Arc::new(node.to_value());
    resource.permissions = beside.permissions;
    resource.grants = beside.grants;
    resource.lifecycle = beside.lifecycle;
    resource.needs = BTreeSet::new();
    resource
}
