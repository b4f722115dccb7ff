import type { BoundFormula } from "../service/types/formula.ts";
import type { GraphqlContext } from "./context.ts";
import { formulaText } from "./formula-text.ts";
import type { PictureInput } from "./inputs.ts";

/** The formula that an input stands for, bound to its image. NOT_FOUND for an image that there is not, BAD_REQUEST for arguments that clash. */
export async function boundPicture(
  { services, signal, cost }: Pick<GraphqlContext, "services" | "signal" | "cost">,
  { imageKey, formula, layers, preset, display, plane }: PictureInput,
): Promise<BoundFormula> {
  const image = await services.images.get(imageKey, signal);
  const text = await formulaText(services, image, { formula, layers, preset, display }, signal);
  const choice = { ...(plane?.z == null ? {} : { z: plane.z }), ...(plane?.t == null ? {} : { t: plane.t }) };
  return services.formulas.bind(image, text, choice, signal, cost.pay);
}
