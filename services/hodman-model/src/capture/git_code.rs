//! Which tasks of a job have their code in the repository that its `git_source` names: paths there are that repository's, and
//! those of the other tasks, of libraries and of init scripts are the workspace's all the same.

use std::collections::BTreeMap;

use serde_json::Value;

use super::form::with_variables;

/// Where a task says what it runs.
const CODE: &[(&[&str], &[&str])] = &[
    (&["notebook_task"], &["notebook_path"]),
    (&["spark_python_task"], &["python_file"]),
    (&["sql_task", "file"], &["path"]),
    (&["dbt_task"], &["project_directory", "profiles_directory"]),
    (
        &["gen_ai_compute_task"],
        &["training_script_path", "yaml_parameters_file_path"],
    ),
];

/// A task, and the one inside of a `for_each_task`.
const TASKS: [&[&str]; 2] = [&[], &["for_each_task", "task"]];

/// A task's key and the two indices above.
type Place = (String, usize, usize);

/// What a job says of where its code is; nothing for other kinds, which have neither field.
#[derive(Clone, Debug, Default)]
pub(super) struct GitCode {
    has_repository: bool,
    /// Whether the code is in Git, where that is said.
    said: BTreeMap<Place, bool>,
}

impl GitCode {
    /// What `pieces`, one laid over the other, say.
    pub fn of<'v>(
        pieces: impl IntoIterator<Item = &'v Value>,
        variables: &BTreeMap<String, Value>,
    ) -> Self {
        let mut all = Self::default();
        for piece in pieces {
            all.has_repository |= piece.get("git_source").is_some_and(|git| !git.is_null());
            let tasks = piece.get("tasks").and_then(Value::as_array);
            for (place, task) in tasks.into_iter().flatten().flat_map(places) {
                let spec = CODE[place.2].0.iter().try_fold(task, |at, key| at.get(key));
                let source = spec.and_then(|spec| spec.get("source"));
                let source = source.map(|source| with_variables(source, variables));
                if let Some(source) = source.as_ref().and_then(Value::as_str) {
                    all.said.insert(place, source == "GIT");
                }
            }
        }
        all
    }

    /// Calls `visit` with `config` without the paths that are Git's.
    pub fn without(&self, config: &mut Value, visit: impl FnOnce(&mut Value)) {
        let mut apart = Vec::new();
        let tasks = config.get("tasks").and_then(Value::as_array);
        for (index, task) in tasks.into_iter().flatten().enumerate() {
            for (place, _) in places(task) {
                if self
                    .said
                    .get(&place)
                    .copied()
                    .unwrap_or(self.has_repository)
                {
                    let at = [TASKS[place.1], CODE[place.2].0].concat().join("/");
                    let fields = CODE[place.2].1.iter();
                    apart.extend(fields.map(|field| (format!("/tasks/{index}/{at}"), *field)));
                }
            }
        }
        let taken: Vec<(String, &str, Value)> = apart
            .into_iter()
            .filter_map(|(at, field)| {
                let spec = config.pointer_mut(&at)?.as_object_mut()?;
                let path = spec.remove(field)?;
                Some((at, field, path))
            })
            .collect();
        visit(config);
        for (at, field, path) in taken {
            if let Some(Value::Object(spec)) = config.pointer_mut(&at) {
                spec.insert(field.to_owned(), path);
            }
        }
    }
}

/// Every place in a task where code may be named, with the task that it is in.
fn places(task: &Value) -> impl Iterator<Item = (Place, &Value)> {
    let key = task.get("task_key").and_then(Value::as_str);
    let key = key.unwrap_or_default();
    let inner = TASKS.iter().enumerate().filter_map(move |(inner, at)| {
        let task = at.iter().try_fold(task, |task, key| task.get(key))?;
        Some((inner, task))
    });
    inner.flat_map(move |(inner, task)| {
        (0..CODE.len()).map(move |code| ((key.to_owned(), inner, code), task))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_in_git_is_passed_over_and_it_comes_back() {
        let mut job = json!({"git_source": {"git_url": "u"}, "tasks": [
            {"task_key": "a", "notebook_task": {"notebook_path": "n"}},
            {"task_key": "b", "notebook_task": {"notebook_path": "/n", "source": "${var.where}"}},
            {"task_key": "c", "for_each_task": {"task": {"task_key": "c", "dbt_task": {"project_directory": "", "source": "GIT"}}}},
        ]});
        let whole = job.clone();
        let variables = BTreeMap::from([("where".to_owned(), json!("WORKSPACE"))]);
        let code = GitCode::of([&whole], &variables);
        code.without(&mut job, |seen| {
            assert_eq!(seen["tasks"][0]["notebook_task"], json!({}));
            assert_eq!(seen["tasks"][1], whole["tasks"][1]);
            let inner = &seen["tasks"][2]["for_each_task"]["task"];
            assert_eq!(inner["dbt_task"], json!({"source": "GIT"}));
        });
        assert_eq!(job, whole);
        // A target's piece says a path, the resource where that is.
        let mut piece =
            json!({"tasks": [{"task_key": "b", "notebook_task": {"notebook_path": "../n"}}]});
        code.without(&mut piece, |seen| {
            assert_eq!(seen["tasks"][0]["notebook_task"]["notebook_path"], "../n");
        });
    }
}
