//! What the environments of a repository say of each other: no file can be wrong in this alone.

use std::collections::BTreeMap;

use super::Environment;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::files::node::{Node, Place};

/// What is wrong in `after` of all environments: names that there are not, and circles, in which each would wait for the other for
/// ever. By name: the text of its file, and what it says if it can be read. One whose file cannot be read is there all the same.
#[must_use]
pub fn check_order(environments: &BTreeMap<String, (String, Option<Environment>)>) -> Diagnostics {
    let mut found = Diagnostics::default();
    for (name, (text, environment)) in environments {
        let Some(environment) = environment else {
            continue;
        };
        for (index, before) in environment.after.iter().enumerate() {
            let (message, hint) = if !environments.contains_key(before) {
                let known = environments.keys().filter(|known| *known != name);
                let names: Vec<&str> = known.map(String::as_str).collect();
                let hint = did_you_mean(before, names.iter().copied());
                let hint = hint.unwrap_or_else(|| format!("there are: {}", names.join(", ")));
                (format!("there is no environment `{before}`"), hint)
            } else if let Some(way) = way_back(environments, before, name) {
                let message = format!("`{name}` would wait for itself: {name}, {}", way.join(", "));
                (
                    message,
                    "an environment comes after those that are nearer to the work".to_owned(),
                )
            } else {
                continue;
            };
            found.push(place(name, text, index).hint_of(message, hint));
        }
    }
    found
}

/// From one environment through what it comes after to another.
fn way_back<'a>(
    environments: &'a BTreeMap<String, (String, Option<Environment>)>,
    from: &'a str,
    to: &str,
) -> Option<Vec<&'a str>> {
    let mut ways = vec![vec![from]];
    let mut seen = vec![from];
    while let Some(way) = ways.pop() {
        let last = *way.last()?;
        // One after itself is told by its own file.
        if last == to {
            return (way.len() > 1).then_some(way);
        }
        let after = environments
            .get(last)
            .and_then(|(_, environment)| environment.as_ref())
            .map_or(&[][..], |environment| &environment.after[..]);
        for next in after {
            if next == to || !seen.contains(&next.as_str()) {
                seen.push(next);
                ways.push(way.iter().copied().chain([next.as_str()]).collect());
            }
        }
    }
    None
}

/// Where a name stands, or at least in which file.
struct Spot(String, Option<Place>);

impl Spot {
    fn hint_of(self, message: String, hint: String) -> Diagnostic {
        let Self(file, place) = self;
        place
            .map_or_else(
                || Diagnostic::error(file, message.as_str()),
                |place| place.error(message.as_str()),
            )
            .hint(hint)
    }
}

fn place(name: &str, text: &str, index: usize) -> Spot {
    let path = format!("environments/{name}/environment.yaml");
    let root = Node::parse(&path, text.as_bytes()).ok();
    let item = root.as_ref().and_then(|root| {
        let items = root.get("after")?.as_list()?;
        Some(items.get(index)?.place.clone())
    });
    Spot(path, item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::parse_environment;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let environments = files
            .iter()
            .map(|(name, after)| {
                let text = format!(
                    "mode: promoted\nworkspaces: [{{name: w, host: \"https://w\"}}]\n{after}"
                );
                let path = format!("environments/{name}/environment.yaml");
                let read = parse_environment(&path, &text).ok();
                ((*name).to_owned(), (text, read))
            })
            .collect();
        let found = check_order(&environments).0;
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_that_there_are_not_are_told_with_the_nearest() {
        let dev = ("dev", "");
        let broken = ("qa", "after: dev\n");
        assert!(found(&[dev, broken, ("prod", "after: [dev, qa]\n")]).is_empty());
        assert_eq!(
            found(&[
                dev,
                ("prod", "after: [dve]\n"),
                ("eu", "after: [staging]\n")
            ]),
            [
                "environments/eu/environment.yaml:3:9: there is no environment `staging` (hint: there are: dev, prod)",
                "environments/prod/environment.yaml:3:9: there is no environment `dve` (hint: did you mean `dev`?)",
            ]
        );
    }

    #[test]
    fn a_circle_is_told_at_each_of_its_members_and_nowhere_else() {
        let found = found(&[
            ("a", "after: [c]\n"),
            ("b", "after: [a]\n"),
            ("c", "after: [b]\n"),
            ("d", "after: [a, c]\n"),
        ]);
        let hint = "(hint: an environment comes after those that are nearer to the work)";
        assert_eq!(
            found,
            ["a, c, b, a", "b, a, c, b", "c, b, a, c"].map(|way| {
                let name = &way[..1];
                format!(
                    "environments/{name}/environment.yaml:3:9: `{name}` would wait for itself: {way} {hint}"
                )
            })
        );
    }
}
