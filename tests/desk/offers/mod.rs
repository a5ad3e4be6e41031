//! Offers: asking, streaming, taking, typing through, rolling again, opening. The test presses the keys and acts as
//! the worker, so what arrives, when it arrives and what arrives too late is exact.

mod forms;
mod ghost;
mod many;
mod mouse;
mod pool;
mod property;
mod taking;
mod token;
