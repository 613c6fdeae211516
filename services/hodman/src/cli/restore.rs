//! `hodman restore`: what a branch holds, put into another workspace.

use super::args::RestoreArgs;
use super::failure::{Exit, Failure};
use super::output::{print, print_json};
use super::plan;
use crate::work::{Restore, Restored};
use anyhow::Context as _;
use hodman_model::plan::Plan;
use serde_json::json;
use std::fs::{File, TryLockError};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

pub(super) async fn restore(args: RestoreArgs, json: bool) -> anyhow::Result<ExitCode> {
    let (pipeline, parts) = plan::parts(&args.remote, "restore").await?;
    let wanted = Restore {
        branch: args.branch.clone(),
        workspace: args.workspace.clone(),
        target: args.target.clone(),
        like: args.like.clone(),
        force: args.force,
    };
    let _alone = args
        .apply
        .then(|| alone(&parts.config.data_dir, &args.workspace))
        .transpose()?;
    let plan = parts.work.plan_restore(&pipeline, &wanted).await?;
    let empty = plan.rows().next().is_none();
    if !json {
        print(&format!("{}\n{}", plan.to_table(), plan.digest()))?;
    }
    if !args.apply || empty {
        if json {
            print_json(&shown(&plan, None))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !args.yes {
        agreed(&args.workspace)?;
    }
    let done = parts.work.apply_restore(&pipeline, &wanted, &plan).await?;
    if json {
        print_json(&shown(&plan, Some(done)))?;
    } else {
        print(&format!(
            "{} actions done, {} files uploaded",
            done.done, done.uploaded
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Keeps a second restore into the workspace out for as long as the file is held; the system lets go of it also when this
/// process is killed, so nothing stale is left.
fn alone(data_dir: &Path, workspace: &str) -> anyhow::Result<File> {
    let name: String = workspace
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let path = data_dir.join(format!("restore-{name}.lock"));
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::new(
            Exit::Failed,
            format!("another restore into workspace `{workspace}` is under way"),
        )
        .into()),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("locking {}", path.display()))
        }
    }
}

fn shown(plan: &Plan, done: Option<Restored>) -> serde_json::Value {
    json!({
        "digest": plan.digest().to_string(),
        "plan": plan.to_json(),
        "done": done.map(|done| done.done),
        "uploaded": done.map(|done| done.uploaded),
    })
}

/// Asks; only somebody who is there can say yes.
fn agreed(workspace: &str) -> anyhow::Result<()> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::new(
            Exit::Failed,
            "nobody is there to be asked: look at the plan, then say --yes".to_owned(),
        )
        .into());
    }
    eprint!("Do this in workspace `{workspace}`? Only `yes` means yes: ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    if answer.trim() == "yes" {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, "nothing was done".to_owned()).into())
}
