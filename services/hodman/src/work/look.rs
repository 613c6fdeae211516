//! Looks at single objects that workspaces stand on, because there is news of them: at those and what they refer to, and at
//! nothing else.

use super::{Job, WorkError, foundation, live, taken};
use hodman_core::event::{Named, Outcome};
use hodman_core::ids::{CommitSha, EnvName, PackageDigest};
use hodman_model::bundle::ResourceKey;
use hodman_model::kinds::{Whose, kind};
use hodman_model::plan::{self, Desired};
use std::collections::BTreeSet;

pub(super) async fn look(
    job: &Job<'_>,
    env: &EnvName,
    package: &PackageDigest,
    config: &CommitSha,
    objects: &BTreeSet<Named>,
) -> Result<Outcome, WorkError> {
    let environment = taken::environment_at(job, env, config.as_str())?;
    let tree = job.work.packages.tree(package).await?;
    let resolved = foundation::resolve(job, env, &environment, &tree)?;
    let wanted = resolved.desired;
    let ours = named(&wanted, objects);
    if ours.is_empty() {
        return Ok(Outcome::Looked { differ: vec![] });
    }
    let desired = wanted.only(&ours);
    let place = job
        .work
        .places
        .foundation(job.whose(env), &environment)
        .await?;
    let adopt = foundation::adopted(&environment);
    let question = live::Question {
        desired: &desired,
        pipeline: job.pipeline,
        env: env.as_str(),
        root: "",
        readers: BTreeSet::new(),
        given: None,
        applied: None,
        adopt: &adopt,
        told: Some(live::Wanted {
            by_name: &resolved.told,
            whose: Whose::Merged,
        }),
    };
    let found = live::observe_single(job, &place, &question).await?;
    let protected = found.ledgers.own.protected();
    let context = foundation::context(job, env, &environment, protected);
    let plan = plan::plan(&desired, &found.observed, &context)?;
    let differ = plan.rows().map(|(_, row)| &row.key);
    let differ = differ.filter(|key| ours.contains(*key));
    Ok(Outcome::Looked {
        differ: differ.map(ToString::to_string).collect(),
    })
}

/// The resources whose objects are called so.
fn named(wanted: &Desired, objects: &BTreeSet<Named>) -> BTreeSet<ResourceKey> {
    let is_named = |key: &ResourceKey, name: Option<String>| {
        name.is_some_and(|name| {
            objects.contains(&Named {
                kind: key.kind.clone(),
                name,
            })
        })
    };
    let resources = wanted.resources.iter();
    resources
        .filter(|(key, wanted)| {
            let natural = kind(&key.kind).and_then(|kind| kind.natural(&wanted.config));
            is_named(key, natural)
        })
        .map(|(key, _)| key.clone())
        .collect()
}
