//! Answers to reads, kept with GitHub's tag of each: asked again with the tag, GitHub says that nothing changed, which counts
//! for nothing in its limit. A look at a repository asks for the same lists each time, and nearly always they are as they were.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{ETAG, HeaderMap, HeaderValue};

use super::answer::Answer;

/// Bytes of bodies that are kept. A page of a hundred pull requests has two million; a look reads a few lists.
const BYTES: usize = 32 * 1024 * 1024;

/// An answer as it was given with its tag.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) tag: HeaderValue,
    headers: HeaderMap,
    body: String,
}

impl Known {
    /// The answer, given again.
    pub(super) fn again(&self, operation: &'static str) -> Answer {
        Answer {
            operation,
            status: 200,
            headers: self.headers.clone(),
            body: self.body.clone(),
        }
    }
}

/// What is kept, by path and query.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    by_path: BTreeMap<String, (u64, Arc<Known>)>,
    bytes: usize,
    /// Counts uses: the smallest number is what was not used for longest.
    uses: u64,
}

impl Kept {
    /// What was answered last time.
    pub(super) fn known(&self, path: &str) -> Option<Arc<Known>> {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.uses += 1;
        let now = shelf.uses;
        let (used, known) = shelf.by_path.get_mut(path)?;
        *used = now;
        Some(Arc::clone(known))
    }

    /// Keeps an answer that has a tag, in place of what is older.
    pub(super) fn keep(&self, path: &str, answer: &Answer) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.drop_one(path);
        let tag = answer.headers.get(ETAG).filter(|_| answer.status == 200);
        let Some(tag) = tag.filter(|_| answer.body.len() <= BYTES) else {
            return;
        };
        let known = Known {
            tag: tag.clone(),
            headers: answer.headers.clone(),
            body: answer.body.clone(),
        };
        shelf.uses += 1;
        shelf.bytes += known.body.len();
        let entry = (shelf.uses, Arc::new(known));
        shelf.by_path.insert(path.to_owned(), entry);
        while shelf.bytes > BYTES {
            let oldest = shelf.by_path.iter().min_by_key(|(_, (used, _))| *used);
            let Some(path) = oldest.map(|(path, _)| path.clone()) else {
                return;
            };
            shelf.drop_one(&path);
        }
    }
}

impl Shelf {
    fn drop_one(&mut self, path: &str) {
        if let Some((_, known)) = self.by_path.remove(path) {
            self.bytes -= known.body.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(tag: Option<&'static str>, size: usize) -> Answer {
        let tag = tag.map(|tag| (ETAG, HeaderValue::from_static(tag)));
        Answer {
            operation: "test",
            status: 200,
            headers: tag.into_iter().collect(),
            body: "x".repeat(size),
        }
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let kept = Kept::default();
        let third = BYTES / 3;
        for path in ["/a", "/b", "/c"] {
            kept.keep(path, &answer(Some("\"1\""), third));
        }
        assert!(kept.known("/a").is_some());
        kept.keep("/d", &answer(Some("\"1\""), third));
        let there = |path| kept.known(path).is_some();
        assert_eq!(
            ["/a", "/b", "/c", "/d"].map(there),
            [true, false, true, true]
        );
        kept.keep("/a", &answer(None, 1));
        assert!(!there("/a"), "an answer without a tag takes its place");
        kept.keep("/e", &answer(Some("\"1\""), BYTES + 1));
        assert_eq!(["/c", "/d", "/e"].map(there), [true, true, false]);
    }
}
