//! The hodman binary.
fn main() {}
