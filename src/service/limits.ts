import { DEFAULT_FORMULA_LIMITS } from "../formula/index.ts";
import type { Limits } from "./types/limits.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** What a server grants unless its settings say otherwise (`server { limits }` shows it). */
export const LIMITS: Limits = {
  formulaLength: DEFAULT_FORMULA_LIMITS.length,
  formulaNodes: DEFAULT_FORMULA_LIMITS.nodes,
  formulaDepth: DEFAULT_FORMULA_LIMITS.depth,
  formulaChannels: DEFAULT_FORMULA_LIMITS.channels,
  tilesAsUrls: 1024,
  tilesInline: 256,
  inlineBytes: 16 * MIB,
  // 256 tiles inline, whole-image statistics of 15 channels of 4096², or a page of 100 RGB images never seen before with their thumbnails.
  queryCost: 8_000,
  operationMs: 60_000,
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
  // Clients of graphql-ws close at once what they need no more, or some seconds later.
  streamIdleMs: 60_000,
  // 4 kB each while they are idle. Browsers open six to one server, proxies and programs hundreds.
  connections: 8_192,
  clientConnections: 2_048,
};
