//! The CloudFormation templates that hodman carries, and those of the examples: linted, and applied by change set to the AWS
//! server. What they made is looked at with AWS's own client. The examples' modules fit their templates and each other.

mod bench;
mod carried;
mod examples;
mod importable;
mod lint;
