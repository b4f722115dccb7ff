/**
 * Grey and alpha of interleaved RGBA samples, whose colors are three times the grey. sharp gives grey with its alpha in colors only: in a
 * grey space it drops the alpha.
 */
export function grayAlphaOf(rgba: Uint8Array, sampleBytes: 1 | 2): Buffer {
  const pixels = rgba.length / (4 * sampleBytes);
  const out = Buffer.allocUnsafe(pixels * 2 * sampleBytes);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let byte = 0; byte < sampleBytes; byte++) {
      out[2 * pixel * sampleBytes + byte] = rgba[4 * pixel * sampleBytes + byte] ?? 0;
      out[(2 * pixel + 1) * sampleBytes + byte] = rgba[(4 * pixel + 3) * sampleBytes + byte] ?? 0;
    }
  }
  return out;
}
