//! The program that plans and applies modules of Terraform.

use std::process::{Command, Stdio};

use rustix::process::geteuid;

use super::report::Check;
use super::sandbox::shows;
use crate::config::{Config, TerraformPlace};

/// Each program is asked for its version, with nothing of ours around it.
pub(super) fn check(config: &Config) -> Vec<Check> {
    let places = config.terraform.iter();
    places
        .flat_map(|(name, place)| [Some(one(name, place)), pulls(name, place)])
        .flatten()
        .collect()
}

/// What runs for pull requests that nobody merged; none where the settings do not speak of it.
fn pulls(name: &str, place: &TerraformPlace) -> Option<Check> {
    let pulls = place.pull_requests.as_ref()?;
    let what = format!("terraform {name} for pull requests");
    if let Some(why) = place.refuses_pulls(name, geteuid().is_root()) {
        return Some(Check::wrong(what, why).hint("run the daemon as a user of its own"));
    }
    if let (Some(cache), Some(own)) = (&place.plugin_cache, place.cache_of_pulls())
        && shows(&pulls.wrapper, cache)
    {
        let found = "the sandbox is shown the plugin cache that applies start providers from";
        return Some(Check::wrong(what, found).hint(format!(
            "show it its own, {}, in `pull_requests.wrapper`",
            own.display()
        )));
    }
    Some(match pulls.wrapper.is_empty() {
        true => Check::warning(
            what,
            "whoever may push a branch decides what runs as the daemon's own user",
        )
        .hint("a sandbox of the machine (`pull_requests.wrapper`)"),
        false => Check::fine(what, format!("by {}", pulls.wrapper[0])),
    })
}

fn one(name: &str, place: &TerraformPlace) -> Check {
    let what = format!("terraform {name}");
    let mut command = Command::new(&place.program);
    command.arg("version").env_clear().stdin(Stdio::null());
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.env("CHECKPOINT_DISABLE", "1");
    let hint = "install Terraform 1.6 or OpenTofu 1.6, or later, and name it by `program`";
    match command.output() {
        Ok(ran) if ran.status.success() => {
            let said = String::from_utf8_lossy(&ran.stdout).into_owned();
            let version = said.lines().find(|line| line.contains(" v"));
            Check::fine(what, version.unwrap_or("it runs").to_owned())
        }
        Ok(ran) => Check::wrong(
            what,
            format!("{} ends with {}", place.program.display(), ran.status),
        )
        .hint(hint),
        Err(error) => Check::wrong(
            what,
            format!("{} cannot be run: {error}", place.program.display()),
        )
        .hint(hint),
    }
}
