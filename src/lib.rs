//! `unstuck`: a text editor for the terminal with a GPT-2 beside the page.
//!
//! The map, from top to bottom. A module imports only from lower lines; `ARCHITECTURE.md` says more.
//!
//! ```text
//!   main  cli  config  log  threads  parse the command line, load settings, start one front end
//!   tui  bot  finetune  commands     front ends; none knows another
//!   ui  mentions                     what front ends share: keys, themes, the model's thread; the bot's ledger
//!   catalogue                        from a name to a model
//!   session  generate                the draft and its history; from prompts to tokens
//!   hub                              models from the Hugging Face hub
//!   weights  judge                   model files in every format; which candidates become offers
//!   clean  model                     cleaning of generated text; the network and its kernels
//!   net  splitmix  token  whole      HTTP, the mixing function, plain types, files written as a whole
//! ```

pub mod bot;
pub mod catalogue;
pub mod clean;
pub mod commands;
pub mod finetune;
pub mod generate;
pub mod hub;
pub mod judge;
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
