//! What is saved of a show. The history gets every request and every take. The draft gets each prompt, the take that
//! was shown last, and the writer's own continuations.

use super::{
    Live,
    item::{Origin, Section},
};
use crate::session::{Session, Source, WRITER};
use serde_json::{Value, json};

impl Live {
    /// Writes the current prompt to the draft, if it isn't there. Returns the position for generated text, in
    /// characters.
    fn begin_section(&mut self, session: &mut Session) -> usize {
        let item = self.prompts.current_mut();
        if let Some(section) = item.section {
            return section.at;
        }
        session.seal();
        session.move_to(session.text().len_chars(), false);
        if item.origin != Origin::Draft {
            let end = session.text().len_chars();
            let last: String = session.text().slice(end.saturating_sub(2)..end).to_string();
            let gap = match &*last {
                "" => "",
                "\n\n" => "",
                _ if last.ends_with('\n') => "\n",
                _ => "\n\n",
            };
            session.paste(&format!("{gap}## {}\n\n", item.prompt.name));
            if item.origin == Origin::Guest {
                session.type_text(&item.prompt.text);
                session.seal();
            } else {
                session.paste(&item.prompt.text);
            }
        }
        let at = session.text().len_chars();
        item.section = Some(Section { at, ..Section::default() });
        at
    }

    /// Records a request for takes of the current prompt in the history.
    pub(super) fn note_asked(&mut self, takes: &[usize], session: &mut Session) {
        let at = self.begin_section(session);
        let item = self.item();
        // All that is needed to repeat the request.
        let seeds: Vec<u64> = takes.iter().map(|take| item.takes[*take].seed).collect();
        let first = takes.first().map(|take| &item.takes[*take]);
        let opening = first.map_or("", |take| take.said_text()).to_owned();
        let made = first.and_then(|take| take.passes.last()).map(|(_, pass)| &*pass.made);
        let mut details = made.map_or(Value::Null, |made| json!(made));
        (details["seeds"], details["opening"]) = (seeds.into(), opening.into());
        let request = session.ask(at, details);
        for (number, take) in takes.iter().enumerate() {
            self.prompts.current_mut().takes[*take].source =
                Some(Source { request, number: number + 1 });
        }
    }

    /// Saves takes that have ended as branches. Called after every event.
    pub(super) fn note_takes(&mut self, session: &mut Session) {
        for take in self.prompts.takes_mut() {
            let length = take.said_text().len();
            if let Some(Source { request, number }) = take.source
                && !take.is_live()
                && take.said.len() > take.shared
                && take.kept.text != length
            {
                let details = session.request(request).map(|request| request.details.clone());
                let receipt = details.and_then(|details| take.receipt(&details));
                session.offer_with(request, number, take.said_text(), receipt);
                take.kept.text = length;
            }
        }
    }

    /// Writes what was shown of the current take to the draft. Called when the prompt is left.
    pub(super) fn note_shown(&mut self, session: &mut Session) {
        let item = self.item();
        let Some((take, section)) = item.take().zip(item.section) else { return };
        let (text, source) = (take.shown_text().to_owned(), take.source);
        let range = section.at..section.at + section.taken;
        let end = session.text().len_chars();
        if range.end > end || session.text().slice(range.clone()) == text.as_str() {
            return;
        }
        session.seal();
        // The whole take stays a branch; only what was shown is inserted.
        let done = session.take_instead(range, &text, source);
        if done {
            // The length may differ: the draft drops control characters.
            let by = session.text().len_chars() as isize - end as isize;
            let taken = section.taken.saturating_add_signed(by);
            self.shift(section.at, by);
            if let Some(section) = &mut self.prompts.current_mut().section {
                section.taken = taken;
            }
        }
    }

    /// Writes the writer's own continuation to the draft, after the generated one.
    pub(super) fn note_written(&mut self, text: &str, session: &mut Session) {
        self.begin_section(session);
        self.note_shown(session);
        let Some(section) = self.item().section else { return };
        let at = section.at + section.taken + section.written;
        let before = session.text().len_chars();
        session.seal();
        session.move_to(at, false);
        if session.type_text(&format!("\n\n{WRITER}{text}")) {
            session.seal();
            let by = session.text().len_chars() - before;
            self.shift(section.at, by as isize);
            if let Some(section) = &mut self.prompts.current_mut().section {
                section.written += by;
            }
        }
    }

    /// Moves the sections after a position by a number of characters.
    fn shift(&mut self, behind: usize, by: isize) {
        let sections = self.prompts.iter_mut().filter_map(|item| item.section.as_mut());
        for section in sections.filter(|section| section.at > behind) {
            section.at = section.at.saturating_add_signed(by);
        }
    }
}
