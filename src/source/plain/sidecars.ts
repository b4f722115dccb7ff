import { AlphaSource, namedAlphas } from "../alpha.ts";
import { SERVED_CHUNK_MIB } from "../chunk-limit.ts";
import { type Identity, joinIdentities, withAbsent } from "../identity.ts";
import { unusedLevelsWarning } from "../levels-used.ts";
import { withBands } from "../sidecars/bands.ts";
import type { Sidecars } from "../sidecars/read.ts";
import { sidecarNotRead } from "../sidecars/warning.ts";
import { geoPixelSize, storedLevel } from "../tiff/describe.ts";
import { JoinedLevels } from "../tiff/joined-levels.ts";
import { MaskedSource } from "../tiff/masked.ts";
import { parseGeo } from "../tiff/metadata/geo.ts";
import { NO_PLACE } from "../tiff/metadata/geo-system.ts";
import { readOuterMask } from "../tiff/outer-mask.ts";
import { readOuterOverviews } from "../tiff/outer-overviews.ts";
import type { Planes } from "../tiff/planes.ts";
import { type TiffMedium, TiffSource } from "../tiff/source.ts";
import type { ImageInfo, ImageSource, Store } from "../types.ts";
import { boundedWarnings } from "../warnings.ts";

interface Plain {
  readonly store: Store;
  /** It is shown as it is stored, not turned. */
  readonly isAsStored: boolean;
  readonly open: (info: ImageInfo, identity: Identity, close: () => Promise<void>) => ImageSource;
}

const TURNED = "the image is shown turned, as its EXIF data say";
const NO_TAGS = { scale: null, tiepoints: null, matrix: null, hasCamera: false, keys: null, doubles: null, text: null };

/** A plain image with its alpha, and with what lies in files beside it: a mask, coarse levels, names and classes of its channels, a place. */
export async function withSidecars(
  plain: ImageInfo,
  sidecars: Sidecars,
  { store, isAsStored, open }: Plain,
): Promise<ImageSource> {
  const { identities, absent } = sidecars;
  const close = async () => {
    await sidecars.close();
    await store.close();
  };
  const identity = identities.length > 0 ? joinIdentities([store.identity, ...identities]) : store.identity;
  const medium: TiffMedium = { identity: withAbsent(identity, absent), remote: store.readMany !== undefined, close };
  const why = isAsStored ? null : TURNED;
  const place = parseGeo(NO_TAGS, isAsStored ? sidecars.place : NO_PLACE);
  const named = { channels: plain.channels, alphas: namedAlphas(plain.channels) };
  const { channels, alphas, warnings } = withBands(named, sidecars.bands);
  const full = { ...plain, samples: channels.length, dataType: channels[0]?.dataType ?? "uint8" };
  const { planes, ...coarse } = await readOuterOverviews(full, sidecars, SERVED_CHUNK_MIB, why);
  // All samples of a picture are one group.
  const image = { ...plain, channels: channels.length, locate: (sample: number) => ({ group: 0, sample }) };
  const { mask, ...masks } = await readOuterMask(image, sidecars, medium, SERVED_CHUNK_MIB, why);
  const info: ImageInfo = {
    ...{ ...plain, channels, georeference: place.georeference, pixelSize: geoPixelSize(place) },
    warnings: boundedWarnings([
      ...[plain, { warnings }, place, coarse, masks, sidecars].flatMap((one) => one.warnings),
      ...unusedLevelsWarning(plain, planes?.levels ?? [], planes?.unused),
      ...(isAsStored || !hasPlace(sidecars) ? [] : [sidecarNotRead("world", TURNED)]),
    ]),
  };
  const fine = open(info, medium.identity, close);
  const stored = planes ? new JoinedLevels(fine, levelsOf(info, planes, medium)) : fine;
  const source = alphas.length > 0 ? new AlphaSource(stored, alphas) : stored;
  return mask ? new MaskedSource(source, mask) : source;
}

function levelsOf(info: ImageInfo, planes: Planes, medium: TiffMedium): ImageSource {
  return new TiffSource({ ...info, levels: planes.levels.map(storedLevel) }, planes, medium);
}

function hasPlace({ place: { before, after } }: Sidecars): boolean {
  return before.affine !== null || after.affine !== null;
}
