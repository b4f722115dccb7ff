/** A parameter of a projection: PROJ's name for it, and the keys it may stand in, the one that we write first. */
export interface ProjectionParameter {
  readonly name: string;
  readonly keys: readonly number[];
  /** `length` is in the unit of the coordinates, for PROJ in meters. */
  readonly kind: "angle" | "length" | "factor";
  /** In place of what is not there; left out: the projection is not known without it. */
  readonly missing?: number;
}

/** A projection as GeoTIFF and PROJ know it. */
export interface ProjectionRow {
  /** Of key 3075. */
  readonly code: number;
  /** PROJ's words before the parameters. */
  readonly proj: string;
  readonly parameters: readonly ProjectionParameter[];
}

const LONGITUDES = [3080, 3084, 3088, 3095];
const LATITUDES = [3081, 3085, 3089];
const EASTINGS = [3082, 3086, 3090];
const NORTHINGS = [3083, 3087, 3091];

/** Writers mix the keys of natural, false and central origins: `first` goes before the others. */
const mixed = (first: number, others: readonly number[]) => [first, ...others.filter((key) => key !== first)];
const angle = (name: string, keys: readonly number[], missing?: number): ProjectionParameter => ({
  ...{ name, keys, kind: "angle" },
  ...(missing === undefined ? {} : { missing }),
});
const longitude = (first = 3080, name = "lon_0") => angle(name, mixed(first, LONGITUDES), 0);
const latitude = (first = 3081) => angle("lat_0", mixed(first, LATITUDES), 0);
const parallel = (name: "lat_1" | "lat_2") => angle(name, [name === "lat_1" ? 3078 : 3079]);
const trueScale = angle("lat_ts", [3078], 0);
const factor = (first = 3092): ProjectionParameter => ({
  ...{ name: "k", keys: mixed(first, [3092, 3093]), kind: "factor", missing: 1 },
});
const offsets = (first = 3082): readonly ProjectionParameter[] => [
  { name: "x_0", keys: mixed(first, EASTINGS), kind: "length", missing: 0 },
  { name: "y_0", keys: mixed(first + 1, NORTHINGS), kind: "length", missing: 0 },
];
const oblique = [
  ...[latitude(3089), longitude(3088, "lonc"), angle("alpha", [3094]), angle("gamma", [3096])],
  ...[factor(3093), ...offsets()],
];

/** Codes of GeoTIFF 1.0, and those that GDAL added (28, 9815). Keys are those that libgeotiff writes. */
export const PROJECTIONS: readonly ProjectionRow[] = [
  { code: 1, proj: "+proj=tmerc", parameters: [latitude(), longitude(), factor(), ...offsets()] },
  { code: 3, proj: "+proj=omerc +no_uoff", parameters: oblique },
  { code: 9815, proj: "+proj=omerc", parameters: oblique },
  { code: 7, proj: "+proj=merc", parameters: [longitude(), factor(), ...offsets()] },
  {
    ...{ code: 8, proj: "+proj=lcc" },
    parameters: [parallel("lat_1"), parallel("lat_2"), latitude(3085), longitude(3084), ...offsets(3086)],
  },
  {
    ...{ code: 9, proj: "+proj=lcc" },
    parameters: [angle("lat_1", LATITUDES), angle("lat_0", LATITUDES), longitude(), factor(), ...offsets()],
  },
  { code: 10, proj: "+proj=laea", parameters: [latitude(3089), longitude(3088), ...offsets()] },
  {
    ...{ code: 11, proj: "+proj=aea" },
    parameters: [parallel("lat_1"), parallel("lat_2"), latitude(), longitude(), ...offsets()],
  },
  { code: 12, proj: "+proj=aeqd", parameters: [latitude(3089), longitude(3088), ...offsets()] },
  {
    ...{ code: 13, proj: "+proj=eqdc" },
    parameters: [parallel("lat_1"), parallel("lat_2"), latitude(3089), longitude(3088), ...offsets()],
  },
  { code: 14, proj: "+proj=stere", parameters: [latitude(3089), longitude(3088), factor(), ...offsets()] },
  {
    ...{ code: 15, proj: "+proj=stere" },
    parameters: [angle("lat_ts", mixed(3081, [...LATITUDES, 3078])), longitude(3095), factor(), ...offsets()],
  },
  { code: 16, proj: "+proj=sterea", parameters: [latitude(), longitude(), factor(), ...offsets()] },
  { code: 17, proj: "+proj=eqc", parameters: [trueScale, latitude(3089), longitude(3088), ...offsets()] },
  { code: 18, proj: "+proj=cass", parameters: [latitude(), longitude(), ...offsets()] },
  { code: 19, proj: "+proj=gnom", parameters: [latitude(3089), longitude(3088), ...offsets()] },
  { code: 20, proj: "+proj=mill", parameters: [longitude(3088), ...offsets()] },
  { code: 21, proj: "+proj=ortho", parameters: [latitude(3089), longitude(3088), ...offsets()] },
  { code: 22, proj: "+proj=poly", parameters: [latitude(), longitude(), ...offsets()] },
  { code: 23, proj: "+proj=robin", parameters: [longitude(3088), ...offsets()] },
  { code: 24, proj: "+proj=sinu", parameters: [longitude(3088), ...offsets()] },
  { code: 25, proj: "+proj=vandg", parameters: [longitude(3088), ...offsets()] },
  { code: 28, proj: "+proj=cea", parameters: [trueScale, longitude(), ...offsets()] },
];
