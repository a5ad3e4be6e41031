//! The threads that compute together. One thread leads: it publishes a task, all threads take parts of it, and the
//! leader waits until the threads that took one have finished. A pass of a network has hundreds of such tasks, each of
//! a few microseconds, so a thread without work looks for the next task for a while before it sleeps: waking it takes
//! longer than most tasks. It never yields its processor meanwhile, because a busy program would keep it for
//! milliseconds.

use std::{
    cell::UnsafeCell,
    hint::spin_loop,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Condvar, Mutex, OnceLock, PoisonError, TryLockError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

/// How long a thread without work looks for the next task before it sleeps.
const PATIENCE: Duration = Duration::from_micros(60);
/// How long the leader looks for the end of the others' parts before it lets another thread have its processor.
const WAIT: Duration = Duration::from_micros(50);

/// A task: each thread calls it once, and it returns when no part is left.
type Task<'a> = dyn Fn() + Sync + 'a;

/// The bit of the gate that lets threads join the task.
const OPEN: u64 = 1 << 8;
/// Adding this to the gate counts one more task. Below are the open bit, and the number of threads that joined.
const NEXT: u64 = 1 << 9;

/// The gate, alone in its cache lines, since all threads look at it.
#[repr(align(128))]
struct Gate(AtomicU64);

struct Team {
    gate: Gate,
    /// Valid while the gate is open or a thread has joined.
    task: UnsafeCell<Option<&'static Task<'static>>>,
    leader: Mutex<()>,
    asleep: AtomicUsize,
    bed: Mutex<()>,
    wake: Condvar,
    failed: AtomicBool,
    size: OnceLock<usize>,
}

// SAFETY: `task` is written only by the leader while the gate is closed and no thread has joined, and read only by
// threads that have joined.
unsafe impl Sync for Team {}

impl Team {
    const fn new() -> Self {
        Self {
            gate: Gate(AtomicU64::new(0)),
            task: UnsafeCell::new(None),
            leader: Mutex::new(()),
            asleep: AtomicUsize::new(0),
            bed: Mutex::new(()),
            wake: Condvar::new(),
            failed: AtomicBool::new(false),
            size: OnceLock::new(),
        }
    }

    /// How many threads there are beside the leader; they are started first. `None` while another thread starts them.
    fn size(&'static self) -> Option<usize> {
        if let Some(size) = self.size.get() {
            return Some(*size);
        }
        let _lead = self.leader.try_lock().ok()?;
        let start = |i| {
            let thread = std::thread::Builder::new().name(format!("kernel-{i}"));
            thread.spawn(|| self.serve()).is_ok()
        };
        // Linux gives a thread the priority of the one that starts it: here one of rayon's, which has it already.
        Some(*self.size.get_or_init(|| {
            super::on_threads(|| {
                let others = rayon::current_num_threads().saturating_sub(1);
                (0..others.min(OPEN as usize - 1)).filter(|i| start(*i)).count()
            })
        }))
    }

    /// What each thread but the leader does forever.
    fn serve(&self) {
        let mut last = 0;
        loop {
            let gate = self.gate.0.load(SeqCst);
            if !is_new(gate, last) {
                self.rest(last);
            } else if self.gate.0.compare_exchange(gate, gate + 1, SeqCst, SeqCst).is_ok() {
                last = gate / NEXT;
                // SAFETY: this thread has joined, so the leader keeps the task until it leaves.
                let task = unsafe { *self.task.get() };
                if task.is_some_and(|task| catch_unwind(AssertUnwindSafe(task)).is_err()) {
                    self.failed.store(true, SeqCst);
                }
                self.gate.0.fetch_sub(1, SeqCst);
            }
        }
    }

    /// Wait for a task after number `last`: look for a while, then sleep.
    fn rest(&self, last: u64) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            for _ in 0..32 {
                if is_new(self.gate.0.load(SeqCst), last) {
                    return;
                }
                spin_loop();
            }
        }
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        self.asleep.fetch_add(1, SeqCst);
        // The leader opens the gate before it looks for sleepers, and needs the lock to wake them, so none sleeps on.
        while !is_new(self.gate.0.load(SeqCst), last) {
            bed = self.wake.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.fetch_sub(1, SeqCst);
    }

    /// Run a task on all threads. Returns false, and does nothing, if the team is busy.
    fn run(&self, task: &Task) -> bool {
        let _lead = match self.leader.try_lock() {
            Ok(lead) => lead,
            Err(TryLockError::Poisoned(failed)) => failed.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        // SAFETY: the gate is closed and no thread has joined, as the end of `Finish` saw to. The reference is used only
        // until the end of `Finish`, which runs before this function returns or unwinds.
        unsafe {
            *self.task.get() = Some(std::mem::transmute::<&Task, &'static Task<'static>>(task));
        }
        self.gate.0.fetch_add(NEXT + OPEN, SeqCst);
        let finish = Finish(self);
        if self.asleep.load(SeqCst) > 0 {
            drop(self.bed.lock().unwrap_or_else(PoisonError::into_inner));
            self.wake.notify_all();
        }
        task();
        drop(finish);
        assert!(!self.failed.swap(false, SeqCst), "a compute thread failed");
        true
    }
}

/// Whether the gate is open to a task after number `last`.
fn is_new(gate: u64, last: u64) -> bool {
    gate & OPEN != 0 && gate / NEXT != last
}

/// Closes the gate and waits for the threads that joined, also when the leader panics.
struct Finish<'a>(&'a Team);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        let gate = &self.0.gate.0;
        gate.fetch_and(!OPEN, SeqCst);
        let mut begun = None;
        let mut looks = 0u32;
        while gate.load(SeqCst) & (OPEN - 1) != 0 {
            spin_loop();
            looks += 1;
            if looks.is_multiple_of(32) && begun.get_or_insert_with(Instant::now).elapsed() > WAIT {
                // A thread that was interrupted may continue on this processor.
                std::thread::yield_now();
            }
        }
    }
}

/// The team of this process. It is like rayon's own global pool: threads are a process's, and all callers share them.
static TEAM: Team = Team::new();

/// Run a task on all compute threads. Returns false, and does nothing, if another thread leads or starts them, or there
/// is only one.
pub(super) fn run(task: &Task) -> bool {
    TEAM.size().is_some_and(|size| size > 0) && TEAM.run(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once_also_by_several_leaders_and_after_a_pause() {
        std::thread::scope(|scope| {
            for leader in 0..3 {
                scope.spawn(move || {
                    for round in 0..2000 {
                        let n = (round * 7 + leader) % 40;
                        let done: Vec<AtomicUsize> = (0..n).map(|_| AtomicUsize::new(0)).collect();
                        super::super::parallel(n, |i| {
                            done[i].fetch_add(1, SeqCst);
                        });
                        assert!(done.iter().all(|count| count.load(SeqCst) == 1));
                        if round % 500 == 0 {
                            std::thread::sleep(2 * PATIENCE);
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn a_failure_in_any_part_reaches_the_caller_and_later_tasks_run() {
        for bad in [0, 63] {
            let failed = catch_unwind(|| super::super::parallel(64, |i| assert_ne!(i, bad)));
            assert!(failed.is_err());
            let sum = AtomicUsize::new(0);
            super::super::parallel(64, |i| {
                sum.fetch_add(i, SeqCst);
            });
            assert_eq!(sum.load(SeqCst), 63 * 32);
        }
    }
}
