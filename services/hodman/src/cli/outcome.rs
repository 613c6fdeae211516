//! What became of what was asked for, where that is known only after somebody else was asked: a workspace, the forge, Terraform.
//! Decided is not done yet, and a refusal that comes a second later must not look like success.

use super::client::Client;
use crate::web::view::HistoryView;
use hodman_core::event::Ask;
use serde_json::Value;
use std::time::Duration;

/// A look at every object of a workspace and of an account takes its time.
const PATIENCE: Duration = Duration::from_secs(120);

const PAUSE: Duration = Duration::from_millis(200);

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// A pull request was opened.
    Opened(String),
    /// Done, or nothing was to do; in words.
    Well(String),
    /// Refused; in words.
    Refused(String),
}

/// The kinds of the history's entries that tell it.
struct Kinds {
    asked: &'static str,
    opened: &'static str,
    well: &'static [&'static str],
    refused: &'static str,
}

fn kinds(ask: &Ask) -> Option<Kinds> {
    match ask {
        Ask::Adopt { .. } => Some(Kinds {
            asked: "takeover-asked",
            opened: "takeover-proposed",
            well: &["takeover-needless"],
            refused: "takeover-refused",
        }),
        Ask::NewEnvironment { .. } => Some(Kinds {
            asked: "environment-asked",
            opened: "environment-proposed",
            well: &["environment-needless"],
            refused: "environment-refused",
        }),
        Ask::Unlock { .. } => Some(Kinds {
            asked: "unlock-asked",
            opened: "",
            well: &["unlocked"],
            refused: "unlock-refused",
        }),
        Ask::Heal { .. } => Some(Kinds {
            asked: "heal-asked",
            opened: "heal-proposed",
            well: &["heal-done", "heal-needless", "heal-approved", "heal-waits"],
            refused: "heal-refused",
        }),
        _ => None,
    }
}

/// Waits for it; none where there is nothing to wait for, or patience ended.
pub(super) async fn wait(
    client: &Client,
    pipeline: &str,
    ask: &Ask,
    seq: i64,
) -> anyhow::Result<Option<Ended>> {
    let Some(kinds) = kinds(ask) else {
        return Ok(None);
    };
    let until = tokio::time::Instant::now() + PATIENCE;
    while tokio::time::Instant::now() < until {
        let query = [("limit", "200".to_owned())];
        let path = ["pipelines", pipeline, "history"];
        let entries: Vec<HistoryView> = client.get(&path, &query).await?;
        if let Some(ended) = ended(&entries, &kinds, seq) {
            return Ok(Some(ended));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(None)
}

/// The address of a pull request.
pub(super) async fn url(client: &Client, pipeline: &str, number: &str) -> anyhow::Result<String> {
    let view: Value = client.get(&["pipelines", pipeline], &[]).await?;
    let repository = view["url"].as_str().unwrap_or_default();
    Ok(format!(
        "{repository}/pull/{}",
        number.trim_start_matches('#')
    ))
}

/// Of the history, newest first: the first end of this kind after the event that asked. Only one at a time is under way.
fn ended(entries: &[HistoryView], kinds: &Kinds, seq: i64) -> Option<Ended> {
    let asked = entries
        .iter()
        .find(|entry| entry.kind == kinds.asked && entry.data["event"] == seq)?;
    entries
        .iter()
        .rev()
        .filter(|entry| entry.position > asked.position && entry.env == asked.env)
        .find_map(|entry| match entry.kind.as_str() {
            kind if kind == kinds.opened => Some(Ended::Opened(entry.because.clone())),
            kind if kind == kinds.refused => Some(Ended::Refused(entry.because.clone())),
            kind if kinds.well.contains(&kind) => Some(Ended::Well(entry.because.clone())),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use hodman_core::event::Unlock;
    use serde_json::json;

    fn entry(position: i64, env: &str, kind: &str, event: i64) -> HistoryView {
        HistoryView {
            position,
            version: position,
            at: DateTime::UNIX_EPOCH,
            env: Some(env.to_owned()),
            kind: kind.to_owned(),
            because: format!("entry {position}"),
            data: json!({ "event": event }),
            hash: String::new(),
        }
    }

    #[test]
    fn it_is_the_first_end_of_its_kind_after_what_was_asked_in_that_environment() {
        let unlock = Ask::Unlock {
            env: "qa".into(),
            stack: "net".into(),
            unlock: Unlock::StoreState,
        };
        let kinds = kinds(&unlock).unwrap();
        let mut newest_first = vec![
            entry(3, "prod", "unlock-refused", 10),
            entry(2, "qa", "unlock-asked", 9),
            entry(1, "qa", "unlocked", 8),
        ];
        assert_eq!(
            ended(&newest_first, &kinds, 9),
            None,
            "others, and earlier ones"
        );
        newest_first.insert(0, entry(4, "qa", "unlock-refused", 11));
        newest_first.insert(0, entry(5, "qa", "unlocked", 12));
        let refused = Ended::Refused("entry 4".to_owned());
        assert_eq!(ended(&newest_first, &kinds, 9), Some(refused));
        assert_eq!(ended(&newest_first, &kinds, 7), None, "never asked");
    }
}
