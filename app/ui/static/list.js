// The page of a list without reloading it: forms are sent in the background, what was ticked is shown as ticked at once,
// and whatever changes, here or elsewhere, is read again and put where it differs. Without this script the same forms
// work by themselves.

const { held } = self;
const list = document.getElementById("list");
const HEADERS = { "X-List-Part": "1" };
const QUIET_MILLISECONDS = 200;
const AGAIN_MILLISECONDS = 15_000;
const KEEP_MILLISECONDS = 500;
const TWICE_MILLISECONDS = 600;

let sending = 0;
let answers = 0; // to forms that were held
const answered = new Set(); // refs of items that the next reading shows as they are
let isStale = false;
let isReading = false;
let isWhole = false; // whether to ask for every row
let rows = new Map();
let timer = 0;
let keeping = 0;

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
      const before = answers;
      const response = await fetch(isWhole ? list.dataset.items : sinceShown(), { headers: HEADERS });
      if (response.status === 429 || response.status >= 500) return readSoon(AGAIN_MILLISECONDS);
      if (!response.ok || response.redirected) return location.reload();
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("items");
      if (fresh === null) return location.reload();
      await new Promise((goOn) => setTimeout(goOn)); // a finger comes first
      // What was read before a form arrived would take back what the page shows already.
      if (sending > 0 || answers !== before) isStale = true;
      else {
        isWhole = !knowsAll(fresh);
        if (isWhole) isStale = true;
        else show(fresh);
        held.showSignal(true);
      }
    }
  } catch {
    held.showSignal(false);
    readSoon(AGAIN_MILLISECONDS);
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
  answered.clear();
  markHeld();
  keepSoon();
}

// What is held, or was just answered, is shown as done.
function markHeld() {
  const refs = new Set([...answered, ...held.waitingHere().map((each) => each.item)]);
  for (const row of items().querySelectorAll("li.going")) if (!refs.has(row.id)) row.classList.remove("going");
  for (const ref of refs) if (ref) document.getElementById(ref)?.classList.add("going");
}

// The page that is kept for when there is no signal is the one that was seen last.

function keepSoon() {
  clearTimeout(keeping);
  keeping = setTimeout(() => ("requestIdleCallback" in self ? requestIdleCallback(keepPage) : keepPage()), KEEP_MILLISECONDS);
}

async function keepPage() {
  const name = `pages ${document.body.dataset.person}`; // the service worker makes it, and takes it away at a sign-out
  if (!("caches" in self) || !(await caches.has(name))) return;
  const pages = await caches.open(name);
  const known = await pages.match(location.href);
  if (known === undefined) return;
  const copy = document.documentElement.cloneNode(true);
  copy.querySelector("body").removeAttribute("data-kept-at");
  for (const row of copy.querySelectorAll(".going")) row.classList.remove("going");
  for (const part of copy.querySelectorAll("#said, #names, .held ul")) part.replaceChildren();
  for (const part of copy.querySelectorAll("#no-signal, .held")) part.hidden = true;
  const headers = new Headers(known.headers);
  headers.set("X-Kept-At", String(held.seenAt()));
  await pages.put(location.href, new Response(`<!doctype html>${copy.outerHTML}`, { headers }));
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

// Ticks, removals and additions are held in this browser first, so that neither a lost signal nor a closed page loses
// or doubles them. Returns whether this one is.
const HELD = new Set(["check", "add", "remove"]);

async function hold(form, button, action, what) {
  const row = button?.closest("li[data-ref]") ?? null;
  const fields = [...new FormData(form, button)].filter(([name]) => name !== "form_token" && name !== "key");
  const entry = {
    household: list.dataset.household,
    list: list.dataset.list,
    listName: list.dataset.name,
    what: what === "check" ? button.name : what,
    item: row?.id ?? "",
    action: new URL(action, location).href,
    fields,
    label: row === null ? form.elements.text.value.trim() : labelOf(row),
  };
  const earlier = row === null ? undefined : held.waitingHere().findLast((each) => each.item === row.id);
  if (earlier !== undefined && Date.now() - earlier.at < TWICE_MILLISECONDS) return; // a double tap
  if (earlier !== undefined && what === "check" && earlier.what === entry.what) {
    const [now, opposite] = entry.what === "check" ? ["check", "uncheck"] : ["uncheck", "check"];
    entry.what = opposite; // it is shown as done, so this takes it back
    entry.fields = fields.map(([name, value]) => [name === now ? opposite : name, value]);
  }
  row?.classList.add("going");
  await held.hold(entry);
  if (what === "add") cleared(form, form.elements.text.value);
}

function labelOf(row) {
  const link = row.querySelector("a").cloneNode(true);
  for (const more of link.querySelectorAll("small")) more.remove();
  return link.textContent.trim().replace(/\s+/g, " ");
}

async function send(form, button) {
  const action = button?.getAttribute("formaction") ?? form.action;
  const what = new URL(action, location).pathname.split("/").pop();
  if (held.isPossible && HELD.has(what)) {
    try {
      return await hold(form, button, action, what);
    } catch {
      // This browser can keep nothing, or no more: it is sent as it was before.
    }
  }
  const fields = new URLSearchParams(new FormData(form, button));
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

document.addEventListener("held", markHeld);
document.addEventListener("answered", ({ detail: { entry, said, isDone } }) => {
  if (entry.household !== list.dataset.household || entry.list !== list.dataset.list) return;
  answers += 1;
  if (entry.item && isDone) answered.add(entry.item);
  if (isDone && TELLS.has(entry.what)) say(said);
  else document.getElementById("said").replaceChildren();
  readSoon(QUIET_MILLISECONDS);
});

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
    else held.showSignal(true);
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
  else keepPage();
});
if ("keptAt" in document.body.dataset) readSoon();
else keepSoon();
