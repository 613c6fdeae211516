//! What a parser cannot see: keys that do not fit together, and texts with a meaning of their own.

mod capture_rules;

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono_tz::Tz;

use super::{CronCheck, Environment, Mode, Presence};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::files::node::{Node, Place, Yaml};
use crate::modules::{FOUNDATION, host_of};

pub(super) fn check(
    path: &str,
    environment: &Environment,
    root: &Node,
    reads_cron: CronCheck<'_>,
) -> Diagnostics {
    let mut check = Check {
        path,
        root,
        reads_cron,
        found: Diagnostics::default(),
    };
    check.name();
    check.keys_of_the_mode(environment);
    check.predecessors(environment);
    check.workspaces(environment);
    check.moments(environment);
    check.freezes(environment);
    check.capture_paths(environment);
    capture_rules::check(&mut check, environment);
    check.found
}

struct Check<'a> {
    path: &'a str,
    root: &'a Node,
    reads_cron: CronCheck<'a>,
    found: Diagnostics,
}

impl Check<'_> {
    fn keys_of_the_mode(&mut self, environment: &Environment) {
        let (mode, foreign): (_, &[&[&str]]) = match environment.mode {
            Mode::FreeForm => (
                "free-form",
                &[
                    &["merge"],
                    &["open"],
                    &["gates"],
                    &["verify"],
                    &["drift"],
                    &["files"],
                    &["modules"],
                    &["account"],
                    &["aws"],
                    &["terraform"],
                    &["adopt"],
                    &["allow_destroy"],
                    &["schedules", "reconcile"],
                ],
            ),
            Mode::Promoted => ("promoted", &[&["capture"], &["schedules", "capture"]]),
        };
        for keys in foreign {
            if let Some(place) = self.key(keys) {
                let name = keys.join(".");
                self.found.push(
                    place
                        .error(format!("`{name}` has no meaning in a {mode} environment"))
                        .hint(match environment.mode {
                            Mode::FreeForm => {
                                "hodman never changes a free-form environment: remove the key"
                            }
                            Mode::Promoted => {
                                "only free-form environments are captured: remove the key"
                            }
                        }),
                );
            }
        }
        if environment.workspaces.is_empty() && environment.state == Presence::Present {
            let place = self.key(&["workspaces"]).or_else(|| self.key(&["mode"]));
            self.push(
                place,
                "the environment names no workspace",
                Some("add `workspaces: [{name: …, host: \"https://…\"}]`"),
            );
        }
    }

    /// The folder's name goes into branches, markers, folders of workspaces and addresses of pages.
    fn name(&mut self) {
        let name = self.own_name();
        if !name.is_empty() && !is_plain_name(name) {
            let message = format!("`{name}` cannot be the name of an environment");
            let hint = "rename the folder: lower-case letters, digits and hyphens, 63 at most";
            self.push(None, &message, Some(hint));
        }
    }

    fn own_name(&self) -> &str {
        self.path
            .strip_suffix("/environment.yaml")
            .and_then(|folder| folder.rsplit('/').next())
            .unwrap_or_default()
    }

    fn predecessors(&mut self, environment: &Environment) {
        let own_name = self.own_name().to_owned();
        for (index, name) in environment.after.iter().enumerate() {
            let place = self.item(&["after"], index, None);
            if *name == own_name {
                self.push(place, "an environment cannot come after itself", None);
            } else if environment.after[..index].contains(name) {
                self.push(place, &format!("`{name}` is listed twice"), None);
            }
        }
    }

    fn workspaces(&mut self, environment: &Environment) {
        let mut names = BTreeMap::new();
        for (index, workspace) in environment.workspaces.iter().enumerate() {
            if names.insert(&workspace.name, index).is_some() {
                let place = self.item(&["workspaces"], index, Some("name"));
                self.push(
                    place,
                    &format!("the workspace `{}` is listed twice", workspace.name),
                    None,
                );
            }
            if workspace.name == FOUNDATION {
                let place = self.item(&["workspaces"], index, Some("name"));
                let message = format!("`{FOUNDATION}` is what plans call the objects of modules");
                self.push(place, &message, Some("give the workspace another name"));
            }
            if let Some((call, _)) = host_of(&workspace.host) {
                if !environment.modules.contains_key(call) {
                    let place = self.item(&["workspaces"], index, Some("host"));
                    let hint = did_you_mean(call, environment.modules.keys().map(String::as_str));
                    self.push(
                        place,
                        &format!("there is no `modules.{call}` here"),
                        hint.as_deref(),
                    );
                }
                continue;
            }
            if let Err((message, hint)) = check_host(&workspace.host) {
                let place = self.item(&["workspaces"], index, Some("host"));
                self.push(place, message, Some(hint));
            }
        }
    }

    fn moments(&mut self, environment: &Environment) {
        for (index, window) in environment.gates.windows.iter().enumerate() {
            self.cron(
                &window.cron,
                self.item(&["gates", "windows"], index, Some("cron")),
            );
            self.zone(
                &window.zone,
                self.item(&["gates", "windows"], index, Some("zone")),
            );
            if window.duration.as_secs() == 0 {
                let place = self.item(&["gates", "windows"], index, Some("duration"));
                self.push(place, "a window that is open for no time never opens", None);
            }
        }
        let schedules = [
            ("reconcile", &environment.schedules.reconcile),
            ("capture", &environment.schedules.capture),
        ];
        for (name, schedule) in schedules {
            if let Some(schedule) = schedule {
                self.cron(&schedule.cron, self.value(&["schedules", name, "cron"]));
                self.zone(&schedule.zone, self.value(&["schedules", name, "zone"]));
            }
        }
    }

    fn cron(&mut self, cron: &str, place: Option<Place>) {
        if let Err(message) = (self.reads_cron)(cron) {
            let hint = "minute, hour, day of month, month, day of week, such as `0 8 * * 1-5`";
            self.push(place, &message, Some(hint));
        }
    }

    fn zone(&mut self, zone: &str, place: Option<Place>) {
        if Tz::from_str(zone).is_err() {
            let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
            let hint = did_you_mean(zone, names)
                .unwrap_or_else(|| "an IANA name such as `Europe/Berlin` or `UTC`".to_owned());
            self.push(place, &format!("`{zone}` is not a time zone"), Some(&hint));
        }
    }

    fn freezes(&mut self, environment: &Environment) {
        for (index, freeze) in environment.gates.freezes.iter().enumerate() {
            if freeze.from >= freeze.to {
                let place = self.item(&["gates", "freezes"], index, Some("to"));
                self.push(
                    place,
                    "the freeze ends before it begins",
                    Some("`from` must be earlier than `to`"),
                );
            }
        }
    }

    fn capture_paths(&mut self, environment: &Environment) {
        let paths = environment.capture.iter().flat_map(|rules| &rules.paths);
        for (index, path) in paths.enumerate() {
            if !path.starts_with('/') || path.split('/').any(|part| part == "..") {
                let place = self.item(&["capture", "paths"], index, None);
                self.push(
                    place,
                    "a workspace folder is an absolute path",
                    Some("such as `/Workspace/Shared/team`"),
                );
            }
        }
    }

    fn push(&mut self, place: Option<Place>, message: &str, hint: Option<&str>) {
        let mut found = place.map_or_else(
            || Diagnostic::error(self.path, message),
            |place| place.error(message),
        );
        found.hint = hint.map(str::to_owned);
        self.found.push(found);
    }

    /// Where the last of nested keys stands.
    fn key(&self, keys: &[&str]) -> Option<Place> {
        let (last, parents) = keys.split_last()?;
        let parent = parents
            .iter()
            .try_fold(self.root, |node, key| node.get(key))?;
        Some(parent.as_map()?.get(last)?.place.clone())
    }

    /// Where the value behind nested keys stands.
    fn value(&self, keys: &[&str]) -> Option<Place> {
        Some(
            keys.iter()
                .try_fold(self.root, |node, key| node.get(key))?
                .place
                .clone(),
        )
    }

    /// Where an item of the list behind nested keys stands, or the value behind one of its keys.
    fn item(&self, keys: &[&str], index: usize, key: Option<&str>) -> Option<Place> {
        let list = keys.iter().try_fold(self.root, |node, key| node.get(key))?;
        let Yaml::List(items) = &list.value else {
            return None;
        };
        let item = items.get(index)?;
        Some(
            key.and_then(|key| item.get(key))
                .unwrap_or(item)
                .place
                .clone(),
        )
    }
}

/// The form of a cron expression; whether its numbers are any is for who goes by it.
pub(super) fn looks_like_cron(cron: &str) -> Result<(), String> {
    let fields = cron.split_whitespace().count();
    match fields {
        5 => Ok(()),
        1 if cron.trim().starts_with('@') => Ok(()),
        _ => Err(format!(
            "a cron expression has five fields, this one has {fields}"
        )),
    }
}

/// What folders, branches, markers and addresses take without being quoted.
fn is_plain_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    name.len() <= 63 && name.bytes().all(plain) && !name.starts_with('-')
}

/// Tokens travel to this address, so it is HTTPS; loopback is excepted for sandboxes.
fn check_host(host: &str) -> Result<(), (&'static str, &'static str)> {
    const HINT: &str = "such as `https://dbc-1234.cloud.databricks.com`";
    let (rest, secure) = match (host.strip_prefix("https://"), host.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => return Err(("a workspace's host begins with `https://`", HINT)),
    };
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.is_empty() || authority.contains(['/', '?', '#', '@', ' ']) {
        return Err((
            "a workspace's host is an address without a path or a user",
            HINT,
        ));
    }
    let name = if let Some(inner) = authority.strip_prefix('[') {
        inner.split(']').next()
    } else {
        authority.split(':').next()
    };
    if !secure && !matches!(name, Some("127.0.0.1" | "localhost" | "::1")) {
        return Err((
            "a token would travel unencrypted to this host",
            "use `https://`; `http://` is for loopback only",
        ));
    }
    Ok(())
}
