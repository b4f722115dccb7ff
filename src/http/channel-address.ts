import { BandloomError } from "../core/errors.ts";
import type { ServedImage } from "../service/types/image.ts";
import { splitExtension } from "./picture-options.ts";
import { parseQuery, SIGNATURE } from "./query.ts";
import { decodeStrictly, imageKey, splitTarget } from "./request-target.ts";
import { wholeNumber } from "./whole-number.ts";

/** A stored chunk as a URL names it, before any image is known. */
export interface ChunkUrl {
  readonly image: string;
  /** A name as the file tells it, or `@N`. */
  readonly channel: string;
  /** From 0, the coarsest. */
  readonly z: number;
  /** Position in the chunk grid of the level that is stored there. */
  readonly x: number;
  readonly y: number;
  /** Plane along z and t, from 0. */
  readonly plane: { readonly z: number; readonly t: number };
  readonly v: string | undefined;
}

/** Reads `/channels/{image}/{channel}/{z}/{x}/{y}.raw?z=&t=&v=` from the right; slashes in the channel's name are encoded. */
export function parseChunkUrl(url: string): ChunkUrl {
  const { segments, query } = splitTarget(url, "channels");
  const [channel, z, x, last] = segments.slice(-4);
  const { name: y, extension } = splitExtension(last ?? "");
  if (channel === undefined || z === undefined || x === undefined || extension !== "raw")
    throw new BandloomError("NOT_FOUND", "Stored values are at /channels/{image}/{channel}/{z}/{x}/{y}.raw.");
  const parameters = parseQuery(query, ["z", "t", "v", ...SIGNATURE]);
  return {
    z: wholeNumber(z, "z"),
    x: wholeNumber(x, "x"),
    y: wholeNumber(y, "y"),
    channel: decodeStrictly(channel, "The name of the channel"),
    image: imageKey(segments.slice(0, -4)),
    plane: { z: wholeNumber(parameters.get("z") ?? "0", "z"), t: wholeNumber(parameters.get("t") ?? "0", "t") },
    v: parameters.get("v"),
  };
}

/** Index of the channel that a URL means: the one of this name, else the `@N`th. NOT_FOUND where there is none, or several. */
export function channelIndex({ info: { channels } }: ServedImage, text: string): number {
  const named = channels.filter(({ name }) => name === text);
  if (named[0] && named.length === 1) return named[0].index;
  const number = /^@([1-9][0-9]{0,8})$/.exec(text)?.[1];
  const numbered = number === undefined ? undefined : channels[Number(number) - 1];
  if (numbered && named.length === 0) return numbered.index;
  const advice = `Use the exact name, or @1 to @${channels.length}.`;
  throw new BandloomError(
    "NOT_FOUND",
    `${named.length > 1 ? "Several channels have" : "No channel has"} this name. ${advice}`,
  );
}
