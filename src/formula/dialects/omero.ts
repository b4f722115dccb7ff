import { findColormap } from "../colormaps/index.ts";
import { shown } from "../problem.ts";
import { blended, channel, colour, numberIn, untranslatable, windowed } from "./parts.ts";

/** `[-]index|low:high[r]$colour`, as OMERO.web's `c` parameter lists them. */
const CHANNEL = /^(-?)(\d+)(?:\|(-?[\d.eE+-]+):(-?[\d.eE+-]+?))?(r|-r)?(?:\$([\w.]+))?$/;

/** OMERO.web's rendering parameters: `c=1|100:600$FF0000,-2|0:255$00FF00&m=c`, or the list of channels alone. */
export function fromOmero(text: string): string {
  const parameters = new URLSearchParams(text.includes("=") ? text.replace(/^[^?]*\?/, "") : `c=${text}`);
  const channels = (parameters.get("c") ?? "").split(",").filter((one) => one !== "");
  const isGrey = parameters.get("m") === "g";
  const layers = channels.flatMap((one) => layer(one, isGrey));
  return isGrey ? blended(layers.slice(0, 1), "add") : blended(layers, "add");
}

function layer(text: string, isGrey: boolean): readonly string[] {
  const found = CHANNEL.exec(text);
  if (!found) throw untranslatable(`"${shown(text)}" is no channel such as 1|0:255$FF0000.`);
  const [, off, index = "", low, high, reversed, shade] = found;
  if (off === "-") return [];
  const ends = [low, high].map((end) => (end === undefined ? null : numberIn(end, "An end of a window")));
  const window = windowed(channel(index), ends[0] ?? null, ends[1] ?? null);
  const toned = reversed === "r" ? `invert(${window})` : window;
  if (isGrey || shade === undefined) return [`gray(${toned})`];
  if (!shade.endsWith(".lut")) return [`tint(${toned}, ${colour(shade)})`];
  const map = findColormap(shade.slice(0, -".lut".length));
  if (map === null) throw untranslatable(`There is no colormap "${shown(shade)}".`);
  return [`colormap(${toned}, "${map}")`];
}
