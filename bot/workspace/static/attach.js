// A button that shares a file in a channel.

import { post } from "./api.js";
import { el, iconButton } from "./dom.js";
import { attempt } from "./popup.js";

// *take* gives the text to send along, and empties the composer.
export function attachButton(world, take) {
  const input = el("input", { type: "file", hidden: true, onchange: share });

  async function share() {
    const [file] = input.files;
    if (!file) return;
    const content = await inBase64(file);
    input.value = "";
    const where = { user: world.me.id, channel: world.current().id };
    await attempt(() => post("file", { ...where, name: file.name, content, text: take() }));
  }

  return [iconButton("clip", "Attach a file", () => input.click()), input];
}

function inBase64(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}
