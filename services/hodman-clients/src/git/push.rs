//! Pushing: always with an expectation about what the remote's branch is, so that nothing that
//! somebody else pushed is lost.

use std::cell::{Cell, RefCell};

use git2::{ErrorCode, Oid, PushOptions, RemoteCallbacks};

use super::error::GitError;
use super::mirror::{Mirror, branch_ref, parse_id};

/// What the remote's branch must be for a push to take place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// Absent, or an ancestor of what is pushed.
    FastForward,
    /// Absent.
    Absent,
    /// Exactly this commit, and an ancestor of what is pushed.
    At(String),
    /// Exactly this commit, which may be overwritten.
    ForceFrom(String),
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// The remote's branch is what was pushed; also when it was so already.
    Pushed,
    /// Somebody else was faster: fetch, decide again, push again.
    NonFastForward {
        /// The remote's words, or ours.
        reason: String,
    },
    /// The remote declines, as a protected branch or a hook does: trying again does not help.
    Rejected {
        /// The remote's words.
        reason: String,
    },
}

/// What the negotiation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    AlreadyDone,
    Stale,
}

impl Mirror {
    /// Pushes `commit` to `branch` if the remote's branch is as `lease` says; the remote checks
    /// it once more, atomically. May be repeated after a lost answer: a branch that is already
    /// there counts as pushed.
    ///
    /// # Errors
    /// [`GitError::Forbidden`] or [`GitError::Unauthorized`] without the right to write;
    /// [`GitError::Missing`] when the mirror has no such commit; [`GitError::Unreachable`], …
    pub fn push(&self, branch: &str, commit: &str, lease: &Lease) -> Result<PushOutcome, GitError> {
        let name = branch_ref(branch)?;
        let target = parse_id(commit)?;
        let expected = match lease {
            Lease::FastForward => None,
            Lease::Absent => Some(Oid::ZERO_SHA1),
            Lease::At(id) | Lease::ForceFrom(id) => Some(parse_id(id)?),
        };
        let force = if matches!(lease, Lease::ForceFrom(_)) {
            "+"
        } else {
            ""
        };
        self.with_repository(|repository| {
            repository
                .find_commit(target)
                .map(|_| ())
                .map_err(|_| GitError::Missing {
                    kind: "commit",
                    id: commit.to_owned(),
                })
        })?;
        let refspec = format!("{force}{commit}:{name}");
        // Until the branch is noted here, too: a fetch at that very moment would write the same one, and meet our lock.
        let _network = self.network();
        let outcome = self.push_refspec(&refspec, target, expected)?;
        if outcome == PushOutcome::Pushed {
            self.with_repository(|repository| {
                repository
                    .reference(&name, target, true, "pushed")
                    .map(|_| ())
                    .map_err(GitError::library("note the pushed branch"))
            })?;
        }
        Ok(outcome)
    }

    /// Deletes `branch` on the remote, if it is still at `expected` when that is given. May be
    /// repeated: an absent branch counts as deleted.
    ///
    /// # Errors
    /// As for [`Mirror::push`].
    pub fn delete_branch(
        &self,
        branch: &str,
        expected: Option<&str>,
    ) -> Result<PushOutcome, GitError> {
        let name = branch_ref(branch)?;
        let expected = expected.map(parse_id).transpose()?;
        let _network = self.network();
        let outcome = self.push_refspec(&format!(":{name}"), Oid::ZERO_SHA1, expected)?;
        if outcome == PushOutcome::Pushed {
            self.with_repository(|repository| match repository.find_reference(&name) {
                Ok(mut reference) => reference
                    .delete()
                    .map_err(GitError::library("forget the deleted branch")),
                Err(_) => Ok(()),
            })?;
        }
        Ok(outcome)
    }

    /// The exchange itself, by whoever has the turn to speak with the remote.
    fn push_refspec(
        &self,
        refspec: &str,
        target: Oid,
        expected: Option<Oid>,
    ) -> Result<PushOutcome, GitError> {
        let session = self.session()?;
        let found = Cell::new(Found::Nothing);
        let refused = RefCell::new(None::<String>);
        let remarks = RefCell::new(Vec::<u8>::new());
        let ended = self.with_repository(|repository| {
            session.run("push", || {
                let mut callbacks = RemoteCallbacks::new();
                callbacks.push_negotiation(|updates| {
                    for update in updates {
                        found.set(compare(update.src(), target, expected));
                    }
                    match found.get() {
                        Found::Nothing => Ok(()),
                        Found::AlreadyDone | Found::Stale => {
                            Err(git2::Error::from_str("nothing to send"))
                        }
                    }
                });
                callbacks.push_update_reference(|_name, status| {
                    if let Some(status) = status {
                        *refused.borrow_mut() = Some(status.to_owned());
                    }
                    Ok(())
                });
                callbacks.sideband_progress(|bytes| {
                    remarks.borrow_mut().extend_from_slice(bytes);
                    true
                });
                let mut options = PushOptions::new();
                options.remote_callbacks(callbacks);
                repository
                    .remote_anonymous(self.remote_url())?
                    .push(&[refspec], Some(&mut options))
            })
        });
        match (found.get(), ended) {
            (Found::AlreadyDone, _) => return Ok(PushOutcome::Pushed),
            (Found::Stale, _) => {
                return Ok(PushOutcome::NonFastForward {
                    reason: "the remote's branch is at another commit".to_owned(),
                });
            }
            (Found::Nothing, Err(GitError::Library { source, .. }))
                if source.code() == ErrorCode::NotFastForward =>
            {
                return Ok(PushOutcome::NonFastForward {
                    reason: source.message().to_owned(),
                });
            }
            (Found::Nothing, Err(error)) => return Err(error),
            (Found::Nothing, Ok(())) => {}
        }
        let remarks = String::from_utf8_lossy(&remarks.borrow()).into_owned();
        Ok(match refused.take() {
            None => PushOutcome::Pushed,
            Some(status) if lost_a_race(&status) => PushOutcome::NonFastForward { reason: status },
            Some(status) => PushOutcome::Rejected {
                reason: with_remarks(&status, &remarks),
            },
        })
    }
}

fn compare(remote: Oid, target: Oid, expected: Option<Oid>) -> Found {
    if remote == target {
        Found::AlreadyDone
    } else if expected.is_some_and(|expected| expected != remote) {
        Found::Stale
    } else {
        Found::Nothing
    }
}

/// Servers say in many words that the branch moved between our look and our push.
fn lost_a_race(status: &str) -> bool {
    let status = status.to_ascii_lowercase();
    [
        "non-fast-forward",
        "fetch first",
        "stale info",
        "cannot lock ref",
        "failed to lock",
        "failed to update ref",
        "incorrect old value",
        "reference already exists",
        "unable to update local ref",
    ]
    .iter()
    .any(|words| status.contains(words))
}

/// GitHub's status is only "protected branch hook declined"; what to do stands in its remarks.
fn with_remarks(status: &str, remarks: &str) -> String {
    let remarks = remarks
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ");
    if remarks.is_empty() {
        status.to_owned()
    } else {
        format!("{status}: {remarks}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_race_is_known_by_its_many_names() {
        for status in [
            "fetch first",
            "non-fast-forward",
            "stale info",
            "cannot lock ref 'refs/heads/x': is at 1 but expected 2",
            "failed to update ref",
            "incorrect old value provided",
        ] {
            assert!(lost_a_race(status), "{status}");
        }
        assert!(!lost_a_race("protected branch hook declined"));
        assert!(!lost_a_race("pre-receive hook declined"));
    }

    #[test]
    fn the_remarks_explain_a_refusal() {
        assert_eq!(with_remarks("hook declined", ""), "hook declined");
        assert_eq!(
            with_remarks(
                "hook declined",
                "error: GH006: protected\n\n  2 reviews needed \n"
            ),
            "hook declined: error: GH006: protected; 2 reviews needed"
        );
    }
}
