import type { Kernel } from "../kernel/kernel.ts";
import { fileStamp } from "../source/index.ts";
import type { Location } from "../source/location.ts";
import type { Task } from "./protocol.ts";

/** A task by what decides whether it costs a worker: names under which its failures are remembered. */
export class Work {
  readonly #task: Task;
  /** When a description was asked for, the file had no revision yet: what it looked like stands in its place. */
  readonly #stamp: string;

  constructor(task: Task) {
    this.#task = task;
    this.#stamp = task.kind === "describe" ? stampOf(task.source.location) : "";
  }

  /** Key of the image that it is done on. */
  get image(): string {
    return this.#task.source.key;
  }

  /** A formula says what is done with what is read. */
  get hasFormula(): boolean {
    return "kernel" in this.#task;
  }

  /** Files that it reads, each by its key and what it holds. */
  get files(): readonly string[] {
    const task = this.#task;
    if (task.kind === "describe") return [JSON.stringify([task.source.key, this.#stamp])];
    const others = "others" in task ? (task.others ?? []) : [];
    return [task.source, ...others].map(({ key, revision }) => JSON.stringify([key, revision]));
  }

  /**
   * The same formula, but for its constants, on about as many pixels of the same level of the same files. Not by its very place: who
   * moves a region by a pixel asks for the same. Not without size and level: what is too much at once says nothing of a tile.
   */
  get name(): string {
    const task = this.#task;
    const kernel = "kernel" in task ? codeOf(task.kernel) : "";
    const way = task.kind === "pictures" ? task.pictures.map(({ encoding }) => encoding)[0] : null;
    const size = Math.ceil(Math.log2(Math.max(1, pixelsOf(task))));
    return JSON.stringify([task.kind, way, levelOf(task), size, kernel, ...this.files]);
  }

  /** Nothing but the very same, places and constants included. */
  get exactName(): string {
    const { source: _, ...rest } = this.#task;
    return `${this.name}${JSON.stringify(rest, (key, value: unknown) => (NAMED.has(key) ? null : value))}`;
  }
}

/** Parts of a kernel that its shape stands for, or that the formula's constants do. */
const NAMED = new Set(["bytes", "stages", "tables", "inputs", "colorKernel"]);

/** What a kernel does, its stages and how many neighbors they look at included. */
function codeOf({ shape, stages }: Kernel): unknown {
  return [
    shape,
    ...stages.map((stage) => [
      codeOf(stage.kernel),
      stage.kind === "placed" ? "placed" : stage.passes.map(({ taps }) => taps.length),
    ]),
  ];
}

function levelOf(task: Task): number | null {
  if (task.kind === "describe") return null;
  return task.kind === "pictures" ? (task.pictures[0]?.level ?? null) : task.level;
}

function pixelsOf(task: Task): number {
  switch (task.kind) {
    case "describe":
    case "chunk":
      return 1;
    case "probe":
      return task.points.length;
    case "pictures":
      return sum(task.pictures.map(({ region }) => region));
    case "statistics":
    case "sketch":
      return sum(task.regions);
  }
}

function sum(regions: readonly { readonly width: number; readonly height: number }[]): number {
  return regions.reduce((pixels, { width, height }) => pixels + width * height, 0);
}

/** A file that is written anew has another one; where there is none to be had, its place alone. */
function stampOf(location: Location): string {
  if (location.kind !== "path") return "";
  try {
    return JSON.stringify(fileStamp(location.path));
  } catch {
    return "";
  }
}
