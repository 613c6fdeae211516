//! hodman
