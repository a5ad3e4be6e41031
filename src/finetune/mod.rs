//! The writer's own voice: what people have written becomes a corpus, and a corpus a model of their own.

pub mod corpus;
