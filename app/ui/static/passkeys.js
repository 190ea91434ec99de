// Forms that are sent with a passkey: the browser is asked a question of the service, and its answer goes with the form.
// They stay hidden where browsers have no passkeys; every page has another way.

const isSupported = typeof window.PublicKeyCredential?.parseRequestOptionsFromJSON === "function";

async function ask(form) {
  const { question, token, passkey } = form.dataset;
  const body = new URLSearchParams({ form_token: token, purpose: passkey });
  for (const name of ["email", "name"]) {
    const value = form.elements.namedItem(name)?.value;
    if (value) body.set(name, value);
  }
  const response = await fetch(question, { method: "POST", body });
  if (!response.ok) throw new Error("no question");
  const options = await response.json();
  const credential = passkey === "add"
    ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(credential);
}

for (const form of isSupported ? document.querySelectorAll("form[data-passkey]") : []) {
  const button = form.querySelector("button");
  const refused = form.querySelector("[role=alert]");
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    refused.hidden = true;
    button.disabled = true;
    try {
      form.elements.credential.value = await ask(form);
      form.submit();
    } catch {
      refused.hidden = false;
    } finally {
      button.disabled = false;
    }
  });
}
