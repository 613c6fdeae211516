//! The program that plans and applies modules of Terraform.

use std::process::{Command, Stdio};

use super::report::Check;
use crate::config::{Config, TerraformPlace};

/// Each program is asked for its version, with nothing of ours around it.
pub(super) fn check(config: &Config) -> Vec<Check> {
    let places = config.terraform.iter();
    places.map(|(name, place)| one(name, place)).collect()
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
