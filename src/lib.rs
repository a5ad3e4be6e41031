//! `unstuck`: a page, and a GPT-2 beside it.
//!
//! The map, top to bottom; a module imports only from lower lines, and anyone may import [`token`]:
//!
//! ```text
//!   main  cli  config  log  threads   parse, load settings, hand over to one front end
//!   tui  bot  finetune  commands      front ends; none knows another
//!   ui  mentions                      what front ends share: theme, keymap, terminal, the model's thread; the ledger
//!   catalogue                         which model a name means
//!   session  generate                 the draft and its history; prompt to tokens
//!   hub                               models from the hub, and the cache that its programs share
//!   weights                           files of weights, read and written in every format
//!   clean  model                      what a reader never sees; the network
//!   net  token  whole  splitmix       HTTP; plain types; files that are whole; mixing of seeds
//! ```

pub mod bot;
pub mod catalogue;
pub mod clean;
pub mod commands;
pub mod finetune;
pub mod generate;
pub mod hub;
pub mod mentions;
pub mod model;
pub mod net;
pub mod session;
pub mod splitmix;
pub mod token;
pub mod tui;
pub mod ui;
pub mod weights;
pub mod whole;
