//! Selecting a part of an offer with the mouse: exactly the dragged text, at every width.

use crate::support::desk::{Desk, settings};
use crossterm::event::{Event as Terminal, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use unstuck::tui::Event;

/// Where a text stands on the screen: its first and its last cell.
fn find(desk: &mut Desk, text: &str) -> ((u16, u16), (u16, u16)) {
    let shown = desk.shown();
    let (row, line) = shown.lines().enumerate().find(|(_, line)| line.contains(text)).expect(text);
    let column = line[..line.find(text).expect(text)].chars().count() as u16;
    ((column, row as u16), (column + text.chars().count() as u16 - 1, row as u16))
}

fn mouse(desk: &mut Desk, kind: MouseEventKind, (column, row): (u16, u16)) {
    let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    desk.app.handle(Event::Terminal(Terminal::Mouse(event)));
    desk.draw();
}

fn drag(desk: &mut Desk, from: (u16, u16), to: (u16, u16)) {
    mouse(desk, MouseEventKind::Down(MouseButton::Left), from);
    mouse(desk, MouseEventKind::Drag(MouseButton::Left), to);
    mouse(desk, MouseEventKind::Up(MouseButton::Left), to);
}

fn offered(width: u16, height: u16) -> Desk {
    let mut desk = Desk::with("boat.", &settings());
    desk.size(width, height);
    desk.steps(&[
        "<ctrl-space>",
        "=2: The lamps were out.",
        "=2:.",
        "=1: Rain fell, and nobody came.",
        "=1:.",
    ]);
    desk.steps(&["=0: So.", "=0:."]);
    desk
}

#[test]
fn what_is_dragged_over_is_taken_and_no_more() {
    for (width, height) in [(120, 30), (80, 24)] {
        let mut desk = offered(width, height);
        let (from, to) = find(&mut desk, "nobody came");
        drag(&mut desk, from, to);
        assert_eq!(desk.text(), "boat. nobody came|");
        // Backwards, and marks need no space before them.
        let (from, to) = find(&mut desk, ", and");
        drag(&mut desk, to, from);
        assert_eq!(desk.text(), "boat. nobody came, and|");
        desk.steps(&["<ctrl-z>", "<ctrl-z>"]);
        assert_eq!(desk.text(), "boat.|");
    }
}

#[test]
fn a_click_chooses_and_takes_nothing() {
    for (width, height) in [(120, 30), (80, 24)] {
        let mut desk = offered(width, height);
        let (at, _) = find(&mut desk, "Rain fell");
        drag(&mut desk, at, at);
        assert_eq!(desk.text(), "boat.|");
        desk.press("alt-enter");
        assert_eq!(desk.text(), "boat. Rain fell, and nobody came.|");
    }
}

#[test]
fn a_drag_that_leaves_its_offer_keeps_to_it() {
    let mut desk = offered(120, 30);
    let (from, _) = find(&mut desk, "nobody came");
    let (elsewhere, _) = find(&mut desk, "So.");
    mouse(&mut desk, MouseEventKind::Down(MouseButton::Left), from);
    mouse(&mut desk, MouseEventKind::Drag(MouseButton::Left), (from.0 + 5, from.1));
    mouse(&mut desk, MouseEventKind::Drag(MouseButton::Left), elsewhere);
    mouse(&mut desk, MouseEventKind::Up(MouseButton::Left), (0, 0));
    assert_eq!(desk.text(), "boat. nobody|");
    // On the page itself dragging selects.
    let mut desk = Desk::on("boat.");
    drag(&mut desk, (4, 2), (8, 2));
    assert_eq!(desk.text(), "[boat|.");
}

#[test]
fn a_span_of_an_offer_in_mid_word() {
    for (width, height) in [(120, 30), (80, 24)] {
        let mut desk = Desk::on("She was wait");
        desk.size(width, height);
        desk.steps(&["<ctrl-space>", "=ing for rain.", "=.", "<home>"]);
        let (from, to) = find(&mut desk, "for rain");
        drag(&mut desk, from, to);
        assert_eq!(desk.text(), "for rain |She was wait");
    }
}
#[test]
fn a_drag_takes_whole_words_also_of_the_ghost() {
    let mut desk = Desk::on("boat.");
    desk.size(120, 30);
    desk.steps(&["<ctrl-space>", "= Rain fell on the harbour.", "=."]);
    // The ghost is found first: it is further left than the list.
    let row = desk.shown().lines().position(|line| line.contains("boat. Rain fell")).unwrap();
    let line = desk.shown().lines().nth(row).unwrap().to_owned();
    let from = line[..line.find("ain fell").unwrap()].chars().count() as u16;
    drag(&mut desk, (from, row as u16), (from + 5, row as u16));
    assert_eq!(desk.text(), "boat. Rain fell|");
    // A press on it takes nothing and leaves the cursor.
    mouse(&mut desk, MouseEventKind::Down(MouseButton::Left), (from + 12, row as u16));
    mouse(&mut desk, MouseEventKind::Up(MouseButton::Left), (from + 12, row as u16));
    assert_eq!(desk.text(), "boat. Rain fell|");
}
