//! Many things that are asked about some at a time.

use std::sync::{Mutex, PoisonError};

/// Things of which whoever is free takes the next one. A request is made when its turn comes: ten thousand that wait,
/// each as large as the largest of them can become, take more memory than what they ask for.
pub(super) struct Turns<I>(Mutex<I>);

impl<I: Iterator> Turns<I> {
    pub fn new(all: I) -> Self {
        Self(Mutex::new(all))
    }

    /// The next one.
    pub fn next(&self) -> Option<I::Item> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.next()
    }
}
