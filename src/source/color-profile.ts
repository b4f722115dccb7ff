/** Of the profile's header (ICC.1:2022, section 7.2), then comes the table of tags. */
const HEADER_BYTES = 128;
const TAG_BYTES = 12;
const MAX_TAGS = 100;
const MAX_NAME = 256;

/** How profiles of sRGB call themselves; what is called so and is linear is not it. */
const SRGB = /^\s*(sRGB(?![a-z])|c2(ci)?\s*$)/i;
const LINEAR = /linear|g10|g18|g22/i;

/** Whether a color profile, or its beginning, is that of sRGB by its name: then not applying it changes nothing. */
export function isSrgb(profile: Uint8Array): boolean {
  const name = nameOf(profile);
  return name !== null && SRGB.test(name) && !LINEAR.test(name);
}

/** Whether the profile has a tag of this signature. */
export function hasTag(profile: Uint8Array, signature: string): boolean {
  return placeOf(profile, signature) !== null;
}

/** The profile's description; null where it has none, or has it beyond what is given. */
function nameOf(profile: Uint8Array): string | null {
  const at = placeOf(profile, "desc");
  return at === null ? null : textAt(profile, viewOf(profile), at);
}

/** Where the data of a tag begin. */
function placeOf(profile: Uint8Array, signature: string): number | null {
  if (profile.length < HEADER_BYTES + 4) return null;
  const view = viewOf(profile);
  const count = Math.min(view.getUint32(HEADER_BYTES), MAX_TAGS);
  for (let index = 0; index < count; index++) {
    const at = HEADER_BYTES + 4 + index * TAG_BYTES;
    if (at + TAG_BYTES > profile.length) return null;
    if (latin(profile, at, 4) === signature) return view.getUint32(at + 4);
  }
  return null;
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** `desc` of version 2 is ASCII behind its length, `mluc` of version 4 is UTF-16 at the place that its first record names. */
function textAt(profile: Uint8Array, view: DataView, at: number): string | null {
  if (at + 28 > profile.length) return null;
  const type = latin(profile, at, 4);
  if (type === "desc") return latin(profile, at + 12, Math.min(view.getUint32(at + 8), MAX_NAME)).replace(/\0.*$/s, "");
  if (type !== "mluc") return null;
  const [length, offset] = [view.getUint32(at + 20), view.getUint32(at + 24)];
  const start = at + offset;
  const bytes = profile.subarray(start, start + Math.min(length, MAX_NAME) - (length % 2));
  return new TextDecoder("utf-16be").decode(bytes);
}

function latin(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.subarray(at, at + length)).toString("latin1");
}
