//! The hodman binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    hodman::cli::main()
}
