//! Where the text on the page came from: the revision that wrote each part of it, and what the history has of the offers
//! that the machine's parts are from.

use super::{
    Author, Kind, Revision, Session, Source,
    matching::{Change, difference},
    tree::Node,
};
use std::ops::Range;

/// Text of the machine on the page, from one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineSpan {
    /// Its place on the page, in characters.
    pub range: Range<usize>,
    /// The revision that wrote it.
    pub revision: Revision,
    /// What that revision was.
    pub kind: Kind,
    /// The offer that it is from, if the history says so.
    pub source: Option<Source>,
}

/// A part of an offer as the history has it: an offer that was made longer has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered<'a> {
    /// Its revision.
    pub revision: Revision,
    /// Its text.
    pub text: &'a str,
    /// How the model made it, as JSON; `None` in histories of older versions.
    pub receipt: Option<&'a str>,
}

/// Consecutive characters from one revision.
type Part = (usize, Revision);

impl Session {
    /// The parts of the page by the revision that wrote them, in order; 0 is the text that the history began with. They
    /// cover the page. What another program left as it was keeps its revision.
    pub fn origins(&self) -> Vec<(Range<usize>, Revision)> {
        let mut path = Vec::new();
        let mut at = self.tree.current();
        while at != 0 {
            let Some(node) = self.tree.node(at) else { break };
            path.push((at, node));
            at = node.parent;
        }
        let grown = path.iter().map(|(_, node)| node.inserted.len()).sum::<usize>();
        let gone = path.iter().map(|(_, node)| node.removed.len()).sum::<usize>();
        let mut parts = vec![((self.text().len_chars() + gone).saturating_sub(grown), 0)];
        for (revision, node) in path.into_iter().rev() {
            let range = node.at..node.at + node.removed.len();
            let old = cut(&parts, range.clone());
            let new = match node.kind {
                Kind::Outside => matched(node, &old, revision),
                _ => vec![(node.inserted.len(), revision)],
            };
            let mut all = cut(&parts, 0..range.start);
            all.extend(new);
            all.extend(cut(&parts, range.end..usize::MAX));
            parts = joined(all);
        }
        let mut at = 0;
        let ranges = parts.into_iter().map(|(len, revision)| {
            at += len;
            (at - len..at, revision)
        });
        ranges.collect()
    }

    /// The text of the machine on the page, in order.
    pub fn machine_spans(&self) -> Vec<MachineSpan> {
        let mut spans: Vec<MachineSpan> = Vec::new();
        for (part, revision) in self.origins() {
            let machine = self.authors(part).filter(|(_, author)| *author == Author::Machine);
            spans.extend(machine.map(|(range, _)| {
                let node = self.tree.node(revision);
                let (kind, source) =
                    node.map_or((Kind::Root, None), |node| (node.kind, node.source));
                MachineSpan { range, revision, kind, source }
            }));
        }
        spans
    }

    /// What kind a revision is of, the text that it wrote, and whether all of that is the machine's; `None` when there is
    /// none of that number.
    pub fn written(&self, revision: Revision) -> Option<(Kind, &str, bool)> {
        let node = self.tree.node(revision)?;
        let is_machine = node.inserted.runs.iter().all(|run| run.author == Author::Machine);
        Some((node.kind, &node.inserted.text, is_machine))
    }

    /// The text of an offer as the history has it, in order; empty when it has none.
    pub fn offered(&self, source: Source) -> Vec<Offered<'_>> {
        let nodes = (1..self.tree.len()).filter_map(|one| Some((one, self.tree.node(one)?)));
        let of =
            nodes.filter(|(_, node)| node.kind == Kind::Offered && node.source == Some(source));
        let offered = of.map(|(revision, node)| Offered {
            revision,
            text: &node.inserted.text,
            receipt: node.receipt.as_deref(),
        });
        offered.collect()
    }

    /// Every offer of a request, by its number in the list, with the revision that took something of it first, if one
    /// did.
    pub fn offers_of(&self, request: usize) -> Vec<(Source, Option<Revision>)> {
        let mut all: Vec<(Source, Option<Revision>)> = Vec::new();
        for one in 1..self.tree.len() {
            let Some(node) = self.tree.node(one) else { continue };
            let Some(source) = node.source.filter(|source| source.request == request) else {
                continue;
            };
            let at = all.iter().position(|(other, _)| *other == source).unwrap_or_else(|| {
                all.push((source, None));
                all.len() - 1
            });
            if node.kind == Kind::Taken {
                all[at].1.get_or_insert(one);
            }
        }
        all.sort_by_key(|(source, _)| source.number);
        all
    }

    /// The number of requests in the history.
    pub fn requests(&self) -> usize {
        self.tree.requests.len()
    }

    /// The first revision that has a receipt; before it, an older version may have recorded what it did.
    pub fn first_receipt(&self) -> Option<Revision> {
        (1..self.tree.len())
            .find(|one| self.tree.node(*one).is_some_and(|node| node.receipt.is_some()))
    }
}

/// The parts of a range of characters.
fn cut(parts: &[Part], range: Range<usize>) -> Vec<Part> {
    let mut at = 0;
    let mut cut = Vec::new();
    for &(len, revision) in parts {
        let (from, to) = (at.max(range.start), (at + len).min(range.end));
        if from < to {
            cut.push((to - from, revision));
        }
        at += len;
    }
    cut
}

/// Parts without empty ones, and with neighbours of one revision joined.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut all: Vec<Part> = Vec::new();
    for (len, revision) in parts.into_iter().filter(|(len, _)| *len > 0) {
        match all.last_mut() {
            Some(last) if last.1 == revision => last.0 += len,
            _ => all.push((len, revision)),
        }
    }
    all
}

/// What another program wrote in the place of these parts: text that it left as it was keeps its revision.
fn matched(node: &Node, old: &[Part], revision: Revision) -> Vec<Part> {
    let mut new = Vec::new();
    let mut at = 0;
    for change in difference(&node.removed.text, &node.inserted.text) {
        match change {
            Change::Same(text) => {
                let len = text.chars().count();
                new.extend(cut(old, at..at + len));
                at += len;
            }
            Change::Removed(text) => at += text.chars().count(),
            Change::Added(text) => new.push((text.chars().count(), revision)),
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_the_page_has_the_revision_that_wrote_it() {
        let mut session = Session::from_text("The lamps.");
        let request = session.ask(10, serde_json::json!({}));
        let offer = session.offer_with(request, 1, " All out. Then rain.", Some("{}".into()));
        let source = Source { request, number: 1 };
        session.take_from(source, 10, " All out.");
        let taken = session.revision();
        session.move_to(14, false);
        session.type_text(", all");
        let typed = session.revision();
        assert_eq!(session.text(), "The lamps. All, all out.");
        let expected = [(0..10, 0), (10..14, taken), (14..19, typed), (19..24, taken)];
        assert_eq!(session.origins(), expected);
        let spans = session.machine_spans();
        assert_eq!(
            spans.iter().map(|span| span.range.clone()).collect::<Vec<_>>(),
            [10..14, 19..24]
        );
        assert!(spans.iter().all(|span| span.source == Some(source) && span.kind == Kind::Taken));
        let offered = session.offered(source);
        assert_eq!(
            (offered.len(), offered[0].text, offered[0].receipt),
            (1, " All out. Then rain.", Some("{}"))
        );
        assert_eq!(session.offers_of(request), [(source, Some(taken))]);
        assert_eq!(session.first_receipt(), offer);
    }

    #[test]
    fn what_another_program_left_keeps_its_revision() {
        let mut session = Session::from_text("One.\n");
        session.take(5, "The lamp went out over the bay. ");
        let taken = session.revision();
        let draft = session.draft.clone();
        let text = "One.\nThe lamp went off over the bay. ";
        let outside = session.add_outside(taken, &draft, text).unwrap();
        assert!(session.go(outside));
        assert_eq!(session.text(), text);
        let machine: String = session
            .machine_spans()
            .iter()
            .filter(|span| span.revision == taken)
            .map(|span| session.text().slice(span.range.clone()).to_string())
            .collect();
        assert_eq!(machine, "The lamp went  over the bay. ");
    }
}
