import { Field, Float, ObjectType } from "type-graphql";
import {
  type GeographicBounds as Degrees,
  type Extent as ExtentOf,
  extentOf,
  geographicBounds,
} from "../../service/index.ts";
import type { ImageInfo, Georeference as Place } from "../../source/index.ts";
import { Property } from "./property.ts";

@ObjectType({
  simpleResolvers: true,
  description: "Smallest and largest coordinates, in units of their reference system.",
})
class Extent {
  @Field(() => Float, { description: "Western end, where x counts eastwards." })
  readonly minX!: number;

  @Field(() => Float, { description: "Southern end, where y counts northwards." })
  readonly minY!: number;

  @Field(() => Float, { description: "Eastern end, where x counts eastwards." })
  readonly maxX!: number;

  @Field(() => Float, { description: "Northern end, where y counts northwards." })
  readonly maxY!: number;
}

@ObjectType({
  simpleResolvers: true,
  description: "Degrees on WGS 84. West is larger than east where the image crosses the antimeridian, as in GeoJSON.",
})
class GeographicBounds {
  @Field(() => Float, { description: "Longitude, -180 to 180." })
  readonly west!: number;

  @Field(() => Float, { description: "Latitude, -90 to 90." })
  readonly south!: number;

  @Field(() => Float, { description: "Longitude, -180 to 180." })
  readonly east!: number;

  @Field(() => Float, { description: "Latitude, -90 to 90." })
  readonly north!: number;
}

@ObjectType({ simpleResolvers: true, description: "Where on Earth the pixels of an image lie, as its file tells." })
export class Georeference {
  readonly #image: Pick<ImageInfo, "width" | "height" | "georeference">;
  readonly #place: Place;

  constructor(image: Pick<ImageInfo, "width" | "height" | "georeference">, place: Place) {
    this.#image = image;
    this.#place = place;
  }

  @Property(() => String, {
    nullable: true,
    description: "Reference system as `EPSG:32619`; null where the file names none that has a code.",
  })
  get crs(): string | null {
    return this.#place.crs;
  }

  @Property(() => String, { nullable: true, description: "Name of the reference system, as the file writes it." })
  get crsName(): string | null {
    return this.#place.crsName;
  }

  @Property(() => [Float], {
    description:
      "Six numbers a to f: x = a·column + b·row + c, y = d·column + e·row + f, full-resolution pixels from the top left corner of the image.",
  })
  get affine(): readonly number[] {
    return this.#place.affine;
  }

  @Property(() => Extent, { description: "Of the image, in its reference system." })
  get extent(): ExtentOf {
    return extentOf(this.#place.affine, this.#image);
  }

  @Field(() => GeographicBounds, {
    nullable: true,
    description:
      "Of the image on a globe; null where the reference system is not known, or does not reach as far as the image.",
  })
  geographicBounds(): Promise<Degrees | null> {
    return geographicBounds(this.#image);
  }
}
