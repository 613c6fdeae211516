//! The least: each file's bytes read, hashed and compressed, and nothing else.

use sha2::{Digest as _, Sha256};
use std::hint::black_box;
use std::io::Write as _;
use zstd::stream::write::Encoder;

/// The level that packages have.
const LEVEL: i32 = 3;

/// Gives the size of the compressed bytes.
pub(super) fn of(
    paths: &[String],
    read: impl Fn(&str) -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<usize> {
    let mut encoder = Encoder::new(Vec::new(), LEVEL)?;
    for path in paths {
        let bytes = read(path)?;
        black_box(Sha256::digest(&bytes));
        encoder.write_all(&bytes)?;
    }
    Ok(encoder.finish()?.len())
}
