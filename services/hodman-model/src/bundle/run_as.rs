//! Whom resources run as: by their own `run_as`, else by that of the whole bundle.
//!
//! Where neither names anybody, the workspace takes who deploys. So an identity that is written and turns out empty is an
//! error: it would run with the rights of this daemon.

use super::fixups::set_if_absent;
use super::kinds::{BundleKind, RunAs};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::files::node::{Map, Node, Place, Yaml};
use crate::kinds::permissions::is_service_principal;

const IDENTITIES: [&str; 2] = ["user_name", "service_principal_name"];

/// Jobs and pipelines know a third one, which a bundle cannot give to all.
const OWN_IDENTITIES: [&str; 3] = ["user_name", "service_principal_name", "group_name"];

/// Says what is wrong with `run_as` of the whole bundle.
pub(super) fn check(run_as: &Node, found: &mut Diagnostics) {
    let Some(map) = run_as.as_map() else {
        if run_as.value != Yaml::Null {
            let message = format!("`run_as` must be a mapping, found {}", run_as.kind());
            found.push(run_as.place.error(message));
        }
        return;
    };
    for (key, entry) in map
        .iter()
        .filter(|(key, _)| !IDENTITIES.contains(&key.as_str()))
    {
        let mut error = entry.place.error(format!("unknown key `run_as.{key}`"));
        error.hint = did_you_mean(key, IDENTITIES)
            .or_else(|| Some("`user_name` or `service_principal_name`".to_owned()));
        found.push(error);
    }
    if named(map, &IDENTITIES).count() != 1 {
        found.push(not_one(run_as));
    }
}

/// Gives the bundle's `run_as` to a resource that has none, or says that it cannot have one. `defined` is where it is, and who deploys.
pub(super) fn give(
    run_as: Option<&Node>,
    map: &mut Map,
    kind: &BundleKind,
    defined: (&Place, &str),
    found: &mut Diagnostics,
) {
    let own = map
        .get_mut("run_as")
        .filter(|entry| kind.run_as == RunAs::Field && entry.node.value != Yaml::Null);
    if let Some(own) = own {
        if let Some(own_map) = own.node.as_map()
            && named(own_map, &OWN_IDENTITIES).count() != 1
        {
            found.push(not_one(&own.node));
        }
        by_its_word(&mut own.node);
    }
    let Some(run_as) = run_as else { return };
    match kind.run_as {
        RunAs::Nothing => {}
        RunAs::Field => {
            let mut run_as = run_as.clone();
            by_its_word(&mut run_as);
            set_if_absent(map, "run_as", run_as);
        }
        RunAs::Cannot => {
            if is_somebody_else(run_as, defined.1) {
                let message = format!(
                    "`{}` cannot run as somebody else, and the bundle has `run_as`",
                    kind.name
                );
                let hint = "give `run_as` to the jobs and pipelines instead";
                found.push(defined.0.error(message).hint(hint));
            }
        }
        RunAs::Embedded(field) => {
            let embeds = map.get(field).filter(|entry| !is_off(&entry.node));
            if let Some(entry) = embeds
                && is_somebody_else(run_as, defined.1)
            {
                let message = format!(
                    "with `{field}` everybody reads with the rights of who deploys, and the bundle has `run_as`"
                );
                let hint = "give `run_as` to the jobs and pipelines instead, or let people read with their own rights";
                found.push(entry.place.error(message).hint(hint));
            }
        }
    }
}

/// The identities that are not empty.
fn named<'m>(map: &'m Map, keys: &'m [&str]) -> impl Iterator<Item = &'m Node> {
    let nodes = keys.iter().filter_map(|key| Some(&map.get(key)?.node));
    nodes.filter(|node| match &node.value {
        Yaml::Text(text) => !text.trim().is_empty(),
        other => *other != Yaml::Null,
    })
}

fn not_one(run_as: &Node) -> Diagnostic {
    run_as
        .place
        .error("`run_as` names one identity: `user_name` or `service_principal_name`")
}

fn is_somebody_else(run_as: &Node, deployer: &str) -> bool {
    let Some(map) = run_as.as_map() else {
        return false;
    };
    named(map, &IDENTITIES).any(|name| name.as_text() != Some(deployer))
}

/// Whether a switch is off. What is not known is on: better one error too many.
fn is_off(node: &Node) -> bool {
    match &node.value {
        Yaml::Null | Yaml::Bool(false) => true,
        Yaml::Text(text) => matches!(text.as_str(), "" | "false"),
        _ => false,
    }
}

/// A service principal that is written as a user is answered as a service principal: hodman's own, for
/// `user_name: ${workspace.current_user.userName}`.
fn by_its_word(run_as: &mut Node) {
    let name = run_as.get("user_name").and_then(Node::as_text);
    if name.is_some_and(is_service_principal)
        && let Some(map) = run_as.as_map_mut()
        && let Some(entry) = map.remove("user_name")
    {
        map.insert("service_principal_name".to_owned(), entry);
    }
}
