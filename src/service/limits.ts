import { DEFAULT_FORMULA_LIMITS } from "../formula/index.ts";
import type { Limits } from "./types/limits.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** What every server grants (`server { limits }` shows it). */
export const LIMITS: Limits = {
  formulaLength: DEFAULT_FORMULA_LIMITS.length,
  formulaNodes: DEFAULT_FORMULA_LIMITS.nodes,
  formulaDepth: DEFAULT_FORMULA_LIMITS.depth,
  formulaChannels: DEFAULT_FORMULA_LIMITS.channels,
  tilesAsUrls: 1024,
  tilesInline: 256,
  inlineBytes: 16 * MIB,
  queryCost: 5000,
  queryDepth: 12,
  queryAliases: 15,
  queryTokens: 1000,
  regionSide: 4096,
  tileSizes: [64, 128, 256, 512, 1024],
  probePoints: 256,
  histogramBins: 4096,
  requestBytes: MIB,
  // A day of work on a machine of ordinary size: further tiles are another job.
  jobTiles: 2 ** 22,
  // Each is looked at again and again.
  jobsAtOnce: 16,
  // Each holds a socket, and a few kilobytes while it waits.
  streams: 1_000,
  // A page with a viewer has a few.
  streamOperations: 16,
};
