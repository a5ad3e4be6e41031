//! What a draft's receipts prove, as `unstuck verify` finds it out, and journals that were tampered with.

use std::{fs, path::Path};
use unstuck::{
    generate::Engine,
    session::{Look, look},
    ui::receipts::{Claims, Outcome},
};

/// What is found of each text of the machine in a draft, with the text. The model is one that is open already.
pub fn proven(draft: &Path, state: &Path, engine: &mut Engine) -> Vec<(String, Outcome)> {
    let Look { session, .. } = look(draft, state).unwrap();
    let claims = Claims::of(&session);
    let mut checked = Vec::new();
    for proof in &claims.proofs {
        let mut answers = Ok(Vec::new());
        for task in proof.tasks.iter().filter(|_| proof.is_open()) {
            if let Some(other) = Outcome::of_model(&task.pass, engine.info()) {
                answers = Err(other);
                break;
            }
            let found = engine.checked(task.ask.clone(), task.pass.draws.clone());
            answers.as_mut().unwrap().push(found.unwrap());
        }
        checked.push(answers);
    }
    let texts = claims.spans.iter().map(|claim| claim.text.clone());
    texts.zip(claims.judge(&checked)).collect()
}

/// Replaces a text in every record of a journal by another of the same length, with right checksums. Returns how many
/// records had it.
pub fn tamper(journal: &Path, from: &str, to: &str) -> usize {
    assert_eq!(from.len(), to.len());
    let bytes = fs::read(journal).unwrap();
    let (mut at, mut out, mut changed) = (0, Vec::new(), 0);
    while at < bytes.len() {
        let start = at;
        let (mut len, mut shift) = (0usize, 0);
        loop {
            let byte = bytes[at];
            at += 1;
            len |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                break;
            }
        }
        out.extend(&bytes[start..at]);
        let mut payload = bytes[at + 4..at + 4 + len].to_vec();
        at += 4 + len;
        let places: Vec<usize> = payload
            .windows(from.len())
            .enumerate()
            .filter(|(_, part)| *part == from.as_bytes())
            .map(|(place, _)| place)
            .collect();
        changed += usize::from(!places.is_empty());
        for place in places {
            payload[place..place + to.len()].copy_from_slice(to.as_bytes());
        }
        out.extend(crc32fast::hash(&payload).to_le_bytes());
        out.extend(payload);
    }
    fs::write(journal, out).unwrap();
    changed
}
