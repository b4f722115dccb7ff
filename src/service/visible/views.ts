import type { Reader } from "../../core/reader.ts";
import type { BoundFormulas } from "../formulas.ts";
import type { Presets } from "../presets.ts";
import type { PipelineTiles } from "../tiles.ts";
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

export type Seen = Pick<Services, "images" | "formulas" | "presets" | "jobs" | "originals">;

/** The services as `viewer` sees them. What a reader sees is worked out once, as each request of the same reader asks for it. */
export function servicesAs(whole: Whole, viewer: Viewer, known: WeakMap<Reader, Seen>): Services {
  const { reader, terms } = viewer;
  const isPlain = terms.grant === null && terms.until === null;
  if (reader.everything && isPlain) return whole;
  const links = isPlain ? whole.links : whole.links.on(terms);
  return { ...whole, ...seenBy(whole, reader, known), ...(isPlain ? {} : linkedBy(whole, links)) };
}

function linkedBy({ tiles }: Whole, links: Services["links"]): Pick<Services, "tiles" | "links"> {
  return { tiles: tiles.linkedBy(links), links };
}

function seenBy(whole: Whole, reader: Reader, known: WeakMap<Reader, Seen>): Seen {
  const made = known.get(reader) ?? see(whole, reader);
  known.set(reader, made);
  return made;
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
