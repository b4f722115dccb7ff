import type { Role } from "../core/roles.ts";
import { suggest } from "../formula/index.ts";
import { createRemote, type Remote, type RemoteOptions } from "../source/index.ts";
import { Catalogue } from "./catalogue/catalogue.ts";
import { FarCatalogue, filesAddress } from "./catalogue/far.ts";
import { CatalogueFile } from "./catalogue/named.ts";
import type { ImageFiles } from "./catalogue/types.ts";
import { linksOf, type SigningOptions } from "./links.ts";
import { FolderOriginals } from "./originals.ts";
import type { Originals } from "./types/original.ts";

/** Which images a server has, and where. */
export interface HeldOptions {
  /** Folder of the images; it must exist. */
  readonly dataFolder: string;
  /** YAML file of remote images, channel sets, names and presets; `catalogue.yaml` in the data folder when left out. */
  readonly catalogueFile?: string;
  /** A server that gives away its files: its images are served, and those of the data folder are not. */
  readonly filesUrl?: string;
  /** Part in a cluster; left out: a server of its own. */
  readonly role?: Role;
  /** Give away the files of the images; the role `files` always does. */
  readonly originals?: boolean;
  /** Keys that addresses of pictures are signed with; without them every address is good. */
  readonly signing?: SigningOptions;
  /** Which images behind a network may be read, and how; without it none. */
  readonly remote?: RemoteOptions;
}

/** Images, and their files where those are given away. */
export interface Held {
  readonly files: ImageFiles;
  readonly originals: Originals | null;
}

interface Holding {
  /** What the images are read with. */
  readonly remote: RemoteOptions;
  open(remote: Remote): Held;
}

/** `report` is told of entries that cannot be used, and of a server that does not tell its images. Throws the system's error without a data folder. */
export function heldImages(options: HeldOptions, report: (message: string) => void): Holding {
  const { dataFolder, catalogueFile, filesUrl, role, remote = NOTHING_REMOTE } = options;
  if (filesUrl !== undefined) {
    const file = catalogueFile === undefined ? null : new CatalogueFile(catalogueFile, true, report);
    return {
      remote: withFiles(filesUrl, remote, options.signing),
      open: (far) => ({ files: new FarCatalogue(filesUrl, { remote: far, file, report }), originals: null }),
    };
  }
  const catalogue = new Catalogue(dataFolder, {
    ...(catalogueFile === undefined ? {} : { file: catalogueFile }),
    report,
  });
  const gives = role === "files" || options.originals === true;
  const originals = gives ? new FolderOriginals(dataFolder, catalogue, () => catalogue.paths()) : null;
  return { remote, open: () => ({ files: catalogue, originals }) };
}

/** Whether there is an image, and if not, keys that there are in its place. */
export interface SoughtImage {
  readonly exists: boolean;
  readonly similar: readonly string[];
}

/** Looks a key up where a server of these options does, and opens nothing. Rejects where that cannot be done: no folder, no answer. */
export async function seekImage(options: HeldOptions, key: string): Promise<SoughtImage> {
  const holding = heldImages(options, () => {});
  const remote = createRemote(holding.remote);
  const { files } = holding.open(remote);
  try {
    if (await files.find(key)) return { exists: true, similar: [] };
    return { exists: false, similar: suggest(key, await files.keys()) };
  } finally {
    files.close();
    await remote.close();
  }
}

const NOTHING_REMOTE: RemoteOptions = { allowed: [] };

/** The files of another server may be read: it lies where the operator says, and asks for signatures where this one does. */
function withFiles(filesUrl: string, remote: RemoteOptions, signing: SigningOptions | undefined): RemoteOptions {
  const address = filesAddress(filesUrl);
  const links = linksOf(signing);
  // A path before /files/ is of a proxy's, which takes it away.
  const before = new URL(address).pathname.length - "/files/".length;
  return {
    ...remote,
    allowed: [...remote.allowed, `private+${address}`],
    signed: (url) => {
      if (!url.href.startsWith(address)) return url;
      const signed = new URL(url);
      signed.search = links.signed(url.pathname.slice(before), "");
      return signed;
    },
  };
}
