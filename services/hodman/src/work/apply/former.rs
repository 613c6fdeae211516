//! What has another name now: the old one stays until all that used it has moved, and goes at the very end of an apply.

use super::super::claims::{Ledger, Ledgers};
use super::super::taken::{Part, Taken};
use super::super::{Job, WorkError, live};
use super::site::Site;
use hodman_core::ids::EnvName;
use hodman_model::bundle::ResourceKey;
use hodman_model::files::Presence;
use hodman_model::kinds::{CloudformationStacks, Kind, kind};
use hodman_model::plan::{Action, Desired, Known, Row, WorkspacePart};

/// Whether nothing but we keep an object of that kind from going while it is used, or nobody can say before that it is.
pub(super) fn goes_last(key: &ResourceKey) -> bool {
    kind(&key.kind).is_some_and(Kind::renames_first)
}

/// Whether there is anything for [`away`]: from this apply, or from one before it.
pub(super) fn any(part: &Part, rows: &[Row]) -> bool {
    let before = part.ledgers.own.left_behind();
    let renames = |row: &Row| row.action == Action::Replace && goes_last(&row.key);
    !before.is_empty() || rows.iter().any(renames)
}

/// Removes what has another name now, when all is done, in the workspaces too: whatever used it has moved, and a workspace that was
/// changed is let go on. What cannot be removed, a bucket with something in it say, stays and is told, and the next apply tries it
/// again; only where all is to go that is a failure.
pub(super) async fn away(
    job: &Job<'_>,
    env: &EnvName,
    taken: &Taken,
    part: &Part,
    given: &Known,
) -> Result<(), WorkError> {
    let ledgers = Ledgers::of_foundation(job, env.as_str()).await?;
    let (nothing, nobody) = (WorkspacePart::default(), Desired::default());
    let place = &part.workspace;
    let ledger = Ledger::begin(job, env.as_str(), place, &ledgers, &nothing, &nobody).await?;
    let site = Site::new(job, env, taken, part, ledger, given);
    let mut left = site.ledger.retired(|_, _| true).await;
    left.retain(|(key, _)| goes_last(key));
    // One may hold another: a stack takes what another exports.
    let stays = loop {
        let mut stays = Vec::new();
        for (key, id) in &left {
            if let Some(why) = one(&site, key, id).await? {
                stays.push((key.clone(), id.clone(), why));
            }
        }
        if stays.is_empty() || stays.len() == left.len() {
            break stays;
        }
        left = stays.into_iter().map(|(key, id, _)| (key, id)).collect();
    };
    for (key, id, why) in &stays {
        tracing::warn!(%key, id, "what has another name now is not removed yet: {why}");
        site.ledger.keep(key, id, &why.to_string()).await;
    }
    site.ledger.flush().await?;
    let all_goes = taken.environment.state == Presence::Absent;
    match stays.into_iter().next().filter(|_| all_goes) {
        Some((key, id, why)) => Err(why.doing(&format!("removing `{id}`, which was {key} before"))),
        None => Ok(()),
    }
}

/// Removes one of them, if it is ours still; gives why it stays.
async fn one(site: &Site<'_>, key: &ResourceKey, id: &str) -> Result<Option<WorkError>, WorkError> {
    let Some(kind) = kind(&key.kind) else {
        return Ok(None);
    };
    let found = match live::by_id(&site.part.workspace, kind, id).await {
        Ok(found) => found,
        Err(error) => return Ok(Some(error)),
    };
    let ours = site.marker(key);
    if let Some(listed) = found.filter(|listed| listed.marker.as_ref() == Some(&ours)) {
        match site
            .remove(kind, id, kind.delete_seen(&listed), false)
            .await
        {
            Ok(()) => tracing::info!(%key, id, "what has another name now is gone"),
            Err(error) if error.is_lease_lost() => return Err(error),
            Err(error) => return Ok(Some(error)),
        }
    }
    site.ledger.went(key, id).await;
    // Each by itself: whoever is cut off again and again after some of them would never come to the others.
    site.ledger.flush().await?;
    Ok(None)
}

/// The failure to make an object while `old`, the same under its name of before, is there still: what has a fixed name inside of a stack
/// can be in one of the two only.
pub(super) fn beside(kind: &dyn Kind, old: &str, error: WorkError) -> WorkError {
    let words = error.to_string();
    let taken = words.contains("already exists") || words.contains("already exported");
    if kind.name() != CloudformationStacks.name() || !taken {
        return error;
    }
    error.hint(&format!(
        "the old stack `{old}` is there until all that uses it has moved, and what has a name of its own in the template, a role or an \
         export say, can be in one of the two only: let it have none, or one with `${{AWS::StackName}}` in it"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_name_inside_of_a_stack_is_told_with_what_to_do() {
        let refused = |kind: &str, words: &str| {
            let kind = hodman_model::kinds::kind(kind).unwrap();
            beside(kind, "net", WorkError::lasting(words)).to_string()
        };
        let exists = "Role (AWS::IAM::Role): shop already exists in stack arn:aws:cloudformation:x";
        for words in [
            exists,
            "Export with name vpc is already exported by stack net",
        ] {
            let told = refused("cloudformation_stacks", words);
            assert!(
                told.starts_with(words) && told.contains("`${AWS::StackName}`"),
                "{told}"
            );
            assert!(told.contains("the old stack `net`"), "{told}");
        }
        let other = "Vpc (AWS::EC2::VPC): no address is left";
        assert_eq!(refused("cloudformation_stacks", other), other);
        assert_eq!(refused("aws_buckets", exists), exists);
    }
}
