//! The commands of plain mode. Those that the desk has under the same name are the desk's; here are those that need a
//! number or some words.

use super::{AT_ONCE, Plain, Wanted};
use crate::{
    session::{Notes, Revision},
    tui::{command::Command, desk::describe, text::count, view::shares},
    ui::mistake::meant,
};

/// A command of plain mode.
pub struct Act {
    /// Its name, which is typed behind a `/`.
    pub name: &'static str,
    /// What is typed behind it.
    pub takes: &'static str,
    /// What it does, in a sentence.
    pub help: &'static str,
    run: fn(&mut Plain, &str),
}

/// The desk's commands that show or change something on a screen.
const SCREEN: [Command; 9] = [
    Command::OnAir,
    Command::Tour,
    Command::Focus,
    Command::Typewriter,
    Command::Wider,
    Command::Narrower,
    Command::Paragraphs,
    Command::Quotes,
    Command::Spelling,
];

const fn act(
    name: &'static str,
    takes: &'static str,
    help: &'static str,
    run: fn(&mut Plain, &str),
) -> Act {
    Act { name, takes, help, run }
}

/// The commands that only plain mode has, in the order of the help.
pub const ACTS: &[Act] = &[
    act("ask", "", "Ask the model for offers here.", |plain, _| plain.ask(Command::Ask)),
    act("take", "[N]", "Take an offer; without a number, the first.", Plain::take_offer),
    act("word", "[N]", "Take the next word of an offer.", |plain, text| {
        plain.take_piece(text, Command::TakeWord);
    }),
    act("sentence", "[N]", "Take the next sentence of an offer.", |plain, text| {
        plain.take_piece(text, Command::TakeSentence);
    }),
    act("roll", "[N]", "Ask for other offers, or for another offer N.", Plain::roll),
    act("pin", "N", "Keep offer N when you roll; again: no longer.", |plain, text| {
        plain.with_offer(text, Command::Pin);
    }),
    act("longer", "N", "Continue offer N by a sentence.", |plain, text| {
        plain.with_offer(text, Command::Longer);
    }),
    act("offers", "", "Print the offers again.", |plain, _| plain.offers.clear()),
    act("print", "[N [M] | all]", "Print a paragraph, or several.", Plain::print),
    act("where", "", "Say where the cursor is.", Plain::say_where),
    act("next", "", "Go to the next paragraph.", |plain, _| plain.step(true)),
    act("back", "", "Go to the previous paragraph.", |plain, _| plain.step(false)),
    act("go", "N | N% | start | end", "Go to the end of a paragraph, or to a place.", Plain::go),
    act("find", "[WORDS]", "Go to the next match.", Plain::find),
    act("replace", "[WORDS]", "Replace this match, and go to the next.", Plain::replace),
    act("replace-all", "[WORDS]", "Replace every match, in one step.", Plain::replace_all),
    act("change", "N WORDS", "Replace a paragraph.", Plain::change),
    act("delete", "N", "Delete a paragraph.", Plain::delete),
    act("branches", "", "List the branches of the draft.", Plain::list_branches),
    act("branch", "N", "Go to a branch of that list.", Plain::go_to_branch),
    act("memory", "[WORDS]", "What the model sees before the draft.", |plain, text| {
        plain.note(text, "Memory", |notes| &mut notes.memory);
    }),
    act("note", "[WORDS]", "What the model sees just before the cursor.", |plain, text| {
        plain.note(text, "Note", |notes| &mut notes.note);
    }),
    act("names", "[WORDS]", "Names that offers may use.", |plain, text| {
        plain.note(text, "Names", |notes| &mut notes.names);
    }),
    act("whose", "", "Say who wrote how much.", |plain, _| {
        let shares = shares(plain.app.desk()).join(", ");
        plain.say(if shares.is_empty() { "The draft is empty." } else { &shares });
    }),
    act("score", "", "Say how surprising the model finds the draft.", |plain, _| {
        plain.score(Wanted::Scores);
    }),
    act("critic", "", "List clichés, weak words and words repeated nearby.", |plain, _| {
        plain.score(Wanted::Critic);
    }),
    act("save", "[NAME]", "Save the draft.", Plain::save),
    act("more", "", "Print what is left of a long list.", |plain, _| match plain.more.len() {
        0 => plain.say("There is no more."),
        _ => plain.say_more(),
    }),
    act("help", "[COMMAND | all]", "Explain the commands.", Plain::help),
];

/// One letter for a command that is used often.
pub const LETTERS: &[(&str, &str)] = &[
    ("a", "ask"),
    ("t", "take"),
    ("p", "print"),
    ("w", "where"),
    ("n", "next"),
    ("b", "back"),
    ("f", "find"),
    ("s", "save"),
    ("u", "undo"),
    ("q", "quit"),
    ("h", "help"),
];

impl Plain {
    /// Runs a command: its name, and what is typed behind it.
    pub(super) fn command(&mut self, typed: &str) {
        let (name, rest) = typed.split_once(' ').unwrap_or((typed, ""));
        let name = name.trim().to_lowercase();
        let letter = LETTERS.iter().find(|(letter, _)| *letter == name);
        let name = letter.map_or(name, |(_, name)| (*name).to_owned());
        if let Some(act) = ACTS.iter().find(|act| act.name == name) {
            return (act.run)(self, rest);
        }
        let desks = self.app.desk().keymap.commands().to_vec();
        if let Some(command) = desks.iter().find(|command| command.name() == name) {
            return self.run_desks(*command, rest);
        }
        let begins = |known: &&str| !name.is_empty() && known.starts_with(&*name);
        let own: Vec<_> = ACTS.iter().map(|act| act.name).filter(begins).collect();
        let others: Vec<_> = desks.iter().map(|command| command.name()).filter(begins).collect();
        let fits = if own.is_empty() { others } else { own };
        match fits[..] {
            [only] => self.command(&format!("{only} {rest}")),
            [] => {
                let all: Vec<_> = ACTS
                    .iter()
                    .map(|act| act.name)
                    .chain(desks.iter().map(|command| command.name()))
                    .collect();
                let meant = meant(&name, &all).replace('`', "");
                self.fail(format!("there is no command {name}{meant}. /help lists them."));
            }
            _ => self.fail(format!("which one: {}?", fits.join(", "))),
        }
    }

    /// Runs a command of the desk, and says what it did to the text or the cursor.
    fn run_desks(&mut self, command: Command, rest: &str) {
        if SCREEN.contains(&command) || command.name() == "vote" {
            let name = command.name();
            return self.fail(format!("{name} needs the whole screen: start without plain mode."));
        }
        if matches!(command, Command::Ask | Command::AskOrTab | Command::RollAgain) {
            return self.ask(command);
        }
        let before = (self.session().revision(), self.session().cursor());
        self.app.run(command);
        self.tidy();
        if self.app.top().is_some() && !rest.trim().is_empty() {
            self.answer(rest);
            self.tidy();
        }
        let session = self.session();
        let words = count(session.shares().all_words(), "word");
        let now = (session.revision(), session.cursor());
        if now.0 != before.0 {
            self.say(format!("{words}."));
        }
        if now != before && !self.is_over() {
            self.say_here();
        }
    }

    /// Asks the model, and says so if it takes a moment.
    fn ask(&mut self, command: Command) {
        self.offers.clear();
        self.app.run(command);
        self.tidy();
        if self.is_busy() {
            self.say("Working.");
        }
    }

    /// Chooses an offer by the number that was typed, from 1. False if there is none.
    fn choose_offer(&mut self, text: &str) -> bool {
        let desk = self.app.desk_mut();
        let Some(list) = desk.offers.list_mut() else {
            self.fail("there are no offers. /ask asks for some.");
            return false;
        };
        let all = list.offers.len();
        let number = match text.trim() {
            "" => Some(list.chosen),
            text => text.parse::<usize>().ok().and_then(|number| number.checked_sub(1)),
        };
        match number.filter(|number| *number < all) {
            Some(number) => list.chosen = number,
            None => self.fail(format!("there is no offer {}. There are {all}.", text.trim())),
        }
        number.is_some_and(|number| number < all)
    }

    fn take_offer(&mut self, text: &str) {
        if self.choose_offer(text) {
            let list = self.app.desk().offers.list();
            let whole = list.and_then(|list| list.choice()).map(|offer| offer.text.clone());
            self.take_with(Command::TakeAll, whole);
        }
    }

    fn take_piece(&mut self, text: &str, command: Command) {
        if !self.choose_offer(text) {
            return;
        }
        let desk = self.app.desk();
        if desk.offers.rest(&desk.session).is_none() {
            return self.fail("that offer doesn't go on here. /take takes it where it was asked.");
        }
        self.take_with(command, None);
    }

    /// Takes, and says what came. `whole` is the offer's text, for one whose place has other text by now.
    fn take_with(&mut self, command: Command, whole: Option<String>) {
        let before = self.session().text().clone();
        self.app.run(command);
        let session = self.session();
        let (now, cursor) = (session.text(), session.cursor());
        if now.is_instance(&before) {
            return;
        }
        let came = now.len_chars().saturating_sub(before.len_chars());
        let from = cursor.saturating_sub(came);
        let goes_on = from <= before.len_chars() && now.slice(..from) == before.slice(..from);
        let taken = match whole.filter(|_| !goes_on) {
            Some(whole) => whole,
            None => now.slice(from..cursor).to_string(),
        };
        let words = count(session.shares().all_words(), "word");
        self.say(format!("Taken: {} {words}.", super::one_line(&taken)));
    }

    fn roll(&mut self, text: &str) {
        if text.trim().is_empty() {
            self.ask(Command::RollAgain);
        } else if self.choose_offer(text) {
            self.app.run(Command::RollOne);
        }
    }

    fn with_offer(&mut self, text: &str, command: Command) {
        if self.choose_offer(text) {
            self.app.run(command);
        }
    }

    /// Lists the branches, the newest last.
    fn list_branches(&mut self, _: &str) {
        let mut lines = Vec::new();
        for (number, branch) in (1..).zip(self.session().branches()) {
            let here = if branch.is_page { "this page, " } else { "" };
            let saved = if branch.is_saved { "saved, " } else { "" };
            let name = branch.name.as_ref().map_or(String::new(), |name| format!("{name}, "));
            let (what, text) = (describe(&branch), super::one_line(&branch.text));
            lines.push(format!("{number}: {here}{saved}{name}{what}: {text}"));
        }
        self.say_all(lines);
    }

    fn go_to_branch(&mut self, text: &str) {
        let number = text.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let to: Option<Revision> =
            number.and_then(|number| Some(self.session().branches().get(number)?.revision));
        let Some(to) = to else {
            return self.fail("write the number of a branch. /branches lists them.");
        };
        self.app.desk_mut().jump(to);
        let words = count(self.session().shares().all_words(), "word");
        self.say(format!("{words}."));
        self.say_here();
    }

    /// Sets one of the notes on the draft; without words, prints it.
    fn note(&mut self, text: &str, name: &str, of: fn(&mut Notes) -> &mut String) {
        let desk = self.app.desk_mut();
        let mut notes = desk.session.notes().clone();
        if !text.trim().is_empty() {
            *of(&mut notes) = text.trim().to_owned();
            let done = desk.session.set_notes(notes.clone());
            desk.heed_notes();
            desk.edited(done);
        }
        let words = std::mem::take(of(&mut notes));
        self.say(format!("{name}: {}", if words.is_empty() { "none." } else { &words }));
    }

    fn save(&mut self, name: &str) {
        match name.trim() {
            "" => self.app.run(Command::Save),
            name => {
                let opens = self.app.desk().keymap.commands().iter().copied();
                let save_as = opens.into_iter().find(|command| command.name() == "save-as");
                save_as.into_iter().for_each(|command| self.app.run(command));
                self.answer(name);
            }
        }
    }

    fn help(&mut self, text: &str) {
        let desks = self.app.desk().keymap.commands().to_vec();
        let name = text.trim().trim_start_matches('/');
        let of_act = |act: &Act| {
            let gap = if act.takes.is_empty() { "" } else { " " };
            format!("/{}{gap}{}: {}", act.name, act.takes, act.help)
        };
        let of_desk = |command: &Command| format!("/{}: {}", command.name(), command.help());
        let others =
            desks.iter().filter(|command| !ACTS.iter().any(|act| act.name == command.name()));
        match name {
            "" => {
                self.say("A line is a line of the draft. One that begins with a space goes on.");
                self.say("// begins a line with a slash. Short names work: /p is /print.");
                let mut lines: Vec<_> = ACTS.iter().map(of_act).collect();
                let others = "/help all: the desk's other commands, such as /undo and /quit.";
                lines.insert(AT_ONCE - 1, others.into());
                self.say_all(lines);
            }
            "all" => {
                let lines: Vec<_> = others.map(of_desk).collect();
                self.say_all(lines);
            }
            name => {
                let act = ACTS.iter().find(|act| act.name == name).map(of_act);
                let found =
                    act.or_else(|| desks.iter().find(|one| one.name() == name).map(of_desk));
                match found {
                    Some(line) => self.say(line),
                    None => self.fail(format!("there is no command {name}. /help lists them.")),
                }
            }
        }
    }
}
