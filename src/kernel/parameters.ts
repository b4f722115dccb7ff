/** Byte offsets inside the parameter block that `Kernel` describes. */
export interface ParameterLayout {
  readonly outputs: number;
  readonly inputs: number;
  readonly tables: number;
  readonly nodata: number;
  readonly constants: number;
  /** Bytes of the whole block. */
  readonly size: number;
}

const POINTER_BYTES = 4;
const NODATA_BYTES = 8;
const CONSTANT_BYTES = 4;

export function parameterLayout(counts: {
  readonly planes: number;
  readonly inputs: number;
  readonly tables: number;
  readonly nodata: number;
  readonly constants: number;
}): ParameterLayout {
  const inputs = counts.planes * POINTER_BYTES;
  const tables = inputs + counts.inputs * POINTER_BYTES;
  const pointersEnd = tables + counts.tables * POINTER_BYTES;
  const nodata = Math.ceil(pointersEnd / NODATA_BYTES) * NODATA_BYTES;
  const constants = nodata + counts.nodata * NODATA_BYTES;
  return { outputs: 0, inputs, tables, nodata, constants, size: constants + counts.constants * CONSTANT_BYTES };
}
