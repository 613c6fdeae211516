//! References to what the bundle says of itself: `bundle`, `workspace`, `artifacts`.

use super::Resolver;
use crate::bundle::commit;
use crate::bundle::reference::{Reference, Step};
use crate::bundle::{CurrentUser, Lookup, Position};
use crate::diagnostic::{Diagnostic, Severity, did_you_mean};
use crate::files::node::{Node, Place, Yaml};

/// Paths of these are whole; every other one begins below the workspace's root, as the CLI has it.
const AS_THEY_ARE: [&str; 2] = ["/Workspace/", "/Volumes/"];

/// The folders below the root folder, and what follows its path when the bundle says nothing.
const BELOW_ROOT: [(&str, &str); 4] = [
    ("file_path", "files"),
    ("resource_path", "resources"),
    ("artifact_path", "artifacts"),
    ("state_path", "state"),
];

const ROOT: &str = "~/.bundle/${bundle.name}/${bundle.target}";

impl Resolver<'_> {
    /// A field of `bundle` beside its name and target.
    pub(super) fn bundle_field(
        &mut self,
        reference: &Reference,
        written: &str,
        place: &Place,
    ) -> Result<Option<Node>, Diagnostic> {
        let config = self.config;
        if let Some(node) = at(config, &reference.path) {
            let node = node.clone();
            return self.settled(written, place, "bundle", &node);
        }
        if reference.key(1) == Some("git") {
            let options = self.options;
            let of_repository = match reference.key(2) {
                Some("branch") => Some((&options.branch, "the branch that is promoted")),
                Some("origin_url") => Some((&options.origin_url, "where the repository is")),
                _ => None,
            };
            match of_repository {
                Some((Some(known), _)) => return Ok(Some(text(place, known))),
                Some((None, what)) => {
                    let message = format!("`{written}` is {what}, and that is not known here");
                    let mut open = self.at(written, place, message);
                    open.severity = Severity::Warning;
                    self.found.push(open);
                    return Ok(None);
                }
                None => {}
            }
            if reference.key(2) == Some("commit") {
                return match commit::noted(self.tree) {
                    Some(known) => Ok(Some(text(place, &known))),
                    None => Err(self
                        .at(written, place, format!("`{written}` is not known here"))
                        .hint("a package holds its commit where the bundle itself refers to it, not environment.yaml")),
                };
            }
        }
        if let (Some("mode"), Some(mode)) = (reference.key(1), config.get("mode")) {
            return Ok(Some(mode.clone()));
        }
        let mut unknown = self.at(written, place, format!("the bundle has no `{written}`"));
        unknown.hint = reference
            .key(1)
            .and_then(|key| did_you_mean(key, ["name", "target", "git", "mode", "uuid", "engine"]));
        Err(unknown)
    }

    /// A field of `workspace`.
    pub(super) fn workspace_field(
        &mut self,
        field: &str,
        inner: Option<&str>,
        written: &str,
        place: &Place,
    ) -> Result<Option<Node>, Diagnostic> {
        if field == "current_user" {
            return self.user_field(inner.unwrap_or_default(), written, place);
        }
        let is_path = field == "root_path" || BELOW_ROOT.iter().any(|(known, _)| *known == field);
        if is_path {
            let path = self.guarded(&format!("workspace.{field}"), written, place, |resolver| {
                resolver.workspace_path(field, place)
            });
            return Ok(Some(path.unwrap_or_else(|()| null(place))));
        }
        let config = self.config;
        if let Some(node) = config.get("workspace").and_then(|all| all.get(field)) {
            return self.settled(written, place, "workspace", node);
        }
        match (field, &self.options.host) {
            ("host", Some(host)) => Ok(Some(text(place, host))),
            _ => Err(self
                .at(written, place, format!("`{written}` differs from deployment to deployment"))
                .hint("set it under `workspace` of the target, or declare a variable and set it in environment.yaml")),
        }
    }

    /// The path of one of the bundle's folders in the workspace, as far as the bundle decides that.
    pub fn workspace_path(&mut self, field: &str, place: &Place) -> Node {
        let config = self.config;
        let given = config
            .get("workspace")
            .and_then(|workspace| workspace.get(field))
            .filter(|node| node.value != Yaml::Null);
        let node = match (given, BELOW_ROOT.iter().find(|(known, _)| *known == field)) {
            (Some(node), _) => node.clone(),
            (None, None) => text(place, ROOT),
            (None, Some((_, below))) => {
                let root = self.workspace_path("root_path", place);
                return match root.as_text() {
                    Some(root) => text(place, &format!("{}/{below}", root.trim_end_matches('/'))),
                    None => root,
                };
            }
        };
        let mut resolved = self.resolve_settings("workspace", &node);
        if let Yaml::Text(path) = &mut resolved.value {
            if path == "~" || path.starts_with("~/") {
                let home = self.resolve_settings(
                    "workspace",
                    &text(
                        &node.place,
                        "/Workspace/Users/${workspace.current_user.userName}",
                    ),
                );
                path.replace_range(..1, home.as_text().unwrap_or_default());
            } else if path.starts_with('/') && !AS_THEY_ARE.iter().any(|of| path.starts_with(of)) {
                path.insert_str(0, "/Workspace");
            }
        }
        resolved
    }

    fn user_field(
        &mut self,
        field: &str,
        written: &str,
        place: &Place,
    ) -> Result<Option<Node>, Diagnostic> {
        if !CurrentUser::FIELDS.contains(&field) {
            let mut unknown = self.at(
                written,
                place,
                format!("`{written}` is not known of a user"),
            );
            unknown.hint = did_you_mean(field, CurrentUser::FIELDS)
                .or_else(|| Some(format!("fields: {}", CurrentUser::FIELDS.join(", "))));
            return Err(unknown);
        }
        let user = self.options.current_user.as_ref();
        if let Some(value) = user.and_then(|user| user.field(field)) {
            return Ok(Some(text(place, &value)));
        }
        let exact = super::exact_place(self.tree, written, place);
        let lookup = Lookup {
            kind: Lookup::CURRENT_USER.to_owned(),
            name: field.to_owned(),
            variable: format!("workspace.current_user.{field}"),
            position: Position::from(exact.as_ref().unwrap_or(place)),
        };
        let node = text(place, &lookup.placeholder());
        self.lookups.insert(lookup);
        Ok(Some(node))
    }

    /// A field of an artifact as the bundle says it.
    pub(super) fn artifact_field(
        &mut self,
        name: &str,
        reference: &Reference,
        written: &str,
        place: &Place,
    ) -> Result<Option<Node>, Diagnostic> {
        let config = self.config;
        let all = config.get("artifacts").and_then(Node::as_map);
        if !all.is_some_and(|all| all.contains_key(name)) {
            let mut unknown = self.at(written, place, format!("there is no artifact `{name}`"));
            let known = all.into_iter().flatten().map(|(name, _)| name.as_str());
            unknown.hint = did_you_mean(name, known);
            return Err(unknown);
        }
        match at(config, &reference.path) {
            Some(node) => self.settled(written, place, "artifacts", node),
            None => Err(self.at(
                written,
                place,
                format!("the artifact `{name}` has nothing at `{written}`"),
            )),
        }
    }

    /// The resolved value of a setting.
    fn settled(
        &mut self,
        written: &str,
        place: &Place,
        section: &'static str,
        node: &Node,
    ) -> Result<Option<Node>, Diagnostic> {
        let inside = &written[2..written.len() - 1];
        let resolved = self.guarded(inside, written, place, |resolver| {
            resolver.resolve_settings(section, node)
        });
        Ok(Some(resolved.unwrap_or_else(|()| null(place))))
    }
}

fn at<'n>(config: &'n Node, path: &[Step]) -> Option<&'n Node> {
    path.iter().try_fold(config, |node, step| match step {
        Step::Key(key) => node.get(key),
        Step::Index(index) => node.as_list()?.get(*index),
    })
}

fn text(place: &Place, text: &str) -> Node {
    Node {
        place: place.clone(),
        value: Yaml::Text(text.to_owned()),
    }
}

fn null(place: &Place) -> Node {
    Node {
        place: place.clone(),
        value: Yaml::Null,
    }
}
