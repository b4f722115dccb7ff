import { BandloomError } from "../core/errors.ts";
import type { Region } from "../core/geometry.ts";
import {
  checkBins,
  checkPercentages,
  checkPoints,
  DEFAULT_BINS,
  DEFAULT_PERCENTILES,
} from "../service/measure-limits.ts";
import type { Limits } from "../service/types/limits.ts";
import { type FormulaParameters, formulaParameters } from "./formula-parameter.ts";
import { splitExtension } from "./picture-options.ts";
import { parseQuery, SIGNATURE } from "./query.ts";
import { parseRectangle } from "./region-address.ts";
import { decodeStrictly, imageKey, splitTarget } from "./request-target.ts";
import { wholeNumber } from "./whole-number.ts";

interface MeasureUrl extends FormulaParameters {
  readonly image: string;
  /** Null: one that suits. */
  readonly level: number | null;
}

export interface StatisticsUrl extends MeasureUrl {
  /** Full-resolution pixels; null: all of the image. */
  readonly region: Region | null;
  readonly bins: number;
  readonly percentiles: readonly number[];
}

export interface ProbeUrl extends MeasureUrl {
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const COMMON = ["f", "fz", "preset", "v", "level"] as const;
/** As JavaScript writes numbers, without a plus in exponents. */
const DECIMAL = /^-?\d{1,21}(?:\.\d{1,25})?(?:e-?\d{1,3})?$/;

/** Reads `/statistics/{image}.json?level&region=x,y,width,height&bins&at=0.5,50,…`. BAD_REQUEST for what is malformed. */
export function parseStatisticsUrl(url: string, limits: Limits): StatisticsUrl {
  const { parameters, ...common } = measureUrl(url, "statistics", ["region", "bins", "at"]);
  const [region, bins, at] = ["region", "bins", "at"].map((name) => parameters.get(name));
  return {
    ...common,
    region: region === undefined ? null : parseRectangle(decodeStrictly(region, "The region")),
    bins: checkBins(bins === undefined ? DEFAULT_BINS : wholeNumber(bins, "The number of bins"), limits),
    percentiles: checkPercentages(
      at === undefined ? DEFAULT_PERCENTILES : at === "" ? [] : decimals(decodeStrictly(at, "The list at")),
    ),
  };
}

/** Reads `/probe/{image}.json?level&points=x,y;x,y;…`. BAD_REQUEST for what is malformed. */
export function parseProbeUrl(url: string, limits: Limits): ProbeUrl {
  const { parameters, ...common } = measureUrl(url, "probe", ["points"]);
  const text = decodeStrictly(parameters.get("points") ?? "", "The list of points");
  const points = text === "" ? [] : text.split(";");
  const advice = "Points are x,y;x,y;… in full-resolution pixels.";
  return {
    ...common,
    points: checkPoints(points, limits).map((point) => {
      const [x, y, ...more] = decimals(point);
      if (x === undefined || y === undefined || more.length > 0) throw new BandloomError("BAD_REQUEST", advice);
      return { x, y };
    }),
  };
}

function measureUrl(url: string, route: string, own: readonly string[]) {
  const { segments, query } = splitTarget(url, route);
  const { name, extension } = splitExtension(segments.at(-1) ?? "");
  if (extension !== "json") throw new BandloomError("NOT_FOUND", `This is at /${route}/{image}.json.`);
  const image = imageKey([...segments.slice(0, -1), name]);
  const parameters = parseQuery<string>(query, [...COMMON, ...own, ...SIGNATURE]);
  const level = parameters.get("level");
  return {
    image,
    ...formulaParameters(parameters),
    level: level === undefined ? null : wholeNumber(level, "The level"),
    parameters,
  };
}

function decimals(text: string): readonly number[] {
  return text.split(",").map((part) => {
    const value = Number(part);
    if (DECIMAL.test(part) && Number.isFinite(value)) return value;
    throw new BandloomError("BAD_REQUEST", "Numbers are decimal, such as 0.5 or 1200.");
  });
}
