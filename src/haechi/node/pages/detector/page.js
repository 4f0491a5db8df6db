// The detector page: a picture is read in the browser; only the mark's number is asked of the node, and the
// picture itself is sent only when the reader presses the button that says so.

import { takeDrops } from "./drop-page.js";
import { shown as shownIn, tellLook } from "./layers.js";
import "./sent-page.js";
import "./text-page.js";

const part = (id) => document.getElementById(id);
const words = part("detector").dataset;
const MOST_SIDE = 4096;
const SHOWN_SIDE = 640;
let picture = null;

const shown = (name, text, place = part("result")) => shownIn(place, name, text);

const fresh = () => part("result").replaceChildren();

const pixelsOf = async (file) => {
  const bitmap = await createImageBitmap(file);
  const shrink = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * shrink));
  canvas.height = Math.max(1, Math.round(bitmap.height * shrink));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
};

const read = (pixels) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.onmessage = (event) => {
      worker.terminate();
      resolve(event.data);
    };
    worker.onerror = (event) => {
      worker.terminate();
      reject(new Error(event.message));
    };
    worker.postMessage({ width: pixels.width, height: pixels.height, data: pixels.data }, [pixels.data.buffer]);
  });

// Where the node found the mark: a row of text each, "#" present, "." absent, "?" cannot tell.
const drawPresence = async (file, rows) => {
  const bitmap = await createImageBitmap(file);
  const shrink = Math.min(1, SHOWN_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = shown("canvas", "");
  canvas.width = Math.max(1, Math.round(bitmap.width * shrink));
  canvas.height = Math.max(1, Math.round(bitmap.height * shrink));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", words.presence);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const [across, down] = [canvas.width / rows[0].length, canvas.height / rows.length];
  rows.forEach((row, at) =>
    [...row].forEach((sign, column) => {
      if (sign === "#") return;
      context.fillStyle = sign === "?" ? "rgb(128 128 128 / 60%)" : "rgb(200 20 30 / 60%)";
      context.fillRect(column * across, at * down, across, down);
    }),
  );
  shown("p", words.presence).className = "sub";
};

const when = (iso) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

const tellMakers = async (payload) => {
  const answer = await fetch(`/marks/${payload}`, { headers: { accept: "application/json" } });
  const { marks } = await answer.json();
  if (!marks.length) shown("p", words.unlogged);
  for (const mark of marks) {
    const line = shown("p", `${words.maker} ${mark.provider} (${mark.issuer}), ${when(mark.made)}. `);
    const link = shown("a", words.statement, line);
    link.href = `/${document.documentElement.lang}/statement/${mark.statement}`;
  }
  if (marks.length) shown("p", words.compare);
};

const look = async (file) => {
  picture = file;
  fresh();
  shown("p", words.reading);
  part("ask").hidden = true;
  try {
    const { marks } = await read(await pixelsOf(file));
    fresh();
    if (!marks.length) shown("p", words.none);
    for (const mark of marks) {
      shown("h3", `${words.found} ${mark.payload}`);
      shown("p", `${words.chance} 10^${mark.log10P.toFixed(0)}`);
      await tellMakers(mark.payload);
    }
  } catch {
    fresh();
    shown("p", words.unreadable);
  }
  part("ask").hidden = false;
};

const ask = async () => {
  if (!picture) return;
  fresh();
  shown("p", words.reading);
  try {
    const lang = document.documentElement.lang;
    const answer = await fetch(`/marks/look?lang=${lang}`, { method: "POST", body: picture });
    const told = await answer.json();
    fresh();
    if (!answer.ok) {
      shown("p", told.message ?? words.unreadable);
      return;
    }
    tellLook(part("result"), told, words);
    if (told.presence?.some((row) => /[^#]/.test(row))) await drawPresence(picture, told.presence);
    if (told.statement) {
      const link = shown("a", words.statement);
      link.href = `/${lang}/statement/${told.statement}`;
    }
  } catch {
    fresh();
    shown("p", words.unreadable);
  }
};

part("picture").addEventListener("change", (event) => {
  if (event.target.files[0]) look(event.target.files[0]);
});
part("ask").addEventListener("click", ask);
takeDrops(look);
part("detector").hidden = false;
