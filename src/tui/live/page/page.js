// Shows what is told, as text and never as markup. The connection is made anew when it breaks.
"use strict";
const main = document.getElementById("shown");

function paragraph(name, text) {
  const p = document.createElement("p");
  p.className = name;
  p.textContent = text;
  return p;
}

function show({ prompt, takes }) {
  const parts = takes.map((take) => paragraph("take", take.trimStart()));
  if (prompt) parts.unshift(paragraph("prompt", prompt));
  main.replaceChildren(...parts);
  main.lastElementChild?.scrollIntoView({ block: "end" });
}

const events = new EventSource("/events");
events.onmessage = (event) => show(JSON.parse(event.data));
// Off air, or the program is gone: nothing old stays on the picture.
events.onerror = () => main.replaceChildren();
