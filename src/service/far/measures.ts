import { z } from "zod";
import { BandloomError } from "../../core/errors.ts";
import type { ServedProbe, ServedStatistics } from "../types/measure.ts";

const number = z.number().nullable();
const count = z.int().nonnegative();

const statistics = z.object({
  ...{ version: z.string(), level: count, exact: z.boolean(), count, validCount: count },
  ...{ min: number, max: number, mean: number, standardDeviation: number, percentiles: z.array(number) },
  histogram: z.object({ min: z.number(), max: z.number(), counts: z.array(count) }),
});

const sample = z.object({ number, state: z.enum(["FINITE", "NODATA", "OUTSIDE"]) });

const probe = z.object({
  version: z.string(),
  points: z.array(
    z.object({
      ...{ x: z.number(), y: z.number(), values: z.array(sample), color: z.string().nullable() },
      channels: z.array(z.object({ channel: count, value: sample })),
    }),
  ),
});

/** What a process that renders answers to `/statistics/…`. SOURCE_FAILED for anything else: it may be of another release. */
export function readStatistics(document: unknown): ServedStatistics {
  return read(statistics, document);
}

/** The same of `/probe/…`. */
export function readProbe(document: unknown): ServedProbe {
  return read(probe, document);
}

function read<T>(schema: z.ZodType<T>, document: unknown): T {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  throw new BandloomError("SOURCE_FAILED", "The servers that render answer what is not understood here.", {
    cause: result.error,
  });
}
