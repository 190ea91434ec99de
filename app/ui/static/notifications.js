// Sets notifications up in this browser: asks it for an address, and sends that with the form of the page.
const form = document.querySelector("form[data-push]");
const isAble = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window && window.isSecureContext;

function say(what) {
  for (const each of form.querySelectorAll("[data-said]")) each.hidden = each.dataset.said !== what;
}

function text(buffer) {
  const characters = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(characters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function subscribe() {
  const registration = await navigator.serviceWorker.ready;
  const known = await registration.pushManager.getSubscription();
  if (known !== null) await known.unsubscribe(); // its address may be known to somebody who was signed in before
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: form.dataset.push });
}

async function setUp() {
  if ((await Notification.requestPermission()) !== "granted") return say("denied");
  try {
    const subscription = await subscribe();
    form.elements.endpoint.value = subscription.endpoint;
    form.elements.p256dh.value = text(subscription.getKey("p256dh"));
    form.elements.auth.value = text(subscription.getKey("auth"));
  } catch {
    return say("failed");
  }
  form.submit();
}

if (form !== null && isAble) {
  form.hidden = false;
  document.querySelector("[data-unable]").hidden = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    say("");
    setUp();
  });
}
