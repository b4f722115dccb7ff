import { registerEnumType } from "type-graphql";
import type { DataType as StoredType } from "../core/dtype.ts";
import { DIAGNOSTIC_CODES, type Severity as DiagnosticSeverity } from "../formula/diagnostic.ts";
import type { FormulaType as ValueType } from "../formula/expr.ts";
import { type PresetCategory as LibraryCategory, PRESET_CATEGORIES } from "../formula/index.ts";
import type { JobState as StateOfJob } from "../service/jobs/types.ts";
import type { Sample } from "../service/types/measure.ts";
import type { CacheOutcome as Outcome } from "../service/types/tile.ts";
import type { ChannelInfo } from "../source/types.ts";
import { IMAGE_WARNINGS } from "../source/warnings.ts";

export const ImageFormat = {
  JPEG: "jpeg",
  PNG: "png",
  WEBP: "webp",
  AVIF: "avif",
  NPY: "npy",
  RAW: "raw",
} as const;
export type ImageFormat = (typeof ImageFormat)[keyof typeof ImageFormat];

registerEnumType(ImageFormat, {
  name: "ImageFormat",
  description: "How pixels are encoded.",
  valuesConfig: {
    JPEG: { description: "Small and fast; no transparency: no data takes the formula's nodata colour." },
    PNG: { description: "Lossless, with transparency." },
    WEBP: { description: "Lossy or lossless, with transparency." },
    AVIF: { description: "Smallest and slowest, with transparency." },
    NPY: { description: "The formula's numbers before any window or colour: NumPy's format, float32." },
    RAW: { description: "Stored samples of one channel, served under /channels; not an encoding of a formula." },
  },
});

export const DataType = {
  BIT: "bit",
  UINT8: "uint8",
  INT8: "int8",
  UINT16: "uint16",
  INT16: "int16",
  UINT32: "uint32",
  INT32: "int32",
  FLOAT16: "float16",
  FLOAT32: "float32",
  FLOAT64: "float64",
} as const satisfies { [Name in StoredType as Uppercase<Name>]: Name };

registerEnumType(DataType, { name: "DataType", description: "How samples are stored in the file." });

export const ChannelKind = {
  CONTINUOUS: "continuous",
  CATEGORICAL: "categorical",
} as const satisfies { [Name in ChannelInfo["kind"] as Uppercase<Name>]: Name };

registerEnumType(ChannelKind, {
  name: "ChannelKind",
  description: "What the numbers of a channel are.",
  valuesConfig: {
    CONTINUOUS: { description: "Measured: a mean of two of them is one." },
    CATEGORICAL: { description: "Codes of classes: levels are computed by taking samples, never by averaging." },
  },
});

export const ImageWarningCode = Object.fromEntries(Object.keys(IMAGE_WARNINGS).map((code) => [code, code]));

registerEnumType(ImageWarningCode, {
  name: "ImageWarningCode",
  description: "What a warning about a file is about; stable.",
  valuesConfig: Object.fromEntries(
    Object.entries(IMAGE_WARNINGS).map(([code, description]) => [code, { description }]),
  ),
});

export const FormulaType = {
  NUMBER: "number",
  SHADE: "shade",
  COLOR: "color",
} as const satisfies { [Name in ValueType as Uppercase<Name>]: Name };

registerEnumType(FormulaType, {
  name: "FormulaType",
  description: "What a formula yields as it is written, before the default window makes it a picture.",
  valuesConfig: {
    NUMBER: { description: "Any float32 number." },
    SHADE: { description: "0…1, ready for display." },
    COLOR: { description: "sRGB components and alpha, 0…1." },
  },
});

export const Severity = {
  ERROR: "error",
  WARNING: "warning",
  INFO: "info",
} as const satisfies { [Name in DiagnosticSeverity as Uppercase<Name>]: Name };

registerEnumType(Severity, { name: "Severity", description: "Errors make a formula invalid; the others are advice." });

export const DiagnosticCode = Object.fromEntries(DIAGNOSTIC_CODES.map((code) => [code, code]));

registerEnumType(DiagnosticCode, { name: "DiagnosticCode", description: "What a diagnostic is about; stable." });

export const SampleState = {
  FINITE: "FINITE",
  NODATA: "NODATA",
  OUTSIDE: "OUTSIDE",
} as const satisfies { [Name in Sample["state"]]: Name };

registerEnumType(SampleState, {
  name: "SampleState",
  description: "Why a number is there or is not.",
  valuesConfig: {
    FINITE: { description: "A number." },
    NODATA: { description: "The pixel has no data here, or the formula has no finite value." },
    OUTSIDE: { description: "The point lies outside the image." },
  },
});

export const CacheOutcome = {
  MEMORY: "MEMORY",
  EMBEDDED: "EMBEDDED",
  REDIS: "REDIS",
  S3: "S3",
  RENDERED: "RENDERED",
  SHARED: "SHARED",
} as const satisfies { [Name in Outcome]: Name };

export type CacheOutcome = Outcome;

registerEnumType(CacheOutcome, {
  name: "CacheOutcome",
  description: "Where the bytes of a tile came from.",
  valuesConfig: {
    MEMORY: { description: "The memory of this process." },
    EMBEDDED: { description: "The embedded store on disk." },
    REDIS: { description: "Redis." },
    S3: { description: "The bucket of tiles." },
    RENDERED: { description: "Rendered for this request." },
    SHARED: { description: "An identical request was being rendered already." },
  },
});

/** Values are the names of the formula language's blending functions. */
export const Blend = { OVER: "over", ADD: "add", SCREEN: "screen", MULTIPLY: "multiply" } as const;

registerEnumType(Blend, {
  name: "Blend",
  description: "How a layer meets what lies under it.",
  valuesConfig: {
    OVER: { description: "Covers it." },
    ADD: { description: "Light adds up, cut at white." },
    SCREEN: { description: "Light adds up and never passes white: the usual choice for fluorescence." },
    MULTIPLY: { description: "Filters it." },
  },
});

export const JobState = {
  QUEUED: "queued",
  RUNNING: "running",
  COMPLETED: "completed",
  FAILED: "failed",
  CANCELLED: "cancelled",
} as const satisfies { [Name in StateOfJob as Uppercase<Name>]: Name };
export type JobState = StateOfJob;

registerEnumType(JobState, {
  name: "JobState",
  description: "How a job stands.",
  valuesConfig: {
    QUEUED: { description: "Nothing works on it yet." },
    RUNNING: { description: "Tiles are being rendered, or a server is to go on with them." },
    COMPLETED: { description: "All tiles were asked for; those that failed are counted." },
    FAILED: { description: "It could not go on, or no tile could be rendered: see error." },
    CANCELLED: { description: "Somebody stopped it. Asked for again it goes on." },
  },
});

export const PresetCategory = Object.fromEntries(
  PRESET_CATEGORIES.map((name) => [name.toUpperCase().replaceAll("-", "_"), name]),
);
export type PresetCategory = LibraryCategory;

registerEnumType(PresetCategory, { name: "PresetCategory", description: "What a preset of the library is for." });

export const PresetOrigin = { LIBRARY: "library", CATALOGUE: "catalogue", SAVED: "saved" } as const;
export type PresetOrigin = (typeof PresetOrigin)[keyof typeof PresetOrigin];

registerEnumType(PresetOrigin, {
  name: "PresetOrigin",
  description: "Who named a preset.",
  valuesConfig: {
    LIBRARY: { description: "The literature; it comes with the program." },
    CATALOGUE: { description: "The operator, in the catalogue." },
    SAVED: { description: "Somebody, by savePreset." },
  },
});
