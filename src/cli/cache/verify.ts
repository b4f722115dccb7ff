import type { Settings } from "../config/settings.ts";
import { EXIT } from "../exit-codes.ts";
import { formatJson } from "../output/format.ts";
import { withProgress } from "../output/progress.ts";
import { withStore } from "./store.ts";

/** Gives the exit code: a failure when tiles were damaged or could not be checked. */
export async function printVerification(settings: Settings, json: boolean): Promise<number> {
  const { checked, damaged, unchecked } = await withStore(settings, (store, signal) =>
    withProgress("verify", (progress) => store.verify(progress, signal)),
  );
  const found = damaged === 0 ? "none is damaged" : `${damaged} were damaged and are deleted`;
  process.stdout.write(json ? formatJson({ checked, damaged, unchecked }) : `${checked} tiles were read: ${found}.\n`);
  if (unchecked > 0)
    process.stderr.write(
      `bandloom: warn: ${unchecked} tiles are signed and were not checked. Give the servers' keys: BANDLOOM_SIGNING_KEYS (--signing-keys).\n`,
    );
  return damaged + unchecked === 0 ? EXIT.ok : EXIT.failure;
}
