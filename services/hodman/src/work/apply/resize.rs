//! A new size: without a restart where the object runs.

use super::super::{WorkError, live};
use super::patience::{self, put_off};
use super::site::Site;
use hodman_clients::databricks::ErrorKind;
use hodman_model::kinds::{Call, Kind};

/// How often both ways are tried: more than once only where it starts or stops in between.
const ROUNDS: u32 = 3;

/// Plans do not say whether an object runs, and it may start or stop in between. What stands still takes no new size but a
/// whole new config, `edit`, which then restarts nothing; what starts or stops just now takes neither.
pub(super) async fn resize(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
    resize: &Call,
    edit: &[Call],
) -> Result<(), WorkError> {
    let mut rounds = 0;
    loop {
        let refused = match patience::send(site, kind, resize).await? {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        rounds += 1;
        let other = refused.kind != ErrorKind::Conflict || kind.passing(refused.message());
        if other || rounds > ROUNDS {
            return Err(put_off(site, kind, id, refused));
        }
        // Sent once: had it started meanwhile, to try again until it runs would restart it.
        let mut started = false;
        for call in edit {
            site.job.fence.check().await?;
            match site.part.workspace.call(live::request(call)).await {
                Ok(_) => {}
                Err(error) if kind.passing(error.message()) => started = true,
                Err(error) => return Err(error.into()),
            }
        }
        if !started {
            return Ok(());
        }
    }
}
