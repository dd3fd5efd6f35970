//! Nothing is lost and nothing is left behind, wherever a run is cut off, however many run at once, and whichever peer is silent.

mod direct;
mod scene;
mod together;
mod trial;
mod tunnel;
