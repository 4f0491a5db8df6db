// Files that are dropped anywhere on the detector page go to the part for their medium. A picture is looked at
// at once and a text is put where it could have been pasted; a sound and a film are only chosen: they are sent
// when the reader presses the button that says so.

const TEXTS = /\.(txt|text|md|markdown)$/i;
const SOUNDS = /\.(wav|flac|mp3|m4a|ogg|opus)$/i;
const FILMS = /\.(mp4|m4v|mov|webm|mkv)$/i;
const MOST_TEXT_BYTES = 4 << 20;
const part = (id) => document.getElementById(id);

const mediumOf = ({ name, type }) => {
  // The name first: browsers call the same sound "video/ogg" here and nothing at all there.
  if (TEXTS.test(name)) return "text";
  if (SOUNDS.test(name)) return "sound";
  if (FILMS.test(name)) return "film";
  const kind = type.split("/")[0];
  return { text: "text", audio: "sound", video: "film" }[kind] ?? "picture";
};

const putText = async (file) => {
  if (file.size > MOST_TEXT_BYTES) {
    part("text-result").textContent = part("text-detector").dataset.unreadable;
    return;
  }
  part("text").value = await file.text();
  part("text-look").focus();
};

const choose = (medium, files) => {
  part(medium).files = files;
  part(`${medium}-result`).replaceChildren();
  part(`${medium}-ask`).focus();
};

/** Take files that are dropped; lookAt: what is done with a picture. */
export const takeDrops = (lookAt) => {
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const [file] = event.dataTransfer.files;
    if (!file) return; // words that are dragged: the text field takes them by itself
    event.preventDefault();
    const medium = mediumOf(file);
    if (medium === "picture") lookAt(file);
    else if (medium === "text") putText(file);
    else choose(medium, event.dataTransfer.files);
  });
};
