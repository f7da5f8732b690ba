//! One link a controller: who sits where, who has to make room, and what was said of gaps already.

use lockward_model::ControllerId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as Seat, Notify, OwnedMutexGuard};

#[derive(Default)]
struct Place {
    seat: Arc<Seat<()>>,
    cut: Arc<Notify>,
    gap: Option<(u64, u64)>,
}

/// The links that stand.
#[derive(Default)]
pub(crate) struct Links(Mutex<HashMap<ControllerId, Place>>);

/// A link's right to be the one of its controller.
pub(crate) struct Seated {
    /// Rings when another link of the same controller wants the seat.
    pub(crate) cut: Arc<Notify>,
    _seat: OwnedMutexGuard<()>,
}

impl Links {
    /// Takes the controller's seat. Whoever has it is told to leave, and has let go of it when this returns.
    pub(crate) async fn sit(&self, controller: ControllerId) -> Seated {
        let (seat, cut) = {
            let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let place = places.entry(controller).or_default();
            place.cut.notify_one();
            place.cut = Arc::default();
            (Arc::clone(&place.seat), Arc::clone(&place.cut))
        };
        Seated { cut, _seat: seat.lock_owned().await }
    }

    /// True for a gap that was not told of yet: a controller that comes again and again raises one alarm.
    pub(crate) fn is_news(&self, controller: ControllerId, gap: (u64, u64)) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.entry(controller).or_default().gap.replace(gap) != Some(gap)
    }
}
