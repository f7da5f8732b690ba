//! Opening a journal, after whatever has happened: there is one path, and a power cut is one of its inputs.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use crate::journal::Segment;
use crate::journal_format::{self as format, HEADER_BYTES, Head, Header, Remains, Walk};
use crate::journal_limits::BATCH_BYTES_MAX;
use crate::journal_space::file_index;
use crate::{Disk, DiskFile, Journal, Limits};

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The lowest record that is not released.
    pub first: u64,
    /// The number that the next record gets.
    pub next: u64,
    /// Where a batch ended that never became whole. Nobody was told that it is durable.
    pub torn: Option<Torn>,
}

/// The end of what is whole, in the last segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The segment.
    pub path: PathBuf,
    /// Where in it, in bytes.
    pub offset: u32,
}

/// Why a journal could not be opened. Nothing was changed, or nothing but the unfinished.
#[derive(Debug, thiserror::Error)]
pub enum JournalOpenError {
    /// The operating system refused.
    #[error("could not {doing} `{path}`")]
    Io {
        /// What was tried: a verb.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Bytes that were durable once are not what was written.
    #[error(
        "`{path}` is damaged at byte {offset}, where record {number} was; keep the file and restore a copy"
    )]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Where in it, in bytes.
        offset: u32,
        /// The first record that cannot be read.
        number: u64,
    },
    /// A segment in the middle or at the start is not there.
    #[error("records {from} to {to} are missing in `{dir}`; restore the segment files")]
    Missing {
        /// The journal's folder.
        dir: PathBuf,
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
    /// Written by a program that knows more.
    #[error(
        "`{path}` has the format version {version}, which this program does not know; use a newer program"
    )]
    Newer {
        /// The segment.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// The segments were made with another size.
    #[error("`{path}` is made for segments of {found} bytes, not of {expected}; open it with that limit")]
    OtherSize {
        /// The segment.
        path: PathBuf,
        /// What it says.
        found: u32,
        /// What the limits say.
        expected: u32,
    },
}

struct Found<F> {
    path: PathBuf,
    file: F,
    header: Header,
}

struct Blank<F> {
    path: PathBuf,
    file: F,
}

impl<D: Disk> Journal<D> {
    /// Opens the journal in `dir`, which is made if it is missing. `seed` is a random number: it keeps old bytes in a
    /// segment from looking like new ones.
    ///
    /// # Errors
    /// [`JournalOpenError`]. A torn tail is no error: see [`Recovered::torn`].
    pub fn open(
        disk: D,
        dir: &Path,
        limits: Limits,
        seed: u64,
    ) -> Result<(Self, Recovered), JournalOpenError> {
        disk.make_dir(dir).map_err(failed("make", dir))?;
        let (next_file, mut headed, blank) = look(&disk, dir, &limits)?;
        let mut journal = Self {
            disk,
            dir: dir.to_owned(),
            limits,
            seed,
            segments: VecDeque::new(),
            spare: None,
            next_file,
            next: 0,
            released: 0,
            marked: 0,
            poisoned: false,
            buffer: Vec::new(),
        };
        // 1. The newest segment: it knows best what is released, and only it can have a torn tail.
        let mut torn = match headed.pop() {
            Some(newest) => journal.take_newest(newest)?,
            None => None,
        };
        // 2. Files without a header are unfinished, unless their records tell otherwise.
        for blank in &blank {
            let bytes = read_all(&blank.file, &blank.path, &limits)?;
            match format::remains(&bytes, journal.released) {
                Remains::LaterBatch => return Err(damaged(&blank.path, 0, journal.released)),
                Remains::FirstBatch => torn = torn.or(Some(Torn { path: blank.path.clone(), offset: 0 })),
                Remains::Nothing => {}
            }
        }
        // 3. The others, each of which must reach up to the next one.
        while let Some(older) = headed.pop() {
            journal.take_older(older)?;
        }
        if let Some(oldest) = journal.segments.front().filter(|oldest| oldest.first > journal.released) {
            return Err(JournalOpenError::Missing {
                dir: journal.dir,
                from: journal.released,
                to: oldest.first - 1,
            });
        }
        // 4. Everything is understood: now tidy up. The names of the segments are durable since before they had a
        // header, and a blank file that comes back is removed again.
        for blank in blank {
            journal.disk.remove(&blank.path).map_err(failed("remove", &blank.path))?;
        }
        let recovered = Recovered { first: journal.released, next: journal.next, torn };
        Ok((journal, recovered))
    }

    fn take_newest(&mut self, found: Found<D::File>) -> Result<Option<Torn>, JournalOpenError> {
        let bytes = read_all(&found.file, &found.path, &self.limits)?;
        let walk = format::walk(&bytes, &found.header);
        self.next = found.header.first + walk.offsets.len() as u64;
        if walk.damaged {
            return Err(damaged(&found.path, walk.end, self.next));
        }
        settle(&found, &bytes, &walk)?;
        self.released = found.header.released.max(walk.released).min(self.next);
        self.marked = self.released;
        let torn = walk.torn.then(|| Torn { path: found.path.clone(), offset: walk.end });
        self.segments.push_front(found.into_segment(walk.offsets, walk.end));
        Ok(torn)
    }

    fn take_older(&mut self, found: Found<D::File>) -> Result<(), JournalOpenError> {
        let next = self.segments.front().map_or(self.next, |segment| segment.first);
        if next <= self.released {
            // Nobody will read it; only its room is of use.
            self.segments.push_front(found.into_segment(Vec::new(), self.limits.segment_bytes));
            return Ok(());
        }
        let bytes = read_all(&found.file, &found.path, &self.limits)?;
        let walk = format::walk(&bytes, &found.header);
        let reached = found.header.first + walk.offsets.len() as u64;
        let stands = bytes.get(walk.end as usize..).is_some_and(|rest| rest.iter().any(|byte| *byte != 0));
        if walk.torn || walk.damaged || reached > next || (reached < next && stands) {
            return Err(damaged(&found.path, walk.end, reached));
        }
        if reached < next {
            return Err(JournalOpenError::Missing { dir: self.dir.clone(), from: reached, to: next - 1 });
        }
        self.segments.push_front(found.into_segment(walk.offsets, walk.end));
        Ok(())
    }
}

impl<F> Found<F> {
    fn into_segment(self, offsets: Vec<u32>, end: u32) -> Segment<F> {
        let Self { path, file, header } = self;
        Segment { path, file, salt: header.salt, first: header.first, offsets, end }
    }
}

/// The next free file index, the segments with a header, oldest first, and the files without.
type Looked<F> = (u32, Vec<Found<F>>, Vec<Blank<F>>);

fn look<D: Disk>(disk: &D, dir: &Path, limits: &Limits) -> Result<Looked<D::File>, JournalOpenError> {
    let (mut next_file, mut headed, mut blank) = (0, Vec::new(), Vec::new());
    for path in disk.list(dir).map_err(failed("list", dir))? {
        let Some(index) = file_index(&path) else { continue };
        next_file = next_file.max(index.saturating_add(1));
        let file = disk.open(&path).map_err(failed("open", &path))?;
        let size = file.size().map_err(failed("read", &path))?;
        let mut head = [0; HEADER_BYTES];
        if size >= HEADER_BYTES as u64 {
            file.read_at(0, &mut head).map_err(failed("read", &path))?;
        }
        match Header::decode(&head) {
            Head::Newer(version) => return Err(JournalOpenError::Newer { path, version }),
            Head::Valid(header) if header.segment_bytes != limits.segment_bytes => {
                let (found, expected) = (header.segment_bytes, limits.segment_bytes);
                return Err(JournalOpenError::OtherSize { path, found, expected });
            }
            // A header is written only into a segment that is whole.
            Head::Valid(header) if size < u64::from(limits.segment_bytes) => {
                return Err(damaged(&path, u32::try_from(size).unwrap_or(u32::MAX), header.first));
            }
            Head::Valid(header) => headed.push(Found { path, file, header }),
            Head::Blank => blank.push(Blank { path, file }),
        }
    }
    headed.sort_by_key(|found| found.header.first);
    Ok((next_file, headed, blank))
}

/// Makes the newest segment's tail on the disk what was just read of it: the last batch may be in the kernel's memory
/// only (its writer was killed before the sync, or the sync failed), so it is written again; and the rest of a torn
/// batch is wiped, so that it can never stand behind a new one.
fn settle<F: DiskFile>(found: &Found<F>, bytes: &[u8], walk: &Walk) -> Result<(), JournalOpenError> {
    // The first batch was written together with the header.
    let from = walk.last_batch.filter(|start| *start as usize > HEADER_BYTES).unwrap_or(0);
    let mut tail = bytes.get(from as usize..walk.end as usize).unwrap_or_default().to_vec();
    if walk.torn {
        let behind = bytes.len().saturating_sub(walk.end as usize).min(BATCH_BYTES_MAX);
        tail.resize(tail.len() + behind, 0);
    }
    found
        .file
        .write_at(u64::from(from), &tail)
        .and_then(|()| found.file.sync_data())
        .map_err(failed("write", &found.path))
}

fn read_all<F: DiskFile>(file: &F, path: &Path, limits: &Limits) -> Result<Vec<u8>, JournalOpenError> {
    let size = file.size().map_err(failed("read", path))?.min(u64::from(limits.segment_bytes));
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
    file.read_at(0, &mut bytes).map_err(failed("read", path))?;
    Ok(bytes)
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalOpenError {
    let path = path.to_owned();
    move |source| JournalOpenError::Io { doing, path, source }
}

fn damaged(path: &Path, offset: u32, number: u64) -> JournalOpenError {
    JournalOpenError::Damaged { path: path.to_owned(), offset, number }
}
