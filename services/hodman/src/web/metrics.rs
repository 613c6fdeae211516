//! `/metrics`: numbers in the text format that Prometheus reads.

use super::WebParts;
use super::trouble::ApiTrouble;
use super::view::{self, StatusView};
use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use std::fmt::{Display, Write as _};
use std::sync::Arc;

pub(super) fn router() -> Router<Arc<WebParts>> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(web): State<Arc<WebParts>>) -> Result<impl IntoResponse, ApiTrouble> {
    let text = text(&view::status(&web).await?);
    Ok((
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    ))
}

/// One family after the other, each with its help.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(","))
        };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn text(status: &StatusView) -> String {
    let mut out = Text::default();
    out.family("hodman_info", "gauge", "The running version.");
    out.value("hodman_info", &[("version", &status.version)], 1);
    intake(&mut out, status);
    pipelines(&mut out, status);
    out.0
}

fn intake(out: &mut Text, status: &StatusView) {
    let health = &status.health;
    out.family(
        "hodman_webhook_deliveries_total",
        "counter",
        "Deliveries since the start, by what became of them.",
    );
    for (outcome, count) in &health.webhooks {
        out.value(
            "hodman_webhook_deliveries_total",
            &[("outcome", outcome)],
            count,
        );
    }
    out.family(
        "hodman_inbox_events",
        "gauge",
        "Events that are kept, by state.",
    );
    for (state, count) in &health.inbox {
        out.value("hodman_inbox_events", &[("state", state)], count);
    }
    out.family(
        "hodman_outbox_effects",
        "gauge",
        "Effects that wait or run, by state; counted up to 1000.",
    );
    for (state, count) in &health.outbox {
        out.value("hodman_outbox_effects", &[("state", state)], count);
    }
    out.family(
        "hodman_queue_reading",
        "gauge",
        "1 while the queue is read, 0 while it is away or starting.",
    );
    for (label, queue) in &health.queues {
        out.value(
            "hodman_queue_reading",
            &[("queue", label)],
            u8::from(queue.state == "reading"),
        );
    }
    out.family(
        "hodman_queue_messages_total",
        "counter",
        "Messages since the start, by what became of them.",
    );
    for (label, queue) in &health.queues {
        for (outcome, count) in &queue.counts {
            out.value(
                "hodman_queue_messages_total",
                &[("queue", label), ("outcome", outcome)],
                count,
            );
        }
    }
}

fn pipelines(out: &mut Text, status: &StatusView) {
    out.family(
        "hodman_pipeline_observed_timestamp_seconds",
        "gauge",
        "When the repository was last read.",
    );
    for pipeline in &status.pipelines {
        if let Some(at) = pipeline.observed_at {
            let labels = [("pipeline", pipeline.name.as_str())];
            out.value(
                "hodman_pipeline_observed_timestamp_seconds",
                &labels,
                at.timestamp(),
            );
        }
    }
    out.family(
        "hodman_pipeline_observe_failures",
        "gauge",
        "Failures to read the repository, in a row.",
    );
    for pipeline in &status.pipelines {
        out.value(
            "hodman_pipeline_observe_failures",
            &[("pipeline", &pipeline.name)],
            pipeline.observe_failures,
        );
    }
    out.family(
        "hodman_environment_standing",
        "gauge",
        "1 for the present standing of each environment.",
    );
    each_environment(status, |labels, env| {
        let standing = env.explanation.standing.to_string();
        let labels = [labels[0], labels[1], ("standing", standing.as_str())];
        out.value("hodman_environment_standing", &labels, 1);
    });
    out.family(
        "hodman_environment_waits",
        "gauge",
        "Reasons for which the environment waits.",
    );
    each_environment(status, |labels, env| {
        out.value(
            "hodman_environment_waits",
            &labels,
            env.explanation.waits.len(),
        );
    });
}

fn each_environment(
    status: &StatusView,
    mut each: impl FnMut([(&str, &str); 2], &view::EnvironmentView),
) {
    for pipeline in &status.pipelines {
        for env in &pipeline.environments {
            each(
                [
                    ("pipeline", &pipeline.name),
                    ("env", env.explanation.env.as_str()),
                ],
                env,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut out = Text::default();
        out.value("x", &[("a", "q\"\\\n")], 3);
        out.value("y", &[], 1.5);
        assert_eq!(out.0, "x{a=\"q\\\"\\\\\\n\"} 3\ny 1.5\n");
    }
}
