import { parentPort } from "node:worker_threads";
import { END } from "../../render/end-thread.ts";
import { type PaintedUnit, type UnitJob, UnitPainter } from "./unit.ts";

/** A thread that paints: one unit for each message, answered in order. */
const painter = new UnitPainter();

parentPort?.on("message", (job: UnitJob | typeof END) => {
  if (job === END) process.exit();
  const unit: PaintedUnit = painter.paint(job);
  const arrays = [...unit.tiles.flatMap(({ bands }) => bands), ...(unit.top?.planes ?? [])];
  // Each array has a buffer of its own, or shares one with others: every buffer is moved once.
  parentPort?.postMessage(unit, [...new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer))]);
});
