//! `unstuck`: a page, and a GPT-2 beside it.
//!
//! The map, top to bottom; a module imports only from lower lines, and anyone may import [`token`]:
//!
//! ```text
//!   main  cli  config  log  threads   parse, load settings, hand over to one front end
//!   tui  bot  finetune  commands      front ends; none knows another
//!   ui  mentions                      what front ends share: theme, keymap, terminal, the model's thread; the ledger
//!   session  generate                 the draft and its history; prompt to tokens
//!   clean  model  token               what a reader never sees; the network; plain types
//! ```

pub mod bot;
pub mod clean;
pub mod commands;
pub mod finetune;
pub mod generate;
pub mod mentions;
pub mod model;
pub mod session;
pub mod token;
pub mod tui;
pub mod ui;
pub mod whole;
