import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { localPath } from "../../../src/source/location.ts";
import { openSource } from "../../../src/source/open.ts";
import type { ImageSource } from "../../../src/source/types.ts";
import { buildTiff, type DirectorySpec } from "../../fixtures/tiff-builder.ts";

export type Files = Readonly<Record<string, Uint8Array | string>>;

/** A folder of its own for these files, gone when the test has ended. */
export function folderOf(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), "bandloom-beside-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** The first of the files, opened where the others lie beside it; closed when the test has ended. */
export async function openWith(files: Files, series = 0): Promise<ImageSource> {
  const [name = ""] = Object.keys(files);
  const source = await openSource(localPath(join(folderOf(files), name), null, series), { remote: null });
  onTestFinished(() => source.close());
  return source;
}

export const tiff = (...directories: readonly DirectorySpec[]) => buildTiff({ directories });

export const codes = ({ info }: ImageSource) => info.warnings.map(({ code }) => code);

/** Metadata of GDAL for one band and the whole. */
export function pam(bands: readonly string[], whole = ""): string {
  const all = bands.map((band, at) => `<PAMRasterBand band="${at + 1}">${band}</PAMRasterBand>`);
  return `<PAMDataset>${whole}${all.join("")}</PAMDataset>`;
}
