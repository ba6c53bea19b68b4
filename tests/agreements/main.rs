//! What the parts of this repository have agreed on: names that must be the same everywhere, and who may use whom.

mod architecture;
mod names;
mod sources;
