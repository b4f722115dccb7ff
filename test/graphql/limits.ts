import type { Limits } from "../../src/service/types/limits.ts";

/** The stated limits: tests say those that they are about. */
export const LIMITS: Limits = {
  formulaLength: 16_384,
  formulaNodes: 1000,
  formulaDepth: 64,
  formulaChannels: 64,
  tilesAsUrls: 1024,
  tilesInline: 256,
  inlineBytes: 16 * 1024 * 1024,
  queryCost: 8000,
  operationMs: 60_000,
  queryDepth: 12,
  queryAliases: 15,
  queryTokens: 1000,
  regionSide: 4096,
  tileSizes: [64, 128, 256, 512, 1024],
  probePoints: 256,
  histogramBins: 4096,
  requestBytes: 1024 * 1024,
  jobTiles: 4_194_304,
  jobsAtOnce: 16,
  streams: 1000,
  streamOperations: 16,
  streamIdleMs: 60_000,
  connections: 8192,
  clientConnections: 2048,
};
