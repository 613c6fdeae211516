//! The bucket for packages, the queues, and the buckets for forwarded bodies and long templates.

use std::time::Duration;

use hodman_clients::aws::{AwsError, Objects, ObjectsConfig, QueueReport};

use super::{
    local::writable,
    report::{Check, with_causes},
};
use crate::config::{
    AwsPlace, Config, PackageStore, Queue, RoleSession, aws_objects, aws_place, aws_queue,
    aws_session, env_in,
};

/// Where packages are kept.
pub(super) async fn packages(config: &Config) -> Vec<Check> {
    match config.package_store() {
        PackageStore::Directory(folder) => vec![writable("packages", &folder)],
        PackageStore::S3(s3) => {
            let objects = aws_objects(&s3).await;
            vec![
                bucket(
                    &format!("packages s3://{}/{}", s3.bucket, s3.prefix),
                    &objects,
                )
                .await,
            ]
        }
    }
}

/// Every queue, and the buckets that it may name.
pub(super) async fn queues(config: &Config) -> Vec<Check> {
    let mut checks = Vec::new();
    for queue in &config.sqs {
        let what = format!("queue {}", queue.label());
        checks.extend(match aws_queue(queue).await.attributes().await {
            Ok(report) => judged(&what, &report),
            Err(error) => vec![failed(what, &error)],
        });
        for (name, objects) in queue.body_objects().await {
            checks.push(bucket(&format!("bodies s3://{name}"), &objects).await);
        }
        checks.extend(unsigned(config, queue));
    }
    checks
}

/// The call that sessions of Terraform are for here: settings name none.
const CALL: &str = "doctor";

/// Every role that settings name, taken as for each of its environments: a trust may tell them apart by the session's tag.
pub(super) async fn roles(config: &Config) -> Vec<Check> {
    let mut checks = Vec::new();
    for role in all_roles(config) {
        for entry in role.environments {
            let what = format!("{} for {entry}", role.what);
            let aws = aws_session(&role.place, env_in(entry), role.session, role.lasts).await;
            let taken = match aws {
                Ok(aws) => aws.keys().await,
                Err(error) => {
                    checks.push(Check::wrong(what, format!("{error:#}")));
                    continue;
                }
            };
            let arn = role.place.role_arn.as_deref().unwrap_or_default();
            checks.push(match taken {
                Ok(_) => Check::fine(what, format!("{arn} can be taken")),
                Err(error) => failed(what, &error),
            });
        }
    }
    checks
}

/// A role of AWS that hodman takes for something.
struct Role<'a> {
    what: String,
    place: AwsPlace,
    session: RoleSession<'static>,
    /// How long its keys last where that is said: a role may have a maximum.
    lasts: Option<Duration>,
    environments: &'a [String],
}

fn all_roles(config: &Config) -> Vec<Role<'_>> {
    let of_places = config.aws.iter().flat_map(|(name, place)| {
        let role = |what: &str, arn: &Option<String>, session| {
            arn.as_ref().map(|arn| Role {
                what: format!("{what} of aws {name}"),
                place: AwsPlace {
                    role_arn: Some(arn.clone()),
                    ..place.clone()
                },
                session,
                lasts: None,
                environments: &place.environments,
            })
        };
        [
            role("role", &place.role_arn, RoleSession::Environment),
            role("plan role", &place.plan_role_arn, RoleSession::Looks),
        ]
    });
    let of_terraform = config.terraform.iter().flat_map(|(name, place)| {
        place.identities().into_iter().map(move |(who, identity)| {
            identity.aws.as_ref().map(|role| Role {
                what: format!("role of terraform {name}, {who},"),
                place: role.place(),
                session: RoleSession::Stack(who, CALL),
                lasts: Some(role.session.into()),
                environments: &place.environments,
            })
        })
    });
    of_places.chain(of_terraform).flatten().collect()
}

/// The buckets for long templates, as whoever hodman is there for the first of the environments.
pub(super) async fn templates(config: &Config) -> Vec<Check> {
    let mut checks = Vec::new();
    for place in config.aws.values() {
        let (Some(lies), Some(env)) = (&place.templates, place.environments.first()) else {
            continue;
        };
        let what = format!("templates s3://{}/{}", lies.bucket, lies.prefix);
        checks.push(match aws_place(place, env_in(env)).await {
            Ok(aws) => {
                let objects = aws.objects(ObjectsConfig {
                    bucket: lies.bucket.clone(),
                    prefix: lies.prefix.clone(),
                    force_path_style: place.endpoint.is_some(),
                });
                bucket(&what, &objects).await
            }
            Err(error) => Check::wrong(what, format!("{error:#}")),
        });
    }
    checks
}

fn judged(what: &str, report: &QueueReport) -> Vec<Check> {
    let found = format!(
        "{} messages wait, {} are in flight",
        report.visible, report.in_flight
    );
    let mut checks = vec![Check::fine(what, found)];
    match &report.redrive {
        None => checks.push(
            Check::warning(what, "no dead-letter queue")
                .hint("give it one: a message whose body cannot be fetched otherwise comes again until it expires"),
        ),
        Some(redrive) if redrive.max_receive_count < 3 => checks.push(
            Check::warning(what, format!("messages leave for the dead-letter queue after {} receives", redrive.max_receive_count))
                .hint("5 is a good number: looking at messages in the console counts as a receive"),
        ),
        Some(_) => {}
    }
    checks
}

/// Without a webhook secret nothing tells a forwarded delivery from a made-up one.
fn unsigned(config: &Config, queue: &Queue) -> Option<Check> {
    config.insecure.unsigned_webhooks.then(|| {
        Check::warning(
            format!("queue {}", queue.label()),
            "forwarded deliveries are taken unsigned",
        )
        .hint("set github.webhook_secrets and remove insecure.unsigned_webhooks")
    })
}

async fn bucket(what: &str, objects: &Objects) -> Check {
    match objects.check().await {
        Ok(report) => {
            let region = report
                .region
                .map(|region| format!(" in {region}"))
                .unwrap_or_default();
            Check::fine(what, format!("can be listed{region}"))
        }
        Err(error) => failed(what, &error),
    }
}

fn failed(what: impl Into<String>, error: &AwsError) -> Check {
    Check::wrong(what, with_causes(error)).hint(error.hint())
}
