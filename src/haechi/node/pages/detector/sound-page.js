// The part of the detector page for sound: it is sent to the node, and only when the reader presses the button
// that says so.

import { shown, tellLook } from "./layers.js";

const part = (id) => document.getElementById(id);
const words = part("sound-detector").dataset;
const SIGNS = { "#": "there", ".": "missing", "?": "silent" };

// One box for each second: "#" the mark is there, "." it is not, "?" silence or a bare tone, which cannot tell.
const drawSeconds = (place, row) => {
  const line = shown(place, "p", "");
  line.className = "seconds";
  line.setAttribute("role", "img");
  line.setAttribute("aria-label", words.presence);
  for (const sign of row) shown(line, "span", "").className = SIGNS[sign];
  shown(place, "p", words.presence).className = "sub";
};

const ask = async () => {
  const [file] = part("sound").files;
  const place = part("sound-result");
  place.replaceChildren();
  if (!file) {
    shown(place, "p", words.choose);
    return;
  }
  shown(place, "p", words.reading);
  try {
    const lang = document.documentElement.lang;
    const answer = await fetch(`/marks/sound?lang=${lang}`, { method: "POST", body: file });
    const told = await answer.json();
    place.replaceChildren();
    if (!answer.ok) {
      shown(place, "p", told.message ?? words.unreadable);
      return;
    }
    tellLook(place, told, part("detector").dataset);
    if (told.presence?.length) drawSeconds(place, told.presence[0]);
    if (told.statement) {
      shown(place, "a", words.statement).href = `/${lang}/statement/${told.statement}`;
    }
  } catch {
    place.replaceChildren();
    shown(place, "p", words.unreadable);
  }
};

part("sound-ask").addEventListener("click", ask);
part("sound-detector").hidden = false;
