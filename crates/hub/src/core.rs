//! What every part of a running hub works with.

use crate::links::Links;
use crate::live_view::LiveView;
use crate::office::Office;
use crate::orders::Orders;
use crate::sequencer::Sequencer;
use crate::stating::Stating;
use crate::tls::TurnedAway;
use lockward_model::ControllerId;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// Shared by all connections of one hub.
pub(crate) struct Core {
    pub(crate) office: Arc<Office>,
    pub(crate) sequencer: Sequencer,
    pub(crate) links: Links,
    pub(crate) orders: Orders,
    pub(crate) live: Arc<LiveView>,
    pub(crate) stating: Stating,
    pub(crate) turned_away: mpsc::Sender<TurnedAway>,
    /// Turns true when the hub is to stop.
    pub(crate) closing: watch::Receiver<bool>,
}

impl Core {
    /// For the record: someone was turned away.
    pub(crate) fn turn_away(&self, claimed: Option<ControllerId>, code: impl Into<&'static str>) {
        // A full queue means that many were turned away already; those are told of.
        let _ = self.turned_away.try_send(TurnedAway { claimed, code: code.into() });
    }

    /// Resolves when the hub is to stop.
    pub(crate) async fn closed(&self) {
        let mut closing = self.closing.clone();
        // A sender that is gone has closed too.
        let _ = closing.wait_for(|closing| *closing).await;
    }

    /// Whoever is an operator no more leaves nothing to sign in with: an id that is given anew begins anew.
    pub(crate) async fn forget_ways(self: &Arc<Self>) {
        let forgotten = self.blocking(|core| {
            let site = core.office.site();
            core.office.store().forget_ways(|id| id.parse().is_ok_and(|id| site.operator(id).is_some()))
        });
        if let Some(Err(error)) = forgotten.await {
            tracing::error!(%error, "what former operators signed in with can not be erased");
        }
    }

    /// Runs something that reads or writes the disk on a thread that may wait.
    pub(crate) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Option<T> {
        let core = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&core)).await.ok()
    }
}
