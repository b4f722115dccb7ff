import type { Absent, Identity } from "../identity.ts";
import { NO_PLACE, type PlaceBeside, type System, type ToldPlace } from "../tiff/metadata/geo-system.ts";
import { nodataTogether } from "../tiff/metadata/nodata.ts";
import type { Folder, Store } from "../types.ts";
import { unreadable } from "../unreadable.ts";
import type { ImageWarning } from "../warnings.ts";
import { isUnread, lookBeside, type UsefulKind } from "./look.ts";
import type { SidecarKind } from "./names.ts";
import { type Pam, parsePam } from "./pam.ts";
import { POINTS_NOT_USED, reasonOf, sidecarNotRead } from "./warning.ts";
import { systemOfWkt } from "./wkt.ts";
import { parseWorld } from "./world.ts";

/** What lies beside an image, as far as it can be read without knowing the image. */
export interface Sidecars {
  /** TIFF files, open. */
  readonly mask: Store | null;
  readonly maskOverviews: Store | null;
  readonly overviews: Store | null;
  readonly bands: Pam["bands"];
  readonly place: PlaceBeside;
  readonly identities: readonly Identity[];
  readonly absent: readonly Absent[];
  readonly warnings: readonly ImageWarning[];
  close(): Promise<void>;
}

const MIB = 2 ** 20;
/** Bytes of texts: bands may be thousands, with histograms; a world file has six numbers. */
const LIMITS = { metadata: 4 * MIB, world: 4096, projection: 65_536 } as const;
type TextKind = keyof typeof LIMITS;
/** What nobody misses where the file tells its place. */
const OF_PLACE: readonly SidecarKind[] = ["world", "projection", "mapInfo", "camera"];

export const NO_SIDECARS: Sidecars = {
  ...{ mask: null, maskOverviews: null, overviews: null, bands: [], place: NO_PLACE },
  ...{ identities: [], absent: [], warnings: [], close: async () => {} },
};

/** Reads what of these kinds lies beside a file. */
export type ReadSidecars = (kinds: readonly UsefulKind[]) => Promise<Sidecars>;

/** Looks beside a file of this name and reads what is there. What cannot be read is a warning: the image is shown without it. */
export async function readSidecars(folder: Folder, name: string, kinds: readonly UsefulKind[]): Promise<Sidecars> {
  const found = await lookBeside(folder, name, kinds);
  const failures = [...found.failed].map(([kind, error]) => [kind, sidecarNotRead(kind, reasonOf(error))] as const);
  const close = async () => {
    for (const store of found.files.values()) await store.close();
  };
  const text = async <T>(kind: TextKind, parse: (content: string) => T): Promise<T | null> => {
    const store = found.files.get(kind);
    try {
      return store ? parse(await readText(store, LIMITS[kind])) : null;
    } catch (error) {
      failures.push([kind, sidecarNotRead(kind, reasonOf(error))]);
      return null;
    }
  };
  try {
    const pam = await text("metadata", parsePam);
    const before: ToldPlace = { affine: pam?.affine ?? null, system: await text("metadata", () => systemOf(pam)) };
    const after: ToldPlace = { affine: await text("world", parseWorld), system: await text("projection", systemOfWkt) };
    const told = [...failures];
    for (const [kind, file] of found.files)
      if (isUnread(kind) && (await isWhatItsNameSays(kind, file))) told.push([kind, sidecarNotRead(kind, null)]);
    const ofPlace = (kind: SidecarKind) => OF_PLACE.includes(kind);
    const store = (kind: SidecarKind) => found.files.get(kind) ?? null;
    return {
      ...{ mask: store("mask"), maskOverviews: store("maskOverviews"), overviews: store("overviews") },
      ...{ bands: pam?.bands ?? [], identities: found.identities, absent: found.absent, close },
      place: { before, after, warnings: told.flatMap(([kind, one]) => (ofPlace(kind) ? [one] : [])) },
      warnings: [
        ...told.flatMap(([kind, one]) => (ofPlace(kind) ? [] : [one])),
        ...(pam?.hasPoints && !pam.affine ? [POINTS_NOT_USED] : []),
        ...nodataTogether(pam?.nodataValues ?? null),
      ],
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Metadata name a system by its code, or in WKT. */
function systemOf(pam: Pam | null): System | null {
  if (!pam?.system) return null;
  const [code] = /^EPSG:\d{4,6}$/i.exec(pam.system) ?? [];
  return code ? { crs: code.toUpperCase(), crsName: null, unit: null } : systemOfWkt(pam.system);
}

/** Other programs have files of these names too. */
const BEGINNINGS: ReadonlyMap<SidecarKind, string> = new Map([
  ["imagine", "EHFA_HEADER_TAG"],
  ["mapInfo", "!table"],
]);

async function isWhatItsNameSays(kind: SidecarKind, store: Store): Promise<boolean> {
  const beginning = BEGINNINGS.get(kind);
  if (beginning === undefined) return true;
  const bytes = await store.read(0, Math.min(store.size, beginning.length));
  return new TextDecoder("latin1").decode(bytes).toLowerCase() === beginning.toLowerCase();
}

async function readText(store: Store, limit: number): Promise<string> {
  if (store.size > limit) throw unreadable(`it has ${store.size} bytes, where ${limit} are the most`);
  return new TextDecoder().decode(await store.read(0, store.size));
}
