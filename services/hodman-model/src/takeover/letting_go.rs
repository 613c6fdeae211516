//! How the former owner lets go: until it does, two write to the same objects.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{From, Match};

/// What to do with the former owner after the takeover was approved, as Markdown.
#[must_use]
pub fn letting_go(from: From, matches: &[Match]) -> String {
    let mut text = String::new();
    match from {
        From::BundleState => {
            text.push_str(
                "The former deployment must not run again: its next `databricks bundle deploy` would overwrite what is \
                 promoted, and `databricks bundle destroy` would delete it.\n\n\
                 1. Remove the deploy step from its pipeline.\n\
                 2. Make its state forget the objects; they stay as they are:\n\n```sh\n",
            );
            for found in matches {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "databricks bundle deployment unbind {}", found.key.key);
            }
            text.push_str("```\n");
        }
        From::Tfstate => {
            text.push_str(
                "The former configuration must not be applied again as it is: put these blocks in place of the resources, \
                 and Terraform forgets the objects without destroying them (Terraform 1.7 or later).\n\n```hcl\n",
            );
            let addresses: BTreeSet<&str> = matches
                .iter()
                .map(|found| without_index(&found.address))
                .collect();
            for address in addresses {
                let _ = writeln!(
                    text,
                    "removed {{\n  from = {address}\n\n  lifecycle {{\n    destroy = false\n  }}\n}}\n"
                );
            }
            text.truncate(text.trim_end().len());
            text.push_str("\n```\n");
        }
        From::Ids => text.push_str(
            "Nobody else must write to these objects any more: whatever made or changed them so far has to stop.\n",
        ),
    }
    text
}

/// `removed` blocks name whole resources, never one instance.
fn without_index(address: &str) -> &str {
    address
        .rsplit_once('[')
        .filter(|(_, index)| index.ends_with(']') && !index.contains("]."))
        .map_or(address, |(whole, _)| whole)
}
