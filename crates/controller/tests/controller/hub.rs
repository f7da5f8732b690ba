//! The other end of the link: takes events only if their chain holds, and hands out what a site's log holds.

use crate::house::{DEVICE, House, LOG, Who, checkpoint, frontier, id, key};
use lockward_ledger::{
    CosignerKey, Frontier, Hash, NoteSignature, SignedCheckpoint, VerifierKey, leaf_hash, node_hash,
};
use lockward_model::{ConfigRef, ControllerId, Digest, Event, Source, Time};
use lockward_wire::event::{ChainHead, Leaf};
use lockward_wire::link::{Log, ToController, ToHub, cosigner_name};

const EVENTS: &str = "example.com/7/events";
const CONFIG: &str = "example.com/7/config";

/// A hub that knows one controller.
#[derive(Clone)]
pub(crate) struct FakeHub {
    /// Which one, and its key.
    of: (ControllerId, Who),
    pub(crate) house: House,
    /// Every event that it holds, in order: the whole of the event log.
    pub(crate) leaves: Vec<Vec<u8>>,
    /// How many events came that it held already.
    pub(crate) duplicates: usize,
    pub(crate) applied: Vec<ConfigRef>,
    pub(crate) refused: Vec<(u64, Box<str>)>,
    pub(crate) cosigned: Vec<(Log, u64)>,
    /// The last event log checkpoint that the controller cosigned.
    event_size: u64,
    greeted: bool,
}

/// The link is ended: something did not follow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended(pub(crate) &'static str);

impl FakeHub {
    pub(crate) fn new(house: House) -> Self {
        Self::of(house, ("dock", DEVICE))
    }

    /// One that knows another controller.
    pub(crate) fn of(house: House, (name, who): (&str, Who)) -> Self {
        Self {
            of: (id(name), who),
            house,
            leaves: vec![],
            duplicates: 0,
            applied: vec![],
            refused: vec![],
            cosigned: vec![],
            event_size: 0,
            greeted: false,
        }
    }

    pub(crate) fn due(&self) -> u64 {
        self.leaves.len() as u64
    }

    /// A connection ended; the next begins with a hello.
    pub(crate) fn unlinked(&mut self) {
        self.greeted = false;
    }

    pub(crate) fn hear(&mut self, now: Time, message: ToHub) -> Result<Vec<ToController>, Ended> {
        if self.greeted == matches!(message, ToHub::Hello { .. }) {
            return Err(Ended("a hello comes first, and once"));
        }
        match message {
            ToHub::Hello { controller, site, config, event_size, next_seq, oldest_unacked, .. } => {
                assert_eq!((controller, site), (self.of.0, self.house.site));
                assert!(oldest_unacked <= self.due(), "events that were never acknowledged are gone");
                assert!(oldest_unacked <= next_seq);
                self.greeted = true;
                self.event_size = event_size;
                let mut out = vec![
                    ToController::Welcome { time: now, acked: self.due() },
                    ToController::Keys(self.house.keys()),
                ];
                out.extend(self.entries_from(config.map_or(0, |c| c.size)));
                Ok(out)
            }
            ToHub::Events { first_seq, leaves, head } => self.take(first_seq, &leaves, &head),
            ToHub::Applied(config) => {
                assert_eq!(config, self.house.config_at(config.size), "applied what the log does not hold");
                self.applied.push(config);
                Ok(vec![])
            }
            ToHub::Refused { at, code } => {
                self.refused.push((at, code));
                Ok(vec![])
            }
            ToHub::Cosignature { log, size, line } => {
                self.check_cosignature(log, size, &line);
                self.cosigned.push((log, size));
                Ok(vec![])
            }
            ToHub::Ping => Ok(vec![ToController::Pong { time: now }]),
            ToHub::Renew | ToHub::Claim { .. } | ToHub::Nonce { .. } | ToHub::Ordered { .. } => Ok(vec![]),
        }
    }

    pub(crate) fn entries_from(&self, first: u64) -> Option<ToController> {
        let entries = self.house.entries.get(usize::try_from(first).unwrap()..)?.to_vec();
        Some(ToController::Entries { first, entries, checkpoint: self.house.checkpoint() })
    }

    fn take(&mut self, first: u64, leaves: &[Vec<u8>], head: &[u8]) -> Result<Vec<ToController>, Ended> {
        if first > self.due() {
            return Err(Ended("a gap"));
        }
        for (seq, leaf) in (first..).zip(leaves) {
            if let Some(held) = self.leaves.get(usize::try_from(seq).unwrap()) {
                assert_eq!(held, leaf, "event {seq} came again, and is another");
                self.duplicates += 1;
                continue;
            }
            let Ok(Leaf::Event(event)) = Leaf::parse(leaf) else { panic!("no event") };
            assert_eq!((event.seq(), event.source()), (seq, Source::Controller(self.of.0)));
            assert_eq!(event.prev(), self.last(), "event {seq} does not follow");
            self.leaves.push(leaf.clone());
        }
        let Ok(Leaf::Head(head)) = Leaf::parse(head) else { panic!("no chain head") };
        assert!(head.verify(&self.house.site, &key(self.of.1)), "the chain head is not signed");
        let count = first + leaves.len() as u64;
        self.check_head(&head, count, leaves);
        Ok(vec![ToController::Ack { count: self.due() }])
    }

    fn check_head(&self, head: &ChainHead, count: u64, leaves: &[Vec<u8>]) {
        let last = leaves.last().expect("a batch holds something");
        assert_eq!((head.count, head.head), (count, digest(leaf_hash(last))), "a head of another chain");
    }

    fn last(&self) -> Digest {
        self.leaves.last().map_or(Digest([0; 32]), |l| digest(leaf_hash(l)))
    }

    fn check_cosignature(&self, log: Log, size: u64, line: &[u8]) {
        let at = usize::try_from(size).unwrap();
        let (origin, entries) = match log {
            Log::Config => (CONFIG, &self.house.entries[..at]),
            Log::Event => (EVENTS, &self.leaves[..at]),
        };
        let note = checkpoint(origin, &frontier(entries), LOG);
        let mut signed = SignedCheckpoint::open(&note, &VerifierKey::new(id(origin), key(LOG).0)).unwrap();
        let cosigner = CosignerKey::new(id(&cosigner_name(origin, &self.of.0)), key(self.of.1).0);
        let line: NoteSignature = std::str::from_utf8(line).unwrap().parse().unwrap();
        signed.add(&cosigner, line).expect("the cosignature holds");
    }

    /// The event log's checkpoint, with a proof that it continues the last one that was cosigned.
    pub(crate) fn event_checkpoint(&self) -> ToController {
        Self::checkpoint_over(&self.leaves, self.event_size)
    }

    pub(crate) fn checkpoint_over(leaves: &[Vec<u8>], old: u64) -> ToController {
        let hashes: Vec<Hash> = leaves.iter().map(|l| leaf_hash(l)).collect();
        let note = checkpoint(EVENTS, &frontier(leaves), LOG);
        let proof = consistency(&hashes, usize::try_from(old).unwrap());
        ToController::Checkpoint { note, proof: proof.iter().map(|h| *h.as_bytes()).collect() }
    }

    /// Opens all that it holds.
    pub(crate) fn events(&self) -> Vec<Event> {
        open_all(&self.house, &self.leaves)
    }
}

pub(crate) fn open_all(house: &House, leaves: &[Vec<u8>]) -> Vec<Event> {
    let open = |leaf: &Vec<u8>| match Leaf::parse(leaf) {
        Ok(Leaf::Event(sealed)) => sealed.open(&house.source_key()).unwrap(),
        other => panic!("no event: {other:?}"),
    };
    leaves.iter().map(open).collect()
}

pub(crate) fn digest(hash: Hash) -> Digest {
    Digest(*hash.as_bytes())
}

/// RFC 6962, section 2.1.2, word for word.
fn consistency(leaves: &[Hash], old: usize) -> Vec<Hash> {
    if old == 0 || old == leaves.len() { vec![] } else { subproof(old, leaves, true) }
}

fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if whole { vec![] } else { vec![root(leaves)] };
    }
    let k = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(k);
    if m <= k {
        let mut proof = subproof(m, left, whole);
        proof.push(root(right));
        proof
    } else {
        let mut proof = subproof(m - k, right, false);
        proof.push(root(left));
        proof
    }
}

fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(root(left), root(right))
        }
    }
}

#[test]
fn the_hub_of_these_tests_proves_what_the_ledger_verifies() {
    let hashes: Vec<Hash> = (0..40_u8).map(|n| leaf_hash(&[n])).collect();
    for new in 1..hashes.len() {
        for old in 0..=new {
            let head = |n| hashes[..n].iter().copied().collect::<Frontier>().head();
            let proof = consistency(&hashes[..new], old);
            lockward_ledger::verify_consistency(head(old), head(new), &proof).unwrap();
        }
    }
}
