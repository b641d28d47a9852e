// Why a file was not taken. Streamlit 1.67 marks its name in red and says the reason, which of an upload
// that the server refused is "Request failed with status code 503", only to whoever points at it.

const REASON = '[data-testid="stFileChip"] [role="alert"]';
const STATUS = /status code (\d+)/;

/** The sentence for what Streamlit says of a file. */
export function sentence(said, sentences) {
  const status = STATUS.exec(said)?.[1];
  if (status) return sentences[status] ?? "The file could not be uploaded. Choose it again.";
  return said.replace(/^Error: /, "");
}

const watchers = new WeakMap();

// data: the sentences by HTTP status.
export default function ({ data, parentElement }) {
  let line = parentElement.querySelector(".maskdemo-refused");
  if (!line) {
    line = document.createElement("div");
    line.className = "maskdemo-refused";
    line.role = "status";
    parentElement.append(line);
  }
  const write = () => {
    const said = document.querySelector(REASON)?.textContent ?? "";
    const words = said && sentence(said, data.sentences);
    if (line.textContent !== words) line.textContent = words;
  };
  watchers.get(parentElement)?.disconnect();
  const watcher = new MutationObserver(write);
  watcher.observe(document.body, { childList: true, subtree: true });
  watchers.set(parentElement, watcher);
  write();
  return () => watcher.disconnect();
}
