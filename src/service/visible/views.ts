import { LRUCache } from "lru-cache";
import type { Reader } from "../../core/reader.ts";
import type { BoundFormulas } from "../formulas.ts";
import type { Presets } from "../presets.ts";
import type { PipelineTiles } from "../tiles.ts";
import type { LinkTerms } from "../types/links.ts";
import type { Services, Viewer } from "../types/services.ts";
import { VisibleImages } from "./images.ts";
import { VisibleJobs } from "./jobs.ts";
import { VisibleOriginals } from "./originals.ts";
import { VisiblePresets } from "./presets.ts";

/** What can be seen by halves. */
export interface Whole extends Services {
  readonly formulas: BoundFormulas;
  readonly presets: Presets;
  readonly tiles: PipelineTiles;
}

type Seen = Pick<Services, "images" | "formulas" | "presets" | "jobs" | "originals">;
type Linked = Pick<Services, "tiles" | "links">;

/** Grants whose links are remembered: with them names of pictures, which are worked out once for each formula. */
const MAX_GRANTS = 256;

/** The services as others than their maker see them. Each request asks, so that what one reader sees, and is given, is worked out once. */
export class Views {
  readonly #seen = new WeakMap<Reader, Seen>();
  readonly #linked = new LRUCache<string, Linked>({ max: MAX_GRANTS });

  of(whole: Whole, { reader, terms }: Viewer): Services {
    const linked = this.#linkedOn(whole, terms);
    return reader.everything && linked === null ? whole : { ...whole, ...this.#seenBy(whole, reader), ...linked };
  }

  #seenBy(whole: Whole, reader: Reader): Seen {
    const seen = this.#seen.get(reader) ?? see(whole, reader);
    this.#seen.set(reader, seen);
    return seen;
  }

  /** Null: links as everybody is given. */
  #linkedOn({ tiles, links }: Whole, terms: LinkTerms): Linked | null {
    const { grant, until } = terms;
    if (grant === null && until === null) return null;
    const known = until === null && grant !== null ? this.#linked.get(grant) : undefined;
    if (known) return known;
    const own = links.on(terms);
    const linked = { tiles: tiles.linkedBy(own), links: own };
    if (until === null && grant !== null) this.#linked.set(grant, linked);
    return linked;
  }
}

function see(whole: Whole, reader: Reader): Seen {
  if (reader.everything) return whole;
  const images = new VisibleImages(whole.images, reader);
  return {
    images,
    formulas: whole.formulas.within(images),
    presets: new VisiblePresets(whole.presets.within(images), images),
    jobs: new VisibleJobs(whole.jobs, images),
    originals: whole.originals && new VisibleOriginals(whole.originals, images),
  };
}
