// A part of the service worker: the files of pages, which are kept by the hash in their address.

const FILES = "files";

async function keepFiles() {
  const files = await caches.open(FILES);
  const known = new Set((await files.keys()).map((request) => new URL(request.url).pathname + new URL(request.url).search));
  await files.addAll(self.keptFiles.filter((each) => !known.has(each)));
}

async function forgetOldFiles() {
  const files = await caches.open(FILES);
  for (const request of await files.keys()) {
    const { pathname, search } = new URL(request.url);
    if (!self.keptFiles.includes(pathname + search)) await files.delete(request);
  }
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

self.addEventListener("install", (event) => event.waitUntil(keepFiles().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(forgetOldFiles().then(() => self.clients.claim())));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== self.location.origin || request.method !== "GET") return;
  if (address.pathname.startsWith(`${self.base}/static/`)) event.respondWith(file(request));
});
