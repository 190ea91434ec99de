// What every page of lists does without a signal: it says since when it is kept, shows what waits to be sent and what
// could not be done, and has it sent when it can be.

const { base, person, keptAt } = document.body.dataset;
const { outbox } = self;
const SOON_MILLISECONDS = 2_000;
const notice = document.getElementById("no-signal");
const list = document.getElementById("list");
const others = document.getElementById("held-by-others");
const kinds = { waiting: document.getElementById("waiting"), refused: document.getElementById("not-done") };
const lines = document.getElementById("held-lines").content;

// Since when the page is as it is

let seenAt = Number(keptAt ?? Date.now());
let isCut = false;

function showSignal(hasSignal) {
  if (hasSignal) seenAt = Date.now();
  isCut = !hasSignal;
  const moment = new Date(seenAt);
  const time = notice.querySelector("time");
  const isToday = moment.toDateString() === new Date().toDateString();
  time.dateTime = moment.toISOString();
  time.textContent = moment.toLocaleString(document.documentElement.lang, { ...(isToday ? {} : { dateStyle: "medium" }), timeStyle: "short" });
  notice.hidden = hasSignal;
}

// What is held in this browser

let entries = [];
let timer = 0;
let isStuck = false; // what waits has been tried already, or can't be

const isHere = (entry) => list === null || (entry.household === list.dataset.household && entry.list === list.dataset.list);

async function refresh() {
  entries = outbox.isPossible ? await outbox.all() : [];
  show();
  document.dispatchEvent(new CustomEvent("held"));
}

function lineOf(entry) {
  const line = lines.querySelector(`[data-what="${entry.what}"]`).cloneNode(true);
  line.querySelector(".what").textContent = entry.label;
  if (list === null) line.append(Object.assign(document.createElement("small"), { textContent: entry.listName }));
  if (entry.refused) {
    const said = new DOMParser().parseFromString(entry.refused, "text/html");
    const why = said.querySelectorAll(".said").length > 0 ? said.querySelectorAll(".said li") : said.querySelectorAll("p");
    for (const each of why) line.append(Object.assign(document.createElement("small"), { textContent: each.textContent.trim() }));
  }
  return line;
}

function show() {
  const own = entries.filter((each) => each.person === person && isHere(each));
  const held = { waiting: own.filter((each) => !each.refused && (isStuck || isCut || Date.now() - each.at > SOON_MILLISECONDS)), refused: own.filter((each) => each.refused) };
  for (const [kind, section] of Object.entries(kinds)) {
    section.querySelector("ul").replaceChildren(...held[kind].map(lineOf));
    section.hidden = held[kind].length === 0;
    section.querySelector("button").onclick = () => forget(held[kind]);
  }
  const theirs = entries.filter((each) => each.person !== person);
  others.querySelector(".number").textContent = String(theirs.length);
  others.hidden = theirs.length === 0;
  others.querySelector("button").onclick = () => forget(theirs);
}

async function forget(some) {
  await outbox.forget(some.map((each) => each.id));
  await refresh();
}

function formsOfThisPage() {
  const form = list?.querySelector("form[data-form]") ?? null;
  if (form === null || keptAt !== undefined) return null;
  return { person, tokens: { [form.elements.household.value]: form.elements.form_token.value } };
}

// The page of all lists as it is now. It isn't loaded anew: whoever opens a list meanwhile would be held up.
async function readAll() {
  try {
    const response = await fetch(location.href);
    if (!response.ok || response.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const sections = "main > section:not(.held)";
    for (const old of document.querySelectorAll(sections)) old.remove();
    document.querySelector("main").append(...fresh.querySelectorAll(sections));
    showSignal(true);
  } catch {
    // There is no signal after all.
  }
}

async function send() {
  clearTimeout(timer);
  if (!outbox.isPossible) return;
  const again = await outbox.send(formsOfThisPage()).catch(() => Infinity);
  isStuck = again !== 0;
  await refresh();
  clearTimeout(timer);
  if (again > 0 && again < Infinity) timer = setTimeout(send, again);
}

// Takes over a change, to be sent now or later. Fails where this browser can keep nothing.
async function hold(entry) {
  await outbox.add({ ...entry, person });
  await refresh();
  setTimeout(show, SOON_MILLISECONDS);
  send();
  const registration = await navigator.serviceWorker?.getRegistration();
  await registration?.sync?.register("outbox").catch(() => {}); // where it is forbidden, the next page sends it
}

self.held = {
  isPossible: outbox.isPossible,
  hold,
  showSignal,
  seenAt: () => seenAt,
  waitingHere: () => entries.filter((each) => each.person === person && !each.refused && isHere(each)),
};

if (outbox.isPossible) {
  new BroadcastChannel("outbox").addEventListener("message", ({ data }) => {
    refresh();
    if (data.kind === "answered") document.dispatchEvent(new CustomEvent("answered", { detail: data }));
  });
}
if (keptAt !== undefined) showSignal(false);
addEventListener("offline", () => {
  showSignal(false);
  show();
});
addEventListener("online", () => {
  if (list === null) readAll();
  send();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") send();
});
refresh().then(send);
