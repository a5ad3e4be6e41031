//! Memory for weights and KV caches: in large pages, and given back to the system when a model is closed.
//!
//! A step of decoding reads all weights and the whole cache once. With pages of 4 KiB the processor's prefetching stops at
//! the end of each page, and their addresses don't fit into its buffer for translations (TLB). So the system is asked for
//! pages of 2 MiB (Linux's transparent huge pages), and matrices are placed next to each other in large chunks.

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    ops::{Deref, DerefMut},
    ptr::NonNull,
    sync::Arc,
};

/// The size of a large page, in bytes.
const PAGE: usize = 2 << 20;
/// The least size of a chunk, in bytes. What isn't used of it takes address space, but no memory.
const CHUNK: usize = 32 << 20;
/// Arrays begin at multiples of this many bytes, the size of a cache line.
const LINE: usize = 64;

/// A piece of memory for several arrays, freed with the last of them.
#[derive(Debug)]
struct Chunk {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: a chunk only owns its memory; arrays in it have ranges of their own.
unsafe impl Send for Chunk {}
// SAFETY: as above.
unsafe impl Sync for Chunk {}

impl Chunk {
    fn new(size: usize) -> Self {
        let layout = Layout::from_size_align(size, if size < PAGE { LINE } else { PAGE });
        let layout = layout.unwrap_or_else(|_| panic!("{size} bytes exceed the address space"));
        // SAFETY: the size isn't 0.
        let Some(start) = NonNull::new(unsafe { alloc(layout) }) else {
            handle_alloc_error(layout)
        };
        #[cfg(target_os = "linux")]
        if size >= PAGE {
            // SAFETY: the range was just allocated, and the advice changes no contents. Where the system has no large
            // pages, it fails and nothing changes.
            let _ = unsafe {
                rustix::mm::madvise(start.as_ptr().cast(), size, rustix::mm::Advice::LinuxHugepage)
            };
        }
        Self { start, layout }
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout, and no array is left.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

/// The memory of one model's matrices: each is placed behind the one before.
#[derive(Default)]
pub struct Heap {
    /// The chunk that the next array is placed in if it has room, and how many of its bytes are used.
    current: Option<(Arc<Chunk>, usize)>,
}

impl Heap {
    /// An array with the same value everywhere, next to the one before.
    pub(super) fn array<T: Copy>(&mut self, value: T, len: usize) -> Packed<T> {
        let size = Packed::<T>::size(len);
        let room = self.current.take().filter(|(chunk, used)| used + size <= chunk.layout.size());
        let (chunk, at) = room.unwrap_or_else(|| (Arc::new(Chunk::new(size.max(CHUNK))), 0));
        self.current = Some((chunk.clone(), at + size));
        Packed::fill(chunk, at, value, len)
    }
}

/// An array of fixed length in a chunk.
#[derive(Debug)]
pub struct Packed<T> {
    start: NonNull<T>,
    len: usize,
    _chunk: Arc<Chunk>,
}

// SAFETY: it owns its range of the chunk as a `Box<[T]>` does.
unsafe impl<T: Send> Send for Packed<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Packed<T> {}

impl<T: Copy> Packed<T> {
    /// An array with the same value everywhere in memory of its own.
    pub fn alone(value: T, len: usize) -> Self {
        Self::fill(Arc::new(Chunk::new(Self::size(len))), 0, value, len)
    }

    /// A copy in memory of its own.
    pub fn copy(&self) -> Self {
        let chunk = Arc::new(Chunk::new(Self::size(self.len)));
        let start = chunk.start.cast::<T>();
        // SAFETY: both have room for `len` values, and the chunk is new.
        unsafe { start.copy_from_nonoverlapping(self.start, self.len) };
        Self { start, len: self.len, _chunk: chunk }
    }

    /// The bytes of an array.
    fn size(len: usize) -> usize {
        let size =
            len.checked_mul(size_of::<T>()).and_then(|size| size.checked_next_multiple_of(LINE));
        size.unwrap_or_else(|| panic!("{len} numbers exceed the address space")).max(LINE)
    }

    /// An array at byte `at` of a chunk, where no other array is.
    fn fill(chunk: Arc<Chunk>, at: usize, value: T, len: usize) -> Self {
        const { assert!(align_of::<T>() <= LINE) };
        assert!(at.is_multiple_of(LINE) && at + Self::size(len) <= chunk.layout.size());
        // SAFETY: the range is inside the chunk and belongs to no other array; it is aligned, since chunks and ranges
        // begin at multiples of `LINE`.
        let start = unsafe {
            let start = chunk.start.add(at).cast::<T>();
            (0..len).for_each(|i| start.add(i).write(value));
            start
        };
        Self { start, len, _chunk: chunk }
    }
}

impl<T> Deref for Packed<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `len` values were written there, and the array owns them.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T> DerefMut for Packed<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`; the array is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

/// Let the allocator keep freed buffers of up to some megabytes for the next step. By default glibc gives pieces of more
/// than 128 KiB back at once, and the logits of a step have more: then each step waits for the system to clear their pages.
/// Does nothing on other systems.
pub fn keep_buffers() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes no pointer, and may be called from any thread at any time (mallopt(3): MT-Safe init).
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 4 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 16 << 20);
    }
}

/// Return freed memory to the system. glibc keeps small freed pieces, so that neither other programs nor the check whether
/// the next model fits would see them as free. Does nothing on other systems.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes no pointer, and may be called from any thread at any time (malloc_trim(3): MT-Safe).
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_share_chunks_but_no_bytes() {
        let mut heap = Heap::default();
        let mut arrays: Vec<Packed<u32>> =
            (0..40).map(|i| heap.array(i, 1 + 300_000 * (i as usize % 7))).collect();
        for (i, array) in arrays.iter_mut().enumerate() {
            assert!(array.as_ptr().addr().is_multiple_of(LINE));
            array[0] += 100;
            assert!(array[1..].iter().all(|x| *x == i as u32));
        }
        arrays.retain(|array| array.len() > 1);
        arrays.push(heap.array(7, CHUNK));
        drop(heap);
        arrays.push(Packed::alone(8, 5000));
        arrays.extend([arrays[3].copy(), Packed::alone(9, 1).copy()]);
        let mut ranges: Vec<_> = arrays.iter().map(|array| array.as_ptr_range()).collect();
        ranges.sort_by_key(|range| range.start);
        assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
        for array in &arrays {
            assert!(array.iter().skip(1).all(|x| *x == array[1]));
        }
    }
}
