//! Reads the data of a Python pickle without executing it. A pickle that names anything but PyTorch's few tensor
//! constructors is refused, and calls to those are recorded, not executed. candle's reader panics on tuples that are
//! too short and copies a value at every reference. This one stores numbered nodes, so memory stays proportional to
//! the file's size.

use anyhow::{Context, Result, bail, ensure};
use std::collections::HashMap;

/// The number of a node.
pub type Id = u32;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// A value that is irrelevant to tensors, such as `None`, a float or a huge integer.
    Other,
    /// An integer or a boolean.
    Int(i64),
    /// Text.
    Text(&'a str),
    /// A class or function: its module and its name.
    Global(&'a str, &'a str),
    /// A tuple or a list.
    List(Vec<Id>),
    /// A dictionary: pairs of key and value.
    Dict(Vec<(Id, Id)>),
    /// A recorded call: the function and its arguments.
    Call(Id, Id),
    /// A persistent id: a reference to data outside the pickle.
    Elsewhere(Id),
}

/// A parsed pickle.
#[derive(Debug)]
pub struct Pickle<'a> {
    nodes: Vec<Node<'a>>,
    root: Id,
}

/// The classes and functions that a pickle of weights may name.
const KNOWN: [(&str, &str); 6] = [
    ("collections", "OrderedDict"),
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch", "Size"),
    ("torch", "device"),
    ("torch.nn.parameter", "Parameter"),
];

impl<'a> Pickle<'a> {
    /// Read one pickle and advance `bytes` past it.
    ///
    /// # Errors
    /// When it is truncated, has an opcode that pickles of weights don't use, or names a function that isn't allowed.
    pub fn read(bytes: &mut &'a [u8]) -> Result<Self> {
        let mut machine = Machine { rest: bytes, ..Machine::default() };
        while machine.step()? {}
        let root = machine.pop()?;
        *bytes = machine.rest;
        Ok(Self { nodes: machine.nodes, root })
    }

    /// The node of the pickled object.
    pub fn root(&self) -> Id {
        self.root
    }

    /// A node by its number.
    pub fn node(&self, id: Id) -> &Node<'a> {
        self.nodes.get(id as usize).unwrap_or(&Node::Other)
    }

    /// The value of a node that is a non-negative integer.
    pub fn int(&self, id: Id) -> Option<u64> {
        let Node::Int(n) = self.node(id) else { return None };
        u64::try_from(*n).ok()
    }

    /// The value of a node that is text.
    pub fn text(&self, id: Id) -> Option<&'a str> {
        let Node::Text(text) = self.node(id) else { return None };
        Some(text)
    }

    /// The elements of a node that is a tuple or a list.
    pub fn list(&self, id: Id) -> Option<&[Id]> {
        let Node::List(ids) = self.node(id) else { return None };
        Some(ids)
    }
}

#[derive(Default)]
struct Machine<'a> {
    rest: &'a [u8],
    nodes: Vec<Node<'a>>,
    stack: Vec<Id>,
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    /// Execute one opcode. Returns false at the end of the pickle.
    fn step(&mut self) -> Result<bool> {
        let op = self.byte()?;
        match op {
            0x80 => drop(self.byte()?),
            0x95 => drop(self.take(8)?),
            b'.' => return Ok(false),
            b'(' => self.marks.push(self.stack.len()),
            b'N' => self.push(Node::Other)?,
            b'G' => {
                self.take(8)?;
                self.push(Node::Other)?;
            }
            0x88 => self.push(Node::Int(1))?,
            0x89 => self.push(Node::Int(0))?,
            b'K' => {
                let n = self.byte()?;
                self.push(Node::Int(n.into()))?;
            }
            b'M' => {
                let n = self.number(2)?;
                self.push(Node::Int(n as i64))?;
            }
            b'J' => {
                let n = self.number(4)?;
                self.push(Node::Int(i64::from(n as u32 as i32)))?;
            }
            0x8a => self.long()?,
            b'X' => self.text(4)?,
            0x8c => self.text(1)?,
            0x8d => self.text(8)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(module, name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let text = |id: Id| match self.nodes[id as usize] {
                    Node::Text(text) => Ok(text),
                    _ => bail!("it names something by no text"),
                };
                self.global(text(module)?, text(name)?)?;
            }
            b')' | b']' => self.push(Node::List(Vec::new()))?,
            b'}' => self.push(Node::Dict(Vec::new()))?,
            b't' | b'l' => {
                let ids = self.since_mark()?;
                self.push(Node::List(ids))?;
            }
            b'd' => {
                let pairs = pairs(&self.since_mark()?)?;
                self.push(Node::Dict(pairs))?;
            }
            0x85..=0x87 => {
                let from = self.stack.len().checked_sub(usize::from(op) - 0x84);
                let ids = self.stack.split_off(from.context(SHORT)?);
                self.push(Node::List(ids))?;
            }
            b'a' => {
                let id = self.pop()?;
                self.append(&[id])?;
            }
            b'e' => {
                let ids = self.since_mark()?;
                self.append(&ids)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.insert(&[(key, value)])?;
            }
            b'u' => {
                let pairs = pairs(&self.since_mark()?)?;
                self.insert(&pairs)?;
            }
            b'R' | 0x81 => self.call()?,
            // BUILD sets an object's state. Here that is a dictionary's `_metadata`, which is irrelevant to tensors.
            b'b' => drop(self.pop()?),
            b'Q' => {
                let id = self.pop()?;
                self.push(Node::Elsewhere(id))?;
            }
            b'q' => {
                let at = self.byte()?;
                self.remember(at.into())?;
            }
            b'r' => {
                let at = self.number(4)?;
                self.remember(at as u32)?;
            }
            0x94 => self.remember(self.memo.len() as u32)?,
            b'h' => {
                let at = self.byte()?;
                self.recall(at.into())?;
            }
            b'j' => {
                let at = self.number(4)?;
                self.recall(at as u32)?;
            }
            op => bail!("it does what no pickle of weights does (operation {op:#04x})"),
        }
        Ok(true)
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8]> {
        super::protobuf::take(&mut self.rest, count).context("it ends early")
    }

    fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    /// Read a little-endian integer of `count` bytes, at most eight.
    fn number(&mut self, count: u64) -> Result<u64> {
        Ok(self.take(count)?.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    fn long(&mut self) -> Result<()> {
        let count = self.byte()?;
        let bytes = self.take(count.into())?;
        let negative = bytes.last().is_some_and(|byte| *byte >= 0x80);
        let fill = if negative { 0xff } else { 0 };
        let mut whole = [fill; 8];
        let node = match whole.get_mut(..bytes.len()) {
            Some(front) => {
                front.copy_from_slice(bytes);
                Node::Int(i64::from_le_bytes(whole))
            }
            None => Node::Other,
        };
        self.push(node)
    }

    fn text(&mut self, count: u64) -> Result<()> {
        let length = self.number(count)?;
        let text = std::str::from_utf8(self.take(length)?).context("a text that is not UTF-8")?;
        self.push(Node::Text(text))
    }

    fn line(&mut self) -> Result<&'a str> {
        let end = self.rest.iter().position(|byte| *byte == b'\n').context("it ends early")?;
        let line = self.take(end as u64)?;
        self.byte()?;
        std::str::from_utf8(line).context("a name that is not UTF-8")
    }

    fn global(&mut self, module: &'a str, name: &'a str) -> Result<()> {
        let storage = module == "torch" && name.ends_with("Storage");
        ensure!(
            storage || KNOWN.contains(&(module, name)),
            "it wants `{module}.{name}`, which no weights need: don't trust this file"
        );
        self.push(Node::Global(module, name))
    }

    fn push(&mut self, node: Node<'a>) -> Result<()> {
        let id = Id::try_from(self.nodes.len()).context("it is too large")?;
        self.nodes.push(node);
        self.stack.push(id);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id> {
        let below = self.marks.last().is_none_or(|mark| *mark < self.stack.len());
        ensure!(below, SHORT);
        self.stack.pop().context(SHORT)
    }

    fn since_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        Ok(self.stack.split_off(mark.context(SHORT)?))
    }

    fn top(&mut self) -> Result<&mut Node<'a>> {
        let top = *self.stack.last().context(SHORT)?;
        Ok(&mut self.nodes[top as usize])
    }

    fn append(&mut self, ids: &[Id]) -> Result<()> {
        let Node::List(list) = self.top()? else {
            bail!("it appends to something that is not a list")
        };
        list.extend_from_slice(ids);
        Ok(())
    }

    fn insert(&mut self, pairs: &[(Id, Id)]) -> Result<()> {
        let Node::Dict(dict) = self.top()? else {
            bail!("it sets an item of something that is not a dictionary")
        };
        dict.extend_from_slice(pairs);
        Ok(())
    }

    fn call(&mut self) -> Result<()> {
        let (with, what) = (self.pop()?, self.pop()?);
        let node = match self.nodes[what as usize] {
            Node::Global("collections", "OrderedDict") => Node::Dict(Vec::new()),
            Node::Global(..) => Node::Call(what, with),
            _ => bail!("it calls something that is not a function"),
        };
        self.push(node)
    }

    fn remember(&mut self, at: u32) -> Result<()> {
        let top = *self.stack.last().context(SHORT)?;
        self.memo.insert(at, top);
        Ok(())
    }

    fn recall(&mut self, at: u32) -> Result<()> {
        let id = *self.memo.get(&at).context("it recalls what it never had")?;
        self.stack.push(id);
        Ok(())
    }
}

const SHORT: &str = "it takes more than it has";

fn pairs(ids: &[Id]) -> Result<Vec<(Id, Id)>> {
    let (pairs, rest) = ids.as_chunks::<2>();
    ensure!(rest.is_empty(), "a key without its value");
    Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        format!("{:#}", Pickle::read(&mut &*bytes).unwrap_err())
    }

    #[test]
    fn calls_are_refused_by_name() {
        let said = refused(b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R.");
        assert!(said.contains("`os.system`"), "{said}");
        let said = refused(b"\x80\x04\x8c\x05posix\x8c\x06system\x93.");
        assert!(said.contains("`posix.system`"), "{said}");
        for op in [b'i', b'o', 0x82, 0x92, 0x97, b'I', b'S'] {
            assert!(refused(&[0x80, 2, op, b'.']).contains("no pickle of weights"));
        }
    }

    #[test]
    fn what_grows_out_of_bounds_elsewhere_stays_small_here() {
        // a tuple that contains the one before twice, sixty levels deep; and one nested a million levels deep
        let mut bomb = b"\x80\x02)q\x00".to_vec();
        for _ in 0..60 {
            bomb.extend(b"h\x00h\x00\x86q\x00");
        }
        bomb.push(b'.');
        assert!(Pickle::read(&mut &*bomb).is_ok());
        let deep = [&[b')'][..], &[0x85; 1_000_000], b"."].concat();
        assert_eq!(Pickle::read(&mut &*deep).unwrap().nodes.len(), 1_000_001);
        assert!(refused(b"X\xff\xff\xff\xff.").contains("ends early"));
        assert!(refused(b"(\x86.").contains("takes more"));
    }
}
