//! Files that were uploaded and are gone or changed, and readers who were let in and are shut out.

use serde_json::json;

use super::Class;
use super::compare::{Found, Values};
use crate::bundle::ResourceKey;
use crate::digest::Digest;
use crate::field_path::FieldPath;
use crate::kinds::files;
use crate::plan::FileSetState;

impl Found<'_> {
    /// Looks at the file set applied last, as far as anybody has looked for it.
    pub(super) fn files(&mut self) {
        let Some(set) = self.three.last_applied.and_then(|last| last.files.as_ref()) else {
            return;
        };
        let still = self.three.declared.files.as_ref();
        if still.is_none_or(|still| still.digest != set.digest) {
            // Other files are wanted; whether these are kept is no concern of the package's.
            return;
        }
        match self.three.observed.files.get(&set.digest) {
            None => {}
            Some(FileSetState::Complete) => self.readers(),
            Some(FileSetState::Absent) => {
                let path = FieldPath::default().key(files::PLACEHOLDER);
                self.gone(path, &set.digest, "the folder of the files is gone");
            }
            Some(FileSetState::Partial { missing, changed }) => {
                if missing.is_empty() && changed.is_empty() {
                    let path = FieldPath::default().key(files::PLACEHOLDER);
                    let reason = "their upload did not come to its end: they are read once by the next apply";
                    self.of_files(path, Values::default(), Class::PlannedChange, reason);
                }
                for file in missing {
                    let path = FieldPath::default().key(file.as_str());
                    let digest = set.files.get(file).unwrap_or(&set.digest);
                    self.gone(path, digest, "the file is gone");
                }
                for file in changed {
                    let path = FieldPath::default().key(file.as_str());
                    let digest = set.files.get(file).unwrap_or(&set.digest);
                    let values = Values {
                        last_applied: Some(json!(digest)),
                        declared: Some(json!(digest)),
                        live: Some(json!("another content")),
                    };
                    let reason = "changed in the workspace; files go there from Git only";
                    self.of_files(path, values, Class::HandEditToPutBack, reason);
                }
            }
        }
    }

    /// What people put beside our files. No package names it, so it stays for as long as the folder does. Python writes what
    /// it compiled beside its sources.
    pub(super) fn strangers(&mut self) {
        let root = format!("{}/", self.three.context.files_root);
        for path in &self.three.observed.strangers {
            if path.split('/').any(|part| part == "__pycache__") {
                continue;
            }
            let below = path.strip_prefix(&root).unwrap_or(path);
            let values = Values {
                live: Some(json!("not from Git")),
                ..Values::default()
            };
            let reason = "lies in the folder of this environment's files and is nobody's; left alone for as long as the folder is there";
            let path = FieldPath::default().key(below);
            self.of_files(path, values, Class::ForeignObject, reason);
        }
    }

    /// Readers who were let in and may not read any more.
    fn readers(&mut self) {
        for principal in &self.three.observed.readers_missing {
            let path = FieldPath::default()
                .key(files::READERS)
                .key(principal.as_str());
            let values = Values {
                last_applied: Some(json!("CAN_READ")),
                declared: Some(json!("CAN_READ")),
                live: None,
            };
            let reason = "may not read the files any more";
            self.of_files(path, values, Class::HandEditToPutBack, reason);
        }
    }

    fn gone(&mut self, path: FieldPath, digest: &Digest, reason: &str) {
        let values = Values {
            last_applied: Some(json!(digest)),
            declared: Some(json!(digest)),
            live: None,
        };
        self.of_files(path, values, Class::Deleted, reason);
    }

    fn of_files(&mut self, path: FieldPath, values: Values, class: Class, reason: &str) {
        let key = ResourceKey::new(files::KEY, files::KEY);
        self.unredacted("file", &key, path, values, class, reason);
    }
}
