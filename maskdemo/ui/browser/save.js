// A chart as a file: as wide in any window, with margins that its words fit into, and in the page's font.

const WIDTH = 800;
// Around what would else touch the edge, in pixels.
const SPARE = 8;

/** Save the figure. library: Plotly; image: format, filename and pixels of the file a pixel of the page. */
export async function save(library, { data, layout }, image) {
  const own = structuredClone({ data: [...data], layout });
  const look = getComputedStyle(document.querySelector(".stApp"));
  Object.assign(own.layout, { width: WIDTH, paper_bgcolor: look.backgroundColor });
  await fit(library, own);
  const { width, height } = own.layout;
  const address = await library.toImage(own, { format: "svg", width, height });
  const style = `<style>${await fontFaces(own.layout.template.layout.font.family)}</style>`;
  const drawn = decodeURIComponent(address.slice(address.indexOf(",") + 1));
  const svg = new Blob([drawn.replace(/<svg[^>]*>/, (tag) => tag + style)], { type: "image/svg+xml" });
  const file = image.format === "svg" ? svg : await painted(svg, image.scale * width, image.scale * height);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${image.filename}.${image.format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
}

/** Widen margins, and the figure with them except to the right, by what its texts reach over its edges. */
async function fit(library, { data, layout }) {
  const place = document.createElement("div");
  place.style.cssText = "position: fixed; top: 0; left: 0; visibility: hidden";
  document.body.append(place);
  await library.newPlot(place, structuredClone(data), structuredClone(layout), { staticPlot: true });
  const edge = place.querySelector(".main-svg").getBoundingClientRect();
  const over = { l: 0, r: 0, t: 0, b: 0 };
  for (const text of place.querySelectorAll(".main-svg text")) {
    const box = text.getBoundingClientRect();
    if (!box.width) continue;
    over.l = Math.max(over.l, edge.left + SPARE - box.left);
    over.r = Math.max(over.r, box.right + SPARE - edge.right);
    over.b = Math.max(over.b, box.bottom + SPARE - edge.bottom);
  }
  for (const side of Object.keys(over)) layout.margin[side] += Math.ceil(over[side]);
  layout.height += Math.ceil(over.b);
  library.purge(place);
  place.remove();
}

/** The page's rules for the first of some fonts, with the fonts themselves in place of their addresses. */
async function fontFaces(families) {
  const family = families.split(",")[0].replaceAll('"', "");
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).filter(
    (rule) =>
      rule instanceof CSSFontFaceRule &&
      rule.style.getPropertyValue("font-family").replaceAll('"', "") === family &&
      rule.style.getPropertyValue("font-style") !== "italic",
  );
  const faces = rules.map(async (rule) => {
    const [named, address] = rule.cssText.match(/url\("?([^")]+)"?\)/);
    const font = await (await fetch(new URL(address, rule.parentStyleSheet.href ?? document.baseURI))).blob();
    return rule.cssText.replace(named, `url("${await inline(font)}")`);
  });
  return (await Promise.all(faces)).join("");
}

function inline(blob) {
  return new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(blob);
  });
}

/** The drawing as a PNG of so many pixels. */
async function painted(svg, width, height) {
  const image = new Image();
  image.src = URL.createObjectURL(svg);
  await image.decode();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").drawImage(image, 0, 0, width, height);
  URL.revokeObjectURL(image.src);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}
