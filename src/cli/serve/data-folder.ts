import { constants } from "node:fs";
import { access, mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BandloomError } from "../../core/errors.ts";
import type { ServiceEvent } from "../../service/index.ts";
import { DEFAULT_DEMO_SIZE, demoFileName } from "../demo/make.ts";
import { makeDemoFile } from "../demo/make-file.ts";
import { failureOf, isSystemError } from "../failure.ts";

/** Made by mkfs at the top of a new volume. */
const OF_THE_FILE_SYSTEM = "lost+found";

/**
 * Makes the data folder where it is missing, and the demo image where it is empty. SOURCE_FAILED for a folder that cannot be had. Without
 * the demo image, whatever the reason, there is still a server.
 */
export async function prepareDataFolder(
  folder: string,
  signal: AbortSignal,
  onEvent: (event: ServiceEvent) => void,
): Promise<void> {
  await makeFolder(folder);
  if (!(await isEmpty(folder))) return;
  try {
    await access(folder, constants.W_OK);
    await makeDemoFile({ path: join(folder, demoFileName(DEFAULT_DEMO_SIZE)), size: DEFAULT_DEMO_SIZE, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    const message = `The data folder is empty, and the demo image cannot be made: ${failureOf(error).message}`;
    onEvent({ level: "warn", message, error });
  }
}

/** SOURCE_FAILED for a data folder that is not there or cannot be read. */
export async function assertReadable(folder: string): Promise<void> {
  await isEmpty(folder);
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === "EEXIST") return;
    const reason =
      error.code === "ENOENT"
        ? `does not exist, nor does ${dirname(folder)}. Make it, or name another with --data`
        : `does not exist and cannot be made (${error.code}). Name another with --data`;
    throw new BandloomError("SOURCE_FAILED", `The data folder ${folder} ${reason}.`, { cause: error });
  }
}

async function isEmpty(folder: string): Promise<boolean> {
  try {
    const names = await readdir(folder);
    return names.every((name) => name.startsWith(".") || name === OF_THE_FILE_SYSTEM);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const reasons: Readonly<Record<string, string>> = { ENOENT: "does not exist", ENOTDIR: "is no folder" };
    const reason = reasons[error.code ?? ""] ?? `cannot be read (${error.code})`;
    const message = `The data folder ${folder} ${reason}. Name another with --data.`;
    throw new BandloomError("SOURCE_FAILED", message, { cause: error });
  }
}
