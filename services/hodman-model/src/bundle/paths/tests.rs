use super::libraries::LIBRARIES;
use super::pipeline::SOURCES;
use super::{TASKS, beyond};
use crate::kinds::{KINDS, kind};

/// Every path of a kind that its rules name.
fn named(kind_name: &str) -> Vec<String> {
    let rules = kind(kind_name).unwrap().rules();
    let all = rules.notebook_paths.iter().chain(&rules.file_paths);
    all.map(ToString::to_string).collect()
}

#[test]
fn what_is_resolved_is_what_a_capture_makes_relative() {
    let jobs = named("jobs");
    let tasks = TASKS
        .iter()
        .map(|(parents, key, _)| format!("{}.{key}", parents.join(".")));
    let libraries = LIBRARIES
        .iter()
        .map(|(key, _)| format!("libraries.*.{key}"));
    for end in tasks.chain(libraries) {
        for place in ["tasks.*", "tasks.*.for_each_task.task"] {
            let path = format!("{place}.{end}");
            assert!(jobs.contains(&path), "{path} is not captured");
        }
    }
    let pipelines = named("pipelines");
    let sources = SOURCES
        .iter()
        .map(|(keys, _)| format!("libraries.*.{}", keys.join(".")));
    for path in sources.chain(["libraries.*.glob.include".into(), "root_path".into()]) {
        assert!(pipelines.contains(&path), "{path} is not captured");
    }
    let fields = beyond::FIELDS.iter().map(|(end, ..)| *end);
    for end in fields.chain(beyond::LIBRARIES.iter().copied()) {
        let anywhere = KINDS
            .iter()
            .filter(|kind| kind.name() != "jobs" || !beyond::LIBRARIES.contains(&end))
            .any(|kind| named(kind.name()).iter().any(|path| path.ends_with(end)));
        assert!(anywhere, "{end} is not captured");
    }
}
