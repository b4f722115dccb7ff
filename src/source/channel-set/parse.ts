import { unreadable } from "../unreadable.ts";
import { firstProblem } from "./fields.ts";
import type { ChannelSet } from "./manifest.ts";
import { channelSetSchema, MANIFEST_NAME } from "./schema.ts";
import { readYaml, type Yaml, YamlProblem } from "./yaml.ts";

/** Two hundred channels with all their words take a tenth of it. */
const LIMITS = { bytes: 2 ** 20, tokens: 250_000 };

/** Longer documents are no manifests. */
export const MAX_MANIFEST_BYTES = LIMITS.bytes;

export function isManifest(name: string): boolean {
  return MANIFEST_NAME.test(name);
}

/** A manifest (`*.channels.yaml`). SOURCE_UNREADABLE tells the line, the key and what to write. */
export function parseChannelSet(text: string): ChannelSet {
  const yaml = readManifest(text);
  const result = channelSetSchema.safeParse(yaml.value);
  if (result.success) return result.data;
  throw unreadable(`its manifest, ${firstProblem(result.error, yaml, [])}`);
}

function readManifest(text: string): Yaml {
  try {
    return readYaml(text, LIMITS);
  } catch (error) {
    if (error instanceof YamlProblem) throw unreadable(`its manifest, line ${error.line}: ${error.message}`);
    throw error;
  }
}
