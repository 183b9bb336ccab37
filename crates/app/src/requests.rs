//! What people and programs ask over HTTP that only the one writer can do. Whoever asks hands over a piece of work; the service carries it out
//! between two reports and answers. It wakes at once for it.
//!
//! Reading needs none of this (`Reader::open`), and neither does what only appends a row of its own (`answers::record_beside`).
//!
//! A request that does not come to its turn in time is taken back: nothing was done, and whoever asked may ask again. One that was begun is
//! waited for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use schakel_model::clock::Clock;
use schakel_render::templates::Templates;
use schakel_store::{Reader, spool::SpoolDesk};

use crate::{config::Config, intake::Intake, reading::Reading};

/// How long a request waits for its turn: as long as people wait for a page. A large report or a command can take longer than that.
const TURN_TIME_MAX: Duration = Duration::from_secs(10);

/// How long one that was begun is waited for: nothing that people ask takes so long.
const WORK_TIME_MAX: Duration = Duration::from_secs(60);

/// Requests that wait at once; what comes beyond is told to come again.
const WAITING_MAX: usize = 64;

/// When to ask again, in seconds.
pub const AGAIN_SECONDS: u32 = 5;

/// What a request works with: the one writer and what stands around it.
pub struct AtWork<'a> {
    /// The store, with the table of findings in memory.
    pub intake: &'a mut Intake,
    /// Reads what is committed.
    pub reader: &'a Reader,
    /// What reached a door and waits.
    pub spool: &'a SpoolDesk,
    /// How reports are read.
    pub reading: &'a Reading,
    /// The configuration.
    pub config: &'a Config,
    /// The texts in force.
    pub templates: &'a Templates,
    /// The clock.
    pub clock: Clock,
}

type Work = Box<dyn FnOnce(&mut AtWork<'_>) + Send>;

/// How far a request is.
#[derive(Clone, Debug, Default)]
struct Turn(Arc<AtomicU8>);

const WAITS: u8 = 0;
const BEGUN: u8 = 1;
const TAKEN_BACK: u8 = 2;

impl Turn {
    /// It is begun, unless it was taken back.
    fn begin(&self) -> bool {
        self.0.compare_exchange(WAITS, BEGUN, SeqCst, SeqCst).is_ok()
    }

    /// It is taken back, unless it was begun.
    fn take_back(&self) -> bool {
        self.0.compare_exchange(WAITS, TAKEN_BACK, SeqCst, SeqCst).is_ok()
    }
}

/// Why a request was not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotDone {
    /// The writer is busy for longer than anybody waits: nothing was done.
    #[error("the service is busy: nothing was done, ask again in {AGAIN_SECONDS} seconds")]
    Busy,
    /// It was begun, and nobody knows how it ended.
    #[error("it was begun and takes long: look whether it was done before you ask again")]
    Unknown,
}

/// The end of those who ask. Clones ask the same service.
#[derive(Clone)]
pub struct Asking {
    sender: Sender<(Turn, Work)>,
}

/// The end of the service.
pub struct Requests {
    receiver: Receiver<(Turn, Work)>,
}

/// Both ends.
pub fn channel() -> (Asking, Requests) {
    let (sender, receiver) = bounded(WAITING_MAX);
    (Asking { sender }, Requests { receiver })
}

impl Asking {
    /// Has work carried out by the one writer, and waits for what it gives. This blocks: not for a thread that answers others.
    pub fn carry_out<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut AtWork<'_>) -> T + Send + 'static,
    ) -> Result<T, NotDone> {
        self.carry_out_within(TURN_TIME_MAX, work)
    }

    fn carry_out_within<T: Send + 'static>(
        &self,
        turn_time_max: Duration,
        work: impl FnOnce(&mut AtWork<'_>) -> T + Send + 'static,
    ) -> Result<T, NotDone> {
        let turn = Turn::default();
        let (done, result) = bounded(1);
        let work: Work = Box::new(move |at_work| {
            // Whoever asked may have gone.
            let _ = done.send(work(at_work));
        });
        match self.sender.try_send((turn.clone(), work)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => return Err(NotDone::Busy),
        }
        match result.recv_timeout(turn_time_max) {
            Ok(result) => Ok(result),
            Err(_) if turn.take_back() => Err(NotDone::Busy),
            Err(_) => result.recv_timeout(WORK_TIME_MAX).map_err(|_| NotDone::Unknown),
        }
    }
}

impl Requests {
    /// Waits for a request, this long at most. It is not begun by that.
    pub fn wait(&self, most: Duration) {
        let mut select = crossbeam_channel::Select::new();
        select.recv(&self.receiver);
        // With nobody left who could ask this would be ready for ever.
        if select.ready_timeout(most).is_ok() && self.receiver.is_empty() {
            std::thread::sleep(most);
        }
    }

    /// Carries out what waits. Gives how many there were.
    pub fn carry_out(&self, at_work: &mut AtWork<'_>) -> usize {
        let mut done = 0;
        // No more than fit in at once: those who ask without end do not keep reports from coming in.
        for (turn, work) in self.receiver.try_iter().take(WAITING_MAX) {
            if turn.begin() {
                work(at_work);
                done += 1;
            }
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use schakel_model::arrival::Receipt;
    use schakel_store::data_dir::DataDir;

    use super::*;

    /// Works with a store of nothing.
    fn with_store(act: impl FnOnce(&mut AtWork<'_>)) {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let mut intake = Intake::open(&data, Clock::system()).unwrap();
        let reader = intake.store().reader().unwrap();
        drop(schakel_store::spool::Spool::open(&data, Receipt(0)).unwrap());
        act(&mut AtWork {
            intake: &mut intake,
            reader: &reader,
            spool: &SpoolDesk::open(&data).unwrap(),
            reading: &Reading::default(),
            config: &Config::default(),
            templates: &Templates::new(&[]).unwrap(),
            clock: Clock::system(),
        });
    }

    #[test]
    fn a_request_is_carried_out_in_its_turn_and_wakes_the_service() {
        let (asking, requests) = channel();
        let asks = thread::spawn(move || {
            asking.carry_out(|at_work| at_work.intake.store().add_user(1, "x", "jan", "Jan").unwrap())
        });
        requests.wait(Duration::from_secs(60));
        with_store(|at_work| assert_eq!(requests.carry_out(at_work), 1));
        assert_eq!(asks.join().unwrap().unwrap().0, 1);
    }

    #[test]
    fn one_that_waited_too_long_is_never_carried_out() {
        let (asking, requests) = channel();
        let asked = asking.carry_out_within(Duration::from_millis(1), |_| panic!("it was taken back"));
        assert_eq!(asked, Err::<(), _>(NotDone::Busy));
        with_store(|at_work| assert_eq!(requests.carry_out(at_work), 0));
    }

    #[test]
    fn one_that_was_begun_is_waited_for() {
        let (asking, requests) = channel();
        with_store(|at_work| {
            let asks = thread::spawn(move || {
                asking.carry_out_within(Duration::from_millis(500), |_| {
                    thread::sleep(Duration::from_millis(700));
                    7
                })
            });
            requests.wait(Duration::from_secs(60));
            requests.carry_out(at_work);
            assert_eq!(asks.join().unwrap(), Ok(7));
        });
    }

    #[test]
    fn a_flood_is_told_to_come_again() {
        let (asking, requests) = channel();
        let none = Duration::ZERO;
        for _ in 0..WAITING_MAX {
            assert_eq!(asking.carry_out_within(none, |_| ()), Err(NotDone::Busy));
        }
        assert!(requests.receiver.is_full());
        assert_eq!(asking.carry_out(|_| ()), Err(NotDone::Busy), "at once");
        drop(requests);
        assert_eq!(asking.carry_out(|_| ()), Err(NotDone::Busy));
    }
}
