//! Step 6: a hand edit in production is found by the schedule and put back, as prod's policy says.

use super::{Story, environment};
use anyhow::ensure;
use chrono::Duration;
use hodman_core::event::Ask;
use hodman_core::ids::EnvName;

pub(super) async fn drift(story: &Story) -> anyhow::Result<String> {
    let prod = &story.people["prod"];
    prod.edit_job("nightly", |settings| {
        settings["schedule"]["quartz_cron_expression"] = "0 0 12 * * ?".into();
    })
    .await?;
    story
        .transcript
        .detail("somebody moves the schedule of `nightly` in prod to noon");
    let compared = environment(&story.state().await?, "prod").and_then(|env| env.drift.last);
    match &story.clock {
        Some(clock) => {
            clock.advance(Duration::minutes(16));
            story
                .transcript
                .detail("sixteen minutes pass (the demo moves its clock)");
            story.ask("the clock", Ask::Observe).await?;
        }
        // Without a clock to move the schedule's next slot may be a quarter of an hour away.
        None => {
            story
                .ask(
                    "olga",
                    Ask::Reconcile {
                        env: EnvName::from("prod"),
                    },
                )
                .await?
        }
    }
    story
        .until("the difference put back", |state| {
            let drift = &environment(state, "prod")?.drift;
            let back = environment(state, "prod")?.run.is_none() && drift.found.is_none();
            (back
                && drift.last > compared
                && !drift.healed.is_empty()
                && drift.comparing.is_none()
                && !drift.wanted)
                .then_some(())
        })
        .await?;
    let (_, nightly) = prod.job("nightly").await?;
    let cron = &nightly["schedule"]["quartz_cron_expression"];
    ensure!(
        cron == "0 30 3 * * ?",
        "the schedule is back at what was approved, not {cron}"
    );
    Ok("found and put back; the approved schedule is in place again".to_owned())
}
