import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { BandloomError } from "../core/errors.ts";
import { isUrl, localPath } from "../source/location.ts";
import type { NamedLocation } from "./options.ts";

/**
 * Where the source is that a user names: a path or an address; `#2` behind it is the third image of a file that holds several. NOT_FOUND
 * where there is no such file.
 */
export async function locate(text: string): Promise<NamedLocation> {
  if (isUrl(text)) {
    const [, url = text, series] = /^(.*?)(?:#(\d{1,6}))?$/s.exec(text) ?? [];
    return { location: { kind: "url", url, series: Number(series ?? 0) }, name: nameOf(url) };
  }
  const { path, series } = await existing(text);
  return { location: localPath(path, null, series), name: nameOf(path) };
}

/** A file may have `#1` in its name: the name as it is goes first. */
async function existing(text: string): Promise<{ readonly path: string; readonly series: number }> {
  const [, shorter, series] = /^(.+)#(\d{1,6})$/s.exec(text) ?? [];
  const candidates = [{ path: resolve(text), series: 0 }];
  if (shorter !== undefined) candidates.push({ path: resolve(shorter), series: Number(series) });
  for (const candidate of candidates) {
    if (await stat(candidate.path).catch(() => null)) return candidate;
  }
  throw new BandloomError("NOT_FOUND", `There is no file ${text}.`);
}

function nameOf(path: string): string {
  return basename(path.replace(/[?#].*$/, "").replace(/\/+$/, ""));
}
