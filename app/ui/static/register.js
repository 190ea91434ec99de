// Has the browser take the service worker, without which the pages work as well; only over https, or on this machine.
const { base } = document.body.dataset;

// Whether the worker has seen this page: it may take over a page that was loaded without it.
const cameThroughWorker = performance.getEntriesByType("navigation")[0]?.workerStart > 0;

async function register() {
  await navigator.serviceWorker.register(`${base}/service-worker.js`, { scope: `${base}/`, updateViaCache: "none" });
  if (cameThroughWorker) return;
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage({ kind: "opened" });
}

if ("serviceWorker" in navigator) register().catch(() => {}); // where it is forbidden, say
