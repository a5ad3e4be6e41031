// Shows what it is told, as text and never as markup. The browser renews a connection that breaks.
"use strict";
const main = document.getElementById("shown");
const query = new URLSearchParams(location.search);

// The size of the letters, in hundredths of the height; where the text is; whether candidates are shown.
const size = Number(query.get("size"));
if (size >= 1 && size <= 50) document.documentElement.style.setProperty("--size", `${size}vh`);
if (["top", "middle", "bottom"].includes(query.get("at"))) main.dataset.at = query.get("at");
const withBars = query.get("bars") === "1";

function element(name, kind, ...inside) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.append(...inside);
  return made;
}

function columns({ takes, writer }) {
  const parts = takes.map((take) => [element("p", "take", take.trimStart())]);
  if (parts.length > 1) parts.forEach((part, at) => part.unshift(element("p", "number", `${at + 1}`)));
  if (writer) parts.push([element("p", "number", "the writer"), element("p", "writer", writer)]);
  const sections = parts.map((part) => element("section", "", ...part));
  return element("div", parts.length > 1 ? "takes several" : "takes", ...sections);
}

function percent(thousandths) {
  return thousandths === null ? "cut" : `${Math.round(thousandths / 10)} %`;
}

function chart(bars) {
  const rows = bars.flatMap(({ text, model, sampled, drawn }) => {
    const bar = document.createElement("i");
    bar.style.width = `${(sampled ?? model) / 10}%`;
    const kind = `${sampled === null && !drawn ? "cut" : ""} ${drawn ? "drawn" : ""}`.trim();
    const cells = [element("span", kind, text.trim() || "␣"), bar, element("span", kind, percent(sampled))];
    if (sampled === null) bar.className = "cut";
    return cells;
  });
  return element("div", "bars", ...rows);
}

function show(shown) {
  const parts = [];
  if (shown.prompt) parts.push(element("p", "prompt", shown.prompt));
  if (shown.takes.length || shown.writer) parts.push(columns(shown));
  if (withBars && shown.bars) parts.push(chart(shown.bars));
  main.replaceChildren(...parts);
}

const events = new EventSource("/events");
events.onmessage = (event) => show(JSON.parse(event.data));
// Off air, or the program is gone: nothing old stays on the picture.
events.onerror = () => main.replaceChildren();
