//! Asks GitHub for deliveries that never arrived. GitHub sends each once and does not try again by itself.

use super::Parts;
use chrono::Duration;
use hodman_clients::github::{Delivery, DeliveryScope};
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

/// GitHub keeps deliveries for three days; what is older can only be found by looking, which the observe timer does.
const KEPT: Duration = Duration::days(3);

/// A delivery that fails again is asked for again, within this time and so many times: whatever stood in the way of the
/// first (a proxy, a certificate) often stands there for a while.
const AGAIN: Duration = Duration::hours(2);
const ATTEMPTS: usize = 5;

/// Looks through failed deliveries until told to stop. A failure to look is logged, never fatal: looking at the
/// repository finds the same facts, only later.
pub(super) async fn run(parts: &Parts, stop: CancellationToken) -> anyhow::Result<()> {
    let every = std::time::Duration::from_secs(parts.config.timers.redeliver.as_secs());
    let mut since = parts.clock.now() - KEPT;
    loop {
        let began = parts.clock.now();
        match pass(parts, since).await {
            Ok(asked) => {
                if asked > 0 {
                    tracing::info!(
                        deliveries = asked,
                        "{asked} deliveries that had failed were asked for again"
                    );
                }
                since = began - AGAIN;
            }
            Err(error) => tracing::debug!("deliveries cannot be listed: {error:#}"),
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(every) => {}
        }
    }
}

async fn pass(parts: &Parts, since: chrono::DateTime<chrono::Utc>) -> anyhow::Result<usize> {
    let github = &parts.work.github;
    let mut scopes = Vec::new();
    if parts.config.github.app.is_some() {
        scopes.push(DeliveryScope::App);
    } else {
        for pipeline in &parts.config.pipelines {
            for hook in github.hooks(&pipeline.repository).await? {
                if hook.url.as_ref().is_some_and(|url| is_ours(parts, url)) {
                    scopes.push(DeliveryScope::Repo {
                        repo: pipeline.repository.clone(),
                        hook_id: hook.id,
                    });
                }
            }
        }
    }
    let mut asked = 0;
    for scope in scopes {
        let deliveries = github.deliveries(&scope, since).await?;
        for id in lost(&deliveries) {
            github.redeliver(&scope, id).await?;
            asked += 1;
        }
    }
    Ok(asked)
}

/// Another hodman may have a webhook on the same repository; its failures are its own.
fn is_ours(parts: &Parts, url: &str) -> bool {
    let ours = parts
        .config
        .public_url
        .as_ref()
        .is_none_or(|base| url.starts_with(base.trim_end_matches('/')));
    ours && url.contains("/webhooks/github")
}

/// The newest attempts of those events that no attempt brought here. Attempts of one event carry one guid.
fn lost(deliveries: &[Delivery]) -> Vec<u64> {
    let mut events: BTreeMap<&str, Vec<&Delivery>> = BTreeMap::new();
    for delivery in deliveries {
        events.entry(&delivery.guid).or_default().push(delivery);
    }
    events
        .into_values()
        .filter(|attempts| attempts.len() < ATTEMPTS)
        .filter(|attempts| !attempts.iter().any(|attempt| attempt.succeeded()))
        .filter_map(|attempts| {
            attempts
                .iter()
                .max_by_key(|attempt| attempt.id)
                .map(|last| last.id)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{ATTEMPTS, lost};
    use hodman_clients::github::Delivery;

    fn attempt(id: u64, guid: &str, status_code: u16) -> Delivery {
        Delivery {
            id,
            guid: guid.to_owned(),
            delivered_at: chrono::DateTime::UNIX_EPOCH,
            redelivery: id > 1,
            status: String::new(),
            status_code,
            event: "push".to_owned(),
            action: None,
        }
    }

    #[test]
    fn an_event_is_asked_for_until_one_attempt_arrives() {
        let failed = [attempt(2, "a", 502), attempt(1, "a", 0)];
        assert_eq!(lost(&failed), [2]);
        let arrived = [
            attempt(2, "a", 202),
            attempt(1, "a", 0),
            attempt(3, "b", 500),
        ];
        assert_eq!(lost(&arrived), [3]);
    }

    #[test]
    fn and_no_more_often_than_makes_sense() {
        let ids = 1..=u64::try_from(ATTEMPTS).unwrap();
        let failed: Vec<Delivery> = ids.map(|id| attempt(id, "a", 0)).collect();
        assert!(lost(&failed).is_empty());
    }
}
