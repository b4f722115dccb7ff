import { z } from "zod";
import { unreadable } from "../unreadable.ts";
import { isSide, isTileSide, type TileLevel, type TilePyramid } from "./pyramid.ts";

const MAX_DOCUMENT = 2 ** 20;
const FORMATS = ["jpg", "png", "webp"] as const;

const info = z.looseObject({
  "@context": z.union([z.string(), z.array(z.unknown())]).optional(),
  width: z.number(),
  height: z.number(),
  tiles: z
    .array(
      z.looseObject({
        width: z.number(),
        height: z.number().optional(),
        scaleFactors: z.array(z.number().int().min(1)).min(1).max(32),
      }),
    )
    .min(1),
  preferredFormats: z.array(z.string()).optional(),
});

/** `info.json` of a level 0 image (IIIF Image API 2 and 3): tiles lie under the addresses that a client would ask for. */
export function readIiif(text: string): TilePyramid {
  const { width, height, tiles, preferredFormats = [], "@context": context } = parse(text);
  const [first] = tiles;
  const [tileWidth, tileHeight] = [first?.width ?? null, first?.height ?? first?.width ?? null];
  if (!isSide(width) || !isSide(height)) throw unreadable("its info.json tells no sides from 1 to 16777216 pixels");
  if (!isTileSide(tileWidth) || !isTileSide(tileHeight))
    throw unreadable("its info.json tells no tile size from 16 to 2048 pixels");
  const isThree = JSON.stringify(context ?? "").includes("/image/3");
  const formats = [...preferredFormats.filter((one) => FORMATS.some((known) => known === one)), ...FORMATS];
  const factors = [...new Set(first?.scaleFactors ?? [1])].sort((a, b) => a - b);
  if (factors[0] !== 1) throw unreadable("its info.json has no tiles of full resolution");
  const levels = factors.map((factor): TileLevel => {
    const size = { width: Math.ceil(width / factor), height: Math.ceil(height / factor) };
    return {
      ...size,
      paths(x, y) {
        const [left, top] = [x * tileWidth * factor, y * tileHeight * factor];
        const [w, h] = [Math.min(tileWidth * factor, width - left), Math.min(tileHeight * factor, height - top)];
        const [outW, outH] = [Math.ceil(w / factor), Math.ceil(h / factor)];
        const isAll = w === width && h === height;
        const regions = isAll ? ["full", `0,0,${w},${h}`] : [`${left},${top},${w},${h}`];
        const sizes = [
          ...(isThree ? [`${outW},${outH}`] : [`${outW},`]),
          ...(isAll && factor === 1 ? [isThree ? "max" : "full"] : []),
        ];
        // Makers of such folders mix the forms of the versions.
        const others = isThree ? [`${outW},`] : [`${outW},${outH}`];
        const format = formats[0] ?? "jpg";
        return [...sizes, ...others].flatMap((one) => regions.map((region) => `${region}/${one}/0/default.${format}`));
      },
    };
  });
  return {
    ...{ format: "IIIF level 0", tileWidth, tileHeight, overlap: 0, fullEdges: false, sparse: false },
    ...{ levels },
  };
}

function parse(text: string): z.output<typeof info> {
  try {
    if (text.length <= MAX_DOCUMENT) return info.parse(JSON.parse(text));
  } catch (error) {
    throw unreadable("its info.json is not what the IIIF Image API says, or names no tiles", error);
  }
  throw unreadable("its info.json is too long");
}
