import { readFile, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { BandloomError } from "../core/errors.ts";
import { parseChannelSet } from "../source/channel-set/parse.ts";
import { isUrl, localPath } from "../source/location.ts";
import type { NamedLocation } from "./options.ts";

/** A manifest is a list of files; longer text is none. */
const MAX_MANIFEST_BYTES = 2 ** 20;

/**
 * Where the source is that a user names: a path, an address, or a channel set manifest (.yaml, .yml); `#2` behind it is the third image of a
 * file that holds several. NOT_FOUND where there is nothing, BAD_REQUEST for a manifest that is none.
 */
export async function locate(text: string): Promise<NamedLocation> {
  if (isUrl(text)) {
    const [, url = text, series] = /^(.*?)(?:#(\d{1,6}))?$/s.exec(text) ?? [];
    return { location: { kind: "url", url, series: Number(series ?? 0) }, name: nameOf(url) };
  }
  const { path, series } = await existing(text);
  if (/\.ya?ml$/i.test(path)) {
    const { size } = await stat(path);
    if (size > MAX_MANIFEST_BYTES)
      throw new BandloomError("BAD_REQUEST", `${text} is too long for a channel set manifest.`);
    const set = parseChannelSet(await readFile(path, "utf8"));
    // Who names a manifest may read what it names.
    return { location: { kind: "set", set, base: dirname(path), root: null }, name: nameOf(path) };
  }
  return { location: localPath(path, dirname(path), series), name: nameOf(path) };
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
