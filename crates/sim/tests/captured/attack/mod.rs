//! A captured hub: whoever has stolen a hub's whole folder and its address, and what can be tried with that at the doors of
//! a hardened site. Shared by the test and by the program `captured-hub`.

mod changes;
#[path = "../../kept/mod.rs"]
mod kept;
mod link;
mod orders;
mod script;
mod site;
mod stolen;

pub(crate) use site::run;
