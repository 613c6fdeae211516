//! For whom a part of the settings is: environments by name, and where a daemon serves several pipelines, whose.

use std::fmt;

/// An environment of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose<'a> {
    /// The pipeline.
    pub pipeline: &'a str,
    /// The environment.
    pub env: &'a str,
}

impl Whose<'_> {
    /// Whether the settings mean it by `entry`: `qa`, or `shop/qa`.
    #[must_use]
    pub fn is_named(&self, entry: &str) -> bool {
        match entry.split_once('/') {
            Some((pipeline, env)) => (pipeline, env) == (self.pipeline, self.env),
            // The check of the settings has seen that there is one pipeline only.
            None => entry == self.env,
        }
    }

    /// Whether any of `entries` means it.
    #[must_use]
    pub fn is_among<'e>(&self, entries: impl IntoIterator<Item = &'e String>) -> bool {
        entries.into_iter().any(|entry| self.is_named(entry))
    }
}

/// The environment of an entry, without its pipeline: as sessions and their tags call it.
#[must_use]
pub fn env_in(entry: &str) -> &str {
    entry.split_once('/').map_or(entry, |(_, env)| env)
}

impl fmt::Display for Whose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.pipeline, self.env)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Purpose};

    fn read(extra: &str) -> Result<Config, String> {
        let text = format!(
            "data_dir: /var/lib/hodman\ngithub:\n  token: {{env: T}}\n  webhook_secrets: [{{env: S}}]\npipelines:\n  - {{name: shop, repository: acme/shop}}\n{extra}"
        );
        Config::read("hodman.yaml", &text, Purpose::Serve, |_| None)
            .map_err(|found| found.to_string())
    }

    #[test]
    fn with_several_pipelines_an_environment_is_named_with_its_own() {
        const OTHER: &str = "  - {name: tax, repository: acme/tax}\n";
        let account = |env: &str| {
            format!(
                "accounts:\n  main:\n    account_id: x\n    client_id: {{env: A}}\n    client_secret: {{env: B}}\n    environments: [{env}]\n"
            )
        };
        let secrets = |env: &str| format!("secrets:\n  {env}: {{env: [QA_A]}}\n");
        let workspace = |env: &str| {
            format!(
                "workspaces:\n  qa: {{host: \"https://qa.x\", token: {{env: C}}, environments: [{env}]}}\n"
            )
        };
        let all: [&dyn Fn(&str) -> String; 3] = [&account, &secrets, &workspace];
        for lines in all {
            for (others, env) in [
                ("", "qa"),
                ("", "shop/qa"),
                (OTHER, "shop/qa"),
                (OTHER, "tax/qa"),
            ] {
                let found = read(&format!("{others}{}", lines(env)));
                assert!(found.is_ok(), "{env}: {found:?}");
            }
            let bare = read(&format!("{OTHER}{}", lines("qa"))).unwrap_err();
            assert!(
                bare.contains("does not say of which pipeline: write `shop/qa`"),
                "{bare}"
            );
            let unknown = read(&lines("tax/qa")).unwrap_err();
            assert!(
                unknown.contains("there is no pipeline \"tax\""),
                "{unknown}"
            );
        }
    }

    #[test]
    fn what_is_for_one_pipelines_environment_is_for_no_others() {
        let of = |pipeline| Whose {
            pipeline,
            env: "qa",
        };
        assert!(of("shop").is_named("shop/qa") && of("shop").is_named("qa"));
        assert!(!of("tax").is_named("shop/qa") && !of("shop").is_named("shop/prod"));
        assert_eq!([env_in("shop/qa"), env_in("qa")], ["qa", "qa"]);
    }
}
