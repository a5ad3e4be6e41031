//! Where the characters of a prompt are in the draft. A prompt leaves out what the model doesn't see.

/// Where a prompt starts in the draft, and what was left out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    first: usize,
    /// Places of the prompt, and how many characters of the draft are left out before each.
    gaps: Vec<(usize, usize)>,
}

impl Origin {
    /// Of a prompt that starts at a place of the draft.
    pub fn new(first: usize) -> Self {
        Self { first, gaps: Vec::new() }
    }

    /// So many characters are left out before a place of the prompt, behind all earlier gaps.
    pub fn leave_out(&mut self, at: usize, count: usize) {
        self.gaps.push((at, count));
    }

    /// The place of the draft where the prompt starts.
    pub fn first(&self) -> usize {
        self.first
    }

    /// The place of the draft that a place of the prompt is.
    pub fn place(&self, at: usize) -> usize {
        let before = self.gaps.iter().take_while(|(place, _)| *place <= at);
        self.first + at + before.map(|(_, count)| count).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_with_what_is_left_out() {
        let mut origin = Origin::new(10);
        origin.leave_out(0, 5);
        origin.leave_out(3, 2);
        assert_eq!([0, 2, 3, 9].map(|at| origin.place(at)), [15, 17, 20, 26]);
        assert_eq!(Origin::new(4).place(3), 7);
    }
}
