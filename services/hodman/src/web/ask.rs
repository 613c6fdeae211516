//! What people ask for enters the inbox, after a look whether it makes sense, so that whoever asks is told at once.

use super::WebParts;
use super::trouble::Trouble;
use super::view;
use crate::intake::CommandRequest;
use hodman_core::event::Ask;
use hodman_core::ids::PackageDigest;
use hodman_core::state::PipelineState;

/// The longest reason or name that is kept.
const LONGEST: usize = 1000;

/// Puts a request into the inbox; the answer is the number of its event. What comes of it is decided like everything
/// else, and stands in the event's note.
pub(super) async fn ask(web: &WebParts, mut request: CommandRequest) -> Result<i64, Trouble> {
    let pipeline = match &request.pipeline {
        Some(name) => view::configured(web, name)?.name.clone(),
        None => match web.pipelines.as_slice() {
            [only] => only.name.clone(),
            _ => {
                return Err(Trouble::Nonsense(
                    "several pipelines are served: name one".to_owned(),
                ));
            }
        },
    };
    let state = view::state(web, &pipeline).await?;
    check(&mut request, state.as_ref())?;
    request.pipeline = Some(pipeline);
    let delivery = uuid::Uuid::new_v4().to_string();
    let stored = web
        .store
        .insert_events(vec![request.to_event(&delivery, web.clock.now())])
        .await?;
    stored
        .first()
        .map(|row| row.seq)
        .ok_or(Trouble::Store(hodman_store::StoreError::Closed))
}

fn check(request: &mut CommandRequest, state: Option<&PipelineState>) -> Result<(), Trouble> {
    if request.holds_nul() {
        return Err(Trouble::Nonsense("a text holds a NUL character".to_owned()));
    }
    let too_long = |text: &str| text.chars().count() > LONGEST;
    if too_long(&request.by) || request.id.as_deref().is_some_and(too_long) {
        return Err(Trouble::Nonsense(format!(
            "names are at most {LONGEST} characters long"
        )));
    }
    if let Ask::Hold { reason, .. } | Ask::Rollback { reason, .. } = &request.ask
        && (reason.trim().is_empty() || too_long(reason))
    {
        return Err(Trouble::Nonsense(
            "say why: a reason of one line or a few".to_owned(),
        ));
    }
    // Before the first look at the repository nothing is known that could be checked.
    let (Some(state), Some(name)) = (state, request.ask.env()) else {
        return Ok(());
    };
    let Some(env) = state.environments.get(name) else {
        return Err(view::no_environment(state, name.as_str()));
    };
    if let Ask::Rollback { to: Some(to), .. } = &mut request.ask {
        let known = env
            .before
            .iter()
            .chain(&env.current)
            .map(|deployed| &deployed.package);
        *to = named(to.as_str(), known)?;
    }
    Ok(())
}

/// A package by the start of its digest, as people copy it from a page.
fn named<'p>(
    start: &str,
    known: impl Iterator<Item = &'p PackageDigest>,
) -> Result<PackageDigest, Trouble> {
    let hex = start.strip_prefix("sha256:").unwrap_or(start);
    let fits = |digest: &&PackageDigest| {
        digest
            .as_str()
            .strip_prefix("sha256:")
            .unwrap_or_default()
            .starts_with(hex)
    };
    let mut found: Vec<&PackageDigest> = known.filter(fits).collect();
    found.sort();
    found.dedup();
    match found.as_slice() {
        [one] if hex.len() >= 4 => Ok((*one).clone()),
        [one] => Err(Trouble::Nonsense(format!(
            "{start} is too little to be meant: give four digits at least of {one}"
        ))),
        [] => Err(Trouble::Nonsense(format!(
            "package {start} was never in place here"
        ))),
        _ => Err(Trouble::Nonsense(format!(
            "{start} may be several packages: give more of the digest"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_by_the_start_of_their_digest() {
        let digest = |start: &str| PackageDigest(format!("sha256:{start:0<64}"));
        let known = [
            digest("abcdef1"),
            digest("abcdef2"),
            digest("123456"),
            digest("123456"),
        ];
        let named = |start| named(start, known.iter()).map_err(|error| error.to_string());
        assert_eq!(named("abcdef1"), Ok(digest("abcdef1")));
        assert_eq!(named("sha256:123456"), Ok(digest("123456")));
        assert_eq!(named(known[1].as_str()), Ok(digest("abcdef2")));
        assert!(named("abcdef").is_err_and(|why| why.contains("several")));
        assert_eq!(named("1234"), Ok(digest("123456")));
        assert!(named("123").is_err_and(|why| why.contains("four digits at least")));
        assert!(named("ffffff").is_err_and(|why| why.contains("never in place")));
    }
}
