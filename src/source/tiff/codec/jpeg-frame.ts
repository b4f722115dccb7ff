export interface JpegFrame {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Entropy-coded by arithmetic coding, in place of Huffman's codes. */
  readonly arithmetic: boolean;
  /** Where the frame header begins in the stream. */
  readonly at: number;
}

/** Scans of a progressive stream: encoders write some ten, and each costs a pass over all pixels that nothing can interrupt. */
export const MAX_SCANS = 64;
const SOS = Uint8Array.of(0xff, 0xda);

/** Markers without a length: TEM, RST0…RST7, SOI. */
export const isBare = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
/** SOF0…SOF15 but DHT (c4), JPG (c8) and DAC (cc). */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** Size and components that the frame header of a JPEG stream tells (ITU-T T.81, B.2.2); null: there is none before the scan. */
export function readFrame(stream: Uint8Array): JpegFrame | null {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  let at = 2;
  while (at + 4 <= stream.length) {
    if (stream[at] !== 0xff) return null;
    const marker = stream[at + 1] ?? 0;
    if (marker === 0xff) {
      at++;
    } else if (isBare(marker)) {
      at += 2;
    } else if (isFrame(marker)) {
      if (at + 10 > stream.length) return null;
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return { width, height, components: stream[at + 9] ?? 0, arithmetic: marker > 0xc8, at };
    } else if (marker === 0xda || marker === 0xd9) {
      return null;
    } else {
      at += 2 + view.getUint16(at + 2);
    }
  }
  return null;
}

/**
 * Whether a stream has no more than MAX_SCANS scans. In coded data a 0 follows each 0xff, so the marker's bytes stand nowhere else there.
 */
export function hasFewScans(bytes: Uint8Array): boolean {
  const stream = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (let at = stream.indexOf(SOS); at >= 0 && count <= MAX_SCANS; at = stream.indexOf(SOS, at + SOS.length)) count++;
  return count <= MAX_SCANS;
}
