//! What the pages show.

use super::html::{diff, escape, frame, tag};
use crate::github::git;
use crate::github::protection::Check;
use crate::github::pull::Pull;
use crate::github::reply::ApiError;
use crate::github::world::{Repo, World, stamp};

/// Branches, files of the default branch, pull requests.
pub(super) fn repository(world: &World, repo: u64) -> Result<String, ApiError> {
    let found = world.repo(repo)?;
    let full = escape(&found.full_name());
    let mut body = format!("<h1>{full}</h1>");
    for (title, open) in [
        ("Open pull requests", true),
        ("Closed pull requests", false),
    ] {
        body += &format!("<h2>{title}</h2><table>");
        for pull in found.pulls.iter().rev().filter(|pull| pull.open == open) {
            let (n, title) = (pull.number, escape(&pull.title));
            let branches = escape(&format!("{} ← {}", pull.base_ref, pull.head_ref));
            body += &format!(
                "<tr><td>{}</td><td><a href=\"/{full}/pull/{n}\">#{n} {title}</a></td>",
                tag(word(pull))
            );
            body += &format!("<td>{branches}</td><td>{}</td></tr>", escape(&pull.author));
        }
        body += "</table>";
    }
    body += "<h2>Branches</h2><table>";
    for (name, tip) in found
        .known_refs
        .iter()
        .filter(|(name, _)| name.starts_with("refs/heads/"))
    {
        let name = name.trim_start_matches("refs/heads/");
        let shield = if found.protection.contains_key(name) {
            "protected"
        } else {
            ""
        };
        body += &format!(
            "<tr><td>{}</td><td><code>{:.10}</code></td><td>{shield}</td></tr>",
            escape(name),
            tip.to_string()
        );
    }
    body += &format!(
        "</table><h2>Files on {}</h2><table>",
        escape(&found.default_branch)
    );
    for path in files(found)? {
        let path = escape(&path);
        body += &format!(
            "<tr><td><a href=\"/{full}/blob/{}/{path}\">{path}</a></td></tr>",
            escape(&found.default_branch)
        );
    }
    Ok(frame(&found.full_name(), &(body + "</table>")))
}

fn files(repo: &Repo) -> Result<Vec<String>, ApiError> {
    let git = repo.open()?;
    let Some(tip) = git::branch_tip(&git, &repo.default_branch) else {
        return Ok(Vec::new());
    };
    let mut paths = Vec::new();
    git.find_commit(tip)?
        .tree()?
        .walk(git2::TreeWalkMode::PreOrder, |dir, entry| {
            if entry.kind() == Some(git2::ObjectType::Blob) {
                paths.push(format!(
                    "{dir}{}",
                    String::from_utf8_lossy(entry.name_bytes())
                ));
            }
            git2::TreeWalkResult::Ok
        })?;
    Ok(paths)
}

fn word(pull: &Pull) -> &'static str {
    match (&pull.merged, pull.open) {
        (Some(_), _) => "merged",
        (None, true) => "open",
        (None, false) => "closed",
    }
}

/// One pull request with its diff, checks, comments and buttons.
pub(super) fn pull(world: &World, repo: u64, number: u64) -> Result<String, ApiError> {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let pull = found.pull(number)?;
    let full = escape(&found.full_name());
    let mut body = format!(
        "<p><a href=\"/{full}\">{full}</a></p><h1>{} #{number}</h1>",
        escape(&pull.title)
    );
    body += &format!(
        "<p>{} {} wants to merge <b>{}</b> into <b>{}</b> (head <code>{:.10}</code>)</p>",
        tag(word(pull)),
        escape(&pull.author),
        escape(&pull.head_ref),
        escape(&pull.base_ref),
        pull.head_sha.to_string()
    );
    if let Some(text) = pull.body.as_deref().filter(|text| !text.is_empty()) {
        body += &format!("<pre>{}</pre>", escape(text));
    }
    body += &checks(found, pull);
    if pull.open {
        let hindrance = if pull.mergeable(&git) {
            world.blocker(found, &git, pull)
        } else {
            Some("The branches conflict.".to_owned())
        };
        if let Some(reason) = hindrance {
            body += &format!("<p><b>Merging is blocked.</b> {}</p>", escape(&reason));
        }
        body += &buttons(
            world,
            &full,
            pull,
            &[
                "approve",
                "request-changes",
                "merge",
                "squash",
                "close",
                "comment",
            ],
        );
    } else if pull.merged.is_none() {
        body += &buttons(world, &full, pull, &["reopen"]);
    }
    body += "<h2>Conversation</h2>";
    for review in &pull.reviews {
        let head = format!(
            "{} {} {}",
            review.author,
            review.state.to_lowercase().replace('_', " "),
            stamp(review.at)
        );
        body += &format!("<p>{}</p>", escape(&head));
        if !review.body.is_empty() {
            body += &format!("<pre>{}</pre>", escape(&review.body));
        }
    }
    for comment in &pull.comments {
        let head = format!("{} commented {}", comment.author, stamp(comment.created_at));
        body += &format!(
            "<p>{}</p><pre>{}</pre>",
            escape(&head),
            escape(&comment.body)
        );
    }
    body += "<h2>Changes</h2>";
    body += &diff(&world.pull_diff(repo, number)?);
    Ok(frame(&format!("{} #{number}", pull.title), &body))
}

fn checks(repo: &Repo, pull: &Pull) -> String {
    let head = pull.head_sha.to_string();
    let runs = repo.runs.iter().filter(|run| run.head_sha == head);
    let runs = runs.map(|run| (run.name.clone(), run.summary.clone().unwrap_or_default()));
    let statuses = repo
        .statuses
        .iter()
        .filter(|status| status["sha"] == head.as_str());
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let statuses = statuses.map(|status| (text(&status["context"]), text(&status["description"])));
    let newest: std::collections::BTreeMap<String, String> = runs.chain(statuses).collect();
    let mut rows = String::new();
    for (name, summary) in newest {
        let state = match repo.check(&head, &name, None) {
            Check::Passed => "passed",
            Check::Failed => "failed",
            Check::Pending | Check::Missing => "pending",
        };
        rows += &format!(
            "<tr><td>{}</td><td>{}</td><td><pre>{}</pre></td></tr>",
            tag(state),
            escape(&name),
            escape(&summary)
        );
    }
    if rows.is_empty() {
        rows
    } else {
        format!("<h2>Checks</h2><table>{rows}</table>")
    }
}

/// One form for all buttons. The person preselected is one who may approve: not the author.
fn buttons(world: &World, full: &str, pull: &Pull, actions: &[&str]) -> String {
    let mut people: Vec<&str> = world
        .users
        .values()
        .filter(|user| user.kind == "User" && user.login != "ghost")
        .map(|user| user.login.as_str())
        .collect();
    people.sort_by_key(|login| *login == pull.author);
    let options: String = people
        .iter()
        .map(|login| format!("<option>{}</option>", escape(login)))
        .collect();
    let path = format!("/__sandbox/{full}/pull/{}", pull.number);
    let button = |action: &&str| {
        let mut label = action.replace('-', " ");
        label[..1].make_ascii_uppercase();
        format!("<button formaction=\"{path}/{action}\">{label}</button>")
    };
    format!(
        "<form method=\"post\"><p>as <select name=\"by\">{options}</select></p>\
         <p><textarea name=\"body\" rows=\"2\" cols=\"60\" placeholder=\"comment\"></textarea></p><p>{}</p></form>",
        actions.iter().map(button).collect::<String>()
    )
}

/// What a page says when something is refused.
pub(super) fn refusal(error: &ApiError) -> String {
    frame(
        "Refused",
        &format!("<h1>{}</h1><p>{}</p>", error.status, escape(&error.message)),
    )
}
