//! Kinds as text: all of them in a table, or everything about some.

use super::super::output::table;
use super::Row;
use comfy_table::Table;
use hodman_model::kinds::Reversibility;

/// A line for each. What can be as long as the API's own reference is left to [`whole`].
pub(super) fn table_of(rows: &[Row]) -> Table {
    let mut shown = table(&[
        "KIND",
        "API",
        "OURS BY",
        "KEY",
        "GRANTS",
        "CREATE",
        "UPDATE",
        "REPLACE",
        "DELETE",
        "CAPTURED",
        "NEEDS",
        "PERMISSIONS",
    ]);
    for row in rows {
        shown.add_row([
            row.kind.to_owned(),
            row.api.clone(),
            row.identity.to_owned(),
            or_dash(&row.natural_key),
            row.grants.unwrap_or("-").to_owned(),
            class(row, "create"),
            class(row, "update"),
            class(row, "replace"),
            class(row, "delete"),
            row.captured.clone(),
            or_dash(&row.needs),
            permissions(row),
        ]);
    }
    shown
}

/// Everything about each, a line for each thing.
pub(super) fn whole(rows: &[Row]) -> String {
    rows.iter()
        .map(|row| {
            let defaults = row.defaults.iter();
            let defaults: Vec<String> = defaults
                .map(|(field, value)| format!("{field}={value}"))
                .collect();
            let mut lines = vec![
                ("api", row.api.clone()),
                ("listed", row.listed.clone()),
                ("ours by", row.identity.to_owned()),
                ("key", or_dash(&row.natural_key)),
                ("needs", or_dash(&row.needs)),
                ("permissions", permissions(row)),
                ("grants", row.grants.unwrap_or("-").to_owned()),
                ("captured", row.captured.clone()),
            ];
            for action in ["create", "update", "replace", "delete"] {
                let loses = match &row.reversibility[action] {
                    Reversibility::Reversible => String::new(),
                    Reversibility::Compensable { loses }
                    | Reversibility::Irreversible { loses } => {
                        format!(": {loses}")
                    }
                };
                lines.push((action, class(row, action) + &loses));
            }
            lines.extend([
                ("replaced on", or_dash(&row.replaced_on)),
                ("never told", or_dash(&row.write_only)),
                ("fields", or_dash(row.fields)),
                ("defaults", or_dash(&defaults)),
                ("server fills", or_dash(&row.server_fills)),
                ("policy fills", or_dash(&row.policy_fills)),
            ]);
            let mut text = format!("{}\n", row.kind);
            for (what, words) in lines {
                text.push_str(&format!("  {what:<12}  {words}\n"));
            }
            for (what, fields) in &row.normalised {
                text.push_str(&format!("  the same: {what}: {}\n", fields.join(" ")));
            }
            text
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn permissions(row: &Row) -> String {
    let permissions = row.permissions.as_ref();
    permissions.map_or_else(
        || "-".to_owned(),
        |found| format!("{}: {}", found.object_type, found.levels.join(" ")),
    )
}

/// What an action loses at worst, and at best where that is another class.
fn class(row: &Row, action: &str) -> String {
    let word = |reversibility: &Reversibility| match reversibility {
        Reversibility::Reversible => "reversible",
        Reversibility::Compensable { .. } => "compensable",
        Reversibility::Irreversible { .. } => "irreversible",
    };
    let worst = word(&row.reversibility[action]);
    match row.at_best.get(action) {
        Some(best) => format!("{} or {worst}", word(best)),
        None => worst.to_owned(),
    }
}

fn or_dash(words: &[impl AsRef<str>]) -> String {
    if words.is_empty() {
        return "-".to_owned();
    }
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    words.join(" ")
}
