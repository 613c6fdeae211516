//! What the program said, and what its refusals mean.

use super::{LockHolder, TerraformError};

/// How much of what the program said is kept for its error.
const KEPT: usize = 4000;

/// What was said, for an error: its own words where the program marks them, else the end of all.
#[derive(Default)]
pub(super) struct Heard {
    errors: Vec<String>,
    all: String,
}

impl Heard {
    pub fn add(&mut self, text: &str, error: Option<String>) {
        self.errors.extend(error);
        self.all.push_str(text);
        self.all.push('\n');
        if self.all.len() > 2 * KEPT {
            let cut = self.all.ceil_char_boundary(self.all.len() - KEPT);
            self.all.drain(..cut);
        }
    }

    pub fn message(&self) -> String {
        let text = if self.errors.is_empty() {
            self.all.trim().to_owned()
        } else {
            self.errors.join("\n")
        };
        text.chars().take(KEPT).collect()
    }
}

/// What its refusal means.
pub(super) fn refusal(command: &'static str, code: Option<i32>, message: &str) -> TerraformError {
    if message.contains("acquiring the state lock")
        && let Some(holder) = LockHolder::parse(message)
    {
        return TerraformError::Locked(Box::new(holder));
    }
    let message = message.to_owned();
    // Terraform breaks its lines.
    let one_line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let of_lock_file = [
        "but the lock file is read-only",
        "recorded in the dependency lock file",
    ];
    if of_lock_file.iter().any(|words| one_line.contains(words)) {
        return TerraformError::LockFile(message);
    }
    if message.contains("Saved plan is stale") {
        return TerraformError::Stale(message);
    }
    // "Instance …" of Terraform, "Resource instance …" of OpenTofu since 1.12.
    if message.contains("nstance cannot be destroyed") {
        return TerraformError::PreventDestroy(message);
    }
    let of_older = [
        "over newer state with serial",
        "with a different state that has the same serial",
    ];
    if of_older.iter().any(|words| one_line.contains(words)) {
        return TerraformError::OlderState(message);
    }
    TerraformError::Failed {
        command,
        code,
        message,
    }
}
