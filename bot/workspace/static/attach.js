// The button that attaches a file and shares it in the channel.

import { post } from "./api.js";
import { el, iconButton } from "./dom.js";
import { attempt } from "./popup.js";

// *takeText* returns the composer's text, which is sent with the file, and clears the composer.
export function attachButton(workspace, takeText) {
  const input = el("input", { type: "file", hidden: true, onchange: share });

  async function share() {
    const [file] = input.files;
    if (!file) return;
    const content = await toBase64(file);
    input.value = "";
    const target = { user: workspace.me.id, channel: workspace.current().id };
    await attempt(() => post("file", { ...target, name: file.name, content, text: takeText() }));
  }

  return [iconButton("clip", "Attach a file", () => input.click()), input];
}

function toBase64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
