//! Memory that was freed goes back to the system at once: after a model has gone, for the next one.

/// Hand freed memory back. glibc keeps what was freed in pieces below 32 MB, which is most of a model, and so another
/// program, or the check whether the next model fits, would not see it. Elsewhere nothing needs doing.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes no pointer, and may be called from any thread at any time (malloc_trim(3): MT-Safe).
    unsafe {
        libc::malloc_trim(0);
    }
}
