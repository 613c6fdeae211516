//! The real Terraform (or OpenTofu, by `HODMAN_TEST_TERRAFORM`) with its built-in provider; states in files, behind HTTP and in the S3
//! server whose address is in `HODMAN_TEST_AWS_ENDPOINT`. Without a program these tests fail and say so.

mod backends;
mod bench;
mod faults;
mod hostile;
mod locks;
mod plans;
mod runs;
mod variables;
