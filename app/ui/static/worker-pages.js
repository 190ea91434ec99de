// A part of the service worker: files of pages, by the hash in their address, and the pages of lists that were seen last,
// for the person who is signed in. Nobody else's pages are ever in the browser at the same time.

{
  const FILES = "files";
  const PAGES = "pages "; // and whose they are
  const MOST_PAGES = 30;
  const LONGEST_KEPT = 14 * 86_400_000; // as long as a sign-in lasts
  const FRESH_MILLISECONDS = 600_000;
  const PATIENCE_MILLISECONDS = 5_000;
  const NO_SIGNAL = `${self.base}/no-signal`;
  const NOBODY = "nobody";
  const KEPT_AT = "X-Kept-At";
  const LISTS = `${self.base}/lists`;
  const KEPT_PATH = /^\/[^/]+(\/shop)?$/; // of a list, or its view for the shop

  // Files

  async function keepFiles() {
    const files = await caches.open(FILES);
    const known = new Set((await files.keys()).map(({ url }) => pathOf(url)));
    await files.addAll(self.keptFiles.filter((each) => !known.has(each)));
    await files.put(NO_SIGNAL, await fetch(NO_SIGNAL, { cache: "no-store" }));
  }

  async function forgetOldFiles() {
    const files = await caches.open(FILES);
    const kept = new Set([...self.keptFiles, NO_SIGNAL]);
    for (const request of await files.keys()) if (!kept.has(pathOf(request.url))) await files.delete(request);
  }

  function pathOf(url) {
    const { pathname, search } = new URL(url);
    return pathname + search;
  }

  // Pages that are kept may name a file as it was before: then today's will do.
  async function file(request) {
    const files = await caches.open(FILES);
    const known = await files.match(request);
    if (known !== undefined) return known;
    try {
      return await fetch(request);
    } catch (fault) {
      const other = await files.match(request, { ignoreSearch: true });
      if (other === undefined) throw fault;
      return other;
    }
  }

  // Pages

  let changesOfPerson = 0; // pages that were asked for before one are not kept
  let lastPerson = null;

  async function learn(response) {
    const person = response.headers.get("X-Person");
    if (person === null) return;
    if (person !== lastPerson && (lastPerson !== null || person === NOBODY)) changesOfPerson += 1;
    lastPerson = person;
    for (const name of await caches.keys()) if (name.startsWith(PAGES) && name !== PAGES + person) await caches.delete(name);
  }

  function isKept(url) {
    const path = new URL(url).pathname;
    return path === LISTS || (path.startsWith(`${LISTS}/`) && KEPT_PATH.test(path.slice(LISTS.length)));
  }

  // Asks the service, learns who is signed in, and keeps what it answers.
  async function ask(request, keepAlive) {
    const before = changesOfPerson;
    const response = await fetch(request);
    if (changesOfPerson !== before) return response;
    await learn(response);
    if (isKept(request.url) && response.status === 200 && !response.redirected) keepAlive(keep(request.url, response.clone()));
    return response;
  }

  async function keep(url, response) {
    const person = response.headers.get("X-Person") ?? NOBODY;
    if (person === NOBODY) return;
    const headers = new Headers(response.headers);
    headers.set(KEPT_AT, String(Date.now()));
    const html = await response.text();
    if (person !== lastPerson) return;
    const pages = await caches.open(PAGES + person);
    await pages.put(url, new Response(html, { headers }));
    if (person !== lastPerson) await caches.delete(PAGES + person); // somebody else came while it was put there
    else await bound(pages);
  }

  const ageOf = (response) => Date.now() - Number(response.headers.get(KEPT_AT));

  async function bound(pages) {
    const kept = [];
    for (const request of await pages.keys()) kept.push([ageOf(await pages.match(request)), request]);
    kept.sort(([one], [other]) => one - other);
    for (const [index, [age, request]] of kept.entries()) {
      if (index >= MOST_PAGES || age > LONGEST_KEPT) await pages.delete(request);
    }
  }

  // What goes with a page: the view for the shop of a list, and the page of all lists.
  async function keepOthers(url) {
    const address = new URL(url);
    if (!isKept(url) || address.pathname === LISTS) return;
    const household = address.searchParams.get("household");
    const list = address.pathname.slice(LISTS.length).split("/")[1];
    const query = household === null ? "" : `?household=${encodeURIComponent(household)}`;
    const others = [`${LISTS}/${list}${query}`, `${LISTS}/${list}/shop${query}`, LISTS].map((path) => new URL(path, self.location).href);
    for (const other of others.filter((each) => each !== url)) {
      const known = await kept(other);
      if (known !== undefined && ageOf(known) < FRESH_MILLISECONDS) continue;
      const keeping = [];
      await ask(new Request(other), (each) => keeping.push(each));
      await Promise.all(keeping);
    }
  }

  // The page of this address, or of the same list in the same household seen in another way.
  async function kept(url) {
    const name = (await caches.keys()).find((each) => each.startsWith(PAGES));
    if (name === undefined || !isKept(url)) return undefined;
    const pages = await caches.open(name);
    const same = async () => {
      const asked = new URL(url);
      for (const request of await pages.keys()) {
        const address = new URL(request.url);
        if (address.pathname !== asked.pathname) continue;
        if (address.searchParams.get("household") === asked.searchParams.get("household")) return pages.match(request);
      }
      return undefined;
    };
    const found = (await pages.match(url)) ?? (await same());
    return found !== undefined && ageOf(found) <= LONGEST_KEPT ? found : undefined;
  }

  // The page says since when it is kept.
  async function shownAgain(response) {
    const html = (await response.text()).replace("<body ", `<body data-kept-at="${Number(response.headers.get(KEPT_AT))}" `);
    return new Response(html, { headers: response.headers });
  }

  async function page(event) {
    const { request } = event;
    const known = request.method === "GET" ? await kept(request.url) : undefined;
    const asking = ask(request, (each) => event.waitUntil(each));
    try {
      const response = await (known === undefined ? asking : soonEnough(asking, event));
      if (request.method === "GET" && response.ok) event.waitUntil(keepOthers(request.url).catch(() => {}));
      return response;
    } catch (fault) {
      const still = known === undefined ? undefined : await kept(request.url); // its person may have signed out meanwhile
      if (still !== undefined) return shownAgain(still);
      const told = await (await caches.open(FILES)).match(NO_SIGNAL);
      if (told === undefined) throw fault;
      return told;
    }
  }

  function soonEnough(asking, event) {
    event.waitUntil(asking.catch(() => {}));
    return Promise.race([asking, new Promise((_, fail) => setTimeout(fail, PATIENCE_MILLISECONDS))]);
  }

  self.addEventListener("install", (event) => event.waitUntil(keepFiles().then(() => self.skipWaiting())));
  self.addEventListener("activate", (event) => event.waitUntil(forgetOldFiles().then(() => self.clients.claim())));

  self.addEventListener("message", (event) => {
    if (event.data?.kind !== "opened" || !isKept(event.source.url)) return;
    const keeping = [];
    const all = ask(new Request(event.source.url), (each) => keeping.push(each)).then(() => Promise.all([...keeping, keepOthers(event.source.url)]));
    event.waitUntil(all.catch(() => {}));
  });

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const address = new URL(request.url);
    if (address.origin !== self.location.origin) return;
    if (request.mode === "navigate") event.respondWith(page(event));
    else if (request.method === "GET" && address.pathname.startsWith(`${self.base}/static/`)) event.respondWith(file(request));
  });
}
