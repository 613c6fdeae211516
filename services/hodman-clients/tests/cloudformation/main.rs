//! Stacks against the server that imitates AWS (`HODMAN_TEST_AWS_ENDPOINT`), and, for what no such server does right
//! (failures and ways back), against answers in the form that the API's reference gives.

mod answers;
mod failures;
mod nested;
mod server;
