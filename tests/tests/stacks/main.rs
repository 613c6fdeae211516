//! Stacks of CloudFormation when something is special about them: they take over what exists, they are in a state in which nothing
//! can be changed, their templates are long, they hold stacks, they get other names. A server that imitates AWS answers, and AWS's own client is in the
//! hands of people. It makes no change sets for stacks in stacks; what those say is tested in `hodman-clients` and `hodman-model`.

mod adopted;
mod bench;
mod failed;
mod import;
mod inside;
mod long;
mod parameters;
mod proposed;
mod relay;
mod renamed;
mod tags;
mod unmade;
