import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { PictureFormat } from "../types.ts";
import { turbo } from "./turbo.ts";

/** Changes whenever this project writes other bytes for the same pixels: settings of the encoders, layout of npy. */
const SETTINGS_VERSION = 2;

/** Name and version of what encodes a format on this machine: part of a tile's cache key, since another encoder writes other bytes. */
export function encoderIdentity(format: PictureFormat): string {
  switch (format) {
    case "npy":
      return `npy/${SETTINGS_VERSION}`;
    case "jpeg":
      return turbo
        ? `jpeg-turbo@${versions.turbo()}/${SETTINGS_VERSION}`
        : `sharp@${versions.sharp()}/${SETTINGS_VERSION}`;
    case "png":
    case "webp":
    case "avif":
      return `sharp@${versions.sharp()}/${SETTINGS_VERSION}`;
  }
}

const versions = {
  turbo: once(() => packageVersion("@julusian/jpeg-turbo")),
  sharp: once(() => packageVersion("sharp")),
};

/** Read from the package's file: loading sharp itself would cost the main thread 90 ms and 18 MB. */
function packageVersion(name: string): string {
  const entry = createRequire(import.meta.url).resolve(name);
  const folder = entry.slice(0, entry.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}/`.length);
  return (JSON.parse(readFileSync(`${folder}package.json`, "utf8")) as { version: string }).version;
}

function once<T>(compute: () => T): () => T {
  let value: T | undefined;
  return () => {
    value ??= compute();
    return value;
  };
}
