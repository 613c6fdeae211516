//! One action on one object.

use super::super::WorkError;
use super::super::secrets::Values;
use super::super::stacks;
use super::site::Site;
use super::{access, former, maintenance, make, put, resize, settle, stack, wait};
use hodman_model::field_path::{FieldPath, PathSegment};
use hodman_model::kinds::{self, Kind, grants, permissions};
use hodman_model::plan::{Action, FieldChange, Row};

pub(super) async fn step(site: &Site<'_>, row: &Row) -> Result<(), WorkError> {
    let kind = kinds::kind(&row.key.kind).ok_or_else(|| {
        WorkError::lasting(format!("hodman does not know the kind `{}`", row.key.kind))
    })?;
    if stacks::is_terraform(&row.key) {
        return stack::step(site, row).await;
    }
    if site.taken.environment.terraform.is_some() && row.action != Action::Delete {
        stacks::no_sensitive_output(&row.key, &site.filled(&site.wanted(row)?.config)?)?;
    }
    let values = put::values(site, kind, row).await?;
    let done = act(site, kind, row, &values).await;
    done.map_err(|error| values.hide(error))?;
    put::note(site, kind, row, &values).await
}

async fn act(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    row: &Row,
    values: &Values,
) -> Result<(), WorkError> {
    match row.action {
        Action::Create => {
            let made = make::make(site, kind, row, values).await;
            let old = site.part.observed.formerly(&row.key);
            made.map_err(|error| match old {
                Some(old) => former::beside(kind, old, error),
                None => error,
            })
        }
        Action::Update | Action::Adopt | Action::Resize => change(site, kind, row, values).await,
        Action::Replace => {
            let live = site.live(row)?;
            // What cannot be filled in must be known before anything is removed.
            let config = site.filled(&site.wanted(row)?.config)?;
            wait::until_idle(site, kind, row, &live.id).await?;
            if kind.creates_first() {
                // Whatever uses the old one is moved by rows that wait for this one; then it goes.
                site.ledger.retire(&row.key).await?;
                return make::make(site, kind, row, values).await;
            }
            let other = kind.natural(&config).filter(|_| kind.renames_first());
            if let Some(name) = other.filter(|name| live.natural.as_ref() != Some(name)) {
                // Whoever uses the old one keeps it until the very end of the apply: see [`former::away`].
                site.ledger.name(&row.key, &name).await?;
                site.ledger.retire(&row.key).await?;
                site.forget_made(kind, &row.key);
                let made = make::make(site, kind, row, values).await;
                return made.map_err(|error| former::beside(kind, &live.id, error));
            }
            site.remove(kind, &live.id, kind.delete_seen(live), true)
                .await?;
            if kind.settles() {
                // Until then it has the name, and what it used, still.
                settle::gone(site, kind, &live.id).await?;
            }
            site.known().forget(&row.key);
            site.forget_made(kind, &row.key);
            // A crash from here on leaves a create: what is left of this row, and done without asking anybody again.
            site.ledger.removed(&row.key).await?;
            make::make(site, kind, row, values).await
        }
        Action::Delete => {
            let live = site.live(row)?;
            maintenance::settled(site, row).await?;
            wait::until_idle(site, kind, row, &live.id).await?;
            site.remove(kind, &live.id, kind.delete_seen(live), true)
                .await?;
            if kind.settles() {
                settle::gone(site, kind, &live.id).await?;
            }
            site.known().forget(&row.key);
            site.forget_made(kind, &row.key);
            site.ledger.gone(&row.key).await;
            Ok(())
        }
    }
}

async fn change(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    row: &Row,
    values: &Values,
) -> Result<(), WorkError> {
    let live = site.live(row)?;
    let wanted = site.wanted(row)?;
    let config = site.filled(&wanted.config)?;
    let changes = row.changes.read();
    let touches = |field: &str| changes.iter().any(|change| begins_with(change, field));
    let beside = |change: &FieldChange| {
        begins_with(change, permissions::FIELD) || begins_with(change, grants::FIELD)
    };
    let adopted = row.action == Action::Adopt;
    if row.action == Action::Resize
        && let Some(call) = kind.resize(&live.id, &config)
    {
        let edit = kind.update(&live.id, &live.config, &config, &site.marker(&row.key));
        resize::resize(site, kind, &live.id, &call, &edit).await?;
    } else if adopted || !changes.iter().all(beside) {
        let mut sending = values.put_into(kind, &config);
        // What left Git and is in this row is named without a value, so that the server fills it again.
        let goes = |path: &&FieldPath| {
            let mut changes = changes.iter();
            changes.any(|change| change.after.is_none() && change.path.0.starts_with(&path.0))
        };
        kind.rules()
            .name_left(&mut sending, wanted.left.keys().filter(goes));
        let calls = match stack::bring(site, row, &live.id, &sending)? {
            Some(call) => vec![call],
            None => {
                let hidden = kind.rules().write_only_field(&config);
                let hidden = hidden.map(|field| FieldPath::default().key(field));
                let sends = hidden.is_some_and(|at| changes.iter().any(|one| one.path == at));
                let there = match sends {
                    true => live.config.clone(),
                    false => kind.rules().as_put(&live.config, &sending),
                };
                kind.update(&live.id, &there, &sending, &site.marker(&row.key))
            }
        };
        maintenance::kept(site, kind, row, live, &config).await?;
        maintenance::begin(site, row, live).await?;
        maintenance::hold(site, kind, row, live, &config).await?;
        let changed = async {
            site.change(kind, &live.id, &calls).await?;
            match kind.settles() {
                true => settle::changed(site, kind, &live.id, &config).await,
                false => Ok(()),
            }
        };
        if let Err(error) = changed.await {
            if error.is_transient() || error.is_lease_lost() {
                return Err(error);
            }
            return Err(maintenance::give_up(site, row, live, error).await);
        }
        maintenance::ended(site, row).await?;
    }
    if adopted || touches(permissions::FIELD) {
        let before = live.config.get(permissions::FIELD);
        access::permissions(site, kind, wanted, live, before).await?;
    }
    if adopted || touches(grants::FIELD) {
        let before = live.config.get(grants::FIELD);
        access::grants(site, kind, wanted, &live.id, before).await?;
    }
    site.note(kind, &row.key, &live.id, &config).await
}

fn begins_with(change: &FieldChange, field: &str) -> bool {
    matches!(change.path.0.first(), Some(PathSegment::Key(key)) if key == field)
}
