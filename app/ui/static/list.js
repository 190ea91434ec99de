// The page of a list without reloading it: forms are sent in the background, what was ticked is shown as ticked at once,
// and whatever changes, here or elsewhere, is read again and put where it differs. Without this script the same forms
// work by themselves.

const list = document.getElementById("list");
const HEADERS = { "X-List-Part": "1" };
const QUIET_MILLISECONDS = 200;
const AGAIN_MILLISECONDS = 15_000;

let sending = 0;
let isStale = false;
let isReading = false;
let isWhole = false; // whether to ask for every row
let rows = new Map();
let timer = 0;

const items = () => document.getElementById("items");

// Reading what is new

function readSoon(milliseconds = 0) {
  isStale = true;
  clearTimeout(timer);
  timer = setTimeout(read, milliseconds);
}

async function read() {
  if (isReading || sending > 0) return;
  isReading = true;
  try {
    while (isStale && sending === 0) {
      isStale = false;
      const response = await fetch(isWhole ? list.dataset.items : sinceShown(), { headers: HEADERS });
      if (response.status === 429 || response.status >= 500) return readSoon(AGAIN_MILLISECONDS);
      if (!response.ok || response.redirected) return location.reload();
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("items");
      if (fresh === null) return location.reload();
      await new Promise((goOn) => setTimeout(goOn)); // a finger comes first
      // What was read before a form arrived would take back what the page shows already.
      if (sending > 0) isStale = true;
      else {
        isWhole = !knowsAll(fresh);
        if (isWhole) isStale = true;
        else show(fresh);
      }
    }
  } catch {
    readSoon(AGAIN_MILLISECONDS); // there is no network
  } finally {
    isReading = false;
  }
}

function sinceShown() {
  const address = new URL(list.dataset.items, location);
  address.searchParams.set("since", items().dataset.rev);
  return address;
}

// Rows that are the same come as places only.
const isPlace = (element) => "same" in element.dataset;

function knowsAll(fresh) {
  rows = new Map(Array.from(items().querySelectorAll("li[id]"), (row) => [row.id, row]));
  return Array.from(fresh.querySelectorAll("li[data-same]")).every((row) => rows.has(row.id));
}

function show(fresh) {
  const back = whereToGoOn();
  change(items(), fresh);
  if (back !== null && !document.contains(back.focused)) {
    const row = back.refs.map((ref) => items().querySelector(`ul:not(.bought) > #${ref}`)).find(Boolean);
    row?.querySelector(`button[name="${back.name}"], button, a`)?.focus({ preventScroll: true });
  }
}

// Which rows to go on from, the nearest first, if the one that has the focus is replaced.
function whereToGoOn() {
  const focused = document.activeElement;
  const row = items().contains(focused) ? focused.closest("li") : null;
  if (row === null) return null;
  const refs = [row.id];
  for (let next = row.nextElementSibling; next !== null && refs.length < 3; next = next.nextElementSibling) refs.push(next.id);
  if (row.previousElementSibling !== null) refs.push(row.previousElementSibling.id);
  return { focused, name: focused.getAttribute("name") ?? "", refs };
}

// Changing only what differs: a row that stays the same stays the same element, wherever it goes.

const CONTAINERS = new Set(["DIV", "FORM", "UL"]);
// What an element is known by among its siblings; none if it is known by its place.
const keyOf = (element) => element.id || element.dataset.group || element.dataset.form || "";

function change(old, fresh) {
  if (isPlace(fresh) || old.isEqualNode(fresh)) return;
  if (old.tagName !== fresh.tagName || old.tagName === "LI") return old.replaceWith(fresh);
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (CONTAINERS.has(old.tagName)) changeChildren(old, [...fresh.children]);
  else old.replaceChildren(...fresh.childNodes);
}

function changeChildren(parent, fresh) {
  const kept = new Set(fresh.map(keyOf));
  const known = new Map();
  for (const child of [...parent.children]) {
    const key = keyOf(child);
    if (key === "") continue;
    if (kept.has(key)) known.set(key, child);
    else child.remove();
  }
  let place = parent.firstElementChild;
  for (const child of fresh) {
    const key = keyOf(child);
    const old = known.get(key);
    if (old !== undefined) {
      known.delete(key);
      if (place !== old && place?.nextElementSibling === old) {
        const passed = place;
        place = old;
        passed.remove(); // it comes later, or not at all
      }
      if (place === old) place = place.nextElementSibling;
      else parent.insertBefore(old, place);
      change(old, child);
    } else if (place !== null && key === "" && keyOf(place) === "" && place.tagName === child.tagName) {
      const next = place.nextElementSibling;
      change(place, child);
      place = next;
    } else parent.insertBefore(isPlace(child) ? rows.get(key) : child, place);
  }
  while (place !== null) {
    const next = place.nextElementSibling;
    place.remove();
    place = next;
  }
}

// Forms

const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const TELLS = new Set(["add", "undo", "clear", "remove"]);

function say(text) {
  const part = new DOMParser().parseFromString(text, "text/html");
  const told = part.querySelector("main") ?? part.body; // a whole page tells why the form is out of date
  document.getElementById("said").replaceChildren(...told.childNodes);
}

async function send(form, button) {
  const fields = new URLSearchParams(new FormData(form, button));
  const action = button?.getAttribute("formaction") ?? form.action;
  const what = new URL(action, location).pathname.split("/").pop();
  const row = button?.closest("li[data-ref]");
  row?.classList.toggle("going", true);
  sending += 1;
  try {
    const response = await fetch(action, { method: "POST", body: fields, headers: HEADERS });
    const text = await response.text();
    if (!response.ok || TELLS.has(what)) say(text);
    else document.getElementById("said").replaceChildren();
    if (!response.ok) row?.classList.remove("going");
    else if (what === "add") cleared(form, fields.get("text"));
  } catch {
    row?.classList.remove("going");
    say(document.getElementById("unsent").innerHTML);
  } finally {
    sending -= 1;
    readSoon(QUIET_MILLISECONDS);
  }
}

// The key stays until its form was answered: what is sent again after a broken connection is added once.
function cleared(form, sent) {
  const field = form.elements.text;
  form.elements.key.value = newKey();
  if (field.value !== sent) return; // somebody types on
  field.value = "";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus({ preventScroll: true });
}

list.addEventListener("submit", (event) => {
  if (!("form" in event.target.dataset)) return;
  event.preventDefault();
  send(event.target, event.submitter);
});

// Changes of others

function follow() {
  const source = new EventSource(list.dataset.live);
  source.addEventListener("changed", (event) => {
    if (Number(event.data) !== Number(items().dataset.rev)) readSoon();
  });
  source.addEventListener("ended", () => {
    source.close();
    location.reload();
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, AGAIN_MILLISECONDS);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}

follow();
addEventListener("online", () => readSoon());
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  follow();
  readSoon();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") readSoon();
});
