/** Every limit that a client can run into, in one place; shown by `server { limits }`. */
export interface Limits {
  readonly formulaLength: number;
  readonly formulaNodes: number;
  readonly formulaDepth: number;
  readonly formulaChannels: number;
  readonly tilesAsUrls: number;
  readonly tilesInline: number;
  readonly inlineBytes: number;
  readonly queryCost: number;
  readonly operationMs: number;
  readonly queryDepth: number;
  readonly queryAliases: number;
  readonly queryTokens: number;
  readonly regionSide: number;
  readonly tileSizes: readonly number[];
  readonly probePoints: number;
  readonly histogramBins: number;
  readonly requestBytes: number;
  readonly jobTiles: number;
  readonly jobsAtOnce: number;
  readonly streams: number;
  readonly streamOperations: number;
  readonly streamIdleMs: number;
  readonly connections: number;
  readonly clientConnections: number;
}
