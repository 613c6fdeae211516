//! What the caller of [`super::resolve_with`] knows beside the files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::ResourceKey;
use crate::kinds::permissions::is_application_id;

/// How a reference to who deploys begins.
pub(crate) const CURRENT_USER: &str = "${workspace.current_user.";

/// Who deploys, for `${workspace.current_user.…}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CurrentUser {
    /// The e-mail address of a user, the application id of a service principal.
    pub user_name: String,
    /// The name that people see, where it is known.
    pub display_name: Option<String>,
    /// The workspace's own id of them, where it is known.
    pub id: Option<String>,
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

    /// Somebody of whom only the name is known.
    #[must_use]
    pub fn named(user_name: &str) -> Self {
        Self {
            user_name: user_name.to_owned(),
            ..Self::default()
        }
    }

    /// The value of one of [`CurrentUser::FIELDS`], as far as it is known, by the rules of the Databricks CLI.
    #[must_use]
    pub fn field(&self, field: &str) -> Option<String> {
        match field {
            "userName" => Some(self.user_name.clone()),
            "short_name" => Some(self.short_name()),
            "domain_friendly_name" => {
                let short = self.short_name();
                let friendly = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
                let plain = short.nfd().filter(|c| !is_combining_mark(*c)).nfc();
                Some(plain.map(friendly).collect())
            }
            "displayName" => self.display_name.clone(),
            "id" => self.id.clone(),
            _ => None,
        }
    }

    /// A user's is what stands before the `@`; a service principal's comes from the name that people see, since an application
    /// id tells nobody anything. In small letters, with one `_` for whatever is no letter or digit.
    fn short_name(&self) -> String {
        let shown = self.display_name.as_deref();
        let shown = shown.filter(|name| !name.is_empty() && is_application_id(&self.user_name));
        let name = shown.unwrap_or(&self.user_name);
        let name = name.split('@').next().unwrap_or_default().to_lowercase();
        let words = name.split(|c: char| !c.is_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        words.join("_")
    }
}

/// What a bundle is resolved for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// To be planned and applied: whatever the bundle itself knows is put in place.
    #[default]
    Planned,
    /// To be shown by [`super::validated`]: references between resources, and libraries on this machine, stay.
    Validated,
}

/// What the caller knows beside the files.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The values that an environment's binding gives to variables; they beat the target's, which beat the defaults.
    pub variables: BTreeMap<String, Value>,
    /// Those of `variables` that a later version of the bundle declares: one that does not know them yet passes over them.
    pub declared_later: BTreeSet<String>,
    /// Resources that the bundle does not have and that values of variables may refer to all the same: what modules of the
    /// environment make.
    pub outside: BTreeSet<ResourceKey>,
    /// Who deploys; when none, `${workspace.current_user.…}` is asked of each workspace, like what is looked up by name.
    pub current_user: Option<CurrentUser>,
    /// What it is for.
    pub form: Form,
    /// The workspace's address, when the bundle does not say it.
    pub host: Option<String>,
    /// The branch that the files are from, for `bundle.git.branch` of a target; when none, that is not checked.
    pub branch: Option<String>,
    /// Where the repository is cloned from, without credentials, for `${bundle.git.origin_url}`; when none, that is not known.
    pub origin_url: Option<String>,
    /// Whether build commands of artifacts may stand in the bundle; else each is an error.
    pub allow_builds: bool,
    /// Whether the files are as they are before those commands ran: a library that is missing then is no error where
    /// something is built. Never for a plan.
    pub unbuilt: bool,
}
