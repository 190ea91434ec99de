// A button beside each text that is meant to be copied. Without this file a tap selects the text.
const template = document.getElementById("copy");
for (const text of document.querySelectorAll("pre")) {
  const button = template.content.firstElementChild.cloneNode(true);
  const label = button.textContent;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = label; }, 2000);
  });
  text.after(button);
}
