//! Returns freed memory to the system immediately, so that the next model can use the memory of a closed one.

/// Return freed memory to the system. glibc keeps freed pieces below 32 MB, which are most of a model, so that neither
/// other programs nor the check whether the next model fits would see them as free. Does nothing on other systems.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes no pointer, and may be called from any thread at any time (malloc_trim(3): MT-Safe).
    unsafe {
        libc::malloc_trim(0);
    }
}
