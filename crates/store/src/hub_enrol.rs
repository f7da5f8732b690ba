//! One-time secrets for new controllers: each serves once, for a while, and not after too many wrong guesses.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use lockward_model::{ControllerId, Digest, Time};
use rusqlite::{OptionalExtension, params};

use crate::{HubError, HubStore};

/// Wrong secrets after which an enrolment is cancelled. An installer who types mistypes a few times; 10 guesses at a
/// secret of even 40 bits succeed once in 10^11.
pub const ENROLMENT_FAILURES_MAX: u32 = 10;

impl HubStore {
    /// Lets `controller` enrol once with the secret whose SHA-256 is `secret`, before `expires`. Takes the place of
    /// any earlier secret, and of its failures.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn put_enrolment(
        &self,
        controller: ControllerId,
        secret: Digest,
        expires: Time,
    ) -> Result<(), HubError> {
        self.write(|db| {
            db.prepare_cached(
                "INSERT OR REPLACE INTO enrolment (controller, secret, expires) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![controller.as_str(), secret.as_ref(), expires.0])?;
            Ok(())
        })
    }

    /// Uses up the secret of `controller`: true once, for the right one, before it expires. A wrong one counts as a
    /// failure, and the [`ENROLMENT_FAILURES_MAX`]th cancels the enrolment.
    ///
    /// # Errors
    /// [`HubError`]; the secret is then not used up.
    pub fn take_enrolment(
        &self,
        controller: ControllerId,
        secret: Digest,
        now: Time,
    ) -> Result<bool, HubError> {
        self.write(|db| {
            let row = db
                .prepare_cached("SELECT secret, expires, failures FROM enrolment WHERE controller = ?1")?
                .query_row([controller.as_str()], |row| {
                    Ok((row.get::<_, [u8; 32]>(0)?, Time(row.get(1)?), row.get::<_, u32>(2)?))
                })
                .optional()?;
            let Some((kept, expires, failures)) = row else { return Ok(false) };
            let right = verify_slices_are_equal(&kept, secret.as_ref()).is_ok();
            let alive = now < expires;
            if right || !alive || failures + 1 >= ENROLMENT_FAILURES_MAX {
                db.prepare_cached("DELETE FROM enrolment WHERE controller = ?1")?
                    .execute([controller.as_str()])?;
            } else {
                db.prepare_cached("UPDATE enrolment SET failures = failures + 1 WHERE controller = ?1")?
                    .execute([controller.as_str()])?;
            }
            Ok(right && alive)
        })
    }
}
