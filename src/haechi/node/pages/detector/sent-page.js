// The parts of the detector page for sound and film: a file is sent to the node, and only when the reader presses
// the button that says so.

import { shown, tellLook } from "./layers.js";

const SIGNS = { "#": "there", ".": "missing", "?": "silent" };
const part = (id) => document.getElementById(id);

// One box for each stretch of time: "#" the mark is there, "." it is not, "?" it cannot be told. A name where there
// are several rows: of a film the pictures come first, then its sound.
const drawRow = (place, row, name, meaning) => {
  if (name) shown(place, "p", name).className = "sub";
  const line = shown(place, "p", "");
  line.className = "seconds";
  line.setAttribute("role", "img");
  line.setAttribute("aria-label", name ? `${name}. ${meaning}` : meaning);
  for (const sign of row) shown(line, "span", "").className = SIGNS[sign];
};

const drawRows = (place, told, words) => {
  if (!told.presence?.length) return;
  const seen = told.layers.some((layer) => layer.code === "mark.video.read");
  const stretch = seen ? `${words.pictures} ${told.stretch_s} s` : null;
  const names = told.medium === "video" ? [stretch, `${words.sound} 1 s`].filter(Boolean) : [];
  told.presence.forEach((row, at) => drawRow(place, row, names[at], words.presence));
  shown(place, "p", words.presence).className = "sub";
};

const asking = (medium) => {
  const words = part(`${medium}-detector`).dataset;
  const place = part(`${medium}-result`);
  const say = (text) => {
    place.replaceChildren();
    shown(place, "p", text);
  };
  return async () => {
    const [file] = part(medium).files;
    if (!file) return say(words.choose);
    say(words.reading);
    try {
      const lang = document.documentElement.lang;
      const answer = await fetch(`/marks/${medium}?lang=${lang}`, { method: "POST", body: file });
      const told = await answer.json();
      if (!answer.ok) return say(told.message ?? words.unreadable);
      place.replaceChildren();
      tellLook(place, told, part("detector").dataset);
      drawRows(place, told, words);
      if (told.statement) {
        shown(place, "a", words.statement).href = `/${lang}/statement/${told.statement}`;
      }
    } catch {
      say(words.unreadable);
    }
  };
};

for (const medium of ["sound", "film"]) {
  part(`${medium}-ask`).addEventListener("click", asking(medium));
  part(`${medium}-detector`).hidden = false;
}
