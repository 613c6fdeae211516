//! Stories: what happens, what is asked for, why something waits. Each decision of each story is made twice, must be
//! the same, must survive JSON, and must keep every invariant.

mod acts;
mod applies;
mod bar_hours;
mod bar_origins;
mod bar_predecessors;
mod bars;
mod captures;
mod compared;
mod drift;
mod forge;
mod gates;
mod going_back;
mod healing;
mod kept;
mod merged;
mod new_environment;
mod not_healed;
mod notices;
mod observing;
mod pins;

mod property;
mod proposals;
mod pulls;
mod reports;
mod rollback;
mod still;
mod successors;
mod takeover;
mod unlock;
mod way;
mod world;
