import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { byCodePoint } from "../core/code-points.ts";
import { ExprBuilder } from "./check/builder.ts";
import { channelsOf } from "./check/window.ts";
import type { Expr } from "./expr.ts";
import type { CheckedFormula, Formula, WindowRange } from "./formula.ts";
import { given } from "./functions/define.ts";
import { Halos, tapsOf } from "./halos.ts";
import { MEASURES, type MeasureTools, measuredBelow, windowOf } from "./measures.ts";
import { asOpaqueAsItsImage } from "./opacity.ts";
import { type MovedPlane, planeOf, planesFor } from "./planes.ts";
import { isSampled } from "./sampling.ts";

/** Part of every hash: raise it when the same text comes to mean another picture. */
const CANONICAL_VERSION = "bandloom-formula/1";

/** Reading a plane costs about as much as a few additions. */
const CHANNEL_COST = 4;
/** One of another image is fitted in, pixel by pixel. */
const PLACED_COST = 12;

/** Numbers in the place of something measured, as its row of MEASURES gives them. */
export type Answer = readonly number[];

/**
 * Write what pixels decided into a formula: `answers` has one for each of `checked.measured`, in order. Throws a plain Error when the
 * counts differ.
 */
export function completeFormula(checked: CheckedFormula, answers: readonly Answer[]): Formula {
  const { measured, diagnostics, outputs, display: unfinished } = checked;
  if (answers.length !== measured.length) {
    throw new Error(`The formula leaves ${measured.length} measures open, and ${answers.length} are given.`);
  }
  const roots = completeRoots(checked, answers);
  const display = unfinished && given(roots[0]);
  const canonical = canonicalText(roots);
  const chains = display ? planesOf(display).map(displayChain) : roots.map((root) => ({ values: [root], windows: [] }));
  const values = chains.flatMap((one) => one.values);
  const first = given(values[0]);
  const halos = new Halos();
  const read = roots.flatMap(channelsOf);
  return {
    diagnostics,
    canonical,
    hash: bytesToHex(sha256(utf8ToBytes(`${CANONICAL_VERSION}\n${canonical}`))),
    display: display && asOpaqueAsItsImage(display, new ExprBuilder(checked.scope)),
    values,
    type: outputs.length === 1 ? given(outputs[0]).type : display ? "color" : "number",
    interval: first.interval,
    windows: chains.flatMap((one) => one.windows),
    sampled: isSampled(roots, checked.scope),
    channels: distinct(read.flatMap((one) => (one.kind === "channel" ? [one.channel] : []))).toSorted((a, b) => a - b),
    images: imagesOf(roots),
    cost: pixelCost(roots),
    halo: Math.max(0, ...roots.map((root) => halos.of(root))),
  };
}

/** Keys of the other images that expressions read, sorted. */
export function imagesOf(roots: readonly Expr[]): readonly string[] {
  const placed = roots.flatMap(channelsOf).filter((one) => one.kind === "placed");
  return distinct(placed.map(({ placement }) => placement.image)).toSorted(byCodePoint);
}

/** What the canonical text writes: the picture, or the outputs where they make none. */
export function completeRoots(checked: CheckedFormula, answers: readonly Answer[]): readonly Expr[] {
  const replace = replacer(checked, answers);
  return checked.display ? [replace(checked.display)] : checked.outputs.map(replace);
}

export function canonicalText(roots: readonly Expr[]): string {
  return roots.map((root) => root.text).join("; ");
}

/**
 * The number that `checked.measured[index]` is measured of, on each of the planes that are looked at. `known` holds the answers of those before it: one
 * can stand within another one's argument.
 */
export function measuredArguments(checked: CheckedFormula, index: number, known: readonly Answer[]): readonly Expr[] {
  const { argument, measure } = given(checked.measured[index]);
  if (!MEASURES[measure].ofAllPlanes) return [replacer(checked, known)(argument)];
  return planesFor(argument, checked.scope).map((plane) => replacer(checked, known, plane)(argument));
}

/**
 * Indices into `checked.measured` of what the numbers of a formula need (`Formula.values`): windows around them and what windows show are not
 * among it, so that for numbers alone any answer does in their place.
 */
export function measuredForNumbers(checked: CheckedFormula): ReadonlySet<number> {
  const { display, outputs, measured } = checked;
  const roots = display ? planesOf(display).flatMap((plane) => displayChain(plane).values) : outputs;
  const below = new Set(measuredBelow(roots));
  return new Set(measured.flatMap((one, index) => (below.has(one) ? [index] : [])));
}

/** `moved`: the plane that all channels are read on; null: each on its own. */
function replacer(
  checked: CheckedFormula,
  known: readonly Answer[],
  moved: MovedPlane | null = null,
): (expr: Expr) => Expr {
  if (checked.measured.length === 0) return (expr) => expr;
  const builder = new ExprBuilder(checked.scope);
  const tools: MeasureTools = {
    constant: (value) => builder.constant(value),
    call: (name, args) => builder.named(name, args),
  };
  const answers = new Map<Expr, Answer>(known.map((answer, index) => [given(checked.measured[index]), answer]));
  const done = new Map<Expr, Expr>();
  const rebuild = (expr: Expr): Expr => {
    switch (expr.kind) {
      case "const":
        return builder.constant(expr.value);
      case "channel":
      case "placed": {
        const { z, t } = moved ? planeOf(expr, checked.scope, moved) : expr;
        return builder.onPlane(expr, z, t);
      }
      case "measured":
        return MEASURES[expr.measure].express(replace(expr.argument), given(answers.get(expr)), tools);
      case "call":
        return builder.call(expr.row, expr.args.map(replace), expr.options);
    }
  };
  const replace = (expr: Expr): Expr => {
    const known = done.get(expr);
    if (known) return known;
    const made = rebuild(expr);
    done.set(expr, made);
    return made;
  };
  return replace;
}

interface DisplayChain {
  readonly values: readonly Expr[];
  readonly windows: readonly WindowRange[];
}

/** The parts of a picture that are shown apart: red; green; blue. */
function planesOf(display: Expr): readonly Expr[] {
  const listed = display.kind === "call" && (display.row.name === "rgb" || display.row.name === "rgba");
  return listed ? display.args : [display];
}

/** Arguments and ranges of the outermost windows below a root, measured or not, in order, each window once; the root where there is none. */
function displayChain(root: Expr): DisplayChain {
  const seen = new Set<Expr>();
  const values: Expr[] = [];
  const windows: WindowRange[] = [];
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (expr.kind === "measured" && MEASURES[expr.measure].express === windowOf) values.push(expr.argument);
    if (expr.kind !== "call") return;
    if (expr.row.name !== "window") {
      expr.args.forEach(visit);
      return;
    }
    const [argument, low, high] = expr.args;
    values.push(given(argument));
    if (low?.kind === "const" && high?.kind === "const") windows.push({ low: low.value, high: high.value });
  };
  visit(root);
  return { values: values.length > 0 ? values : [root], windows };
}

/** What one pixel of the roots costs, shared parts once and neighbors with it; an addition is 1. */
export function pixelCost(roots: readonly Expr[]): number {
  const seen = new Set<Expr>();
  let cost = tapsOf(roots);
  const visit = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (expr.kind === "channel") cost += CHANNEL_COST;
    if (expr.kind === "placed") cost += PLACED_COST;
    if (expr.kind !== "call") return;
    cost += expr.row.cost;
    expr.args.forEach(visit);
  };
  roots.forEach(visit);
  return cost;
}

function distinct<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items)];
}
