//! Who hodman is in each environment: one identity for several is one key to all of them.

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;

use super::report::Check;
use crate::config::Config;

/// A warning for each identity that serves more than one environment or workspace.
pub(super) fn check(config: &Config) -> Vec<Check> {
    let accounts = config.accounts.iter();
    let accounts =
        accounts.map(|(name, one)| (format!("identity of account {name}"), &one.environments));
    let places = config.aws.iter();
    let places = places.map(|(name, one)| (format!("identity of aws {name}"), &one.environments));
    let shared = accounts
        .chain(places)
        .filter(|(_, environments)| environments.len() > 1)
        .map(|(what, environments)| {
            warned(
                what,
                &environments.join(", "),
                "an entry for each environment, with a service principal or role of its own",
            )
        });
    let mut found: Vec<Check> = shared.collect();
    let mut by_client: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, one) in &config.workspaces {
        // One that cannot be read is told where the workspace is tried.
        let client = one.client_id.as_ref().and_then(|id| id.resolve().ok());
        if let Some(client) = client {
            let names = by_client.entry(client.expose_secret().to_owned());
            names.or_default().push(name);
        }
    }
    let several = by_client.values().filter(|names| names.len() > 1);
    found.extend(several.map(|names| {
        warned(
            "identity in workspaces".to_owned(),
            &names.join(", "),
            "a service principal for each environment",
        )
    }));
    found
}

fn warned(what: String, who: &str, hint: &str) -> Check {
    let detail = format!("one identity acts in {who}: who gets hold of it has all of them");
    Check::warning(what, detail).hint(hint)
}
