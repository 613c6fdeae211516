//! Asks GitHub for deliveries that never arrived. GitHub sends each once and does not try again by itself.

use super::Parts;
use chrono::Duration;
use hodman_clients::github::DeliveryScope;
use tokio_util::sync::CancellationToken;

/// GitHub keeps deliveries for three days; what is older can only be found by looking, which the observe timer does.
const KEPT: Duration = Duration::days(3);

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
                since = began - Duration::minutes(1);
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
                if hook
                    .url
                    .as_ref()
                    .is_some_and(|url| url.contains("/webhooks/github"))
                {
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
        let arrived: std::collections::BTreeSet<&str> = deliveries
            .iter()
            .filter(|delivery| delivery.succeeded())
            .map(|delivery| delivery.guid.as_str())
            .collect();
        for delivery in deliveries
            .iter()
            .filter(|delivery| !delivery.succeeded() && !delivery.redelivery)
        {
            if !arrived.contains(delivery.guid.as_str()) {
                github.redeliver(&scope, delivery.id).await?;
                asked += 1;
            }
        }
    }
    Ok(asked)
}
