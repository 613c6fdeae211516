//! The hodman binary.

use std::process::ExitCode;

/// A plan is a million small values that live and die together: with the allocator of the C library a no-change plan of ten
/// thousand jobs took a fifth more time (`hodman bench workspace`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hodman::cli::main()
}
