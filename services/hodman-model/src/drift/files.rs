//! Files that were uploaded and are gone.

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
            None | Some(FileSetState::Complete) => {}
            Some(FileSetState::Absent) => {
                let path = FieldPath::default().key(files::PLACEHOLDER);
                self.gone(path, &set.digest, "the folder of the files is gone");
            }
            Some(FileSetState::Partial { missing }) => {
                for file in missing {
                    let path = FieldPath::default().key(file.as_str());
                    let digest = set.files.get(file).unwrap_or(&set.digest);
                    self.gone(path, digest, "the file is gone");
                }
            }
        }
    }

    fn gone(&mut self, path: FieldPath, digest: &Digest, reason: &str) {
        let key = ResourceKey::new(files::KEY, files::KEY);
        let values = Values {
            last_applied: Some(json!(digest)),
            declared: Some(json!(digest)),
            live: None,
        };
        self.unredacted("file", &key, path, values, Class::Deleted, reason);
    }
}
