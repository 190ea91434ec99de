// What was changed on lists and is not known to have arrived: kept in this browser until it is sent, in order and once.
// Pages and the service worker share it. An entry belongs to a person and is sent in their session only.

self.outbox = (() => {
  const MOST = 200;
  const DAY_MILLISECONDS = 86_400_000;
  const LONGEST_WAIT = 14 * DAY_MILLISECONDS;
  const KEY_LIFETIME = 23 / 24 * DAY_MILLISECONDS; // the service knows a key for a day
  const TIMEOUT_MILLISECONDS = 20_000;
  const MOST_TRIES = 200;
  const SHORTEST_PAUSE = 2_000;
  const LONGEST_PAUSE = 300_000;
  const CHANGES = "changes";
  const OPPOSITE = { check: "uncheck", uncheck: "check" };

  const isPossible = "indexedDB" in self && "locks" in navigator && "BroadcastChannel" in self;
  const channel = isPossible ? new BroadcastChannel("outbox") : null;
  let database = null;

  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  function opened() {
    database ??= idb.openDB("outbox", 1, {
      upgrade: (made) => made.createObjectStore(CHANGES, { keyPath: "id", autoIncrement: true }),
      terminated: () => { database = null; },
    });
    database.catch(() => { database = null; });
    return database;
  }

  const all = async () => (await opened()).getAll(CHANGES);

  // An entry: `person`, `household`, `what` (check, uncheck, add or remove), `item` or none, `list` with its name,
  // `action`, `fields` and `label`. What is taken back before it was sent is not sent.
  async function add(entry) {
    const writing = (await opened()).transaction(CHANGES, "readwrite");
    const known = await writing.store.getAll();
    const taken = known.findLast((each) => each.item && each.item === entry.item && each.person === entry.person && each.household === entry.household);
    if (taken !== undefined && taken.what === OPPOSITE[entry.what] && !taken.sentAt && !taken.refused) {
      await writing.store.delete(taken.id);
    } else if (known.length >= MOST) {
      throw new Error("there is no room");
    } else {
      await writing.store.add({ ...entry, fields: [...entry.fields, ["key", newKey()]], at: Date.now(), sentAt: 0, tries: 0, notBefore: 0, refused: "" });
    }
    await writing.done;
    channel.postMessage({ kind: "held" });
  }

  async function forget(ids) {
    const writing = (await opened()).transaction(CHANGES, "readwrite");
    await Promise.all([...ids.map((id) => writing.store.delete(id)), writing.done]);
    channel.postMessage({ kind: "held" });
  }

  // Changes an entry that is still there.
  async function change(entry, changed) {
    const writing = (await opened()).transaction(CHANGES, "readwrite");
    const now = await writing.store.get(entry.id);
    if (now !== undefined) await writing.store.put(Object.assign(entry, now, changed));
    await writing.done;
    return now !== undefined;
  }

  // Sending. One page or worker at a time does it; whoever comes meanwhile looks again afterwards.

  // `known` is what a page knows of who is signed in: `person` and `tokens`. Returns after how many milliseconds to try
  // again, 0 if nothing is left to send, and Infinity if only another event can help: a signal, or a sign-in.
  const send = (known = null) => navigator.locks.request("outbox", () => sendAll(known));

  async function sendAll(known) {
    let forms = known;
    for (;;) {
      const waiting = (await all()).filter((each) => !each.refused);
      if (waiting.length === 0) return 0;
      if (!navigator.onLine) return Infinity;
      const isAsked = forms === null;
      forms ??= await askForForms();
      if (forms === null) return LONGEST_PAUSE / 10;
      const entry = waiting.find((each) => each.person === forms.person);
      if (entry === undefined) {
        if (isAsked) return Infinity;
        forms = null; // this page's person may not be the one who is signed in by now
        continue;
      }
      if (entry.notBefore > Date.now()) return entry.notBefore - Date.now();
      const late = tooLate(entry);
      if (late !== "" || !(entry.household in forms.tokens)) {
        forms = forms.words ? forms : await askForForms();
        if (forms === null) return LONGEST_PAUSE / 10;
        if (forms.person !== entry.person) continue;
        if (late !== "" || !(entry.household in forms.tokens)) await refuse(entry, forms.words[late || "gone"]);
        continue;
      }
      const outcome = await sendOne(entry, forms);
      if (outcome === "elsewhere") {
        if (isAsked) return LONGEST_PAUSE / 10; // it is not the service that answers
        forms = null;
      } else if (outcome !== "answered") return outcome;
    }
  }

  async function askForForms() {
    try {
      const address = `${entryBase()}/lists/form-tokens`;
      const response = await fetch(address, { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) });
      return response.ok ? await response.json() : null;
    } catch {
      return null;
    }
  }

  const entryBase = () => self.base ?? document.body.dataset.base;

  function tooLate(entry) {
    if (Date.now() - entry.at > LONGEST_WAIT) return "old";
    // Sent long ago, perhaps in vain: a second time might double it. Ticking or removing twice does no harm.
    if (entry.what === "add" && entry.sentAt && Date.now() - entry.sentAt > KEY_LIFETIME) return "unsure";
    return entry.tries >= MOST_TRIES ? "refused" : "";
  }

  async function sendOne(entry, forms) {
    if (!(await change(entry, { sentAt: entry.sentAt || Date.now() }))) return "answered"; // taken back meanwhile
    const body = new URLSearchParams([...entry.fields, ["form_token", forms.tokens[entry.household]]]);
    let response, said;
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
      response = await fetch(entry.action, { method: "POST", body, headers: { "X-List-Part": "1" }, redirect: "manual", signal });
      said = await response.text();
    } catch {
      return SHORTEST_PAUSE * 5; // whether it arrived is not known: it is sent again, with its key
    }
    if (response.status === 429 || response.status >= 500) {
      const asked = Number(response.headers.get("Retry-After") ?? 0) * 1000 || 0;
      const pause = Math.min(Math.max(asked, SHORTEST_PAUSE * 2 ** entry.tries), LONGEST_PAUSE);
      await change(entry, { tries: entry.tries + 1, notBefore: Date.now() + pause });
      return pause;
    }
    const became = response.headers.get("X-List-Part");
    if (became === null) return "elsewhere";
    if (became === "done") await forget([entry.id]);
    else await change(entry, { refused: said });
    channel.postMessage({ kind: "answered", entry: { ...entry, fields: [] }, said, isDone: became === "done" });
    return "answered";
  }

  async function refuse(entry, words) {
    const text = words.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    await change(entry, { refused: `<p>${text}</p>` });
    channel.postMessage({ kind: "answered", entry: { ...entry, fields: [] }, said: "", isDone: false });
  }

  return { isPossible, all, add, forget, send };
})();

// Where browsers can, they wake the worker for it when there is a signal again, though every page may be closed.
if ("ServiceWorkerGlobalScope" in self) {
  self.addEventListener("sync", (event) => {
    if (event.tag !== "outbox") return;
    const sending = self.outbox.send().then((again) => {
      if (again !== 0 && again !== Infinity) throw new Error("something still waits");
    });
    event.waitUntil(sending);
  });
}
