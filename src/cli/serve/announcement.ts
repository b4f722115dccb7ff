import { checkFormula } from "../../formula/index.ts";
import { keyPath, type ServedImage, type Services } from "../../service/index.ts";
import { formulaScope } from "../../service/scope.ts";
import type { Settings } from "../config/settings.ts";
import { printable } from "../output/format.ts";

const DEMO_KEY = "demo";
/** Shown where the image has such channels; else an image is asked for as it is. */
const FORMULA = "red + 2*(uv1 - green)";
/** Images that are tried for the one to show: the first may be damaged. */
const MAX_TRIED = 5;

/** What to open, for people: the page, and one curl line that works. Of a process of a cluster: what it is. */
export async function announcement(
  services: Services,
  url: string,
  settings: Settings,
  secret: string | null,
): Promise<string> {
  const { role, data, filesUrl } = settings;
  const folder = filesUrl === null ? data : `the images of ${filesUrl}`;
  if (role !== "all")
    return `${printable(`Bandloom ${services.stats().version}, role ${role}, at ${url}: ${folder}`)}\n`;
  const image = await imageToShow(services);
  const lines = [
    `Bandloom ${services.stats().version} serves ${folder}`,
    "",
    // Behind the #, it is sent to nobody and stands in no log.
    `  API page   ${url}/${secret === null ? "" : `#token=${secret}`}`,
    image
      ? `  One tile   curl -o tile.jpg '${url}${tilePath(image, services)}'`
      : "  No image   yet: put TIFF files into the data folder",
  ];
  return `${lines.map(printable).join("\n")}\n`;
}

async function imageToShow({ images }: Services): Promise<ServedImage | null> {
  const demo = await images.get(DEMO_KEY).catch(() => null);
  if (demo) return demo;
  const keys = await images.keys();
  for (const key of keys.slice(0, MAX_TRIED)) {
    const image = await images.get(key).catch(() => null);
    if (image) return image;
  }
  return null;
}

/** The whole image in one tile, signed where addresses are: the coarsest zoom is 0. */
function tilePath(image: ServedImage, { links }: Services): string {
  const known = checkFormula(FORMULA, formulaScope(image, { z: 0, t: 0 })).ok;
  // A quotation mark would end the shell's.
  const path = `/tiles/${keyPath(image.key).replaceAll("'", "%27")}`;
  const query = known ? `?f=${encodeURIComponent(FORMULA.replaceAll(" ", ""))}` : "";
  return `${path}/0/0/0${links.signed(path, `.jpg${query}`)}`;
}
