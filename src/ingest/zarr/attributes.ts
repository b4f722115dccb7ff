import type { ChannelInfo, ImageInfo } from "../../source/index.ts";
import { shownPlane } from "../../source/shown-plane.ts";
import { baseSamples } from "../../source/tiff/write-colors.ts";
import type { JoinedImage } from "../joined.ts";
import type { Target, TargetAlpha, WindowResult } from "../protocol.ts";
import { photometricOf } from "../tiff-colors.ts";
import { type Axes, perAxis } from "./axes.ts";

/** Names of units as OME-Zarr has them (UDUNITS-2). */
const UNIT_NAMES: ReadonlyMap<string, string> = new Map([
  ["pm", "picometer"],
  ["Å", "angstrom"],
  ["nm", "nanometer"],
  ["µm", "micrometer"],
  ["um", "micrometer"],
  ["mm", "millimeter"],
  ["cm", "centimeter"],
  ["dm", "decimeter"],
  ["m", "meter"],
  ["km", "kilometer"],
  ["in", "inch"],
  ["ft", "foot"],
  ["yd", "yard"],
  ["mi", "mile"],
  ["pc", "parsec"],
]);

/** `multiscales` and `omero` of a group (OME-Zarr 0.4 and 0.5). `windows` shows channels that their file gives none for. */
export function imageAttributes(
  info: ImageInfo,
  target: Target,
  axes: Axes,
  title: string,
  windows: readonly WindowResult[],
): { readonly multiscales: object; readonly omero: object } {
  const datasets = Array.from({ length: target.levels }, (_, level) => ({
    path: String(level),
    coordinateTransformations: transformations(info, target, axes, level),
  }));
  const { z, t } = shownPlane(info);
  const method = target.downsample === "mean" ? "2×2 mean of valid samples" : "top left of 2×2";
  return {
    multiscales: {
      name: info.name ?? title,
      axes: axes.names.map((name) => axis(name, info)),
      datasets,
      type: target.downsample,
      metadata: { description: method },
    },
    omero: {
      name: info.name ?? title,
      channels: info.channels.map((channel, index) => omeroChannel(channel, windows[index] ?? [0, 1])),
      rdefs: { defaultT: t, defaultZ: z, model: "color" },
    },
  };
}

function axis(name: Axes["names"][number], { pixelSize }: ImageInfo): object {
  if (name === "c") return { name, type: "channel" };
  if (name === "t") return { name, type: "time" };
  const unit = name === "z" ? null : pixelSize?.unit;
  return { name, type: "space", ...(unit ? { unit: UNIT_NAMES.get(unit) ?? unit } : {}) };
}

/** A coarse pixel is as many fine ones; the centre of the first lies half of what was added further in where all of them count. */
function transformations({ pixelSize }: ImageInfo, target: Target, axes: Axes, level: number): readonly object[] {
  const [x, y] = [pixelSize?.x ?? 1, pixelSize?.y ?? 1];
  const factor = 2 ** level;
  const scale = { type: "scale", scale: perAxis(axes, { t: 1, c: 1, z: 1, y: y * factor, x: x * factor }) };
  if (level === 0 || target.downsample === "nearest") return [scale];
  const shift = (factor - 1) / 2;
  const translation = perAxis(axes, { t: 0, c: 0, z: 0, y: y * shift, x: x * shift });
  return [scale, { type: "translation", translation }];
}

/** Validators want a colour and a window of every channel. */
function omeroChannel({ name, color, window, active }: ChannelInfo, computed: WindowResult): object {
  const [start, end] = window ?? computed;
  return {
    label: name,
    color: (color ?? "#ffffff").slice(1).toUpperCase(),
    window: { start, end, min: start, max: end },
    ...(active === null ? {} : { active }),
  };
}

/** What OME-Zarr has no place for, under our own name; null: nothing. */
export function ownAttributes(image: JoinedImage): object | null {
  const { georeference } = image.info;
  const own = image.info.channels.map(ownChannel);
  const attributes = {
    ...(own.some((channel) => Object.keys(channel).length > 0) ? { channels: own } : {}),
    ...(image.alpha ? { alpha: alphaAttribute(image, image.alpha) } : {}),
    ...(hasPalette(image) ? { palette: true } : {}),
    ...(georeference ? { georeference } : {}),
  };
  return Object.keys(attributes).length > 0 ? attributes : null;
}

function alphaAttribute(image: JoinedImage, { channel, isMultiplied }: TargetAlpha): object {
  if (!isMultiplied) return { channel };
  const colors = Array.from({ length: baseSamples(photometricOf(image)) }, (_, index) => index);
  return { channel, multiplied: colors.filter((index) => index !== channel) };
}

function ownChannel({ wavelengthNm, nodata, unit, scale, offset, kind, classes }: ChannelInfo): object {
  return {
    ...(wavelengthNm === null ? {} : { wavelengthNm }),
    ...(nodata === null ? {} : { nodata: Number.isNaN(nodata) ? "NaN" : nodata }),
    ...(unit === null ? {} : { unit }),
    ...(scale === 1 && offset === 0 ? {} : { scale, offset }),
    ...(kind === "categorical" ? { kind } : {}),
    ...(classes === null ? {} : { classes }),
  };
}

/** The colors of the only channel's codes are those of the picture. */
function hasPalette({ info: { channels }, isPalette }: JoinedImage): boolean {
  const [only, ...others] = channels;
  return isPalette && others.length === 0 && only !== undefined;
}
