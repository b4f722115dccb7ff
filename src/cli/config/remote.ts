import type { NamedLocation } from "../../ingest/index.ts";
import type { RemoteOptions } from "../../source/index.ts";
import type { Settings } from "./settings.ts";

/** The settings that say how images behind a network are read. */
export const REMOTE_SETTINGS = [
  "allowedSources",
  "sourceTimeoutMs",
  "remoteCacheBytes",
  "s3Endpoint",
  "s3PathStyle",
] as const;
type RemoteSettings = Pick<Settings, (typeof REMOTE_SETTINGS)[number]>;

/** Flags of a command that reads sources: those of `REMOTE_SETTINGS`, and `--config`. */
export interface SourceFlags extends Partial<Readonly<Record<(typeof REMOTE_SETTINGS)[number], unknown>>> {
  readonly config?: string;
}

/** `named`: addresses that the user wrote down himself, which allows them. */
export function remoteOptions(settings: RemoteSettings, named: readonly string[] = []): RemoteOptions {
  const { allowedSources, remoteCacheBytes, sourceTimeoutMs, s3Endpoint, s3PathStyle } = settings;
  return {
    allowed: [...(allowedSources ?? []), ...named],
    cacheBytes: remoteCacheBytes,
    timeoutMs: sourceTimeoutMs,
    s3: { pathStyle: s3PathStyle, ...(s3Endpoint === null ? {} : { endpoint: s3Endpoint }) },
  };
}

/** For the sources of a command: addresses that were named on the command line may be read, and those that the settings allow. */
export async function readRemoteOptions(
  sources: readonly NamedLocation[],
  { config, ...flags }: SourceFlags,
): Promise<RemoteOptions> {
  const { readSettings } = await import("./read.ts");
  const names: readonly string[] = REMOTE_SETTINGS;
  const settings = readSettings({
    flags: Object.fromEntries(Object.entries(flags).filter(([name]) => names.includes(name))),
    ...(config === undefined ? {} : { config }),
    environment: process.env,
    folder: process.cwd(),
  });
  const named = sources.flatMap(({ location }) =>
    location.kind === "url" ? [location.url.replace(/\{.*$/s, "")] : [],
  );
  return remoteOptions(settings, named);
}
