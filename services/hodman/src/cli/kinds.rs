//! `hodman kinds`: the one table of what hodman manages in workspaces and below them, as the code has it.

mod shown;

use super::failure::{Exit, Failure};
use super::output::{lines_of, print, print_json};
use hodman_model::diagnostic::did_you_mean;
use hodman_model::kinds::pattern::Pattern;
use hodman_model::kinds::rules::Rules;
use hodman_model::kinds::{
    Captured, Change, Identity, KINDS, Kind, Listing, Reversibility, foundation_kinds,
};
use serde::Serialize;
use serde_json::{Map, Value, json};
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
    /// The fields that make up the name by which there is only one; empty where names are not unique.
    natural_key: Vec<String>,
    /// How objects are found.
    listed: String,
    /// The fields that can be set; empty when the API keeps them apart from state.
    fields: &'static [&'static str],
    /// What the server takes where nobody said anything: by field, the value.
    defaults: BTreeMap<String, Value>,
    /// Fields that the server fills as it likes.
    server_fills: Vec<String>,
    /// Blocks that a cluster policy fills.
    policy_fills: Vec<String>,
    /// Fields of which several ways to write them mean the same, by what is done with them.
    normalised: BTreeMap<&'static str, Vec<String>>,
    /// The fields that force a replacement.
    replaced_on: Vec<String>,
    /// The fields that are taken and never told.
    write_only: Vec<String>,
    /// The object type of its permissions, and their levels.
    permissions: Option<Permissions>,
    /// The securable of its grants.
    grants: Option<&'static str>,
    /// What each action loses, at worst.
    reversibility: BTreeMap<&'static str, Reversibility>,
    /// What it loses at best, where that depends on the object.
    at_best: BTreeMap<&'static str, Reversibility>,
    captured: String,
    /// Kinds that must be there first: its fields refer to them by id or by name, or it lies in them.
    needs: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
struct Permissions {
    object_type: &'static str,
    levels: &'static [&'static str],
}

/// The actions, in the order of the table.
const ACTIONS: [(&str, Change); 4] = [
    ("create", Change::Create),
    ("update", Change::Update),
    ("replace", Change::Replace),
    ("delete", Change::Delete),
];

pub(super) fn kinds(names: &[String], json: bool) -> anyhow::Result<ExitCode> {
    let all: Vec<&dyn Kind> = KINDS.iter().copied().chain(foundation_kinds()).collect();
    let unknown = |name: &&String| !all.iter().any(|kind| kind.name() == *name);
    if let Some(name) = names.iter().find(unknown) {
        let failure = Failure::new(Exit::Usage, format!("there is no kind `{name}`"));
        let hint = did_you_mean(name, all.iter().map(|kind| kind.name()));
        return Err(match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
        .into());
    }
    let asked =
        |kind: &&&dyn Kind| names.is_empty() || names.iter().any(|name| name == kind.name());
    let rows: Vec<Row> = all.iter().filter(asked).map(|kind| row(*kind)).collect();
    if json {
        print_json(&rows)?;
    } else if names.is_empty() {
        print(&lines_of(&shown::table_of(&rows)))?;
    } else {
        print(&shown::whole(&rows))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(kind: &dyn Kind) -> Row {
    let rules = kind.rules();
    let samples = samples(rules);
    let listed = match kind.listing() {
        Listing::All(_) => "one list".to_owned(),
        Listing::Below { parent, .. } => format!("below {parent}"),
        Listing::ByName => "by name".to_owned(),
    };
    let (mut reversibility, mut at_best) = (BTreeMap::new(), BTreeMap::new());
    for (name, change) in ACTIONS {
        let mut classes: Vec<Reversibility> = samples
            .iter()
            .map(|config| kind.reversibility(change, config))
            .collect();
        classes.sort_by_key(rank);
        if let (Some(best), Some(worst)) = (classes.first(), classes.last()) {
            if rank(best) != rank(worst) {
                at_best.insert(name, best.clone());
            }
            reversibility.insert(name, worst.clone());
        }
    }
    Row {
        kind: kind.name(),
        api: api(kind),
        identity: match kind.identity() {
            Identity::Tags => "tags",
            Identity::Claim => "claim",
        },
        natural_key: natural_key(kind),
        listed,
        fields: rules.settable,
        defaults: rules
            .defaults
            .iter()
            .map(|default| (default.at.to_string(), default.value.clone()))
            .collect(),
        server_fills: texts(rules.server_fills.iter().map(|fill| &fill.at)),
        policy_fills: texts(&rules.policy_fills),
        normalised: normalised(rules),
        replaced_on: replaced_on(rules),
        write_only: texts(&rules.write_only),
        permissions: kind.permissions().map(|found| Permissions {
            object_type: found.object_type,
            levels: found.levels,
        }),
        grants: kind.securable(),
        reversibility,
        at_best,
        captured: match kind.captured() {
            Captured::Whole => "whole".to_owned(),
            Captured::NameOnly => "name only".to_owned(),
            Captured::Never(why) => format!("never: {why}"),
        },
        needs: needs(kind, &samples),
    }
}

/// What stands in samples for any text: a name in Unity Catalog has three parts.
const TEXT: &str = "a.b.c";

/// Configs that say everything, each field alone and nothing: some answers depend on what a config says, and a table asks for
/// all of them.
fn samples(rules: &Rules) -> Vec<Value> {
    let fields = rules.settable.iter();
    let whole: Map<String, Value> = fields
        .clone()
        .map(|field| ((*field).to_owned(), json!(TEXT)))
        .collect();
    let served = json!({ "config": { "served_entities": [{ "entity_name": TEXT }, { "entity_name": "a" }] } });
    let alone = fields.flat_map(|field| [json!({ *field: TEXT }), json!({ *field: true })]);
    alone
        .chain([json!({}), Value::Object(whole), served])
        .collect()
}

fn rank(reversibility: &Reversibility) -> u8 {
    match reversibility {
        Reversibility::Reversible => 0,
        Reversibility::Compensable { .. } => 1,
        Reversibility::Irreversible { .. } => 2,
    }
}

/// The fields without which the unique name of an object is not known, or is another one.
fn natural_key(kind: &dyn Kind) -> Vec<String> {
    let fields = kind.rules().settable;
    let with = |left_out: Option<&str>, other: Option<&str>| {
        let said = fields.iter().filter(|field| Some(**field) != left_out);
        let text = |field: &str| match Some(field) == other {
            true => json!("x"),
            false => json!("a"),
        };
        let config = said.map(|field| ((*field).to_owned(), text(field)));
        kind.natural(&Value::Object(config.collect()))
    };
    let Some(whole) = with(None, None) else {
        return Vec::new();
    };
    let makes = |field: &str| {
        with(None, Some(field)).as_ref() != Some(&whole)
            || with(Some(field), None).as_ref() != Some(&whole)
    };
    fields
        .iter()
        .filter(|field| makes(field))
        .map(|field| (*field).to_owned())
        .collect()
}

fn needs(kind: &dyn Kind, samples: &[Value]) -> Vec<&'static str> {
    let parent = match kind.listing() {
        Listing::Below { parent, .. } => Some(parent),
        Listing::All(_) | Listing::ByName => None,
    };
    let by_name = samples.iter().flat_map(|config| kind.needs(config));
    let mut found: Vec<&'static str> = kind
        .rules()
        .references
        .iter()
        .map(|reference| reference.kind)
        .chain(parent)
        .chain(by_name.map(|(other, _)| other))
        .filter(|other| *other != kind.name())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// What cannot change in place.
fn replaced_on(rules: &Rules) -> Vec<String> {
    let made_with = rules.made_with.iter();
    let made_with = made_with.map(|field| format!("{field} (where it comes or goes)"));
    texts(&rules.replace_on)
        .into_iter()
        .chain(made_with)
        .collect()
}

/// What is compared in one form however it is written.
fn normalised(rules: &Rules) -> BTreeMap<&'static str, Vec<String>> {
    let own = rules.own_entries.iter();
    let repeats = rules.repeats.iter();
    let lists = rules.list_keys.iter();
    [
        ("scalars that are text in the API", texts(&rules.texts)),
        ("texts that hold JSON", texts(&rules.json_texts)),
        ("policy documents", texts(&rules.policy_documents)),
        ("paths in the workspace", texts(&rules.workspace_paths)),
        ("lower case", texts(&rules.lower_case)),
        ("a slash at the end", texts(&rules.locations)),
        ("lists in any order", texts(&rules.sets)),
        (
            "lists in any order, by key",
            lists
                .map(|(list, key)| format!("{list} by {key}"))
                .collect(),
        ),
        (
            "entries of the server",
            own.map(|(field, start)| format!("{field}.{start}*"))
                .collect(),
        ),
        (
            "repetitions",
            repeats
                .map(|(at, field, other)| match at.to_string().as_str() {
                    "" => format!("{field} like {other}"),
                    at => format!("{at}: {field} like {other}"),
                })
                .collect(),
        ),
        ("never compared", texts(&rules.volatile)),
    ]
    .into_iter()
    .filter(|(_, fields)| !fields.is_empty())
    .collect()
}

fn texts<'p>(patterns: impl IntoIterator<Item = &'p Pattern>) -> Vec<String> {
    patterns.into_iter().map(ToString::to_string).collect()
}

/// The path under which objects of the kind are found.
fn api(kind: &dyn Kind) -> String {
    match kind.listing() {
        Listing::All(list) => list.path,
        Listing::Below { list, .. } => list("PARENT").path,
        Listing::ByName => kind.get("NAME").path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(row.needs, ["schemas"]);
        assert_eq!(row.natural_key, ["catalog_name", "name", "schema_name"]);
        assert!(row.replaced_on.contains(&"storage_location".to_owned()));
        let loses = &row.reversibility["delete"];
        assert!(matches!(loses, Reversibility::Irreversible { .. }));
    }
}
