// What a node said of a file it was sent: the state, then a line for each layer.

/** Appends an element with a text. */
export const shown = (place, name, text) => {
  const element = document.createElement(name);
  element.textContent = text;
  place.append(element);
  return element;
};

const tellLayer = (list, layer, words) => {
  const line = shown(list, "li", "");
  line.className = "finding";
  shown(line, "span", layer.title).className = "what";
  const kind = layer.verdict.toLowerCase();
  shown(line, "span", words[kind]).className = `verdict ${kind}`;
  shown(line, "span", layer.why).className = "why";
};

/** words: holds, fails, undecided. */
export const tellLook = (place, told, words) => {
  shown(place, "h3", told.says);
  const list = shown(place, "ul", "");
  list.className = "findings";
  for (const layer of told.layers) tellLayer(list, layer, words);
};
