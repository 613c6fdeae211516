//! `hodman demo`: the sandbox, the daemon, and the story of a change from dev to production, played by invented people
//! over real HTTP. No cloud account, no container, nothing outside this machine.

mod cast;
mod clock;
pub mod story;
mod transcript;
mod world;

pub use cast::Cast;
pub use clock::DemoClock;
pub use story::{StepReport, Story, StoryReport};
pub use transcript::Transcript;
pub use world::{CANARY, ENVIRONMENTS, REPOSITORY, World, WorldOptions, seed_dev, seed_files};

use anyhow::Context as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// What the demo is asked for.
#[derive(Clone, Debug, Default)]
pub struct DemoOptions {
    /// Play the story and exit.
    pub once: bool,
    /// Write a JSON report there.
    pub report: Option<PathBuf>,
    /// Port of the web page; 0 picks a free one.
    pub port: u16,
}

/// Plays the demo.
///
/// # Errors
/// When it cannot start: a used port, no `git` on the machine, a report that cannot be written. A step that does not
/// hold is no error but the exit code 1.
pub async fn run(options: DemoOptions) -> anyhow::Result<ExitCode> {
    tokio::select! {
        code = play(&options) => code,
        // The sandbox and the daemon of the demo keep nothing: leaving at once loses nothing.
        stopped = tokio::signal::ctrl_c() => {
            stopped.context("waiting for Ctrl-C")?;
            println!("\nstopped");
            Ok(ExitCode::from(130))
        }
    }
}

async fn play(options: &DemoOptions) -> anyhow::Result<ExitCode> {
    let transcript = Transcript::start();
    let mut world = World::start(&WorldOptions { port: options.port }).await?;
    transcript.say(&format!(
        "GitHub (in memory, real git)  {}/acme/shop",
        world.forge.url()
    ));
    for (name, url) in world.workspace_urls() {
        transcript.say(&format!("workspace {name:<5}               {url}"));
    }
    transcript.say(&format!(
        "hodman                        http://{}",
        world.daemon.address
    ));
    let story = world.story(transcript.clone());
    let report = story.play().await;
    if let Some(path) = &options.report {
        let json = serde_json::to_vec_pretty(&report).context("writing the report")?;
        std::fs::write(path, json)
            .with_context(|| format!("writing the report to {}", path.display()))?;
    }
    let held = report.held();
    transcript.say(&report.summary());
    if !options.once {
        transcript.say("Change something in dev, look at the pull requests, merge, hold, roll back; Ctrl-C ends it.");
        transcript.say(&format!(
            "The web page, with its buttons unlocked: {}",
            world.link()?
        ));
        world.wait().await?;
    }
    world.stop().await;
    Ok(if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
