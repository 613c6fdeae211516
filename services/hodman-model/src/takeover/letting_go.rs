//! How the former owner lets go: until it does, two write to the same objects.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::tfstate::PART;
use super::{From, Match, Matched};

/// What to do with the former owner after the takeover was approved, as Markdown.
#[must_use]
pub fn letting_go(from: From, matched: &Matched) -> String {
    let matches = &matched.matches;
    match from {
        From::BundleState => bundle(matches),
        // Who deployed with the Terraform engine has no files in which blocks could stand.
        From::Tfstate if matches.iter().any(|found| found.marked.is_some()) => bundle(matches),
        From::Tfstate => terraform(matched),
        From::Ids => "Nobody else must write to these objects any more: whatever made or changed them so far has to stop.\n".to_owned(),
    }
}

fn bundle(matches: &[Match]) -> String {
    let mut text = String::from(
        "The former deployment must not run again: its next `databricks bundle deploy` would overwrite what is \
         promoted, and `databricks bundle destroy` would delete it.\n\n\
         1. Remove the deploy step from its pipeline.\n\
         2. Make its state forget the objects; they stay as they are:\n\n```sh\n",
    );
    for found in matches {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "databricks bundle deployment unbind {}",
            former_key(found)
        );
    }
    text.push_str("```\n");
    text
}

/// The key by which the former owner knows it: ours may be another.
fn former_key(found: &Match) -> &str {
    let address = without_index(&found.address);
    address.rsplit_once('.').map_or(address, |(_, key)| key)
}

fn terraform(matched: &Matched) -> String {
    let whole = |address: &str| without_index(address).to_owned();
    // A block makes Terraform forget every instance, also those that stay its own.
    let stay: BTreeSet<String> = matched
        .left
        .iter()
        .filter(|left| !left.address.ends_with(PART))
        .map(|left| whole(&left.address))
        .collect();
    let objects = matched.matches.iter().map(|found| &found.address);
    let imports = matched.imports.iter().map(|found| &found.address);
    let addresses = objects.chain(imports).map(String::as_str);
    // What is a part of something else goes with it.
    let addresses = addresses.filter(|address| !address.ends_with(PART));
    let (alone, gone): (BTreeSet<&str>, BTreeSet<&str>) =
        addresses.partition(|address| stay.contains(&whole(address)));
    let mut text = String::from(
        "The former configuration must not be applied again as it is: put these blocks in place of the resources, \
         and Terraform forgets the objects without destroying them (Terraform 1.7 or later).\n",
    );
    let blocks: BTreeSet<&str> = gone.into_iter().map(without_index).collect();
    if !blocks.is_empty() {
        text.push_str("\n```hcl\n");
        for address in blocks {
            let _ = writeln!(
                text,
                "removed {{\n  from = {address}\n\n  lifecycle {{\n    destroy = false\n  }}\n}}\n"
            );
        }
        text.truncate(text.trim_end().len());
        text.push_str("\n```\n");
    }
    if !alone.is_empty() {
        text.push_str(
            "\nOf these resources other instances stay Terraform's, and a block names all of them: take these instances out of \
             `count` or `for_each`, and of the state:\n\n```sh\n",
        );
        for address in alone {
            let _ = writeln!(text, "terraform state rm '{address}'");
        }
        text.push_str("```\n");
    }
    text.push_str(
        "\nIf the state is of a bundle that was deployed with the Terraform engine, nobody has files for it: \
         `databricks bundle deployment unbind KEY` makes it forget each, and the deploy step must go.\n",
    );
    text
}

/// `removed` blocks name whole resources, never one instance.
fn without_index(address: &str) -> &str {
    address
        .rsplit_once('[')
        .filter(|(_, index)| index.ends_with(']') && !index.contains("]."))
        .map_or(address, |(whole, _)| whole)
}
