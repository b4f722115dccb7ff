import type { Settings } from "../config/settings.ts";
import { EXIT } from "../exit-codes.ts";
import { formatJson } from "../output/format.ts";
import { withProgress } from "../output/progress.ts";
import { withStore } from "./store.ts";

/** Gives the exit code: a failure when tiles were damaged. */
export async function printVerification(settings: Settings, json: boolean): Promise<number> {
  const { checked, damaged } = await withStore(settings, (store, signal) =>
    withProgress("verify", (progress) => store.verify(progress, signal)),
  );
  const found = damaged === 0 ? "none is damaged" : `${damaged} were damaged and are deleted`;
  process.stdout.write(json ? formatJson({ checked, damaged }) : `${checked} tiles were read: ${found}.\n`);
  return damaged === 0 ? EXIT.ok : EXIT.failure;
}
