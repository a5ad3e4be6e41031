//! Parse, load the configuration, hand over to one front end.
fn main() {}
