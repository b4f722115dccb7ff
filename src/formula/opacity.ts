import { fullOpacity } from "../core/dtype.ts";
import type { ExprBuilder } from "./check/builder.ts";
import { channelsOf, fixed } from "./check/window.ts";
import type { Expr } from "./expr.ts";

/**
 * A picture of an image that has an alpha: as opaque as that says. It is no part of the text, as a mask is none: both belong to the image. A formula
 * that reads the alpha says itself what it is for; of several no one speaks for all.
 */
export function asOpaqueAsItsImage(display: Expr, builder: ExprBuilder): Expr {
  const { channels } = builder.scope;
  const [alpha, ...others] = channels.flatMap((channel, index) => (channel.alpha ? [index] : []));
  const read = channelsOf(display).filter((one) => one.kind === "channel");
  const [plane] = read;
  if (alpha === undefined || others.length > 0 || !plane || read.some(({ channel }) => channel === alpha))
    return display;
  const full = fullOpacity(channels[alpha]?.dataType ?? "uint8");
  const color = display.type === "color" ? display : builder.named("gray", [display]);
  return builder.named("opacity", [color, fixed(builder, builder.channel(alpha, plane.z, plane.t), 0, full)]);
}
