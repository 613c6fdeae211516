//! The workspace's tree: folders, notebooks, files, and the places of objects that have a path but an API of their own.
//!
//! A path may be written with or without `/Workspace` in front; it is answered without.

mod format;
mod import;
mod place;
mod routes;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::table::object;

use import::DESIGNER;
pub(crate) use import::{Import, import};
pub(crate) use routes::{remove, router};

/// Anything with a path.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) id: u64,
    pub(crate) content: Content,
    created: i64,
    pub(crate) modified: i64,
    /// Login of whoever wrote it last; the API does not show it.
    pub(crate) modified_by: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Directory,
    /// Source without its `Databricks notebook source` header.
    Notebook {
        language: Language,
        source: String,
        /// The `.ipynb` that it was imported as, and is exported as again: with its outputs.
        jupyter: Option<String>,
    },
    File(Vec<u8>),
    /// A file of Lakeflow Designer: Jupyter's JSON under its whole name.
    Designer(String),
    /// A git folder, by its id: a folder whose content comes from a repository.
    Repo(u64),
    /// An object with an API of its own.
    Asset(Asset),
}

/// Where a dashboard or an experiment stands in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asset {
    /// `object_type`: `DASHBOARD` or `MLFLOW_EXPERIMENT`.
    pub(crate) kind: &'static str,
    /// Its id in its own API; `None`: the id of its place.
    pub(crate) resource: Option<String>,
    /// What an export gives.
    pub(crate) text: String,
}

/// Language of a notebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Python,
    Sql,
    Scala,
    R,
}

/// The tree by normalised path.
#[derive(Debug)]
pub(crate) struct Files {
    nodes: BTreeMap<String, Node>,
    next_id: u64,
    /// Whether Lakeflow Designer is turned on; where it is not, its files are taken for notebooks.
    pub(crate) designer: bool,
}

impl Files {
    pub(crate) fn new(now: i64) -> Self {
        let mut files = Self {
            nodes: BTreeMap::new(),
            next_id: 4_000_000,
            designer: true,
        };
        for path in ["/", "/Shared", "/Users", "/Repos"] {
            files.put(path, Content::Directory, "system", now);
        }
        files
    }

    /// Every member has a folder of its own.
    pub(crate) fn add_home(&mut self, login: &str, now: i64) {
        let path = format!("/Users/{login}");
        if !self.nodes.contains_key(&path) {
            self.put(&path, Content::Directory, login, now);
        }
    }

    pub(crate) fn get(&self, path: &str) -> Result<(String, &Node), ApiError> {
        let path = normal(path)?;
        match self.nodes.get(&path) {
            Some(node) => Ok((path, node)),
            None => Err(ApiError::missing(format!("Path ({path}) doesn't exist."))),
        }
    }

    pub(crate) fn has_id(&self, id: u64) -> bool {
        self.nodes.values().any(|node| node.id == id)
    }

    /// The ids of the folders that the object of that id lies in, nearest first.
    pub(crate) fn above(&self, id: &str) -> Vec<u64> {
        let of_id = |node: &Node| node.id.to_string() == id;
        let Some((path, _)) = self.nodes.iter().find(|(_, node)| of_id(node)) else {
            return Vec::new();
        };
        path.rmatch_indices('/')
            .map(|(slash, _)| if slash == 0 { "/" } else { &path[..slash] })
            .filter_map(|folder| self.nodes.get(folder))
            .map(|node| node.id)
            .collect()
    }

    /// Everything below `path`, with the paths.
    pub(crate) fn below<'a>(
        &'a self,
        path: &str,
    ) -> impl Iterator<Item = (&'a str, &'a Node)> + use<'a> {
        let prefix = if path == "/" {
            "/".to_owned()
        } else {
            format!("{path}/")
        };
        let from = prefix.clone();
        self.nodes
            .range(from..)
            .take_while(move |(path, _)| path.starts_with(&prefix))
            .filter(|(path, _)| path.as_str() != "/")
            .map(|(path, node)| (path.as_str(), node))
    }

    /// Source of a notebook as a task names it.
    pub(crate) fn notebook_source(&self, path: &str) -> Option<String> {
        match &self.get(path).ok()?.1.content {
            Content::Notebook { source, .. } => Some(source.clone()),
            Content::Designer(text) => Some(format::from_jupyter(text.as_bytes()).ok()?.1),
            Content::Directory | Content::File(_) | Content::Repo(_) | Content::Asset(_) => None,
        }
    }

    /// What an export as source gives, for a notebook with its header.
    pub(crate) fn content(&self, path: &str) -> Option<Vec<u8>> {
        match &self.get(path).ok()?.1.content {
            Content::Notebook {
                language, source, ..
            } => Some(format::with_header(*language, source).into_bytes()),
            Content::File(bytes) => Some(bytes.clone()),
            Content::Designer(text) => Some(text.clone().into_bytes()),
            Content::Asset(asset) => Some(asset.text.clone().into_bytes()),
            Content::Directory | Content::Repo(_) => None,
        }
    }

    /// Creates or overwrites; an overwritten object keeps its id.
    fn put(&mut self, path: &str, content: Content, by: &str, now: i64) -> u64 {
        let (id, created) = match self.nodes.get(path) {
            Some(node) => (node.id, node.created),
            None => (self.new_id(), now),
        };
        self.nodes.insert(
            path.to_owned(),
            Node {
                id,
                content,
                created,
                modified: now,
                modified_by: by.to_owned(),
            },
        );
        id
    }

    /// Writes a file as Lakeflow Designer does.
    pub(crate) fn put_designer(
        &mut self,
        path: &str,
        json: &str,
        by: &str,
        now: i64,
    ) -> Result<(), ApiError> {
        let path = normal(path)?;
        self.mkdirs(parent(&path), by, now)?;
        self.put(&path, Content::Designer(json.to_owned()), by, now);
        Ok(())
    }

    fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Makes the folder and those above it.
    pub(crate) fn mkdirs(&mut self, path: &str, by: &str, now: i64) -> Result<(), ApiError> {
        let path = normal(path)?;
        let ends = path
            .match_indices('/')
            .map(|(at, _)| at)
            .skip(1)
            .chain([path.len()]);
        for prefix in ends.map(|end| &path[..end]) {
            match self.nodes.get(prefix).map(|node| &node.content) {
                Some(Content::Directory | Content::Repo(_)) => {}
                Some(_) => {
                    return Err(ApiError::exists(format!(
                        "A file or notebook exists at {prefix}."
                    )));
                }
                None => drop(self.put(prefix, Content::Directory, by, now)),
            }
        }
        Ok(())
    }

    /// Answers what was there, for those who keep more about it than the tree does.
    pub(crate) fn delete(&mut self, path: &str, recursive: bool) -> Result<Vec<Node>, ApiError> {
        let (path, node) = self.get(path)?;
        if matches!(path.as_str(), "/" | "/Shared" | "/Users" | "/Repos") {
            return Err(ApiError::new(
                400,
                "BAD_REQUEST",
                format!("Cannot delete the system folder {path}."),
            ));
        }
        let below: Vec<String> = match node.content {
            Content::Directory | Content::Repo(_) => {
                self.below(&path).map(|(path, _)| path.to_owned()).collect()
            }
            Content::Notebook { .. }
            | Content::File(_)
            | Content::Designer(_)
            | Content::Asset(_) => Vec::new(),
        };
        if !below.is_empty() && !recursive {
            return Err(ApiError::new(
                400,
                "DIRECTORY_NOT_EMPTY",
                format!("Folder ({path}) is not empty"),
            ));
        }
        let all = below.into_iter().chain([path]);
        Ok(all.filter_map(|path| self.nodes.remove(&path)).collect())
    }
}

impl Node {
    pub(crate) fn kind(&self) -> &'static str {
        match self.content {
            Content::Directory => "DIRECTORY",
            Content::Notebook { .. } => "NOTEBOOK",
            Content::File(_) => "FILE",
            Content::Designer(_) => "DESIGNER_FILE",
            Content::Repo(_) => "REPO",
            Content::Asset(Asset { kind, .. }) => kind,
        }
    }

    /// Whether other objects can lie in it.
    pub(crate) fn is_folder(&self) -> bool {
        matches!(self.content, Content::Directory | Content::Repo(_))
    }

    /// What `get-status` and `list` answer.
    fn view(&self, path: &str) -> Map<String, Value> {
        let mut view = object(json!({
            "path": path,
            "object_type": self.kind(),
            "object_id": self.id,
            "resource_id": self.id.to_string(),
        }));
        if !self.is_folder() {
            view.insert("created_at".into(), json!(self.created));
            view.insert("modified_at".into(), json!(self.modified));
        }
        match &self.content {
            Content::Notebook { language, .. } => {
                drop(view.insert("language".into(), json!(language.name())))
            }
            Content::File(bytes) => drop(view.insert("size".into(), json!(bytes.len()))),
            Content::Repo(id) => {
                view.insert("object_id".into(), json!(id));
                view.insert("resource_id".into(), json!(id.to_string()));
            }
            Content::Asset(Asset { resource, .. }) => {
                if let Some(resource) = resource {
                    view.insert("resource_id".into(), json!(resource));
                }
            }
            // Of its size and its format nothing is answered.
            Content::Directory | Content::Designer(_) => {}
        }
        view
    }
}

impl Language {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Python => "PYTHON",
            Self::Sql => "SQL",
            Self::Scala => "SCALA",
            Self::R => "R",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        [Self::Python, Self::Sql, Self::Scala, Self::R]
            .into_iter()
            .find(|language| language.name().eq_ignore_ascii_case(name))
    }

    /// Extension of an exported source, without its dot.
    fn extension(self) -> &'static str {
        match self {
            Self::Python => "py",
            Self::Sql => "sql",
            Self::Scala => "scala",
            Self::R => "r",
        }
    }

    fn of_extension(extension: &str) -> Option<Self> {
        [Self::Python, Self::Sql, Self::Scala, Self::R]
            .into_iter()
            .find(|language| language.extension().eq_ignore_ascii_case(extension))
    }
}

/// Absolute, without `/Workspace` in front, without a slash at the end.
pub(crate) fn normal(path: &str) -> Result<String, ApiError> {
    if !path.starts_with('/') {
        return Err(ApiError::invalid(format!(
            "Path ({path}) must be absolute."
        )));
    }
    let path = match path.strip_prefix("/Workspace") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
        _ => path,
    };
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.iter().any(|part| matches!(*part, "." | "..")) {
        return Err(ApiError::invalid(format!(
            "Path ({path}) must not contain '.' or '..'."
        )));
    }
    Ok(format!("/{}", parts.join("/")))
}

/// Folder that holds `path`, which is normalised.
fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(at) => &path[..at],
    }
}
