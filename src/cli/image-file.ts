import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import { BandloomError } from "../core/errors.ts";
import { createImageServices, type ServedImage, type Services } from "../service/index.ts";
import { localPath } from "../source/index.ts";

/** The pipeline of the server over one image file, for as long as `work` takes. NOT_FOUND, SOURCE_UNREADABLE. */
export async function withImage<T>(
  file: string,
  work: (image: ServedImage, services: Services) => T | Promise<T>,
): Promise<T> {
  const path = await imagePath(file);
  const key = basename(path);
  const services = await createImageServices(key, localPath(path), { allowed: [] });
  try {
    return await work(await services.images.get(key), services);
  } finally {
    await services.close();
  }
}

async function imagePath(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    throw new BandloomError("NOT_FOUND", `There is no file ${file}.`, { cause: error });
  }
}
