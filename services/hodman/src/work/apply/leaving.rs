//! A name that is taken by an object on its way out: services that remove in the background show it for a while still, and
//! whoever would be called so has to wait.

use super::super::{WorkError, live};
use super::site::Site;
use hodman_model::kinds::Kind;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// One that goes within this is waited for at once. For any other the apply is put off: what waits must not hold the lane.
const GOES_WITHIN: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What has the name.
enum Holder {
    Nobody,
    Leaving,
    Somebody,
}

/// Whether the name that `config` asks for was held by an object on its way out, and is free now.
///
/// # Errors
/// When it is not free yet: that is no failure, and the apply comes again.
pub(super) async fn is_free(
    site: &Site<'_>,
    kind: &dyn Kind,
    config: &Value,
) -> Result<bool, WorkError> {
    let Some(name) = kind.natural(config) else {
        return Ok(false);
    };
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut seen = false;
    loop {
        match holder(site, kind, &name).await? {
            Holder::Nobody => return Ok(seen),
            Holder::Somebody => return Ok(false),
            Holder::Leaving if began.elapsed() > GOES_WITHIN => {
                return Err(WorkError::waits(format!(
                    "waits until the {} {name} that was removed is gone",
                    kind.singular()
                )));
            }
            Holder::Leaving => seen = true,
        }
        site.job.fence.check().await?;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What is shown by that name and yet counts as nothing is leaving.
async fn holder(site: &Site<'_>, kind: &dyn Kind, name: &str) -> Result<Holder, WorkError> {
    let call = live::request(&kind.get(name));
    let answer = match site.part.workspace.call(call).await {
        Ok(answer) => answer,
        Err(error) if error.is_not_found() => return Ok(Holder::Nobody),
        // Where ids are not names, a name is no id.
        Err(error) if !error.is_transient() => return Ok(Holder::Somebody),
        Err(error) => return Err(error.into()),
    };
    Ok(
        match kind.pick(name, answer).map(|answer| kind.read(&answer)) {
            Some(Ok(None)) => Holder::Leaving,
            _ => Holder::Somebody,
        },
    )
}
