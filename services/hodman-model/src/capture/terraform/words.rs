//! What stands for values of the workspace in Terraform's files.

use std::collections::BTreeMap;

use crate::bundle::ResourceKey;
use crate::capture::identity::description;
use crate::capture::keys::{Keys, slug};
use crate::capture::varied::{Sort, catalog_in, sort_called, sort_of};
use crate::hcl::{self, Variable};

/// What stands for values.
pub(super) struct Words<'a> {
    pub literals: &'a [String],
    pub addresses: BTreeMap<String, String>,
    pub keys: &'a Keys,
    pub variables: BTreeMap<String, Variable>,
}

impl Words<'_> {
    fn named(&mut self, sort: &Sort, text: &str) -> Option<String> {
        if self.literals.iter().any(|name| name == sort.name) {
            return None;
        }
        let wanted = slug(&format!("{} {text}", sort.word), sort.word);
        let variable = Variable {
            description: description(sort.name, text),
            value: Some(text.to_owned()),
        };
        let mut name = wanted.clone();
        let mut number = 2;
        // Two values can have one name: the second gets a number.
        while self
            .variables
            .get(&name)
            .is_some_and(|known| *known != variable)
        {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        self.variables.insert(name.clone(), variable);
        Some(name)
    }
}

impl hcl::Names for Words<'_> {
    fn variable(&mut self, kind: &str, path: &[&str], text: &str) -> Option<String> {
        self.named(sort_of(kind, path, text)?, text)
    }

    fn inside<'t>(
        &mut self,
        kind: &str,
        path: &[&str],
        text: &'t str,
    ) -> Option<(&'t str, String, &'t str)> {
        let (before, catalog, after) = catalog_in(kind, path, text)?;
        let name = self.named(sort_called("catalogs")?, catalog)?;
        Some((before, name, after))
    }

    fn secret(&mut self, key: &ResourceKey, field: &str) -> String {
        let mut name = format!("{}_{}", key.key, slug(field, "secret"));
        let variable = Variable {
            description: format!("`{field}` of {key}: a secret that was not captured"),
            value: None,
        };
        // Objects of two kinds can have one key.
        if self
            .variables
            .get(&name)
            .is_some_and(|known| *known != variable)
        {
            name = format!("{}_{name}", key.kind);
        }
        self.variables.insert(name.clone(), variable);
        name
    }

    fn id(&self, key: &ResourceKey) -> Option<String> {
        let mut of_key = self.keys.iter().filter(|(_, other)| *other == key);
        of_key.next().map(|((_, id), _)| id.clone())
    }

    fn source(&self, path: &str) -> Option<String> {
        self.addresses.get(path).cloned()
    }
}
