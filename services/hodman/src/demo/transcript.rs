//! What the demo prints: one line for each thing that happens, with the time since the start.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

/// Prints lines with times.
#[derive(Clone, Debug)]
pub struct Transcript {
    began: Instant,
    quiet: bool,
    step: Arc<std::sync::atomic::AtomicUsize>,
}

impl Transcript {
    /// Times count from now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
            quiet: false,
            step: Arc::default(),
        }
    }

    /// Says nothing: for tests, whose runner shows what failed.
    #[must_use]
    pub fn quiet() -> Self {
        Self {
            quiet: true,
            ..Self::start()
        }
    }

    /// A line.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            print(&format!(
                "{:>8.3}s  {line}\n",
                self.began.elapsed().as_secs_f64()
            ));
        }
    }

    /// The heading of a step.
    pub fn step(&self, title: &str) {
        let number = 1 + self.step.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if !self.quiet {
            print("\n");
        }
        self.say(&format!("{number}. {title}"));
    }

    /// A line below a step.
    pub fn detail(&self, line: &str) {
        self.say(&format!("   {line}"));
    }
}

/// A reader that has seen enough (`| head`) ends nothing: the story is played to its end.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
