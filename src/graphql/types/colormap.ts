import { Arg, Field, Int, ObjectType } from "type-graphql";
import { BandloomError } from "../../core/errors.ts";
import { colormapNames, colormapShades } from "../../formula/colormaps/index.ts";
import { HexColor } from "../scalars.ts";

const MAX_COLOURS = 256;

@ObjectType({ simpleResolvers: true, description: "A named scale of colours." })
export class Colormap {
  @Field(() => String, { description: 'For `colormap(x, "name")`; `_r` at its end reverses it.' })
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  static all(): readonly Colormap[] {
    return colormapNames.map((name) => new Colormap(name));
  }

  @Field(() => [HexColor], { description: "Colours of evenly spaced shades from 0 to 1." })
  colors(@Arg("count", () => Int, { defaultValue: 16, description: "2 to 256." }) count: number): readonly string[] {
    if (count < 2 || count > MAX_COLOURS)
      throw new BandloomError("BAD_REQUEST", `A colormap is shown in 2 to ${MAX_COLOURS} colours, not ${count}.`);
    return colormapShades(this.name, count);
  }
}
