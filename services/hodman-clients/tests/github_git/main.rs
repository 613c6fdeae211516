//! GitHub and git over real HTTP: git against `git http-backend`, GitHub against a small server
//! that answers in the documented shapes.

mod contract;
mod git;
mod git_server;
mod github;
mod github_server;
