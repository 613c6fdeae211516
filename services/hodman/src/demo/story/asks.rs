//! Commands, as the command line and the web page give them.

use super::Story;
use crate::intake::CommandRequest;
use anyhow::Context as _;
use hodman_core::event::Ask;

impl Story {
    /// Somebody asks the daemon for something.
    pub(crate) async fn ask(&self, by: &str, ask: Ask) -> anyhow::Result<()> {
        let id = uuid::Uuid::new_v4().to_string();
        let request = CommandRequest::new(id.clone(), Some(self.pipeline.clone()), by, ask);
        let event = request.to_event(&id, self.now());
        self.store
            .insert_events(vec![event])
            .await
            .context("asking")?;
        Ok(())
    }
}
