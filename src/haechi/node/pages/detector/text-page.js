// The part of the detector page for text: pasted, read in the browser under published keys, and sent to the node
// only when the reader presses the button that says so.

import { shown as shownIn, tellLook } from "./layers.js";
import { detectText } from "./text.js";

const part = (id) => document.getElementById(id);
const words = part("text-detector").dataset;
const MOST_KEYS = 200;

const shown = (name, text, place = part("text-result")) => shownIn(place, name, text);

const fresh = () => part("text-result").replaceChildren();

const statementLink = (digest, place) => {
  const link = shown("a", words.statement, place);
  link.href = `/${document.documentElement.lang}/statement/${digest}`;
};

const secretOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

let profiles = null;

const committed = async () => {
  profiles ??= (await (await fetch("/marks/profiles")).json()).profiles;
  return profiles.filter((profile) => !profile.withdrawn && profile.verdict !== "FAILS");
};

/** Keys of profiles in word space whose files their issuers published. */
const publishedKeys = async () => {
  const open = (await committed()).filter((each) => each.published && each.engine === "haechi-text-1");
  const keys = open.slice(0, MOST_KEYS).map(async (record) => {
    const answer = await fetch(`/blobs/${record.published}`);
    if (!answer.ok) return null;
    const profile = await answer.json();
    if (profile.space !== "word" || profile.dual_share) return null;
    return { name: record.issuer, secret: secretOf(profile.secret), payload: profile.payload, record };
  });
  return (await Promise.all(keys)).filter((key) => key !== null);
};

/** The text with the marked stretches standing out. */
const showText = (text, stretches) => {
  const place = shown("p", "");
  const letters = [...text]; // places count code points
  const between = (start, end) => letters.slice(start, end).join("");
  let at = 0;
  for (const { start, end } of stretches) {
    place.append(between(at, start));
    shown("mark", between(start, end), place);
    at = end;
  }
  place.append(between(at));
};

const tellSignpost = async ({ number }) => {
  const record = (await committed()).find((each) => each.signpost === number);
  const line = shown("p", `${words.signpost} `);
  if (!record) {
    line.append(`${words.nobody} ${number}.`);
    return;
  }
  line.append(`${record.service} (${record.issuer}). `);
  statementLink(record.statement, line);
};

const look = async () => {
  const text = part("text").value;
  fresh();
  shown("p", words.reading);
  try {
    const keys = await publishedKeys();
    const found = detectText(text, keys);
    fresh();
    for (const mark of found.marks) {
      shown("h3", `${words.found} ${mark.key.name}`);
      shown("p", `${words.chance} 10^${mark.log10P.toFixed(0)}. ${words.open} `);
      statementLink(mark.key.record.statement, part("text-result").lastElementChild);
      showText(text, mark.stretches);
    }
    if (!found.marks.length) shown("p", words.none);
    if (found.signpost) await tellSignpost(found.signpost);
    if (!found.enough) shown("p", words.short);
    shown("p", `${words.keys} ${keys.length}`);
  } catch {
    fresh();
    shown("p", words.unreadable);
  }
};

const ask = async () => {
  const lang = document.documentElement.lang;
  const text = part("text").value;
  fresh();
  shown("p", words.reading);
  try {
    const headers = { "content-type": "text/plain; charset=utf-8" };
    const answer = await fetch(`/marks/text?lang=${lang}`, { method: "POST", headers, body: text });
    const told = await answer.json();
    fresh();
    if (!answer.ok) {
      shown("p", told.message ?? words.unreadable);
      return;
    }
    tellLook(part("text-result"), told, part("detector").dataset);
    const stretches = told.stretches.map(([start, end]) => ({ start, end }));
    if (stretches.length) showText(text, stretches);
    for (const digest of [told.profile, told.statement]) if (digest) statementLink(digest, shown("p", ""));
  } catch {
    fresh();
    shown("p", words.unreadable);
  }
};

part("text-look").addEventListener("click", look);
part("text-ask").addEventListener("click", ask);
part("text-detector").hidden = false;
