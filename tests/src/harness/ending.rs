//! What is there when a story has ended, without what differs from run to run: ids, times, ports. Two tellings of one story
//! end alike, whatever went wrong on the way; nothing is lost and nothing is there twice.

use super::{REPOSITORY, Scene};
use hodman_core::explain::standing;
use hodman_core::state::PipelineState;
use std::collections::BTreeMap;

/// The whole end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Environments with package and standing.
    pub environments: BTreeMap<String, (Option<String>, String)>,
    /// Every pull request there ever was, by title.
    pub pulls: Vec<PullEnding>,
    /// Workspace by workspace.
    pub workspaces: BTreeMap<String, WorkspaceEnding>,
    /// Names of the stored packages and attestations.
    pub packages: Vec<String>,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PullEnding {
    /// Title.
    pub title: String,
    /// Branch.
    pub branch: String,
    /// Merged, closed or open.
    pub state: &'static str,
    /// First lines of its comments: ours are marked, and each mark is there once.
    pub comments: Vec<String>,
    /// Check runs on its head: name and conclusion.
    pub checks: Vec<(String, String)>,
}

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceEnding {
    /// Name and key of every job.
    pub jobs: Vec<(String, String)>,
    /// Every file below hodman's folder.
    pub files: Vec<String>,
    /// How many runs were started: verifications.
    pub runs: usize,
}

/// What closes the folder of a file set is called by the moments at which its files were written; only that it is there is the
/// same in every telling.
fn unsealed(mut files: Vec<String>) -> Vec<String> {
    for path in &mut files {
        if let Some((folder, name)) = path.rsplit_once('/')
            && name.starts_with("hodman-")
            && name.ends_with(".json")
        {
            *path = format!("{folder}/hodman-seal.json");
        }
    }
    files
}

impl Ending {
    /// Looks at everything.
    ///
    /// # Errors
    /// When the forge's API does not answer.
    pub async fn of(scene: &Scene, state: &PipelineState) -> anyhow::Result<Self> {
        let environments = state
            .environments
            .iter()
            .map(|(name, env)| {
                let package = env
                    .current
                    .as_ref()
                    .map(|current| current.package.to_string());
                (name.to_string(), (package, standing(env).to_string()))
            })
            .collect();
        let mut pulls = Vec::new();
        for pull in scene.forge.pulls(REPOSITORY) {
            let mut comments: Vec<String> = pull
                .comments
                .iter()
                .map(|text| text.lines().next().unwrap_or_default().to_owned())
                .collect();
            comments.sort();
            let state = match (pull.merged, pull.open) {
                (true, _) => "merged",
                (false, true) => "open",
                (false, false) => "closed",
            };
            pulls.push(PullEnding {
                title: pull.title,
                branch: pull.head_ref,
                state,
                comments,
                checks: checks(scene, &pull.head_sha).await?,
            });
        }
        pulls.sort();
        let workspaces = scene
            .databricks
            .workspaces()
            .iter()
            .map(|workspace| {
                let mut jobs: Vec<(String, String)> = workspace
                    .list_jobs()
                    .iter()
                    .map(|job| {
                        let text = |pointer| {
                            let found = job
                                .settings
                                .pointer(pointer)
                                .and_then(serde_json::Value::as_str);
                            found.unwrap_or_default().to_owned()
                        };
                        (text("/name"), text("/tags/hodman_key"))
                    })
                    .collect();
                jobs.sort();
                let ending = WorkspaceEnding {
                    jobs,
                    files: unsealed(workspace.list_files("/Shared/.hodman")),
                    runs: workspace.run_count(),
                };
                (workspace.name().to_owned(), ending)
            })
            .collect();
        let mut packages: Vec<String> = std::fs::read_dir(scene.data().join("packages"))
            .map(|entries| {
                entries
                    .flatten()
                    .map(|entry| entry.file_name().to_string_lossy().into_owned())
                    .collect()
            })
            .unwrap_or_default();
        // What a kill left half-written has no name that anybody reads.
        packages.retain(|name| !name.ends_with(".part"));
        packages.sort();
        Ok(Self {
            environments,
            pulls,
            workspaces,
            packages,
        })
    }

    /// What must hold whatever the story was: nothing is there twice.
    ///
    /// # Errors
    /// What is there twice.
    pub fn nothing_twice(&self) -> anyhow::Result<()> {
        for (name, workspace) in &self.workspaces {
            let mut keys: Vec<&String> = workspace
                .jobs
                .iter()
                .map(|(_, key)| key)
                .filter(|key| !key.is_empty())
                .collect();
            let count = keys.len();
            keys.dedup();
            anyhow::ensure!(
                keys.len() == count,
                "{name} has two jobs with one mark: {:?}",
                workspace.jobs
            );
        }
        let mut branches: Vec<&String> = self.pulls.iter().map(|pull| &pull.branch).collect();
        branches.sort();
        let count = branches.len();
        branches.dedup();
        anyhow::ensure!(
            branches.len() == count,
            "two pull requests for one promotion: {:?}",
            self.pulls
        );
        for pull in &self.pulls {
            let mut names: Vec<&String> = pull.checks.iter().map(|(name, _)| name).collect();
            names.dedup();
            anyhow::ensure!(
                names.len() == pull.checks.len(),
                "a check run is there twice: {pull:?}"
            );
            let mut marks = pull.comments.clone();
            marks.dedup();
            anyhow::ensure!(
                marks.len() == pull.comments.len(),
                "a comment is there twice: {pull:?}"
            );
        }
        Ok(())
    }
}

/// Name and conclusion of every check run on a commit, sorted; `status` stands in for a conclusion that is not there yet.
///
/// # Errors
/// When the forge does not answer.
pub async fn checks(scene: &Scene, sha: &str) -> anyhow::Result<Vec<(String, String)>> {
    let path = format!("/repos/{REPOSITORY}/commits/{sha}/check-runs?filter=all&per_page=100");
    let answer = scene.github(&path).await?;
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let mut found: Vec<(String, String)> = answer["check_runs"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|run| {
            let conclusion = text(&run["conclusion"]).or_else(|| text(&run["status"]));
            (
                text(&run["name"]).unwrap_or_default(),
                conclusion.unwrap_or_default(),
            )
        })
        .collect();
    found.sort();
    Ok(found)
}
