//! Paths in pipelines.

use super::{Paths, Want, folder_of, is_local, leads_out, node_mut, uploaded, value_mut};
use crate::bundle::folder;
use crate::bundle::globs::is_pattern;
use crate::bundle::resolver::FILES;
use crate::files::node::{Node, Yaml};

/// What a pipeline runs, one by one.
pub(super) const SOURCES: [([&str; 2], Want); 2] = [
    (["notebook", "path"], Want::Notebook),
    (["file", "path"], Want::File),
];

impl Paths<'_> {
    pub(super) fn pipeline(&mut self, pipeline: &mut Node) {
        if let Some(root) = node_mut(pipeline, &["root_path"]) {
            self.rewrite(root, Want::Folder);
        }
        if let Some(Yaml::List(libraries)) = value_mut(pipeline, &["libraries"]) {
            *libraries = std::mem::take(libraries)
                .into_iter()
                .flat_map(|library| self.sources(library))
                .collect();
            for library in libraries {
                for (keys, want) in SOURCES {
                    if let Some(path) = node_mut(library, &keys) {
                        self.rewrite(path, want);
                    }
                }
                if let Some(include) = node_mut(library, &["glob", "include"]) {
                    self.include(include);
                }
            }
        }
        if let Some(Yaml::List(dependencies)) =
            value_mut(pipeline, &["environment", "dependencies"])
        {
            self.dependencies(dependencies);
        }
    }

    /// A notebook or file of a pipeline is several when its path is a pattern.
    fn sources(&mut self, library: Node) -> Vec<Node> {
        for (way, _) in SOURCES {
            let path = way.iter().try_fold(&library, |node, key| node.get(key));
            let Some(path) = path else { continue };
            let Some(text) = path
                .as_text()
                .filter(|text| is_local(text) && is_pattern(text))
            else {
                continue;
            };
            let matches = match self.matches(text, &path.place, Want::File) {
                Ok(matches) => matches,
                Err(mut nothing) => {
                    nothing.hint = None;
                    self.found.push(nothing);
                    return Vec::new();
                }
            };
            let one = |file: String| {
                let mut one = library.clone();
                if let Some(path) = node_mut(&mut one, &way) {
                    path.value = Yaml::Text(uploaded(&file));
                }
                one
            };
            return matches.into_iter().map(one).collect();
        }
        vec![library]
    }

    /// `glob.include` of a pipeline: a folder and `**` behind it, or one file. The pipeline itself looks inside.
    fn include(&mut self, node: &mut Node) {
        let Some(text) = node.as_text().filter(|text| is_local(text)) else {
            return;
        };
        let below = text.strip_prefix(FILES).unwrap_or(text);
        let below = below.trim_start_matches('/');
        let Some(path) = self.at(folder_of(&node.place.file), below, text, Want::File) else {
            return self.found.push(leads_out(text, &node.place, Want::File));
        };
        let fixed: Vec<&str> = path
            .split('/')
            .take_while(|part| !is_pattern(part))
            .collect();
        let fixed = fixed.join("/");
        if !folder::holds_files(self.files, &fixed) && !self.files.contains_key(&fixed) {
            let error = format!("`{text}` leads to `{fixed}`, and nothing there is uploaded");
            return self.found.push(node.place.error(error));
        }
        node.value = Yaml::Text(uploaded(&path));
    }
}
