//! What people changed inside of stacks of CloudFormation.

use super::{at, live};
use crate::work::{Job, WorkError};
use hodman_clients::databricks::{ErrorKind, Workspace};
use hodman_core::ids::EnvName;
use hodman_model::bundle::ResourceKey;
use hodman_model::kinds::{Call, CloudformationStacks, Kind as _};
use hodman_model::plan::{Observed, Plan};
use hodman_model::stacks::ByHand;
use std::collections::BTreeSet;

/// Finds what people changed inside of stacks of CloudFormation that are as they were told to be: those of which no row says
/// anything. One after the other, for AWS looks into few at a time.
pub(in crate::work) async fn look_inside(
    place: &Workspace,
    (job, env): (&Job<'_>, &EnvName),
    plan: &Plan,
    observed: &mut Observed,
) -> Result<(), WorkError> {
    let planned: BTreeSet<&ResourceKey> = plan.rows().map(|(_, row)| &row.key).collect();
    let ours = observed.objects.iter().filter_map(|object| {
        let marker = object.listed.marker.as_ref()?;
        let key = ResourceKey::new(&object.kind, &marker.key);
        let is_ours = marker.pipeline == job.pipeline && marker.env == env.as_str();
        let looks = object.kind == CloudformationStacks.name() && is_ours;
        (looks && !planned.contains(&key))
            .then(|| (key, CloudformationStacks::look_inside(&object.listed)))
    });
    let ours: Vec<(ResourceKey, Call)> = ours.collect();
    let stacks = observed.objects.iter().filter_map(|object| {
        let is_stack = object.kind == CloudformationStacks.name() && object.listed.marker.is_some();
        is_stack.then(|| object.listed.name.clone())
    });
    let stacks: BTreeSet<String> = stacks.collect();
    for (key, call) in ours {
        let mut found: ByHand = match place.call(live::request(&call)).await {
            Ok(answer) => serde_json::from_value(answer)?,
            // Who may not look says so, and everything else is compared.
            Err(error)
                if matches!(error.kind, ErrorKind::PermissionDenied | ErrorKind::Invalid) =>
            {
                ByHand {
                    unseen: Some(error.to_string()),
                    ..ByHand::default()
                }
            }
            Err(error) => return Err(at(&key, error.into())),
        };
        found.leave_out_rules_of(&stacks);
        if found != ByHand::default() {
            observed.by_hand.insert(key, found);
        }
    }
    Ok(())
}
