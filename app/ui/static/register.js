// Has the browser take the service worker, without which the pages work as well; only over https, or on this machine.
const { base } = document.body.dataset;

async function register() {
  const registration = await navigator.serviceWorker.register(`${base}/service-worker.js`, { scope: `${base}/`, updateViaCache: "none" });
  if (navigator.serviceWorker.controller === null) {
    await navigator.serviceWorker.ready;
    registration.active?.postMessage({ kind: "opened" }); // it wasn't there when this page was loaded
  }
}

if ("serviceWorker" in navigator) register().catch(() => {}); // where it is forbidden, say
