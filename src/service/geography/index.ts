export { type GeographicBounds, geographicBounds } from "./bounds.ts";
export { type Extent, extentOf } from "./outline.ts";
export { withPlaceWarning } from "./place-warning.ts";
