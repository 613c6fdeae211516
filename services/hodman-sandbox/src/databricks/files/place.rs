//! Places in the tree of objects that have an API of their own: dashboards, experiments, git folders.

use super::{Asset, Content, Files, normal, parent};
use crate::databricks::error::ApiError;

impl Files {
    /// Puts an object into a folder that is there, at a path that is free. Answers the id of the place.
    pub(crate) fn place(
        &mut self,
        path: &str,
        asset: Asset,
        by: &str,
        now: i64,
    ) -> Result<u64, ApiError> {
        let path = normal(path)?;
        let folder = parent(&path);
        if !self.nodes.get(folder).is_some_and(super::Node::is_folder) {
            return Err(ApiError::missing(format!("Path ({folder}) doesn't exist.")));
        }
        if self.nodes.contains_key(&path) {
            return Err(ApiError::exists(format!(
                "Node with name {path} already exists"
            )));
        }
        Ok(self.put(&path, Content::Asset(asset), by, now))
    }

    /// Puts an object back at its path, with the id that it had.
    pub(crate) fn replace(
        &mut self,
        path: &str,
        asset: Asset,
        id: u64,
        by: &str,
        now: i64,
    ) -> Result<(), ApiError> {
        self.place(path, asset, by, now)?;
        if let Some(node) = self.nodes.get_mut(path) {
            node.id = id;
        }
        Ok(())
    }

    /// A git folder at a path that is free; the folders above it are made.
    pub(crate) fn place_repo(
        &mut self,
        path: &str,
        id: u64,
        by: &str,
        now: i64,
    ) -> Result<(), ApiError> {
        let path = normal(path)?;
        if self.nodes.contains_key(&path) {
            return Err(ApiError::exists(format!("Path ({path}) already exists.")));
        }
        let folder = parent(&path).to_owned();
        if folder != "/" {
            self.mkdirs(&folder, by, now)?;
        }
        self.put(&path, Content::Repo(id), by, now);
        Ok(())
    }

    /// Changes what an export of the object gives.
    pub(crate) fn rewrite(&mut self, path: &str, text: &str, by: &str, now: i64) {
        if let Some(node) = self.nodes.get_mut(path)
            && let Content::Asset(asset) = &mut node.content
        {
            text.clone_into(&mut asset.text);
            node.modified = now;
            by.clone_into(&mut node.modified_by);
        }
    }

    /// Another path for the object; it keeps its id.
    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Result<(), ApiError> {
        let to = normal(to)?;
        if from == to {
            return Ok(());
        }
        if self.nodes.contains_key(&to) {
            return Err(ApiError::exists(format!(
                "Node with name {to} already exists"
            )));
        }
        if !self
            .nodes
            .get(parent(&to))
            .is_some_and(super::Node::is_folder)
        {
            return Err(ApiError::missing(format!(
                "Path ({}) doesn't exist.",
                parent(&to)
            )));
        }
        if let Some(node) = self.nodes.remove(from) {
            self.nodes.insert(to, node);
        }
        Ok(())
    }

    /// Takes the object's place away; its own API keeps what it keeps.
    pub(crate) fn vacate(&mut self, path: &str) {
        if matches!(
            self.nodes.get(path).map(|node| &node.content),
            Some(Content::Asset(_))
        ) {
            self.nodes.remove(path);
        }
    }
}
