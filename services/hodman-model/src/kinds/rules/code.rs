//! Where code is, when nobody says it.

use serde_json::Value;

use super::{Rules, keep_if};

impl Rules {
    /// Drops from `value` what says of code that it is where the server looks anyway.
    pub(super) fn drop_usual_sources(&self, value: &mut Value) {
        let from_git = value
            .get("git_source")
            .and_then(Value::as_object)
            .is_some_and(|git| !git.is_empty());
        for source in &self.code_sources {
            let usual = match (from_git, source.git_unsaid) {
                (false, _) => "WORKSPACE",
                (true, true) => "GIT",
                (true, false) => continue,
            };
            source
                .at
                .visit(value, &mut |found| keep_if(*found != usual));
        }
    }
}
