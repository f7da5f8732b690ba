//! With what operators sign in beside passkeys: passwords, code apps, recovery codes, accounts at the OpenID provider.
//!
//! What may be used once is used up where it is checked, in one transaction. All of it is the hub's own: no lock hears of it.

use lockward_model::{Digest, OperatorId, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{HubError, HubStore};

/// An operator's password and code app, as they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The password's hash in PHC string form.
    pub password: Option<Box<str>>,
    /// The one-time secret, wrapped.
    pub secret: Option<Box<[u8]>>,
    /// The last step whose code was taken.
    pub step: u64,
    /// Wrong answers since the last right one.
    pub failures: u32,
    /// Until when the hub signs nothing on its word: it was set on somebody else's.
    pub held: Option<Time>,
    /// When any of it was last changed.
    pub changed: Time,
    /// Recovery codes that are left.
    pub codes: u32,
}

/// What is to be put in place; what is `None` stays as it is.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewWay<'a> {
    /// The password's hash in PHC string form.
    pub password: Option<&'a str>,
    /// A one-time secret, wrapped; the step of the code that proved it; and the hashes of its recovery codes.
    pub secret: Option<(&'a [u8], u64, &'a [Digest])>,
    /// Until when the hub signs nothing on its word.
    pub held: Option<Time>,
}

/// An account at an OpenID provider that signs an operator in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose word it is.
    pub issuer: String,
    /// Whom the issuer means.
    pub subject: String,
    /// Who that is here.
    pub operator: String,
    /// Since when.
    pub bound: Time,
    /// When it last signed in.
    pub used: Option<Time>,
    /// Until when the hub signs nothing on its word.
    pub held: Option<Time>,
}

const ACCOUNT: &str = "SELECT issuer, subject, operator, bound, used, held FROM account";

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        issuer: row.get(0)?,
        subject: row.get(1)?,
        operator: row.get(2)?,
        bound: Time(row.get(3)?),
        used: row.get::<_, Option<i64>>(4)?.map(Time),
        held: row.get::<_, Option<i64>>(5)?.map(Time),
    })
}

/// SQLite's integers are signed: what does not fit is as far as it goes.
fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn put_codes(db: &Connection, operator: OperatorId, codes: &[Digest]) -> Result<(), HubError> {
    db.prepare_cached("DELETE FROM recovery_code WHERE operator = ?1")?.execute([operator.as_str()])?;
    for code in codes {
        db.prepare_cached("INSERT OR IGNORE INTO recovery_code VALUES (?1, ?2)")?
            .execute(params![operator.as_str(), code.as_ref()])?;
    }
    Ok(())
}

impl HubStore {
    /// An operator's password and code app; `None` without either.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn way(&self, operator: OperatorId) -> Result<Option<Way>, HubError> {
        self.read(|db| {
            let mut select = db.prepare_cached(
                "SELECT password, secret, step, failures, held, changed, \
                 (SELECT count(*) FROM recovery_code WHERE recovery_code.operator = way.operator) \
                 FROM way WHERE operator = ?1",
            )?;
            let way = select.query_row([operator.as_str()], |row| {
                Ok(Way {
                    password: row.get::<_, Option<String>>(0)?.map(Into::into),
                    secret: row.get::<_, Option<Vec<u8>>>(1)?.map(Into::into),
                    step: u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default(),
                    failures: row.get(3)?,
                    held: row.get::<_, Option<i64>>(4)?.map(Time),
                    changed: Time(row.get(5)?),
                    codes: row.get(6)?,
                })
            });
            Ok(way.optional()?)
        })
    }

    /// Puts a password, a code app, or both in place. Wrong answers of before are forgiven; a hold of before goes on.
    ///
    /// # Errors
    /// [`HubError`]; nothing is then changed.
    pub fn put_way(&self, operator: OperatorId, new: NewWay<'_>, at: Time) -> Result<(), HubError> {
        self.write(|db| {
            db.prepare_cached("INSERT OR IGNORE INTO way (operator, changed) VALUES (?1, ?2)")?
                .execute(params![operator.as_str(), at.0])?;
            db.prepare_cached(
                "UPDATE way SET password = coalesce(?2, password), secret = coalesce(?3, secret), \
                 step = coalesce(?4, step), held = coalesce(?5, held), changed = ?6, failures = 0 \
                 WHERE operator = ?1",
            )?
            .execute(params![
                operator.as_str(),
                new.password,
                new.secret.map(|(wrapped, ..)| wrapped),
                new.secret.map(|(_, step, _)| signed(step)),
                new.held.map(|held| held.0),
                at.0
            ])?;
            match new.secret {
                Some((.., codes)) => put_codes(db, operator, codes),
                None => Ok(()),
            }
        })
    }

    /// Takes an operator's password away.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn remove_password(&self, operator: OperatorId) -> Result<(), HubError> {
        self.remove(operator, "UPDATE way SET password = NULL WHERE operator = ?1")
    }

    /// Takes an operator's code app and recovery codes away.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn remove_code_app(&self, operator: OperatorId) -> Result<(), HubError> {
        self.remove(operator, "UPDATE way SET secret = NULL WHERE operator = ?1")
    }

    fn remove(&self, operator: OperatorId, what: &str) -> Result<(), HubError> {
        self.write(|db| {
            db.prepare_cached(what)?.execute([operator.as_str()])?;
            db.prepare_cached("DELETE FROM way WHERE operator = ?1 AND password IS NULL AND secret IS NULL")?
                .execute([operator.as_str()])?;
            db.prepare_cached(
                "DELETE FROM recovery_code WHERE operator = ?1 \
                 AND NOT EXISTS (SELECT 1 FROM way WHERE way.operator = ?1 AND secret IS NOT NULL)",
            )?
            .execute([operator.as_str()])?;
            Ok(())
        })
    }

    /// New recovery codes in place of all of before.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn put_recovery_codes(&self, operator: OperatorId, codes: &[Digest]) -> Result<(), HubError> {
        self.write(|db| put_codes(db, operator, codes))
    }

    /// Uses up the code of a step, and those of all before it: true once.
    ///
    /// # Errors
    /// [`HubError`]; the code is then not used up.
    pub fn take_step(&self, operator: OperatorId, step: u64) -> Result<bool, HubError> {
        self.write(|db| {
            let took = db
                .prepare_cached("UPDATE way SET step = ?2 WHERE operator = ?1 AND step < ?2")?
                .execute(params![operator.as_str(), signed(step)])?;
            Ok(took == 1)
        })
    }

    /// Uses up a recovery code: true once, for one of this operator's.
    ///
    /// # Errors
    /// [`HubError`]; the code is then not used up.
    pub fn take_recovery_code(&self, operator: OperatorId, code: Digest) -> Result<bool, HubError> {
        self.write(|db| {
            let took = db
                .prepare_cached("DELETE FROM recovery_code WHERE operator = ?1 AND code = ?2")?
                .execute(params![operator.as_str(), code.as_ref()])?;
            Ok(took == 1)
        })
    }

    /// Takes down a wrong answer, or forgives all of them.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn way_answered(&self, operator: OperatorId, right: bool) -> Result<(), HubError> {
        self.write(|db| {
            let sql =
                "UPDATE way SET failures = CASE ?2 WHEN 1 THEN 0 ELSE failures + 1 END WHERE operator = ?1";
            db.prepare_cached(sql)?.execute(params![operator.as_str(), right])?;
            Ok(())
        })
    }

    /// Lets an account sign an operator in. False where it is bound already, to whomever.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn bind_account(&self, account: &Account) -> Result<bool, HubError> {
        self.write(|db| {
            let bound = db
                .prepare_cached(
                    "INSERT OR IGNORE INTO account (issuer, subject, operator, bound, held) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    account.issuer,
                    account.subject,
                    account.operator,
                    account.bound.0,
                    account.held.map(|held| held.0)
                ])?;
            Ok(bound == 1)
        })
    }

    /// Who an account is.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn account(&self, issuer: &str, subject: &str) -> Result<Option<Account>, HubError> {
        self.read(|db| {
            let sql = format!("{ACCOUNT} WHERE issuer = ?1 AND subject = ?2");
            Ok(db.prepare_cached(&sql)?.query_row([issuer, subject], account).optional()?)
        })
    }

    /// An operator's accounts, oldest first.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn accounts(&self, operator: OperatorId) -> Result<Vec<Account>, HubError> {
        self.read(|db| {
            let sql = format!("{ACCOUNT} WHERE operator = ?1 ORDER BY bound, issuer, subject");
            let mut select = db.prepare_cached(&sql)?;
            Ok(select.query_map([operator.as_str()], account)?.collect::<Result<_, _>>()?)
        })
    }

    /// Takes down that an account signed in.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn use_account(&self, issuer: &str, subject: &str, at: Time) -> Result<(), HubError> {
        self.write(|db| {
            db.prepare_cached("UPDATE account SET used = ?3 WHERE issuer = ?1 AND subject = ?2")?
                .execute(params![issuer, subject, at.0])?;
            Ok(())
        })
    }

    /// Takes an operator's account away. False where it is none of its.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn unbind_account(
        &self,
        operator: OperatorId,
        issuer: &str,
        subject: &str,
    ) -> Result<bool, HubError> {
        self.write(|db| {
            let gone = db
                .prepare_cached("DELETE FROM account WHERE operator = ?1 AND issuer = ?2 AND subject = ?3")?
                .execute([operator.as_str(), issuer, subject])?;
            Ok(gone == 1)
        })
    }

    /// Forgets whatever operators have who are not there any more: an id that is given anew finds nothing of before.
    ///
    /// # Errors
    /// [`HubError`].
    pub fn forget_ways(&self, there: impl Fn(&str) -> bool) -> Result<(), HubError> {
        let sql = "SELECT operator FROM way UNION SELECT operator FROM account";
        let known: Vec<String> = self.read(|db| {
            let mut select = db.prepare_cached(sql)?;
            Ok::<_, HubError>(select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })?;
        for gone in known.iter().filter(|operator| !there(operator)) {
            self.write(|db| {
                db.prepare_cached("DELETE FROM way WHERE operator = ?1")?.execute([gone])?;
                db.prepare_cached("DELETE FROM recovery_code WHERE operator = ?1")?.execute([gone])?;
                db.prepare_cached("DELETE FROM account WHERE operator = ?1")?.execute([gone])?;
                Ok::<_, HubError>(())
            })?;
        }
        Ok(())
    }
}
