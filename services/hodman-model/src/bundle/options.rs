//! What the caller of [`super::resolve_with`] knows beside the files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ResourceKey;

/// How a reference to who deploys begins.
pub(crate) const CURRENT_USER: &str = "${workspace.current_user.";

/// Who deploys, for `${workspace.current_user.…}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentUser {
    /// The e-mail address of a user, the application id of a service principal.
    pub user_name: String,
}

impl CurrentUser {
    /// The fields that bundles refer to.
    pub const FIELDS: [&'static str; 5] = [
        "userName",
        "short_name",
        "domain_friendly_name",
        "displayName",
        "id",
    ];

    /// `text` with what this user is called in the places of `${workspace.current_user.…}`; none where that is not known of
    /// them.
    pub(crate) fn named_in(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(CURRENT_USER) {
            let (field, after) = after.split_once('}')?;
            out.push_str(before);
            out.push_str(&self.field(field)?);
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }

    /// The value of one of [`CurrentUser::FIELDS`], as far as the name says it.
    #[must_use]
    pub fn field(&self, field: &str) -> Option<String> {
        let short = || {
            let mut short = String::new();
            let before_at = self.user_name.split('@').next().unwrap_or_default();
            for c in before_at.chars().flat_map(char::to_lowercase) {
                if c.is_alphanumeric() {
                    short.push(c);
                } else if !short.is_empty() && !short.ends_with('_') {
                    short.push('_');
                }
            }
            short.truncate(short.trim_end_matches('_').len());
            short
        };
        match field {
            "userName" => Some(self.user_name.clone()),
            "short_name" => Some(short()),
            "domain_friendly_name" => Some(short().replace('_', "-")),
            _ => None,
        }
    }
}

/// What the caller knows beside the files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The values that an environment's binding gives to variables; they beat the target's, which beat the defaults.
    pub variables: BTreeMap<String, Value>,
    /// Resources that the bundle does not have and that values of variables may refer to all the same: what modules of the
    /// environment make.
    pub outside: BTreeSet<ResourceKey>,
    /// Who deploys; when none, `${workspace.current_user.…}` stays and is listed in
    /// [`super::ResolvedBundle::user_fields`].
    pub current_user: Option<CurrentUser>,
    /// The workspace's address, when the bundle does not say it.
    pub host: Option<String>,
    /// The branch that the files are from, for `bundle.git.branch` of a target; when none, that is not checked.
    pub branch: Option<String>,
    /// Whether build commands of artifacts may stand in the bundle; else each is an error.
    pub allow_builds: bool,
    /// Whether the files are as they are before those commands ran: a library that is missing then is no error where
    /// something is built. Never for a plan.
    pub unbuilt: bool,
}
