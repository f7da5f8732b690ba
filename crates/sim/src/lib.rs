//! A whole site from one seed: hub, controllers, readers, people. Real protocols, real disks, and nobody who is there.
//!
//! - [`Demo`] is the day at the sample site that `lockward demo` shows.
//! - [`House`] is that site without people: its machines can be stopped, its cables pulled.
//! - [`stage`] is a site that is played through one command at a time, in time that stands still between them.
//! - [`hardware`] are readers and lock boards that speak OSDP, for any controller.
//! - [`authenticator`] is the security key of an operator.

pub mod authenticator;
pub mod card;
pub mod chance;
pub mod clock;
pub mod crowd;
pub mod day;
mod demo;
pub mod hardware;
mod house;
mod installer;
pub mod people;
pub mod plan;
mod settle;
pub mod stage;
mod summary;
mod trouble;
pub mod when;

pub use demo::{Demo, DemoOptions};
pub use house::House;
pub use settle::{SettleError, settle_as};
pub use summary::{Count, Summary};
pub use trouble::HouseError;
