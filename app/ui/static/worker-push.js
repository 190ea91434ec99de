// A part of the service worker: shows what the service pushes, opens what it is about, and tells of a new address.

function pushedMessage(event) {
  try {
    return event.data.json();
  } catch {
    return {}; // a browser must show something for each push
  }
}

self.addEventListener("push", (event) => {
  const { title = "Shopping list", body = "", tag, url = `${self.base}/lists` } = pushedMessage(event);
  const icon = `${self.base}/static/icon-192.png`;
  event.waitUntil(self.registration.showNotification(title, { body, tag, icon, badge: icon, data: { url } }));
});

async function openPage(url) {
  const address = new URL(url, self.location.origin);
  if (address.origin !== self.location.origin) return;
  for (const page of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) {
    if (page.url === address.href) return page.focus();
  }
  return self.clients.openWindow(address.href);
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openPage(event.notification.data.url));
});

function keyText(buffer) {
  const characters = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(characters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// The push service has given the browser another address, or ended the old one.
async function renewAddress(changed) {
  const answer = await fetch(`${self.base}/notifications/renewal`);
  if (!answer.ok) return; // signed out meanwhile
  const { key, form_token: token } = await answer.json();
  const options = { userVisibleOnly: true, applicationServerKey: key };
  const subscription = changed ?? (await self.registration.pushManager.subscribe(options));
  const fields = {
    form_token: token,
    endpoint: subscription.endpoint,
    p256dh: keyText(subscription.getKey("p256dh")),
    auth: keyText(subscription.getKey("auth")),
  };
  await fetch(`${self.base}/notifications/browser`, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
}

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renewAddress(event.newSubscription)));
