//! The draft: text, authorship, history, its file. No terminal, no tensors.
