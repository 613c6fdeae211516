//! How many webhooks per second can be answered durably here: `insert_rate <store URL> [callers] [seconds]`.

use std::time::{Duration, Instant};

use chrono::DateTime;
use hodman_store::{NewEvent, Store, StoreUrl};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url: StoreUrl = arguments
        .next()
        .unwrap_or_else(|| "sqlite:insert_rate.db".to_owned())
        .parse()?;
    let callers: usize = arguments.next().map_or(Ok(64), |number| number.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(3), |number| number.parse())?;

    let store = Store::open(&url, DateTime::UNIX_EPOCH).await?;
    // A second run on the same database must not find its deliveries known already.
    let earlier = store
        .event_counts()
        .await?
        .iter()
        .map(|row| row.count)
        .sum::<u64>();
    let begin = Instant::now();
    let end = begin + Duration::from_secs(seconds);
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut waits = Vec::new();
                while Instant::now() < end {
                    let delivery = format!("{earlier} {caller} {}", waits.len());
                    let begin = Instant::now();
                    store.insert_events(vec![webhook(delivery)]).await?;
                    waits.push(begin.elapsed());
                }
                Ok::<_, hodman_store::StoreError>(waits)
            })
        })
        .collect();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await??);
    }
    let rate = waits.len() as f64 / begin.elapsed().as_secs_f64();
    waits.sort_unstable();
    let quantile = |part: usize| {
        waits
            .get(waits.len() * part / 100)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "{url}: {rate:.0} durable inserts/s by {callers} callers, p50 {:?}, p99 {:?}",
        quantile(50),
        quantile(99)
    );
    store.close().await;
    Ok(())
}

/// A webhook of 2 KiB.
fn webhook(delivery: String) -> NewEvent {
    NewEvent {
        source: "github".to_owned(),
        delivery,
        kind: "push".to_owned(),
        pipeline: None,
        meta: json!({"x-github-event": "push"}),
        body: vec![b'x'; 2048],
        received_at: DateTime::UNIX_EPOCH,
    }
}
