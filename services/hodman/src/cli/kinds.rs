//! `hodman kinds`: the one table of what hodman manages in a workspace, as the code has it.

use super::output::{lines_of, print, print_json, table};
use hodman_model::kinds::{Captured, Change, Identity, KINDS, Kind, Listing, Reversibility};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// One row.
#[derive(Debug, Serialize)]
struct Row {
    kind: &'static str,
    /// Where its API is.
    api: String,
    /// How an object is known to be ours.
    identity: &'static str,
    /// How objects are found.
    listed: String,
    /// The fields that can be set; empty when the API keeps them apart from state.
    fields: &'static [&'static str],
    /// The fields that force a replacement.
    replaced_on: Vec<String>,
    /// The fields that are taken and never told.
    write_only: Vec<String>,
    /// The object type of its permissions, and their levels.
    permissions: Option<Permissions>,
    /// The securable of its grants.
    grants: Option<&'static str>,
    /// What each action loses.
    reversibility: BTreeMap<&'static str, Reversibility>,
    captured: String,
    /// Kinds that its fields refer to by id.
    refers_to: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Permissions {
    object_type: &'static str,
    levels: &'static [&'static str],
}

pub(super) fn kinds(json: bool) -> anyhow::Result<ExitCode> {
    let rows: Vec<Row> = KINDS.iter().map(|kind| row(*kind)).collect();
    if json {
        print_json(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = table(&[
        "KIND",
        "API",
        "OURS BY",
        "PERMISSIONS",
        "GRANTS",
        "REPLACED ON",
        "UPDATE",
        "REPLACE",
        "DELETE",
        "CAPTURED",
        "NEEDS",
    ]);
    for row in &rows {
        let class = |action: &str| class(&row.reversibility[action]).to_owned();
        let permissions = row.permissions.as_ref().map(|found| found.levels.join(" "));
        shown.add_row([
            row.kind.to_owned(),
            row.api.clone(),
            row.identity.to_owned(),
            permissions.unwrap_or_else(|| "-".to_owned()),
            row.grants.unwrap_or("-").to_owned(),
            or_dash(&row.replaced_on),
            class("update"),
            class("replace"),
            class("delete"),
            row.captured.clone(),
            or_dash(&row.refers_to),
        ]);
    }
    print(&lines_of(&shown))?;
    Ok(ExitCode::SUCCESS)
}

fn row(kind: &dyn Kind) -> Row {
    let rules = kind.rules();
    let (listed, parent) = match kind.listing() {
        Listing::All(_) => ("one list".to_owned(), None),
        Listing::Below { parent, .. } => (format!("below {parent}"), Some(parent)),
        Listing::ByName => ("by name".to_owned(), None),
    };
    let mut refers_to: Vec<&'static str> = rules
        .references
        .iter()
        .map(|reference| reference.kind)
        .chain(parent)
        .collect();
    refers_to.sort_unstable();
    refers_to.dedup();
    Row {
        kind: kind.name(),
        api: api(kind),
        identity: match kind.identity() {
            Identity::Tags => "tags",
            Identity::Claim => "claim",
        },
        listed,
        fields: rules.settable,
        replaced_on: rules.replace_on.iter().map(ToString::to_string).collect(),
        write_only: rules.write_only.iter().map(ToString::to_string).collect(),
        permissions: kind.permissions().map(|found| Permissions {
            object_type: found.object_type,
            levels: found.levels,
        }),
        grants: kind.securable(),
        reversibility: [
            ("create", Change::Create),
            ("update", Change::Update),
            ("replace", Change::Replace),
            ("delete", Change::Delete),
        ]
        .into_iter()
        .map(|(name, change)| (name, kind.reversibility(change, &json!({}))))
        .collect(),
        captured: match kind.captured() {
            Captured::Whole => "whole".to_owned(),
            Captured::NameOnly => "name only".to_owned(),
            Captured::Never(why) => format!("never: {why}"),
        },
        refers_to,
    }
}

/// The path under which objects of the kind are found.
fn api(kind: &dyn Kind) -> String {
    match kind.listing() {
        Listing::All(list) => list.path,
        Listing::Below { list, .. } => list("PARENT").path,
        Listing::ByName => kind.get("NAME").path,
    }
}

fn class(reversibility: &Reversibility) -> &'static str {
    match reversibility {
        Reversibility::Reversible => "reversible",
        Reversibility::Compensable { .. } => "compensable",
        Reversibility::Irreversible { .. } => "irreversible",
    }
}

fn or_dash(words: &[impl AsRef<str>]) -> String {
    if words.is_empty() {
        return "-".to_owned();
    }
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn every_kind_has_a_whole_row() {
        for kind in KINDS {
            let row = serde_json::to_value(row(*kind)).expect("JSON");
            assert!(
                row["api"]
                    .as_str()
                    .is_some_and(|path| path.starts_with("/api/")),
                "{row}"
            );
            let actions = row["reversibility"].as_object().map(|all| all.len());
            assert_eq!(actions, Some(4), "{row}");
            for lost in ["replace", "delete"] {
                let loses = &row["reversibility"][lost]["loses"];
                assert!(loses != &Value::from(""), "{row}");
            }
        }
    }

    #[test]
    fn the_row_of_a_volume_says_what_a_person_asks() {
        let volumes = hodman_model::kinds::kind("volumes").expect("volumes");
        let row = row(volumes);
        assert_eq!((row.identity, row.grants), ("claim", Some("volume")));
        assert_eq!(row.listed, "below schemas");
        assert_eq!(row.refers_to, ["schemas"]);
        assert!(row.replaced_on.contains(&"storage_location".to_owned()));
        assert_eq!(class(&row.reversibility["delete"]), "irreversible");
    }
}
