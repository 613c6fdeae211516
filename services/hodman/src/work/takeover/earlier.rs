//! What an open pull request proposes already: it goes along with what is asked for now, in the same pull request.

use super::super::{Job, WorkError, git, pulls, taken};
use super::Layer;
use hodman_clients::github::{NewPull, Pull};
use hodman_core::event::Outcome;
use hodman_core::ids::{CommitSha, EnvName, PullNumber};
use hodman_core::text::PullText;
use hodman_model::bundle::ResourceKey;
use hodman_model::files::Environment;
use hodman_model::takeover::Match;
use std::collections::BTreeMap;

/// An id under `adopt`, and where.
pub(super) type Entry = (Layer, ResourceKey, String);

/// The open pull request on a branch of ours that is about to be written over; none when there is none.
///
/// # Errors
/// When somebody pushed to it: that is theirs to merge or close.
pub(in super::super) async fn open(job: &Job<'_>, branch: &str) -> Result<Option<Pull>, WorkError> {
    let repository = job.repo.repository();
    let found = job.work.github.find_open_pull(repository, branch).await?;
    if let Some(pull) = &found
        && pulls::person_pushed(job, pull).await?
    {
        return Err(WorkError::lasting(format!(
            "#{} holds commits that a person pushed; merge or close it first",
            pull.number
        )));
    }
    Ok(found)
}

/// Puts `head` on the branch, in place of what we had there, and `text` on its pull request.
pub(in super::super) async fn put(
    job: &Job<'_>,
    branch: &str,
    head: String,
    open: Option<Pull>,
    text: PullText,
) -> Result<Outcome, WorkError> {
    git::push(job, branch, &head, job.repo.mirror.head(branch)?, true).await?;
    job.fence.check().await?;
    let (github, repository) = (&job.work.github, job.repo.repository());
    let pull = match open {
        Some(pull) => {
            let (title, body) = (Some(text.title.as_str()), Some(text.body.as_str()));
            github
                .update_pull(repository, pull.number, title, body)
                .await?
        }
        None => {
            let new = NewPull {
                title: text.title,
                body: text.body,
                head: branch.to_owned(),
                base: job.repo.branch.clone(),
            };
            github.create_pull(repository, &new).await?
        }
    };
    Ok(Outcome::PullReady {
        number: PullNumber(pull.number),
        head: CommitSha(head),
    })
}

/// What the environment's file says in that pull request; none when there is none, or it says nothing of use.
pub(super) fn proposed(
    job: &Job<'_>,
    env: &EnvName,
    pull: Option<&Pull>,
) -> Result<Option<Environment>, WorkError> {
    let Some(pull) = pull else { return Ok(None) };
    let Some(head) = job.repo.mirror.head(&pull.head_ref)? else {
        return Ok(None);
    };
    match taken::environment_at(job, env, &head) {
        Ok(environment) => Ok(Some(environment)),
        Err(error) if error.is_transient() => Err(error),
        Err(_) => Ok(None),
    }
}

/// The entries that `proposed` has and `environment` does not, but for those whose resource or object `matches` has in one of
/// `layers`: what was asked for last counts.
pub(super) fn entries(
    environment: &Environment,
    proposed: &Environment,
    (layers, matches): (&[Layer], &[Match]),
) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    let mut take = |layer, there: &BTreeMap<_, _>, here: &BTreeMap<ResourceKey, String>| {
        let new = there.iter().filter(|(key, id)| here.get(*key) != Some(*id));
        all.extend(new.map(|(key, id): (&ResourceKey, &String)| (layer, key.clone(), id.clone())));
    };
    take(Layer::Foundation, &proposed.adopt, &environment.adopt);
    for (place, workspace) in environment.workspaces.iter().enumerate() {
        let mut same = proposed.workspaces.iter();
        if let Some(same) = same.find(|other| other.name == workspace.name) {
            take(Layer::Workspace(place), &same.adopt, &workspace.adopt);
        }
    }
    all.retain(|(layer, key, id)| {
        let is_it =
            |found: &Match| found.key == *key || found.key.kind == key.kind && found.id == *id;
        !layers.contains(layer) || !matches.iter().any(is_it)
    });
    all
}

/// The list of them for the text of the pull request.
pub(super) fn listed(before: &[(String, String)]) -> String {
    if before.is_empty() {
        return String::new();
    }
    let lines = before.iter().take(super::text::ROWS);
    let lines: String = lines
        .map(|(key, id)| format!("- `{key}`: `{id}`\n"))
        .collect();
    let more = before.len().saturating_sub(super::text::ROWS);
    let more = match more {
        0 => String::new(),
        more => format!("- and {more} more\n"),
    };
    format!(
        "\nProposed here before, and still part of it (how their former owner lets go stands in the earlier text of this):\n\n{lines}{more}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use hodman_model::files::parse_environment;

    fn file(top: &str, eu: &str, us: &str) -> Environment {
        let text = format!(
            "mode: promoted\nadopt: {{{top}}}\nworkspaces:\n  - {{name: eu, host: \"https://eu.example\", adopt: {{{eu}}}}}\n  \
             - {{name: us, host: \"https://us.example\", adopt: {{{us}}}}}\nbundle_target: qa\n"
        );
        parse_environment("environments/qa/environment.yaml", &text).unwrap()
    }

    fn found(key: &str, id: &str) -> Match {
        Match {
            key: key.parse().unwrap(),
            id: id.to_owned(),
            name: String::new(),
            address: String::new(),
            because: String::new(),
            marked: None,
        }
    }

    #[test]
    fn what_was_proposed_before_goes_along_but_where_the_new_list_says_otherwise() {
        let main = file("", "jobs.merged: \"9\"", "");
        let proposed = file(
            "account_networks.n: n-1",
            "jobs.merged: \"9\", jobs.a: \"1\", jobs.b: \"2\", jobs.c: \"3\"",
            "jobs.a: \"1\"",
        );
        // Another object for one resource, another resource for one object.
        let matches = [found("jobs.a", "4"), found("jobs.d", "2")];
        let layers = [Layer::Workspace(0)];
        let left = entries(&main, &proposed, (&layers, &matches));
        let left: Vec<(Layer, String, String)> = left
            .into_iter()
            .map(|(layer, key, id)| (layer, key.to_string(), id))
            .collect();
        let wanted = [
            (Layer::Foundation, "account_networks.n", "n-1"),
            (Layer::Workspace(0), "jobs.c", "3"),
            (Layer::Workspace(1), "jobs.a", "1"),
        ];
        let wanted = wanted.map(|(layer, key, id)| (layer, key.to_owned(), id.to_owned()));
        assert!(left == wanted, "{}", left.len());
    }
}
