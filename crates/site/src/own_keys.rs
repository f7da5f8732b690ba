//! An operator's keys, one by one: added and taken away without a word about the rest of the operator.

use crate::Site;
use crate::apply::none;
use crate::undo::Undo;
use lockward_model::{Digest, OPERATOR_KEYS_MAX, Operator, OperatorId, OperatorKey};
use lockward_wire::config::key_digest;

impl Site {
    /// Adds a key after the others; one that is there keeps its place and takes the new title.
    pub(crate) fn put_operator_key(
        &mut self,
        id: OperatorId,
        key: OperatorKey,
        undo: &mut Undo,
    ) -> Result<(), String> {
        let mut operator = self.known_operator(id)?;
        let full = operator.keys.len() >= OPERATOR_KEYS_MAX;
        match operator.keys.iter_mut().find(|k| k.key.public() == key.key.public()) {
            Some(same) if same.key == key.key => same.title = key.title,
            Some(same) => {
                return Err(format!(
                    "key `{}` of operator `{id}` is key `{}`, said to be of another origin; make a new one there",
                    key.title, same.title
                ));
            }
            None if full => {
                return Err(format!(
                    "operator `{id}` has {OPERATOR_KEYS_MAX} keys, and may have no more; remove one first"
                ));
            }
            None => operator.keys.push(key),
        }
        self.put_operator(operator, undo)
    }

    /// Takes a key away; never the last.
    pub(crate) fn remove_operator_key(
        &mut self,
        id: OperatorId,
        key: Digest,
        undo: &mut Undo,
    ) -> Result<(), String> {
        let mut operator = self.known_operator(id)?;
        let before = operator.keys.len();
        operator.keys.retain(|k| key_digest(k.key.public()) != key);
        if operator.keys.len() == before {
            return Err(format!("operator `{id}` has no such key"));
        }
        if operator.keys.is_empty() {
            return Err(format!(
                "the last key of operator `{id}` can not be removed: `{id}` could sign nothing any more; add another \
                 first"
            ));
        }
        self.put_operator(operator, undo)
    }

    fn known_operator(&self, id: OperatorId) -> Result<Operator, String> {
        self.operators.get(&id).cloned().ok_or_else(|| none("operator", &id))
    }
}
