// What hands do at the page of a list: suggestions while typing, swiping, arrow keys, dragging, and in the shop a screen
// that stays awake. It presses the buttons that are there; list.js sends what they send.

const list = document.getElementById("list");
const at = list.dataset.at;

// Suggestions while typing

const field = document.getElementById("text");
const names = document.getElementById("names");
const PAUSE_MILLISECONDS = 150;
const MOST_ROWS = 12;
let pause = 0;
let asked = 0;

function currentLine() {
  const start = field.value.lastIndexOf("\n", field.selectionStart - 1) + 1;
  const end = field.value.indexOf("\n", start);
  return [start, end === -1 ? field.value.length : end];
}

async function suggest() {
  const typed = field.value.slice(...currentLine()).trim();
  const number = (asked += 1);
  if (typed.length < 2) return names.replaceChildren();
  try {
    const address = new URL(list.dataset.names, location);
    address.searchParams.set("typed", typed);
    const response = await fetch(address, { headers: { "X-List-Part": "1" } });
    if (number !== asked) return;
    const part = new DOMParser().parseFromString(response.ok ? await response.text() : "", "text/html");
    if (number === asked) names.replaceChildren(...part.querySelectorAll("button[data-line]"));
  } catch {
    names.replaceChildren(); // there is no network; the field works without
  }
}

field?.addEventListener("input", () => {
  field.rows = Math.min(MOST_ROWS, field.value.split("\n").length);
  clearTimeout(pause);
  pause = setTimeout(suggest, PAUSE_MILLISECONDS);
});

field?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  if (field.value.includes("\n") && !event.ctrlKey && !event.metaKey) return; // a list is being typed
  event.preventDefault();
  if (field.value.trim() !== "") field.form.requestSubmit();
});

names?.addEventListener("click", (event) => {
  const line = event.target.closest("button[data-line]")?.dataset.line;
  if (line === undefined) return;
  field.setRangeText(line, ...currentLine(), "end");
  names.replaceChildren();
  field.focus();
});

// Arrow keys go from row to row

list.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const row = event.target.closest("#items li");
  if (step === undefined || row === null) return;
  const rows = [...document.querySelectorAll("#items li")];
  const next = rows[rows.indexOf(row) + step]?.querySelector(`button[name="${event.target.name}"], button, a`);
  if (!next) return;
  event.preventDefault();
  next.focus();
});

// Swiping a row ticks it

const FAR = 70;
const ONE_TOUCH_MILLISECONDS = 400;
let touch = null;
let swiped = -ONE_TOUCH_MILLISECONDS;

list.addEventListener("pointerdown", (event) => {
  const row = event.target.closest("#items li[data-ref]");
  touch = event.pointerType === "touch" && row !== null && at !== "order" ? { row, x: event.clientX, y: event.clientY } : null;
});

list.addEventListener("pointerup", (event) => {
  if (touch === null) return;
  const { row, x, y } = touch;
  touch = null;
  if (Math.abs(event.clientX - x) < FAR || Math.abs(event.clientY - y) > FAR / 2) return;
  swiped = event.timeStamp;
  row.querySelector("button.tick")?.click();
});

// The finger may have been lifted from a link.
list.addEventListener(
  "click",
  (event) => {
    if (event.pointerType === "touch" && event.timeStamp - swiped < ONE_TOUCH_MILLISECONDS) event.preventDefault();
  },
  { capture: true },
);

// Dragging where the list is put in order

function dropped(row) {
  const button = row.querySelector('button[name="move"]');
  const next = row.nextElementSibling;
  button.disabled = false;
  button.value = next === null ? row.id : `${row.id} ${next.id}`;
  button.form.requestSubmit(button);
}

if (at === "order") {
  list.addEventListener("pointerdown", (event) => {
    const row = event.target.closest(".handle")?.closest("li");
    if (!row) return;
    event.preventDefault();
    const before = row.nextElementSibling;
    row.classList.add("dragged");
    const drag = (move) => {
      const over = document.elementFromPoint(row.getBoundingClientRect().left + 5, move.clientY)?.closest("#items li");
      if (!over || over === row || over.parentElement !== row.parentElement) return;
      const box = over.getBoundingClientRect();
      if (move.clientY > box.top + box.height / 2) over.after(row);
      else over.before(row);
    };
    const drop = () => {
      dragging.abort();
      row.classList.remove("dragged");
      if (row.nextElementSibling !== before) dropped(row);
    };
    const dragging = new AbortController();
    document.addEventListener("pointermove", drag, dragging);
    document.addEventListener("pointerup", drop, dragging);
    document.addEventListener("pointercancel", drop, dragging);
  });
}

// A screen that stays awake

async function stayAwake() {
  if (document.visibilityState !== "visible") return;
  try {
    await navigator.wakeLock.request("screen");
  } catch {
    // The battery is low, say: the page works without.
  }
}

if (at === "shop" && "wakeLock" in navigator) {
  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
}
